//! Whole networks against their goldens, on every runtime.
//!
//! Int8: every sample, byte for byte. Float: three samples on the emulated cores, all elsewhere; every runtime must give the bits of the
//! interpreter, and the interpreter the golden within 1e-5 of the largest output (`ad_float`: 2e-4 in absolute terms). The golden of
//! `kws_dynrange` is another arithmetic (activations quantised on the fly): its real samples must have the golden's top class.
#![allow(clippy::unwrap_used, reason = "tests")]

mod models;
mod suite;

use emulate::{HostOptions, Sanitizers};
use models::Model;
use thumbwright::runtime::BuildSettings;
use thumbwright::{Compiler, Io};

/// Samples of a float network on an emulated core.
const FLOAT_SAMPLES_ON_CORES: usize = 3;

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
        .collect()
}

/// The case of an int8 model: what must come out is the golden.
fn int8_case(compiler: &Compiler, model: &Model) -> suite::Case {
    let n = model.golden.n_samples;
    suite::Case {
        name: model.name.clone(),
        network: compiler.import(&model.file(), &model.bytes()).unwrap().0,
        inputs: model.inputs(n),
        expected: model.outputs(n),
        tolerance: 0.0,
    }
}

/// The case of a float model: what must come out is what the interpreter says.
fn float_case(compiler: &Compiler, model: &Model, samples: usize) -> suite::Case {
    let network = compiler.import(&model.file(), &model.bytes()).unwrap().0;
    let inputs = model.inputs(samples);
    let expected = thumbwright::runtime::interpret(&network, inputs.clone())
        .unwrap()
        .outputs;
    suite::Case {
        name: model.name.clone(),
        network,
        inputs,
        expected,
        tolerance: 0.0,
    }
}

fn run(test: &str, runtime: &str, io: Io, settings: &BuildSettings) {
    if !suite::available(test, runtime) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let models = models::all(&format!("{test} on {runtime}"));
    let int8: Vec<suite::Case> = models
        .iter()
        .filter(|m| m.is_int8())
        .map(|m| int8_case(&compiler, m))
        .collect();
    assert!(!int8.is_empty());
    let mut failures = suite::failures(runtime, &int8, io, settings);
    let core = runtime.starts_with("cortex");
    for model in models.iter().filter(|m| !m.is_int8()) {
        // Float code is the same on all cores but for the FPU: without one, with one, and the newest.
        if core && !matches!(runtime, "cortex-m0" | "cortex-m4" | "cortex-m55") {
            prerequisites::not_run(
                &format!("{test} of {} on {runtime}", model.name),
                "float runs on M0, M4 and M55",
            );
            continue;
        }
        let samples = if core {
            FLOAT_SAMPLES_ON_CORES
        } else {
            model.golden.n_samples
        };
        failures.extend(suite::failures(
            runtime,
            &[float_case(&compiler, model, samples)],
            io,
            settings,
        ));
    }
    suite::assert_none(&failures, models.len());
}

#[test]
fn floats_of_the_interpreter_are_the_golden() {
    let compiler = Compiler::new().unwrap();
    for model in models::all("floats_of_the_interpreter_are_the_golden")
        .iter()
        .filter(|m| !m.is_int8())
    {
        let n = model.golden.n_samples;
        let case = float_case(&compiler, model, n);
        let (got, want) = (floats(&case.expected[0]), floats(&model.outputs(n)[0]));
        let classes = got.len() / n;
        if model.name == "kws_dynrange" {
            let top = |v: &[f32]| {
                v.iter()
                    .enumerate()
                    .max_by(|a, b| a.1.total_cmp(b.1))
                    .map(|x| x.0)
            };
            for (i, s) in model
                .golden
                .samples
                .iter()
                .enumerate()
                .filter(|(_, s)| s.kind == "real")
            {
                let of = |v: &[f32]| top(&v[i * classes..(i + 1) * classes]);
                assert_eq!(
                    of(&got),
                    of(&want),
                    "kws_dynrange, sample {i} of class {:?}",
                    s.label_index
                );
            }
            continue;
        }
        let largest = want.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let allowed = if model.name == "ad_float" {
            2e-4
        } else {
            1e-5 * largest
        };
        let worst = got
            .iter()
            .zip(&want)
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(
            worst <= allowed,
            "{}: {worst:e} off, {allowed:e} allowed",
            model.name
        );
    }
}

macro_rules! runtimes {
    ($($test:ident $name:literal),* $(,)?) => {
        $(#[test]
        fn $test() {
            run(stringify!($test), $name, Io::Arena, &BuildSettings::default());
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

/// Inputs and outputs in the caller's memory, at odd addresses in the arena's mode.
#[test]
fn with_the_callers_buffers() {
    run(
        "with_the_callers_buffers",
        "interp-loops",
        Io::Caller,
        &BuildSettings::default(),
    );
    run(
        "with_the_callers_buffers",
        "host",
        Io::Caller,
        &BuildSettings::default(),
    );
}

#[test]
fn unaligned_tensors_are_copied() {
    let settings = BuildSettings {
        tensor_offset: 1,
        ..BuildSettings::default()
    };
    if suite::available("unaligned_tensors_are_copied", "cortex-m0") {
        let compiler = Compiler::new().unwrap();
        let cases: Vec<suite::Case> = models::own()
            .iter()
            .filter(|m| m.is_int8())
            .map(|m| int8_case(&compiler, m))
            .collect();
        suite::assert_none(
            &suite::failures("cortex-m0", &cases, Io::Arena, &settings),
            cases.len(),
        );
    }
}

/// Address and undefined-behaviour sanitizers, by gcc and clang, every buffer an allocation of its own.
#[test]
fn clean_under_sanitizers() {
    for compiler in ["gcc", "clang-19"] {
        let test = format!("clean_under_sanitizers with {compiler}");
        if prerequisites::programs(&test, &[compiler]) {
            let host = HostOptions {
                compiler: compiler.to_owned(),
                sanitizers: Sanitizers::AddressAndUndefined,
                ..HostOptions::default()
            };
            run(
                &test,
                "host",
                Io::Arena,
                &BuildSettings {
                    host,
                    ..BuildSettings::default()
                },
            );
        }
    }
}
