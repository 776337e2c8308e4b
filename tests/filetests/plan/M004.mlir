// A planning algorithm that nobody registered.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline plan-memory{algorithm=exakt}
// expected-error@unknown {{error[M004]: there is no planning algorithm `exakt`; there is greedy-by-size, }}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16xi8>
  "memref.copy"(%0, %1) : (memref<16xi8>, memref<16xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
