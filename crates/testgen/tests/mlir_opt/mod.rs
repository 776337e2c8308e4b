//! `mlir-opt-19` as an oracle of the text.

use ir::Module;
use std::io::Write;
use std::process::{Command, Stdio};

/// Asserts that `mlir-opt-19` accepts a module and prints it as we do.
pub fn assert_prints_the_same(m: &Module) {
    let text = ir::text::print_module(m);
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
    let input = text.clone();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(
        out.status.success(),
        "mlir-opt-19 refuses:\n{text}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert_eq!(text, String::from_utf8(out.stdout).unwrap());
}
