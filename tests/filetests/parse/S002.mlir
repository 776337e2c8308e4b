// Something else than the grammar wants.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S002]: expected an operand, found `:`}}
"acme.op"( : () -> ()
// -----
"acme.op"() : ()
// expected-error@+1 {{error[S002]: the text ends; expected `->`}}
// -----
// expected-error@+1 {{error[S002]: expected `,` or `]` behind an attribute, found `2`}}
"acme.op"() {value = [1 2]} : () -> ()
