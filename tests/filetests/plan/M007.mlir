// A limit for a memory that the board does not have.
// RUN: thumbwright opt %s --verify-diagnostics --target microbit --pipeline 'plan-memory{pools=rom:100}'
// expected-error@unknown {{error[M007]: microbit has no memory `rom` for buffers}}
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16xi8>
  %1 = "memref.alloc"() <{alignment = 4 : i64, operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<16xi8>
  "memref.copy"(%0, %1) : (memref<16xi8>, memref<16xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
