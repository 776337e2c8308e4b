// A branch to a block that is not there.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
"acme.op"() ({
^first:
  // expected-error@+1 {{error[S020]: `acme.branch` has successors, which this IR does not have}}
  "acme.branch"()[^nowhere] : () -> ()
}) : () -> ()
