// Two buffers of 16 KiB in a microbit's memory of 16 KiB.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline plan-memory --target microbit
// expected-error@unknown {{error[M006]: the arena takes 32768 bytes, microbit has 16384 bytes of RAM}}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16384xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16384xi8>
  "memref.copy"(%0, %1) : (memref<16384xi8>, memref<16384xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
