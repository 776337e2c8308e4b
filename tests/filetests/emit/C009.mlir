// A library has a function `net_run`, and so would the network.
// RUN: thumbwright compile %s --name net --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C009]: the external function `net_run` has a name that the C defines itself
// ERR-NEXT: help: give the model another `--name`
// ERR-NOT: error[
"func.func"() <{function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "kernel", sym_visibility = "private"}> ({
^bb0(%in: memref<4xi8>, %out: memref<4xi8>):
  "mcu.call_extern"(%in, %out) <{arguments = [{buffer = 0 : i64}, {buffer = 1 : i64}], callee = "net_run", header = "acme.h", returns = "void", roles = ["input", "output"]}> ({
  ^bb0(%x: tensor<4xi8>):
    "mcu.yield"(%x) : (tensor<4xi8>) -> ()
  }) : (memref<4xi8>, memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "main"}> ({
^bb0(%in: memref<4xi8>, %out: memref<4xi8>):
  "func.call"(%in, %out) <{callee = @kernel}> : (memref<4xi8>, memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64} : () -> ()
