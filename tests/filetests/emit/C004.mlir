// C has no integers of 24 bits.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C004]: `arith.extsi` in @kernel: type i24 has no C form
// ERR-NEXT: --> C004.mlir:11:8
// ERR-NOT: error[
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "kernel", sym_visibility = "private"}> ({
^bb0(%arg0: memref<4xi8>):
  %0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %1 = "memref.load"(%arg0, %0) : (memref<4xi8>, index) -> i8
  %2 = "arith.extsi"(%1) : (i8) -> i24
  %3 = "arith.trunci"(%2) : (i24) -> i8
  "memref.store"(%3, %arg0, %0) : (i8, memref<4xi8>, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "main"}> ({
^bb0(%arg0: memref<4xi8>):
  "func.call"(%arg0) <{callee = @kernel}> : (memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
