// Attributes that do not exist here.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S010]: `strided` is no attribute of this IR}}
"acme.op"() {value = strided<[1]>} : () -> ()
// -----
// expected-error@+1 {{error[S010]: symbols of this IR are flat: `@name`, not `@outer::@inner`}}
"acme.op"() {value = @a::@b} : () -> ()
// -----
// expected-error@+1 {{error[S010]: array<i128: …> is no attribute of this IR}}
"acme.op"() {value = array<i128: 1>} : () -> ()
