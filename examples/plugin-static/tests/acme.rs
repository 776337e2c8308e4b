//! Acme's own tests: what the passes promise, that fusing and lowering keep every value, and that it reaches the C.

#![allow(clippy::unwrap_used, reason = "tests")]

use acme_thumbwright::register;
use std::path::Path;
use std::process::{Command, Output};
use thumbwright::{CompileOptions, Compiler};

fn network() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/residual.mlir")
}

fn command(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_acme-thumbwright"))
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    output
}

fn stdout(arguments: &[&str]) -> String {
    String::from_utf8(command(arguments).stdout).unwrap()
}

#[test]
fn the_compiler_writes_the_kernel() {
    let compiler = Compiler::builder()
        .unwrap()
        .register(register)
        .unwrap()
        .build();
    let text = std::fs::read(network()).unwrap();
    let options = CompileOptions::for_target("acme-m4");
    let compiled = compiler.compile("residual.mlir", &text, &options).unwrap();
    let files = compiled.c_files().unwrap();
    // 180 elements: four a step are the cheapest.
    assert!(files.iter().any(|f| f.text.contains("acme_add_relu_180(")));
    assert!(compiled.pipeline().contains("acme-fuse-add-relu"));
}

/// The interpreter executes the module before and after every pass.
#[test]
fn every_pass_keeps_every_value() {
    let pipeline = "func.func(acme-fuse-add-relu,acme-report-channels),lower-nn,share-kernels,propagate-constants";
    let file = network();
    let text = stdout(&[
        "opt",
        file.to_str().unwrap(),
        "--target",
        "acme-m4",
        "--validate-each",
        "--verify-each",
        "--pipeline",
        pipeline,
    ]);
    assert!(text.contains("acme_add_relu_180"), "{text}");
    assert!(!text.contains("nn.relu"), "{text}");
}

#[test]
fn idle_lanes_are_reported() {
    let file = network();
    let output = command(&[
        "opt",
        file.to_str().unwrap(),
        "--remarks",
        "--pipeline",
        "acme-report-channels",
    ]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        errors.matches("remark[acme.channels]").count(),
        3,
        "{errors}"
    );
    assert!(
        errors.contains("5 channels leave lanes of the array idle"),
        "{errors}"
    );
    assert!(errors.contains("layer \"relu\""), "{errors}");
}

/// The compiler judges a vendor's plan as it does its own, and says whose it is.
#[test]
fn memory_is_planned_as_acme_wants() {
    let file = network();
    let output = command(&[
        "opt",
        file.to_str().unwrap(),
        "--remarks",
        "--pipeline",
        "lower-nn,plan-memory{algorithm=acme-longest-first},check-placement",
    ]);
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("remark[remark.plan]"), "{errors}");
    assert!(errors.contains("by acme-longest-first"), "{errors}");
    let text = stdout(&["plan", file.to_str().unwrap(), "--algorithm", "all"]);
    let mut names = text
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    assert!(names.any(|name| name == "acme-longest-first"), "{text}");
}

#[test]
fn everything_is_listed() {
    for (arguments, has) in [
        (
            &["opt", "--list-passes"][..],
            "acme-report-channels (on any)",
        ),
        (&["opt", "--list-passes"][..], "acme-fuse-add-relu"),
        (&["opt", "--list-patterns"][..], "acme.add-relu"),
        (&["opt", "--list-dialects"][..], "acme.add_relu (Interpret)"),
        (&["opt", "--list-passes"][..], "|exact|acme-longest-first"),
        (&["targets"][..], "acme-m4"),
    ] {
        let text = stdout(arguments);
        assert!(text.contains(has), "{arguments:?}: {text}");
    }
}

/// With everything, for the tests of what every pass promises, on random modules: the output verifies, values stay, unknown ops are left
/// alone, nothing panics, nothing depends on chance.
fn registry() -> pass::Registry {
    Compiler::builder()
        .unwrap()
        .register(register)
        .unwrap()
        .freeze()
}

testgen::pass_properties!(
    acme_fuse_add_relu,
    registry = registry(),
    pass = "func.func(acme-fuse-add-relu)",
    cases = 60
);
testgen::pass_properties!(
    acme_report_channels,
    registry = registry(),
    pass = "acme-report-channels",
    cases = 60
);
