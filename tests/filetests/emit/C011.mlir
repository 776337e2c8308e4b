// Fifteen words and their address at once, where there are fourteen registers.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C011]: `arm.block` in @kernel: needs 17 registers at once; there are 14
// ERR-NOT: error[
"func.func"() <{function_type = (memref<16xi32>, memref<1xi32>) -> (), sym_name = "kernel", sym_visibility = "private"}> ({
^bb0(%in: memref<16xi32>, %out: memref<1xi32>):
  %c0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %c1 = "arith.constant"() <{value = 1 : index}> : () -> index
  %c2 = "arith.constant"() <{value = 2 : index}> : () -> index
  %c3 = "arith.constant"() <{value = 3 : index}> : () -> index
  %c4 = "arith.constant"() <{value = 4 : index}> : () -> index
  %c5 = "arith.constant"() <{value = 5 : index}> : () -> index
  %c6 = "arith.constant"() <{value = 6 : index}> : () -> index
  %c7 = "arith.constant"() <{value = 7 : index}> : () -> index
  %c8 = "arith.constant"() <{value = 8 : index}> : () -> index
  %c9 = "arith.constant"() <{value = 9 : index}> : () -> index
  %c10 = "arith.constant"() <{value = 10 : index}> : () -> index
  %c11 = "arith.constant"() <{value = 11 : index}> : () -> index
  %c12 = "arith.constant"() <{value = 12 : index}> : () -> index
  %c13 = "arith.constant"() <{value = 13 : index}> : () -> index
  %c14 = "arith.constant"() <{value = 14 : index}> : () -> index
  %sum = "arm.block"() ({
    %0 = "memref.load"(%in, %c0) : (memref<16xi32>, index) -> i32
    %1 = "memref.load"(%in, %c1) : (memref<16xi32>, index) -> i32
    %2 = "memref.load"(%in, %c2) : (memref<16xi32>, index) -> i32
    %3 = "memref.load"(%in, %c3) : (memref<16xi32>, index) -> i32
    %4 = "memref.load"(%in, %c4) : (memref<16xi32>, index) -> i32
    %5 = "memref.load"(%in, %c5) : (memref<16xi32>, index) -> i32
    %6 = "memref.load"(%in, %c6) : (memref<16xi32>, index) -> i32
    %7 = "memref.load"(%in, %c7) : (memref<16xi32>, index) -> i32
    %8 = "memref.load"(%in, %c8) : (memref<16xi32>, index) -> i32
    %9 = "memref.load"(%in, %c9) : (memref<16xi32>, index) -> i32
    %10 = "memref.load"(%in, %c10) : (memref<16xi32>, index) -> i32
    %11 = "memref.load"(%in, %c11) : (memref<16xi32>, index) -> i32
    %12 = "memref.load"(%in, %c12) : (memref<16xi32>, index) -> i32
    %13 = "memref.load"(%in, %c13) : (memref<16xi32>, index) -> i32
    %14 = "memref.load"(%in, %c14) : (memref<16xi32>, index) -> i32
    %s0 = "arm.smuad"(%0, %1) : (i32, i32) -> i32
    %s1 = "arm.smlad"(%2, %2, %s0) : (i32, i32, i32) -> i32
    %s2 = "arm.smlad"(%3, %3, %s1) : (i32, i32, i32) -> i32
    %s3 = "arm.smlad"(%4, %4, %s2) : (i32, i32, i32) -> i32
    %s4 = "arm.smlad"(%5, %5, %s3) : (i32, i32, i32) -> i32
    %s5 = "arm.smlad"(%6, %6, %s4) : (i32, i32, i32) -> i32
    %s6 = "arm.smlad"(%7, %7, %s5) : (i32, i32, i32) -> i32
    %s7 = "arm.smlad"(%8, %8, %s6) : (i32, i32, i32) -> i32
    %s8 = "arm.smlad"(%9, %9, %s7) : (i32, i32, i32) -> i32
    %s9 = "arm.smlad"(%10, %10, %s8) : (i32, i32, i32) -> i32
    %s10 = "arm.smlad"(%11, %11, %s9) : (i32, i32, i32) -> i32
    %s11 = "arm.smlad"(%12, %12, %s10) : (i32, i32, i32) -> i32
    %s12 = "arm.smlad"(%13, %13, %s11) : (i32, i32, i32) -> i32
    %s13 = "arm.smlad"(%14, %14, %s12) : (i32, i32, i32) -> i32
    "arm.yield"(%s13) : (i32) -> ()
  }) : () -> i32
  "memref.store"(%sum, %out, %c0) : (i32, memref<1xi32>, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<16xi32>, memref<1xi32>) -> (), sym_name = "main"}> ({
^bb0(%in: memref<16xi32>, %out: memref<1xi32>):
  "func.call"(%in, %out) <{callee = @kernel}> : (memref<16xi32>, memref<1xi32>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64} : () -> ()
