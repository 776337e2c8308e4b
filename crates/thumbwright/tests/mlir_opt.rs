//! Every module that a compile prints, at every stage, is text that `mlir-opt-19` accepts, verifies, and prints back unchanged.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use std::io::Write;
use std::process::{Command, Stdio};
use thumbwright::{CompileOptions, Compiler, KernelLibrary};

fn mlir_opt(text: &str) -> Result<String, String> {
    let mut child = Command::new("mlir-opt-19")
        .args([
            "--allow-unregistered-dialect",
            "--mlir-print-op-generic",
            "--mlir-print-debuginfo",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    // It may stop reading at an error: then its exit code and message tell.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = child.wait_with_output().unwrap();
    let _ = writer.join();
    let message = String::from_utf8_lossy(&out.stderr).into_owned();
    if out.status.success() {
        Ok(String::from_utf8(out.stdout).unwrap())
    } else {
        Err(message)
    }
}

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

fn check(compiler: &Compiler, models: &[models::Model]) {
    for model in models {
        for target in ["cortex-m0", "cortex-m4"] {
            let options = CompileOptions {
                keep_stages: true,
                verify_each: true,
                ..CompileOptions::for_target(target)
            };
            let compiled = compiler
                .compile(&model.file(), &model.bytes(), &options)
                .unwrap();
            assert!(compiled.stages().len() > 8);
            for stage in compiled.stages() {
                let theirs = mlir_opt(&stage.text).unwrap_or_else(|e| {
                    panic!(
                        "{} for {target}, after {}: mlir-opt refuses: {e}",
                        model.name, stage.name
                    )
                });
                // Not assert_eq: the texts are megabytes.
                let same = stage.text == theirs;
                assert!(
                    same,
                    "{} for {target}, after {}: mlir-opt prints another text",
                    model.name, stage.name
                );
            }
        }
    }
}
