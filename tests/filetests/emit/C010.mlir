// The core has no DSP extension.
// RUN: thumbwright compile %s --target cortex-m3 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C010]: `arm.smuad`: target cortex-m3 has no DSP extension
// ERR-NEXT: --> layer "products" (net.tflite, operator 0)
// ERR-NOT: error[
"func.func"() <{function_type = (memref<1xi32>, memref<1xi32>) -> (), sym_name = "kernel", sym_visibility = "private"}> ({
^bb0(%in: memref<1xi32>, %out: memref<1xi32>):
  %c0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %0 = "memref.load"(%in, %c0) : (memref<1xi32>, index) -> i32
  %1 = "arm.smuad"(%0, %0) : (i32, i32) -> i32 loc("products"("net.tflite":0:0))
  "memref.store"(%1, %out, %c0) : (i32, memref<1xi32>, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<1xi32>, memref<1xi32>) -> (), sym_name = "main"}> ({
^bb0(%in: memref<1xi32>, %out: memref<1xi32>):
  "func.call"(%in, %out) <{callee = @kernel}> : (memref<1xi32>, memref<1xi32>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64} : () -> ()
