// The two buffers of a copy share bytes 8 to 15 of the arena; what is read later was overwritten.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline check-placement
"memref.global"() <{alignment = 16 : i64, sym_name = "arena", sym_visibility = "private", type = memref<32xi8>}> : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.get_global"() <{name = @arena}> : () -> memref<32xi8>
  %1 = "arith.constant"() <{value = 0 : index}> : () -> index
  %2 = "arith.constant"() <{value = 8 : index}> : () -> index
  %3 = "memref.view"(%0, %1) : (memref<32xi8>, index) -> memref<16xi8>
  %4 = "memref.view"(%0, %2) : (memref<32xi8>, index) -> memref<16xi8>
  "memref.copy"(%3, %4) : (memref<16xi8>, memref<16xi8>) -> ()
  "memref.copy"(%4, %3) : (memref<16xi8>, memref<16xi8>) -> ()
  // expected-error@+1 {{error[M010]: bytes 8..24 were overwritten before this layer reads them}}
  "memref.copy"(%3, %4) : (memref<16xi8>, memref<16xi8>) -> ()
  // expected-error@+1 {{error[M010]: bytes 0..16 were overwritten before this layer reads them}}
  "memref.copy"(%4, %3) : (memref<16xi8>, memref<16xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
