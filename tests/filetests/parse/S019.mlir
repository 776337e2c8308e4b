// Two blocks of one name.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
"acme.op"() ({
^x:
// expected-error@+1 {{error[S019]: block `^x` is defined twice}}
^x:
}) : () -> ()
