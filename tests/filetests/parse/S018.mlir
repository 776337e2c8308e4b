// One operand, and a type with none.
// RUN: thumbwright opt %s --verify-diagnostics --allow-unregistered
%0 = "acme.def"() : () -> i8
// expected-error@+1 {{error[S018]: `acme.use` has 1 operands and 0 types of operands}}
"acme.use"(%0) : () -> ()
