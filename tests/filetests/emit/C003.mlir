// A kernel that returns a value.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C003]: `func.return` in @kernel: this op has no C form
// ERR-NEXT: --> C003.mlir:12:3
// ERR: error[C003]: `func.call` in @main: a kernel returns nothing
// ERR-NEXT: --> C003.mlir:16:8
// ERR-NOT: error[
"func.func"() <{function_type = (memref<4xi8>) -> i32, sym_name = "kernel", sym_visibility = "private"}> ({
^bb0(%arg0: memref<4xi8>):
  %0 = "arith.constant"() <{value = 1 : i32}> : () -> i32
  "func.return"(%0) : (i32) -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "main"}> ({
^bb0(%arg0: memref<4xi8>):
  %0 = "func.call"(%arg0) <{callee = @kernel}> : (memref<4xi8>) -> i32
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
