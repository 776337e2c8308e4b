// A store to a constant.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C007]: `memref.copy` in @main: writes the constant @table
// ERR-NEXT: --> C007.mlir:11:3
// ERR-NOT: error[
"memref.global"() <{constant, initial_value = dense<1> : tensor<2xi32>, sym_name = "table", sym_visibility = "private", type = memref<2xi32>}> : () -> ()
"func.func"() <{function_type = (memref<2xi32>) -> (), sym_name = "main"}> ({
^bb0(%arg0: memref<2xi32>):
  %0 = "memref.get_global"() <{name = @table}> : () -> memref<2xi32>
  "memref.copy"(%arg0, %0) : (memref<2xi32>, memref<2xi32>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64} : () -> ()
