// A global with a value that may change.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C006]: @state has a value but is not constant
// ERR-NEXT: --> C006.mlir:7:1
// ERR-NOT: error[
"memref.global"() <{initial_value = dense<1> : tensor<2xi32>, sym_name = "state", sym_visibility = "private", type = memref<2xi32>}> : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
