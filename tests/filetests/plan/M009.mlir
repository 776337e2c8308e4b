// A table of 64 bytes, and so many bytes of flash, without any for code.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline 'plan-memory,check-budget{flash=64}'
// RUN: thumbwright opt %s --pipeline 'plan-memory,check-budget{flash=1000}'
"memref.global"() <{constant, initial_value = dense<1> : tensor<64xi8>, sym_name = "table", sym_visibility = "private", type = memref<64xi8>}> : () -> ()
// expected-error@+1 {{error[M009]: the closest network found takes }}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<64xi8>
  %1 = "memref.get_global"() <{name = @table}> : () -> memref<64xi8>
  "memref.copy"(%1, %0) : (memref<64xi8>, memref<64xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
