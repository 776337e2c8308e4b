// Two functions that call each other.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C008]: @ping calls itself
// ERR-NOT: error[
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "ping", sym_visibility = "private"}> ({
^bb0(%arg0: memref<4xi8>):
  "func.call"(%arg0) <{callee = @pong}> : (memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "pong", sym_visibility = "private"}> ({
^bb0(%arg0: memref<4xi8>):
  "func.call"(%arg0) <{callee = @ping}> : (memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "main"}> ({
^bb0(%arg0: memref<4xi8>):
  "func.call"(%arg0) <{callee = @ping}> : (memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
