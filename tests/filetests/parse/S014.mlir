// A value that nothing defines, and one that a function does not see.
// RUN: thumbwright opt %s --verify-diagnostics --split-input-file --allow-unregistered
// expected-error@+1 {{error[S014]: value `%0` is not defined}}
"acme.use"(%0) : (i8) -> ()
// -----
%0 = "arith.constant"() <{value = 1 : i8}> : () -> i8
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  // expected-error@+1 {{error[S014]: value `%0` is not defined}}
  "acme.use"(%0) : (i8) -> ()
  "func.return"() : () -> ()
}) : () -> ()
