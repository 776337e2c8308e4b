// What the planner did, and the bound that no plan can go below.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline plan-memory
// expected-remark@unknown {{remark[remark.plan]: plan of 32 bytes (optimal), liveness bound 32 bytes, by exact}}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16xi8>
  "memref.copy"(%0, %1) : (memref<16xi8>, memref<16xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
