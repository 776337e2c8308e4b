// Tensors end where buffers begin: `lower-nn` changes a whole function.
// RUN: thumbwright opt %s --verify-diagnostics
// expected-error@+1 {{error[V029]: `func.func`: tensors and memrefs are mixed in one function}}
"func.func"() <{function_type = (tensor<4xi8>, memref<4xi8>) -> (), sym_name = "f"}> ({
^bb0(%arg0: tensor<4xi8>, %arg1: memref<4xi8>):
  %0 = "nn.reshape"(%arg0) : (tensor<4xi8>) -> tensor<4xi8>
  "memref.copy"(%arg1, %arg1) : (memref<4xi8>, memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) : () -> ()
