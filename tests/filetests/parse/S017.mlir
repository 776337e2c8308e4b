// Two names for one result.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
// expected-error@+1 {{error[S017]: `acme.op` has 1 results, of which 2 are named}}
%0:2 = "acme.op"() : () -> i8
