//! Lowered modules compute the same when MLIR's own passes and LLVM make programs of them.
//!
//! The placed module, without what only our back end knows of (`mcu.*`), goes through `mlir-opt-19`, `mlir-translate-19` and `clang-19`;
//! a C main fills the arena with poison, puts the inputs where `@main` expects them, and prints the outputs. `math.exp`, whose bits
//! are ours, calls our C. What is compared with is the interpreter.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;
mod oracle;

use oracle::{Case, TOOLS, run};
use std::sync::Arc;
use testgen::loops::Features;
use thumbwright::{CompileOptions, Compiler};

/// What the interpreter computes of a placed module.
fn interpreted(m: &ir::Module, inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let verified = ir::verify::verify(m).unwrap_or_else(|e| panic!("{e}"));
    let program = interp::Program::compile(verified).unwrap();
    let refs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    program.run(&refs).unwrap()
}

/// Runs all, and panics with the names of those whose outputs differ.
fn check(cases: Vec<(Case, Vec<Vec<u8>>)>) {
    let (cases, expected): (Vec<Case>, Vec<Vec<Vec<u8>>>) = cases.into_iter().unzip();
    let actual = run(&cases);
    let named = cases.iter().zip(expected.iter().zip(&actual));
    let wrong: Vec<&str> = named
        .filter(|(_, (e, a))| e != a)
        .map(|(c, _)| c.name.as_str())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} differ: {wrong:?}",
        wrong.len(),
        cases.len()
    );
}

/// The portable lowering of every model, on a sample of its own.
#[test]
fn models_compute_the_same_through_llvm() {
    const TEST: &str = "models_compute_the_same_through_llvm";
    if !prerequisites::programs(TEST, TOOLS) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let cases = models::all(TEST).into_iter().map(|model| {
        let options = CompileOptions::for_target("cortex-m0");
        let compiled = compiler.compile(&model.file(), &model.bytes(), &options);
        let m = compiled.unwrap().module().clone();
        let inputs = model.inputs(1);
        let expected = interpreted(&m, &inputs);
        assert_eq!(expected.len(), model.golden.outputs.len());
        (Case::new(&model.name, m, inputs), expected)
    });
    check(cases.collect());
}

#[test]
fn random_loops_compute_the_same_through_llvm() {
    const TEST: &str = "random_loops_compute_the_same_through_llvm";
    if !prerequisites::programs(TEST, TOOLS) {
        return;
    }
    let mut builder = ir::DialectRegistry::builder();
    ir::dialects::register_all(&mut builder).unwrap();
    let registry = Arc::new(builder.freeze());
    let cases = testgen::loops::cases(Features::ALL, 11, 200);
    let cases = cases.iter().enumerate().map(|(i, case)| {
        let m = case.build(&registry);
        let inputs = testgen::loops::inputs(&m, 0);
        let expected = interpreted(&m, &inputs);
        (Case::new(&format!("random {i}"), m, inputs), expected)
    });
    check(cases.collect());
}
