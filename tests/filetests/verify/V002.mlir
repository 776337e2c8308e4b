// A minimum of one value.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32):
  // expected-error@+1 {{error[V002]: `arith.minsi`: has 1 operands, wants 2}}
  %0 = "arith.minsi"(%arg0) : (i32) -> i32
  "func.return"() : () -> ()
}) : () -> ()
