// Extending the sign of a float.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (f32) -> (), sym_name = "f"}> ({
^bb0(%arg0: f32):
  // expected-error@+1 {{error[V003]: `arith.extsi`: operand 0 (`operand`) must be an integer, is f32}}
  %0 = "arith.extsi"(%arg0) : (f32) -> i32
  "func.return"() : () -> ()
}) : () -> ()
