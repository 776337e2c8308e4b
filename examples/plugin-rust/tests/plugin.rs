//! The built plug-in, loaded by the library.

#![allow(clippy::unwrap_used, reason = "tests")]

use ir::rewrite::{Fuel, apply_patterns};
use std::path::PathBuf;
use thumbwright::optimize::OptimizeOptions;
use thumbwright::{CompileOptions, Compiler};

/// The shared library, which Cargo puts beside this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    folder.join(format!(
        "{}acme_plugin{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ))
}

fn compiler() -> Compiler {
    let builder = Compiler::builder().unwrap();
    builder.plugin(library()).unwrap().build()
}

const SQUARES: &str = r#"
"func.func"() <{function_type = (tensor<1x6xf32>) -> tensor<1x6xf32>, sym_name = "main"}> ({
^bb0(%x: tensor<1x6xf32>):
  %c = "nn.constant"() <{value = dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]> : tensor<1x6xf32>}> : () -> tensor<1x6xf32>
  %0 = "nn.add"(%x, %c) <{activation = "none"}> : (tensor<1x6xf32>, tensor<1x6xf32>) -> tensor<1x6xf32>
  %1 = "acme.square"(%0) : (tensor<1x6xf32>) -> tensor<1x6xf32>
  "func.return"(%1) : (tensor<1x6xf32>) -> ()
}) : () -> ()
"#;

#[test]
fn the_schedule_reaches_the_c() {
    let options = CompileOptions::for_target("cortex-m4");
    let compiled = compiler()
        .compile("squares.mlir", SQUARES.as_bytes(), &options)
        .unwrap();
    let files = compiled.c_files().unwrap();
    assert!(files.iter().any(|f| f.text.contains("acme_square_6(")));
}

/// What the pass says about the network, for a value of its option.
fn report(limit: &str) -> thumbwright::optimize::Optimized {
    let options = OptimizeOptions {
        pipeline: Some(format!("acme-report-constants{{limit={limit}}}")),
        ..OptimizeOptions::for_target("cortex-m4")
    };
    compiler().optimize("squares.mlir", SQUARES, &options, &mut ())
}

#[test]
fn the_pass_takes_its_option() {
    let small = report("24");
    assert!(small.module.is_some() && small.diagnostics.is_empty());
    let large = report("23");
    let said = large.diagnostics.to_string();
    assert!(
        said.starts_with("remark[acme.large-constant]: 24 bytes, above the limit of 23"),
        "{said}"
    );
    assert_eq!(
        large
            .statistics
            .get("acme-report-constants", "large constants"),
        1
    );
    let wrong = report("few");
    let said = wrong.diagnostics.to_string();
    assert!(wrong.module.is_none());
    assert!(
        said.contains("pass `acme-report-constants` of plug-in `acme-rust`: option `limit=few`"),
        "{said}"
    );
}

#[test]
fn the_verifier_and_the_type_inference_are_asked() {
    let compiler = compiler();
    let dialects = compiler.registry().dialects();
    let text = r#"
%c = "nn.constant"() <{value = dense<0> : tensor<2xi8>}> : () -> tensor<2xi8>
%0 = "acme.square"(%c) : (tensor<2xi8>) -> tensor<2xi8>"#;
    let m = ir::text::parse(text, "s.mlir", dialects.clone(), &Default::default()).unwrap();
    let errors = ir::verify::verify(&m).unwrap_err().to_string();
    assert!(
        errors.contains("wants a tensor of f32, not of i8"),
        "{errors}"
    );
    let mut m = ir::Module::new(dialects.clone());
    let ty = m.f32();
    let ty = m.tensor(&[3], ty);
    let infer = dialects.infer_types("acme.square").unwrap();
    assert_eq!(infer.infer(&mut m, &[ty], &[]), Some(vec![ty]));
}

#[test]
fn the_pattern_leaves_other_factors_alone() {
    let compiler = compiler();
    let registry = compiler.registry();
    for factor in ["0", "1", "3", "-8"] {
        let text = MULTIPLY.replace("8 :", &format!("{factor} :"));
        let mut m = ir::text::parse(
            &text,
            "f.mlir",
            registry.dialects().clone(),
            &Default::default(),
        )
        .unwrap();
        let f = m.lookup_symbol("f").unwrap();
        let rewrites = apply_patterns(
            &mut m,
            f,
            &registry.patterns_without(&[]),
            &mut Fuel::unlimited(),
        );
        assert_eq!(
            rewrites.applied.get("acme.multiply-is-shift"),
            None,
            "{factor}"
        );
    }
}

const MULTIPLY: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %c = "arith.constant"() <{value = 8 : i32}> : () -> i32
  %0 = "arith.muli"(%x, %c) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  "func.return"(%0) : (i32) -> ()
}) : () -> ()"#;

#[test]
fn the_pattern_finds_powers_of_two() {
    let compiler = compiler();
    let registry = compiler.registry();
    let mut m = ir::text::parse(
        MULTIPLY,
        "f.mlir",
        registry.dialects().clone(),
        &Default::default(),
    )
    .unwrap();
    let f = m.lookup_symbol("f").unwrap();
    let rewrites = apply_patterns(
        &mut m,
        f,
        &registry.patterns_without(&[]),
        &mut Fuel::unlimited(),
    );
    assert_eq!(rewrites.applied.get("acme.multiply-is-shift"), Some(&1));
    assert!(ir::verify::verify(&m).is_ok());
    let text = ir::text::print_module(&m);
    assert!(
        text.contains("arith.shli") && text.contains("3 : i32"),
        "{text}"
    );
}

/// With the plug-in, for the tests of what every pass promises, on random modules that have its operation, too.
fn registry() -> pass::Registry {
    Compiler::builder()
        .unwrap()
        .plugin(library())
        .unwrap()
        .freeze()
}

testgen::pass_properties!(
    acme_report_constants,
    registry = registry(),
    pass = "acme-report-constants{limit=8}",
    cases = 40
);
