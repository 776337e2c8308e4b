// A key that is given twice.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
// expected-error@+1 {{error[S021]: key `x` is given twice}}
"acme.op"() {x = 1, x = 2} : () -> ()
