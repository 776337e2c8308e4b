// A location that is none.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
#a = 1
// expected-error@+1 {{error[S027]: `#a` is no location}}
"acme.op"() : () -> () loc(#a)
