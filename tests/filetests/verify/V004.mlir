// A minimum that nobody gets.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32, i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32, %arg1: i32):
  // expected-error@+1 {{error[V004]: `arith.minsi`: has 0 results, wants 1}}
  "arith.minsi"(%arg0, %arg1) : (i32, i32) -> ()
  "func.return"() : () -> ()
}) : () -> ()
