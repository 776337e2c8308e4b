// Two buffers of 16 KiB, and a byte less than that may be taken.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline 'plan-memory,check-budget{ram=32767}'
// RUN: thumbwright opt %s --pipeline 'plan-memory,check-budget{ram=32768}'
// expected-error@+1 {{error[M008]: the closest network found takes 32768 bytes of RAM, 1 more than the budget of 32767}}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16384xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16384xi8>
  "memref.copy"(%0, %1) : (memref<16384xi8>, memref<16384xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
