//! What LLVM cannot build is an error with a code, that names op, kernel and layer; nothing panics.
#![allow(clippy::unwrap_used, reason = "tests")]

use codegen_llvm::{CODES, Kind, Options, emit};
use ir::{DialectRegistry, Module, dialects};
use std::sync::Arc;
use target::{Target, Targets};

ir::define_op! {
    /// `acme.magic`: an op of a third party.
    pub struct MagicOp = "acme.magic" {
        traits: { pure },
        operands: { input: one Any },
        results: { output: one Any },
    }
}

fn core(name: &str) -> Target {
    Targets::builtin().get(name).unwrap().clone()
}

/// A kernel with that body, on `%a : memref<4xi32>`, and a `@main` that calls it on its output in the arena.
fn module(kernel: &str) -> Module {
    let text = format!(
        r#"
"memref.global"() <{{sym_name = "arena", sym_visibility = "private", type = memref<64xi8>, initial_value, alignment = 16 : i64}}> : () -> ()
"memref.global"() <{{sym_name = "w", sym_visibility = "private", type = memref<4xi32>, initial_value = dense<7> : tensor<4xi32>, constant, alignment = 16 : i64}}> : () -> ()
"func.func"() <{{function_type = (memref<4xi32>) -> (), sym_name = "odd_kernel", sym_visibility = "private"}}> ({{
^bb0(%a: memref<4xi32>):
  %z = "arith.constant"() <{{value = 0 : index}}> : () -> index
  {kernel}
  "func.return"() : () -> ()
}}) : () -> ()
"func.func"() <{{function_type = (memref<4xi32>) -> (), sym_name = "main", arg_attrs = [{{mcu.name = "y", mcu.offset = 0 : i64}}]}}> ({{
^bb0(%y: memref<4xi32>):
  "func.call"(%y) <{{callee = @odd_kernel}}> : (memref<4xi32>) -> ()
  "func.return"() : () -> ()
}}) {{mcu.inputs = 0 : i64}} : () -> ()
"#
    );
    let mut r = DialectRegistry::builder();
    dialects::register_all(&mut r).unwrap();
    r.op(MagicOp::info()).unwrap();
    let options = ir::text::parse::ParseOptions::default();
    ir::text::parse(&text, "net.mlir", Arc::new(r.freeze()), &options)
        .unwrap_or_else(|d| panic!("{d}"))
}

fn one(m: &Module, target: &Target, code: &str, parts: &[&str]) {
    let verified = ir::verify::verify(m).unwrap_or_else(|d| panic!("{d}"));
    let options = Options {
        kinds: vec![Kind::Object],
        ..Options::new("net")
    };
    let all = emit(verified, target, &options).unwrap_err();
    let all: Vec<_> = all.into_iter().collect();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].code, code, "{}", all[0]);
    let text = all[0].to_string();
    for p in parts {
        assert!(text.contains(p), "{p:?} is not in: {text}");
    }
}

/// What is right is built.
#[test]
fn a_kernel_without_fault() {
    let m = module(
        r#"%x = "memref.load"(%a, %z) : (memref<4xi32>, index) -> i32
  "memref.store"(%x, %a, %z) : (i32, memref<4xi32>, index) -> ()"#,
    );
    let verified = ir::verify::verify(&m).unwrap();
    assert!(emit(verified, &core("cortex-m4"), &Options::new("net")).is_ok());
}

#[test]
fn ops_without_a_form() {
    let m = module(
        r#"%x = "memref.load"(%a, %z) : (memref<4xi32>, index) -> i32
  %y = "acme.magic"(%x) : (i32) -> i32
  "memref.store"(%y, %a, %z) : (i32, memref<4xi32>, index) -> ()"#,
    );
    let parts = ["acme.magic", "@odd_kernel", "net.mlir", "no LLVM form"];
    one(&m, &core("cortex-m4"), "B001", &parts);
}

#[test]
fn types_without_a_form() {
    let m = module(
        r#"%x = "memref.load"(%a, %z) : (memref<4xi32>, index) -> i32
  %y = "arith.sitofp"(%x) : (i32) -> f16
  %t = "arith.fptosi"(%y) : (f16) -> i32
  "memref.store"(%t, %a, %z) : (i32, memref<4xi32>, index) -> ()"#,
    );
    one(&m, &core("cortex-m4"), "B002", &["f16", "@odd_kernel"]);
}

#[test]
fn buffers_without_an_address() {
    let m = module(
        r#"%b = "memref.alloc"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> memref<4xi32>"#,
    );
    one(
        &m,
        &core("cortex-m4"),
        "B003",
        &["memref.alloc", "no address"],
    );
    let m = module(r#"%b = "memref.get_global"() <{name = @arena}> : () -> memref<64xi8>"#);
    one(
        &m,
        &core("cortex-m4"),
        "B003",
        &["only @main may use an arena"],
    );
}

#[test]
fn constants_that_are_written() {
    let m = module(
        r#"%w = "memref.get_global"() <{name = @w}> : () -> memref<4xi32>
  %x = "memref.load"(%a, %z) : (memref<4xi32>, index) -> i32
  "memref.store"(%x, %w, %z) : (i32, memref<4xi32>, index) -> ()"#,
    );
    one(&m, &core("cortex-m4"), "B004", &["memref.store", "@w"]);
}

#[test]
fn processors_that_llvm_does_not_know() {
    let mut target = core("cortex-m4");
    target.core.fpu = Some("neon".to_owned());
    let m = module("");
    one(&m, &target, "B005", &["cortex-m4", "neon", "--backend c"]);
}

#[test]
fn instructions_that_a_core_has_not() {
    let m = module(
        r#"%x = "memref.load"(%a, %z) : (memref<4xi32>, index) -> i32
  %y = "arm.smuad"(%x, %x) : (i32, i32) -> i32
  "memref.store"(%y, %a, %z) : (i32, memref<4xi32>, index) -> ()"#,
    );
    let parts = ["arm.smuad", "cortex-m3", "DSP extension"];
    one(&m, &core("cortex-m3"), "B007", &parts);
}

#[test]
fn blocks_of_too_many_registers() {
    let mut text = String::new();
    let mut last = "%z0".to_owned();
    for i in 0..15 {
        text += &format!("%z{i} = \"memref.load\"(%a, %z) : (memref<4xi32>, index) -> i32\n");
    }
    text += "%s = \"arm.block\"() ({\n";
    for i in 0..15 {
        text += &format!("%t{i} = \"arm.smuad\"(%z{i}, {last}) : (i32, i32) -> i32\n");
        last = format!("%t{i}");
    }
    text += &format!("\"arm.yield\"({last}) : (i32) -> ()\n}}) : () -> i32\n");
    text += "\"memref.store\"(%s, %a, %z) : (i32, memref<4xi32>, index) -> ()";
    let m = module(&text);
    let parts = ["arm.block", "@odd_kernel", "registers"];
    one(&m, &core("cortex-m4"), "B008", &parts);
}

/// `B006` takes a mistake of the back end: no module provokes it. Each other code is in a test above.
#[test]
fn every_code_has_its_test() {
    let tests = include_str!("diagnostics.rs");
    for (code, meaning) in CODES {
        assert!(!meaning.is_empty());
        assert!(
            *code == "B006" || tests.matches(&format!("\"{code}\"")).count() > 0,
            "{code}"
        );
    }
}

/// The book's page has every code with its meaning.
#[test]
fn every_code_is_in_the_book() {
    let page = include_str!("../../../docs/llvm.md");
    for (code, meaning) in CODES {
        assert!(
            page.contains(&format!("| `{code}` | {meaning} |")),
            "{code}"
        );
    }
}
