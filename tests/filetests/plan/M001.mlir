// Two buffers of 2^62 bytes each.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline plan-memory
// expected-error@unknown {{error[M001]: cannot plan the memory: with buffer ` #1` of 4611686018427387904 bytes the sizes add up to 2^63 bytes or more}}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<4611686018427387904xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<4611686018427387904xi8>
  "memref.copy"(%0, %1) : (memref<4611686018427387904xi8>, memref<4611686018427387904xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
