//! Single-operator models with the answers of TensorFlow Lite Micro, on every runtime, and by LLVM where there is code.
//!
//! The committed cases are in `tests/data/conformance`; `THUMBWRIGHT_CONFORMANCE=DIR` runs those of another folder instead, as
//! `make conformance` does with newly drawn ones.
#![allow(clippy::unwrap_used, reason = "tests")]

mod drawn;
mod suite;

use thumbwright::runtime::BuildSettings;
use thumbwright::{Compiler, Io};

fn cases() -> Vec<suite::Case> {
    let compiler = Compiler::new().unwrap();
    drawn::cases("THUMBWRIGHT_CONFORMANCE", "conformance")
        .into_iter()
        .map(|c| suite::Case {
            network: compiler
                .import(&format!("{}.tflite", c.name), &c.model)
                .unwrap()
                .0,
            name: c.name,
            inputs: c.inputs,
            expected: c.outputs,
            tolerance: c.tolerance,
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
