// `@main` has one argument, and says that it has two inputs.
// RUN: thumbwright compile %s --target cortex-m4 -o %t/out --pipeline 'builtin.module()'
// EXIT: 1
// ERR: error[C002]: @main does not say by `mcu.inputs` how many inputs it has
// ERR-NOT: error[
"func.func"() <{function_type = (memref<4xi8>) -> (), sym_name = "main"}> ({
^bb0(%arg0: memref<4xi8>):
  "func.return"() : () -> ()
}) {mcu.inputs = 2 : i64} : () -> ()
