// A value is used above its definition.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32):
  // expected-error@+1 {{error[V012]: `arith.minsi`: operand 0 is not defined before it is used}}
  %0 = "arith.minsi"(%1, %arg0) : (i32, i32) -> i32
  %1 = "arith.minsi"(%arg0, %arg0) : (i32, i32) -> i32
  "func.return"() : () -> ()
}) : () -> ()
