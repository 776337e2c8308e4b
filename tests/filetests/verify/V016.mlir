// A call without the argument that the function takes.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32) -> (), sym_name = "g"}> ({
^bb0(%arg0: i32):
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
  // expected-error@+1 {{error[V016]: `func.call`: operands or results do not fit the type of @g}}
  "func.call"() <{callee = @g}> : () -> ()
  "func.return"() : () -> ()
}) : () -> ()
