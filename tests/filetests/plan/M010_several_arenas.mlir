// Equal offsets in two arenas are apart; in one arena they are not, and an argument past the end of one arena is not in the other.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline check-placement
"memref.global"() <{alignment = 16 : i64, initial_value, sym_name = "arena_a", sym_visibility = "private", type = memref<32xi8>}> : () -> ()
"memref.global"() <{alignment = 16 : i64, initial_value, sym_name = "arena_b", sym_visibility = "private", type = memref<32xi8>}> : () -> ()
"func.func"() <{arg_attrs = [{mcu.arena = @arena_a, mcu.offset = 24 : i64}], function_type = (memref<16xi8>) -> (), sym_name = "main"}> ({
^bb0(%out: memref<16xi8>):
  %a = "memref.get_global"() <{name = @arena_a}> : () -> memref<32xi8>
  %b = "memref.get_global"() <{name = @arena_b}> : () -> memref<32xi8>
  %zero = "arith.constant"() <{value = 0 : index}> : () -> index
  %eight = "arith.constant"() <{value = 8 : index}> : () -> index
  %0 = "memref.view"(%a, %zero) : (memref<32xi8>, index) -> memref<16xi8>
  %1 = "memref.view"(%b, %zero) : (memref<32xi8>, index) -> memref<16xi8>
  %2 = "memref.view"(%b, %eight) : (memref<32xi8>, index) -> memref<16xi8>
  "memref.copy"(%0, %1) : (memref<16xi8>, memref<16xi8>) -> ()
  "memref.copy"(%0, %2) : (memref<16xi8>, memref<16xi8>) -> ()
  // expected-error@+1 {{error[M010]: bytes 0..16 were overwritten before this layer reads them}}
  "memref.copy"(%1, %0) : (memref<16xi8>, memref<16xi8>) -> ()
  // expected-error@+1 {{error[M010]: bytes 24..40 leave the arena of 32 bytes}}
  "memref.copy"(%2, %out) : (memref<16xi8>, memref<16xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
