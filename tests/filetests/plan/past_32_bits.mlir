// Two buffers below 2 GiB each, on a target that names no memories: no object of a 32-bit core is as large as both.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline plan-memory
// expected-error@unknown {{error[M006]: the arena takes 4294967040 bytes; with addresses of 32 bits an object has 2147483647 bytes at most}}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<2147483520xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<2147483520xi8>
  "memref.copy"(%0, %1) : (memref<2147483520xi8>, memref<2147483520xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
