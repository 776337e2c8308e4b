// Extending to fewer bits.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (i32) -> (), sym_name = "f"}> ({
^bb0(%arg0: i32):
  // expected-error@+1 {{error[V028]: `arith.extsi`: from 32 to 8 bits is not wider}}
  %0 = "arith.extsi"(%arg0) : (i32) -> i8
  "func.return"() : () -> ()
}) : () -> ()
