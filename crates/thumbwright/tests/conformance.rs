//! Single-operator models with the answers of TensorFlow Lite Micro, on every runtime, and by LLVM where there is code.
//!
//! The committed cases are in `tests/data/conformance`; `THUMBWRIGHT_CONFORMANCE=DIR` runs those of another folder instead, as
//! `make conformance` does with newly drawn ones.
#![allow(clippy::unwrap_used, reason = "tests")]

mod suite;

use serde::Deserialize;
use std::path::{Path, PathBuf};
use thumbwright::runtime::BuildSettings;
use thumbwright::{Compiler, Io};

#[derive(Deserialize)]
struct Index {
    cases: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    tolerance: f64,
    model: Span,
    inputs: Vec<Span>,
    outputs: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    offset: usize,
    bytes: usize,
}

fn cases() -> Vec<suite::Case> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/conformance");
    let dir = std::env::var_os("THUMBWRIGHT_CONFORMANCE").map_or(own, PathBuf::from);
    let index: Index =
        serde_json::from_str(&std::fs::read_to_string(dir.join("cases.json")).unwrap()).unwrap();
    let blob = std::fs::read(dir.join("cases.bin")).unwrap();
    let compiler = Compiler::new().unwrap();
    let part = |s: &Span| blob[s.offset..s.offset + s.bytes].to_vec();
    index
        .cases
        .iter()
        .map(|e| suite::Case {
            name: e.name.clone(),
            network: compiler
                .import(&format!("{}.tflite", e.name), &part(&e.model))
                .unwrap()
                .0,
            inputs: e.inputs.iter().map(part).collect(),
            expected: e.outputs.iter().map(part).collect(),
            tolerance: e.tolerance,
        })
        .collect()
}

fn run(test: &str, runtime: &str, settings: &BuildSettings) {
    if suite::available(test, runtime) {
        let cases = cases();
        assert!(cases.len() >= 100);
        suite::assert_none(
            &suite::failures(runtime, &cases, Io::Arena, settings),
            cases.len(),
        );
    }
}

macro_rules! runtimes {
    ($($test:ident $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            run("conformance", $name, &BuildSettings::default());
        })*

        #[test]
        fn every_runtime_is_tested() {
            assert_eq!([$($name),*], suite::RUNTIMES);
        }
    };
}

runtimes! {
    on_interp "interp",
    on_interp_loops "interp-loops",
    on_host "host",
    on_cortex_m0 "cortex-m0",
    on_cortex_m3 "cortex-m3",
    on_cortex_m4 "cortex-m4",
    on_cortex_m7 "cortex-m7",
    on_cortex_m33 "cortex-m33",
    on_cortex_m55 "cortex-m55",
}

/// What LLVM builds gives the same answers.
#[cfg(feature = "llvm")]
mod by_llvm {
    use super::*;
    use thumbwright::Backend;

    macro_rules! runtimes {
        ($($test:ident $name:literal),* $(,)?) => {
            $(#[test]
            fn $test() {
                let settings = BuildSettings {
                    backend: Backend::Llvm,
                    ..BuildSettings::default()
                };
                run("conformance by LLVM", $name, &settings);
            })*

            #[test]
            fn every_runtime_with_code_is_tested() {
                let interpreted = |r: &&str| r.starts_with("interp");
                let code: Vec<&str> = suite::RUNTIMES.into_iter().filter(|r| !interpreted(r)).collect();
                assert_eq!([$($name),*], *code);
            }
        };
    }

    runtimes! {
        on_host "host",
        on_cortex_m0 "cortex-m0",
        on_cortex_m3 "cortex-m3",
        on_cortex_m4 "cortex-m4",
        on_cortex_m7 "cortex-m7",
        on_cortex_m33 "cortex-m33",
        on_cortex_m55 "cortex-m55",
    }
}
