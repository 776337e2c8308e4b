// A minimum of values of two types.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i8, i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i8, %arg1: i32):
  // expected-error@+1 {{error[V017]: `arith.minsi`: operands and results must all have one type}}
  %0 = "arith.minsi"(%arg0, %arg1) : (i8, i32) -> i32
  "func.return"() : () -> ()
}) : () -> ()
