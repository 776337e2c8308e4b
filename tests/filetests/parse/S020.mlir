// A branch to a block that is not there.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
"acme.op"() ({
^first:
  // expected-error@+1 {{error[S020]: block `^nowhere` is not defined in this region}}
  "acme.branch"()[^nowhere] : () -> ()
}) : () -> ()
