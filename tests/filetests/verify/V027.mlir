// Eight bytes from byte 9 of 16.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (memref<16xi8>) -> (), sym_name = "f"}> ({
^bb0(%arg0: memref<16xi8>):
  %0 = "arith.constant"() <{value = 9 : index}> : () -> index
  // expected-error@+1 {{error[V027]: `memref.view`: a view at byte 9 does not fit into 16 bytes}}
  %1 = "memref.view"(%arg0, %0) : (memref<16xi8>, index) -> memref<8xi8>
  "func.return"() : () -> ()
}) : () -> ()
