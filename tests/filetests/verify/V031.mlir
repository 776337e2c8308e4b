// A call of a C function whose name is none in C.
// RUN: thumbwright opt %s --verify-diagnostics
"func.func"() <{function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "f"}> ({
^bb0(%in: memref<4xi8>, %out: memref<4xi8>):
  // expected-error@+1 {{error[V031]: `mcu.call_extern`: the callee "acme copy" is no C identifier}}
  "mcu.call_extern"(%in, %out) <{arguments = [{buffer = 0 : i64}, {buffer = 1 : i64}], callee = "acme copy", header = "acme.h", returns = "void", roles = ["input", "output"]}> ({
  ^bb0(%x: tensor<4xi8>):
    "mcu.yield"(%x) : (tensor<4xi8>) -> ()
  }) : (memref<4xi8>, memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) : () -> ()
