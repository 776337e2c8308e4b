// One subscript for two dimensions.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (memref<4x4xi8>) -> (), sym_name = "f"}> ({
^bb0(%arg0: memref<4x4xi8>):
  %0 = "arith.constant"() <{value = 0 : index}> : () -> index
  // expected-error@+1 {{error[V026]: `memref.load`: 1 subscripts for a memref of rank 2}}
  %1 = "memref.load"(%arg0, %0) : (memref<4x4xi8>, index) -> i8
  "func.return"() : () -> ()
}) : () -> ()
