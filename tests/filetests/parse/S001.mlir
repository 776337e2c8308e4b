// Characters that begin nothing.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S001]: `;` is no token; expected `:` and the op's type}}
"acme.op"() ; () -> ()
// -----
// expected-error@+1 {{error[S001]: `§` is no token; expected an attribute}}
"acme.op"() {value = §} : () -> ()
// -----
// expected-error@+1 {{error[S001]: `%` is no token; expected an operand}}
"acme.op"(%) : () -> ()
