// Control goes from block to block by structured ops only: a registered op has no successors.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = () -> (), sym_name = "f"}> ({
^entry:
  // expected-error@+1 {{error[V032]: `func.return`: this op has no successors}}
  "func.return"()[^entry] : () -> ()
}) : () -> ()
