// Something beside the module, and a module of two blocks.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
"builtin.module"() ({}) : () -> ()
// expected-error@+1 {{error[S026]: something stands behind the module}}
"acme.op"() : () -> ()
// -----
"builtin.module"() ({
^a:
// expected-error@+1 {{error[S026]: the module has more than one block}}
^b:
}) : () -> ()
