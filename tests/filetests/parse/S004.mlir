// Numbers that do not fit.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S004]: `256` does not fit 8 bits}}
"acme.op"() {value = 256 : i8} : () -> ()
// -----
// expected-error@+1 {{error[S004]: `129` does not fit 8 bits}}
"acme.op"() {value = -129 : i8} : () -> ()
// -----
// expected-error@+1 {{error[S004]: `4294967296` does not fit 32 bits}}
"acme.op"() {value = array<i32: 4294967296>} : () -> ()
// -----
// expected-error@+1 {{error[S004]: the dimension is out of range}}
"acme.op"() : () -> (tensor<9223372036854775808xi8>)
