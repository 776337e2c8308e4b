// Aliases that nobody defines.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S007]: alias `#nowhere` is not defined}}
"acme.op"() {value = #nowhere} : () -> ()
// -----
// expected-error@+1 {{error[S007]: alias `!nowhere` is not defined}}
"acme.op"() : () -> (!nowhere)
// -----
// expected-error@+1 {{error[S007]: alias `#nowhere` is not defined}}
"acme.op"() : () -> () loc(#nowhere)
