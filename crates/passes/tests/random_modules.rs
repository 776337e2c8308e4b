//! Random modules through every registered pass, and through whole pipelines: each verifies, computes what it did, and nothing panics.
//!
//! `THUMBWRIGHT_RANDOM_MODULES=10000` draws more of them, `THUMBWRIGHT_SEED=7` others.
#![allow(clippy::unwrap_used, reason = "tests")]

mod registry;

use interp::evaluate::{Settings, Verdict, observe};
use ir::Module;
use pass::{ANY, ManagerOptions, PassCx, PassInfo, Pipeline, Registry, run_pipeline};
use registry::registry;
use std::sync::atomic::{AtomicUsize, Ordering};
use testgen::modules::{Options, case};

/// Modules in an ordinary run of the tests.
const MODULES: usize = 500;
/// Their seed.
const SEED: u64 = 20_261_126;

/// Pipelines besides the single passes; those with a network's passes refuse most modules, and lower the networks among them.
const PIPELINES: [&str; 2] = [
    "builtin.module(func.func(canonicalize,cse,dce),inline,symbol-dce,func.func(canonicalize,loop-invariant-code-motion,simplify-affine-index,cse,dce))",
    "builtin.module(func.func(loop-invariant-code-motion,cse,simplify-affine-index,canonicalize),inline,func.func(fold-constants,canonicalize))",
];

fn number<T: std::str::FromStr>(variable: &str, default: T) -> T {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
        Err(_) => default,
    }
}

/// A pipeline of one pass.
fn alone(info: &PassInfo) -> Pipeline {
    let text = match info.anchor.as_str() {
        "builtin.module" | ANY => format!("builtin.module({})", info.name),
        anchor => format!("builtin.module({anchor}({}))", info.name),
    };
    Pipeline::parse(&text).unwrap()
}

fn pipelines(registry: &Registry) -> Vec<Pipeline> {
    // What a program of the user's computes, nobody can say.
    let passes = registry.passes().iter().filter(|p| p.name != "external");
    let mut all: Vec<Pipeline> = passes.map(alone).collect();
    for io in [passes::Io::Arena, passes::Io::Caller] {
        all.push(passes::default_pipeline(registry, &io.into()));
    }
    all.extend(PIPELINES.map(|text| Pipeline::parse(text).unwrap()));
    all
}

struct Counts {
    ran: AtomicUsize,
    refused: AtomicUsize,
    compared: AtomicUsize,
}

/// Runs a pipeline; why it is wrong, if it is.
fn check(
    registry: &Registry,
    pipeline: &Pipeline,
    m: &Module,
    before: &interp::evaluate::Observation,
    settings: &Settings,
    counts: &Counts,
) -> Result<(), String> {
    let mut after = m.clone();
    let mut cx = PassCx::new(registry, registry.targets().get("cortex-m4").unwrap());
    let options = ManagerOptions {
        verify_each: true,
        ..ManagerOptions::default()
    };
    if run_pipeline(pipeline, &mut after, &mut cx, options, &mut ()).is_err() {
        let bug =
            |d: &&ir::Diagnostic| matches!(&*d.code, "P001" | "P002" | "P003" | "M005" | "M010");
        counts.refused.fetch_add(1, Ordering::Relaxed);
        return match cx.diagnostics.iter().find(bug) {
            Some(d) => Err(d.to_string()),
            None => Ok(()),
        };
    }
    counts.ran.fetch_add(1, Ordering::Relaxed);
    let after = observe(&after, settings).map_err(|e| e.to_string())?;
    match before.compare(&after) {
        Verdict::Equal(coverage) | Verdict::NotComparable { coverage, .. } => {
            counts
                .compared
                .fetch_add(coverage.compared, Ordering::Relaxed);
            Ok(())
        }
        Verdict::Differs(d) => Err(d.to_string()),
    }
}

#[test]
fn every_pass_keeps_what_random_modules_compute() {
    let (count, seed) = (
        number("THUMBWRIGHT_RANDOM_MODULES", MODULES),
        number("THUMBWRIGHT_SEED", SEED),
    );
    let registry = registry();
    let pipelines = pipelines(&registry);
    let counts = Counts {
        ran: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        compared: AtomicUsize::new(0),
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let settings = Settings::new(seed, 2).steps(1 << 22);
        let mut failures = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= count || !failures.is_empty() {
                return failures;
            }
            let m = case(&Options::default(), seed, i).build(registry.dialects());
            let before = observe(&m, &settings).unwrap();
            for p in &pipelines {
                if let Err(e) = check(&registry, p, &m, &before, &settings, &counts) {
                    failures.push(format!("seed {seed}, module {i}, pipeline {p}: {e}"));
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().unwrap())
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let (ran, refused, compared) = (
        counts.ran.into_inner(),
        counts.refused.into_inner(),
        counts.compared.into_inner(),
    );
    println!(
        "{count} modules, {} pipelines: {ran} runs, {refused} refused, {compared} runs of functions compared",
        pipelines.len()
    );
    // Passes that take any module ran on all of them, and the modules compute something.
    assert!(ran >= 3 * count && compared >= ran, "{ran} {compared}");
}
