// A buffer that has no place: `plan-memory` did not run.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C005]: `memref.alloc` in @main: the buffer has no address
// ERR-NEXT: --> C005.mlir:10:8
// ERR-NEXT: help: run `plan-memory` before C is emitted
// ERR-NOT: error[
"func.func"() <{function_type = (memref<4xi8>, memref<4xi8>) -> (), sym_name = "main"}> ({
^bb0(%arg0: memref<4xi8>, %arg1: memref<4xi8>):
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<4xi8>
  "memref.copy"(%arg0, %0) : (memref<4xi8>, memref<4xi8>) -> ()
  "memref.copy"(%0, %arg1) : (memref<4xi8>, memref<4xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64} : () -> ()
