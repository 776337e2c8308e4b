// `arith.addi` says what may overflow.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32, i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32, %arg1: i32):
  // expected-error@+1 {{error[V006]: `arith.addi`: attribute `overflowFlags` is missing}}
  %0 = "arith.addi"(%arg0, %arg1) : (i32, i32) -> i32
  "func.return"() : () -> ()
}) : () -> ()
