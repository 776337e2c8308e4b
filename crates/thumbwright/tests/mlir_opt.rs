//! Every module that a compile prints, at every stage, is text that `mlir-opt-19` accepts, verifies, and prints back unchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use prerequisites::mlir_opt;
use thumbwright::{CompileOptions, Compiler, KernelLibrary};

#[test]
fn every_stage_is_the_normal_form_of_mlir_opt() {
    const TEST: &str = "every_stage_is_the_normal_form_of_mlir_opt";
    if !prerequisites::programs(TEST, &["mlir-opt-19"]) {
        return;
    }
    let acme = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/acme-kernels/acme-kernels.toml"
    );
    let acme = KernelLibrary::load(acme.as_ref()).unwrap();
    let extended = Compiler::builder().unwrap().library(acme).unwrap();
    check(&extended.build(), &models::own());
    check(&Compiler::new().unwrap(), &models::all(TEST));
}

#[test]
fn networks_that_remember_are_too() {
    const TEST: &str = "networks_that_remember_are_too";
    if !prerequisites::programs(TEST, &["mlir-opt-19"]) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    for (file, text) in [
        ("streaming.mlir", include_str!("networks/streaming.mlir")),
        ("exchange.mlir", include_str!("networks/exchange.mlir")),
    ] {
        check_stages(&compiler, file, text.as_bytes());
    }
}

fn check(compiler: &Compiler, models: &[models::Model]) {
    for model in models {
        check_stages(compiler, &model.file(), &model.bytes());
    }
}

fn check_stages(compiler: &Compiler, file: &str, bytes: &[u8]) {
    for target in ["cortex-m0", "cortex-m4"] {
        let options = CompileOptions {
            keep_stages: true,
            verify_each: true,
            ..CompileOptions::for_target(target)
        };
        let compiled = compiler.compile(file, bytes, &options).unwrap();
        assert!(compiled.stages().len() > 8);
        for stage in compiled.stages() {
            let theirs = mlir_opt(&stage.text, &["--mlir-print-debuginfo"]).unwrap_or_else(|e| {
                panic!(
                    "{file} for {target}, after {}: mlir-opt refuses: {e}",
                    stage.name
                )
            });
            // Not assert_eq: the texts are megabytes.
            let same = stage.text == theirs;
            assert!(
                same,
                "{file} for {target}, after {}: mlir-opt prints another text",
                stage.name
            );
        }
    }
}
