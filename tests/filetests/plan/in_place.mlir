// The kernel reads byte i, then writes byte i. In one place that is fine; one byte higher, it reads what it has overwritten.
// RUN: thumbwright opt %s --verify-diagnostics --pipeline check-placement
"memref.global"() <{alignment = 16 : i64, sym_name = "arena", sym_visibility = "private", type = memref<32xi8>}> : () -> ()
"func.func"() <{function_type = (memref<8xi8>, memref<8xi8>) -> (), sym_name = "copy", sym_visibility = "private"}> ({
^bb0(%arg0: memref<8xi8>, %arg1: memref<8xi8>):
  %0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %1 = "arith.constant"() <{value = 1 : index}> : () -> index
  %2 = "arith.constant"() <{value = 8 : index}> : () -> index
  "scf.for"(%0, %2, %1) ({
  ^bb1(%arg2: index):
    %3 = "memref.load"(%arg0, %arg2) : (memref<8xi8>, index) -> i8
    "memref.store"(%3, %arg1, %arg2) : (i8, memref<8xi8>, index) -> ()
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "main"}> ({
  %0 = "memref.get_global"() <{name = @arena}> : () -> memref<32xi8>
  %1 = "arith.constant"() <{value = 0 : index}> : () -> index
  %2 = "arith.constant"() <{value = 16 : index}> : () -> index
  %3 = "arith.constant"() <{value = 17 : index}> : () -> index
  %4 = "memref.view"(%0, %1) : (memref<32xi8>, index) -> memref<8xi8>
  %5 = "memref.view"(%0, %1) : (memref<32xi8>, index) -> memref<8xi8>
  "func.call"(%4, %5) <{callee = @copy}> : (memref<8xi8>, memref<8xi8>) -> ()
  %6 = "memref.view"(%0, %2) : (memref<32xi8>, index) -> memref<8xi8>
  %7 = "memref.view"(%0, %3) : (memref<32xi8>, index) -> memref<8xi8>
  // expected-error@+1 {{error[M010]: bytes 1..2 of argument 0 are read after the layer has overwritten them}}
  "func.call"(%6, %7) <{callee = @copy}> : (memref<8xi8>, memref<8xi8>) -> ()
  "func.return"() : () -> ()
}) {mcu.inputs = 0 : i64} : () -> ()
