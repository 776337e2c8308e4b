//! A small placed network.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part")]

use ir::{DialectRegistry, Module, dialects};
use std::sync::Arc;

/// Multiplies four numbers by a constant table, twice: two layers that share a kernel.
pub const TEXT: &str = r#"
"memref.global"() <{sym_name = "arena", sym_visibility = "private", type = memref<96xi8>, initial_value, alignment = 32 : i64}> : () -> ()
"memref.global"() <{sym_name = "w", sym_visibility = "private", type = memref<4xi32>, initial_value = dense<[1, 2, 3, 4]> : tensor<4xi32>, constant, alignment = 16 : i64}> : () -> ()
"memref.global"() <{sym_name = "v", sym_visibility = "private", type = memref<4xi32>, initial_value = dense<[5, 6, 7, 8]> : tensor<4xi32>, constant, alignment = 4 : i64}> {mcu.section = ".qspi"} : () -> ()
"func.func"() <{function_type = (memref<4xi32>, memref<4xi32>, memref<4xi32>) -> (), sym_name = "multiply", sym_visibility = "private"}> ({
^bb0(%x: memref<4xi32>, %w: memref<4xi32>, %y: memref<4xi32>):
  %0 = "arith.constant"() <{value = 0 : index}> : () -> index
  %1 = "arith.constant"() <{value = 1 : index}> : () -> index
  %4 = "arith.constant"() <{value = 4 : index}> : () -> index
  "scf.for"(%0, %4, %1) ({
  ^bb0(%i: index):
    %a = "memref.load"(%x, %i) : (memref<4xi32>, index) -> i32
    %b = "memref.load"(%w, %i) : (memref<4xi32>, index) -> i32
    %c = "arith.muli"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "memref.store"(%c, %y, %i) : (i32, memref<4xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<4xi32>, memref<4xi32>) -> (), sym_name = "main", arg_attrs = [{mcu.name = "x", mcu.offset = 0 : i64}, {mcu.name = "y", mcu.offset = 16 : i64}]}> ({
^bb0(%x: memref<4xi32>, %y: memref<4xi32>):
  %w = "memref.get_global"() <{name = @w}> : () -> memref<4xi32>
  %v = "memref.get_global"() <{name = @v}> : () -> memref<4xi32>
  %arena = "memref.get_global"() <{name = @arena}> : () -> memref<96xi8>
  %32 = "arith.constant"() <{value = 32 : index}> : () -> index
  %t = "memref.view"(%arena, %32) : (memref<96xi8>, index) -> memref<4xi32>
  "func.call"(%x, %w, %t) <{callee = @multiply}> : (memref<4xi32>, memref<4xi32>, memref<4xi32>) -> () loc("model/first"("net.tflite":0:0))
  "func.call"(%t, %v, %y) <{callee = @multiply}> : (memref<4xi32>, memref<4xi32>, memref<4xi32>) -> () loc("model/second"("net.tflite":1:0))
  "func.return"() : () -> ()
}) {mcu.inputs = 1 : i64} : () -> ()
"#;

pub fn registry() -> Arc<DialectRegistry> {
    let mut r = DialectRegistry::builder();
    dialects::register_all(&mut r).unwrap();
    Arc::new(r.freeze())
}

pub fn module() -> Module {
    let options = ir::text::parse::ParseOptions::default();
    let m = ir::text::parse(TEXT, "net.mlir", registry(), &options);
    m.unwrap_or_else(|d| panic!("{d}"))
}
