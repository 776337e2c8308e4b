//! Damaged models through the whole compiler: an error or a clean result, never a panic.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;

use testgen::Choices;
use thumbwright::{CompileOptions, Compiler};

/// Models compiled; that many are imported and verified by the front end's own tests.
const COMPILED: usize = 300;

#[test]
fn damaged_models_compile_or_are_refused() {
    let compiler = Compiler::new().unwrap();
    let model = models::own().remove(0).bytes();
    let options = CompileOptions {
        verify_each: true,
        ..CompileOptions::for_target("cortex-m4")
    };
    let mut random = Choices::from_seed(2024);
    let (mut compiled, mut refused, mut tried) = (0, 0, 0);
    while compiled < COMPILED {
        tried += 1;
        assert!(
            tried < 50 * COMPILED,
            "only {compiled} of {tried} damaged models are accepted"
        );
        let mut bytes = model.clone();
        for _ in 0..1 + random.below(4) {
            let at = random.below(bytes.len() as u32) as usize;
            bytes[at] ^= 1 << random.below(8);
        }
        match compiler.compile("damaged.tflite", &bytes, &options) {
            Ok(c) => {
                assert!(!c.c_files().unwrap().is_empty());
                compiled += 1;
            }
            Err(e) => {
                assert!(!e.is_bug(), "{e}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}
