//! `nn.offload`: its text, and what its verifier refuses.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::DialectRegistry;
use ir::text::{ParseOptions, parse, print_module};
use prerequisites::mlir_opt;
use std::sync::Arc;

const MODULE: &str = r#"
"builtin.module"() ({
  "func.func"() <{function_type = (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>), sym_name = "main"}> ({
  ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
    %r:2 = "nn.offload"(%x, %y) <{accelerator = "acme-npu"}> ({
    ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
      %c = "nn.constant"() <{value = dense<1.0> : tensor<4xf32>}> : () -> tensor<4xf32>
      %s = "nn.add"(%a, %c) <{activation = "none"}> : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      "nn.yield"(%s, %b) : (tensor<4xf32>, tensor<4xf32>) -> ()
    }) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
    "func.return"(%r#0, %r#1) : (tensor<4xf32>, tensor<4xf32>) -> ()
  }) : () -> ()
}) : () -> ()
"#;

/// The errors of a text.
fn errors(text: &str) -> String {
    let mut b = DialectRegistry::builder();
    ir::dialects::register_all(&mut b).unwrap();
    let registry = Arc::new(b.freeze());
    let m = parse(text, "t.mlir", registry, &ParseOptions::default());
    let m = m.unwrap_or_else(|e| panic!("{e}"));
    match ir::verify::verify(&m) {
        Ok(_) => print_module(&m),
        Err(e) => e.to_string(),
    }
}

#[test]
fn mlir_reads_what_we_print() {
    let text = errors(MODULE);
    assert!(text.contains("nn.offload"), "{text}");
    if prerequisites::programs("mlir_reads_what_we_print", &["mlir-opt-19"]) {
        assert_eq!(mlir_opt(&text, &["--mlir-print-debuginfo"]).unwrap(), text);
    }
}

#[test]
fn the_region_takes_the_inputs_and_yields_the_outputs() {
    for (from, to, wanted) in [
        (
            "^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):",
            "^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %d: tensor<4xf32>):",
            "V020",
        ),
        (
            r#""nn.yield"(%s, %b) : (tensor<4xf32>, tensor<4xf32>) -> ()"#,
            r#""nn.yield"(%s) : (tensor<4xf32>) -> ()"#,
            "V021",
        ),
        (
            r#""nn.yield"(%s, %b) : (tensor<4xf32>, tensor<4xf32>) -> ()"#,
            r#""mcu.yield"(%s, %b) : (tensor<4xf32>, tensor<4xf32>) -> ()"#,
            "V021",
        ),
        (
            r#""func.return"(%r#0, %r#1) : (tensor<4xf32>, tensor<4xf32>) -> ()"#,
            r#""nn.yield"(%r#0, %r#1) : (tensor<4xf32>, tensor<4xf32>) -> ()"#,
            "must stand directly in an op of `nn`",
        ),
    ] {
        assert!(MODULE.contains(from));
        let found = errors(&MODULE.replace(from, to));
        assert!(found.contains(wanted), "{wanted}: {found}");
    }
}
