//! Suites × runtimes: the cases of a suite are written once, and every runtime runs all of them, C in one program a runtime.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part")]

use std::fmt::Write;
use thumbwright::runtime::{Batch, BuildSettings, Job, Runtime, Samples};
use thumbwright::{CompileOptions, Compiled, Compiler, PipelineOptions};

/// Every runtime.
pub const RUNTIMES: [&str; 9] = [
    "interp",
    "interp-loops",
    "host",
    "cortex-m0",
    "cortex-m3",
    "cortex-m4",
    "cortex-m7",
    "cortex-m33",
    "cortex-m55",
];

/// A network with inputs and what must come out.
pub struct Case {
    pub name: String,
    pub network: ir::Module,
    /// A block of bytes a tensor, samples concatenated.
    pub inputs: Vec<Vec<u8>>,
    pub expected: Vec<Vec<u8>>,
    /// Largest difference allowed between floats, in absolute terms; 0: equal by value.
    pub tolerance: f64,
}

/// Whether a runtime's programs are there; if not, the test is listed as not run on it.
pub fn available(test: &str, runtime: &str) -> bool {
    let test = format!("{test} on {runtime}");
    match runtime {
        "interp" | "interp-loops" => true,
        "host" => prerequisites::programs(&test, &["cc"]),
        _ => prerequisites::programs(&test, &["arm-none-eabi-gcc", "qemu-system-arm"]),
    }
}

/// Runs all cases on a runtime, and says which differ and how.
pub fn failures(
    runtime: &str,
    cases: &[Case],
    tuning: impl Into<PipelineOptions>,
    settings: &BuildSettings,
) -> Vec<String> {
    failures_of(&Compiler::new().unwrap(), runtime, cases, tuning, settings)
}

/// As [`failures`], by a compiler of one's own.
pub fn failures_of(
    compiler: &Compiler,
    runtime: &str,
    cases: &[Case],
    tuning: impl Into<PipelineOptions>,
    settings: &BuildSettings,
) -> Vec<String> {
    let tuning = tuning.into();
    let parsed = Runtime::parse(runtime, compiler.registry().targets()).unwrap();
    let mut failed = Vec::new();
    let mut compiled: Vec<Compiled> = Vec::new();
    let mut which: Vec<&Case> = Vec::new();
    for c in cases {
        let options = CompileOptions {
            name: Some(c.name.clone()),
            tuning: tuning.clone(),
            ..CompileOptions::for_target(parsed.target())
        };
        match compiler.compile_network(&c.name, c.network.clone(), &options, &mut ()) {
            Ok(x) => {
                compiled.push(x);
                which.push(c);
            }
            Err(e) => failed.push(format!("{} on {runtime}: {e}", c.name)),
        }
    }
    let batch: Batch<'_> = compiled.iter().collect();
    let executable = match batch.build(&parsed, settings) {
        Ok(e) => e,
        Err(e) => {
            failed.push(format!("{runtime}: {e}"));
            return failed;
        }
    };
    let jobs: Vec<Job> = compiled
        .iter()
        .zip(&which)
        .enumerate()
        .map(|(model, (c, case))| Job {
            model,
            samples: Samples::new(&c.inputs(), case.inputs.clone()).unwrap(),
        })
        .collect();
    match executable.run(&jobs, false) {
        Err(e) => failed.push(format!("{runtime}: {e}")),
        Ok(outcomes) => {
            for ((case, c), outcome) in which.iter().zip(&compiled).zip(outcomes) {
                match outcome {
                    Err(e) => failed.push(format!("{} on {runtime}: {e}", case.name)),
                    Ok(o) => {
                        let tensors = c.outputs();
                        for (i, (got, want)) in o.outputs.iter().zip(&case.expected).enumerate() {
                            let float = tensors[i].dtype == "float32";
                            if let Some(d) = difference(got, want, float, case.tolerance) {
                                failed.push(format!("{} on {runtime}: output {i}: {d}", case.name));
                            }
                        }
                        assert_eq!(o.outputs.len(), case.expected.len());
                    }
                }
            }
        }
    }
    failed
}

/// How two tensors differ, if they do by more than is allowed.
pub fn difference(got: &[u8], want: &[u8], float: bool, tolerance: f64) -> Option<String> {
    if got.len() != want.len() {
        return Some(format!("{} bytes, expected {}", got.len(), want.len()));
    }
    if !float {
        let count = got.iter().zip(want).filter(|(a, b)| a != b).count();
        let first = got.iter().zip(want).position(|(a, b)| a != b)?;
        let (a, b) = (got[first] as i8, want[first] as i8);
        return Some(format!(
            "{count} of {} bytes differ, first at {first}: {a}, expected {b}",
            got.len()
        ));
    }
    let floats = |b: &[u8]| -> Vec<f32> {
        b.chunks_exact(4)
            .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
            .collect()
    };
    let (got, want) = (floats(got), floats(want));
    let worst = got
        .iter()
        .zip(&want)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
    let worst = worst.fold(0.0, |m: f64, d| if d > m || d.is_nan() { d } else { m });
    (worst > tolerance || worst.is_nan())
        .then(|| format!("largest difference {worst:e}, allowed {tolerance:e}"))
}

/// Asserts that there are no failures, and shows the first of them otherwise.
pub fn assert_none(failures: &[String], cases: usize) {
    let mut text = String::new();
    for f in failures.iter().take(20) {
        writeln!(text, "  {f}").unwrap();
    }
    assert!(
        failures.is_empty(),
        "{} failures in {cases} cases:\n{text}",
        failures.len()
    );
}
