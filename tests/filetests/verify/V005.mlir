// Extending the sign of an integer makes no float.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i8) -> (), sym_name = "f"}> ({
^bb0(%arg0: i8):
  // expected-error@+1 {{error[V005]: `arith.extsi`: result 0 (`result`) must be an integer, is f32}}
  %0 = "arith.extsi"(%arg0) : (i8) -> f32
  "func.return"() : () -> ()
}) : () -> ()
