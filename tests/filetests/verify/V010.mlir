// A function without `func.return`.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[V010]: `func.func`: a block of this op does not end with a terminator}}
"func.func"() <{function_type = (i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32):
  %0 = "arith.minsi"(%arg0, %arg0) : (i32, i32) -> i32
}) : () -> ()
