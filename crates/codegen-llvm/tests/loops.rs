//! Random modules of the loop level: what LLVM builds computes what the interpreter computes, on the host and on emulated cores.
//!
//! `LLVM_LOOPS=N` draws N modules instead of the default number.
#![allow(clippy::unwrap_used, reason = "tests")]

use codegen_llvm::{Kind, Options};
use emulate::{Arena, BuildOptions, Case, Firmware, HostOptions, HostProgram, RunOptions};
use interp::Program;
use ir::{DialectRegistry, Module, dialects};
use std::sync::Arc;
use target::Targets;
use testgen::loops::{self, Features};

/// Modules of one program.
const MODULES: usize = 500;
const SAMPLES: u64 = 2;

fn count() -> usize {
    let wanted = std::env::var("LLVM_LOOPS").ok();
    wanted.and_then(|v| v.parse().ok()).unwrap_or(MODULES)
}

fn modules() -> Vec<Module> {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    interp::register(&mut b).unwrap();
    let registry = Arc::new(b.freeze());
    let cases = loops::cases(Features::ALL, 5, count());
    cases.iter().map(|c| c.build(&registry)).collect()
}

/// The bytes of some tensors.
type Tensors = Vec<Vec<u8>>;

/// Inputs, and what the interpreter makes of them.
fn expected(m: &Module) -> Vec<(Tensors, Tensors)> {
    let program = Program::compile(ir::verify::verify(m).unwrap()).unwrap();
    let run = |sample| {
        let inputs = loops::inputs(m, sample);
        let refs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
        let outputs = program.run(&refs).unwrap();
        (inputs, outputs)
    };
    (0..SAMPLES).map(run).collect()
}

/// What LLVM builds of a module, as a case of a program.
fn case(m: &Module, name: &str, target: &target::Target, for_host: bool) -> Case {
    let verified = ir::verify::verify(m).unwrap();
    let options = Options {
        kinds: vec![Kind::Object],
        for_host,
        ..Options::new(name)
    };
    let api = codegen_c::api(verified, target, &options.api).unwrap();
    let emitted = codegen_llvm::emit(verified, target, &options)
        .unwrap_or_else(|e| panic!("{name}: {e}\n{}", ir::text::print_module(m)));
    let bytes = |list: &[codegen_c::ApiTensor]| list.iter().map(|t| t.bytes as u32).collect();
    let arena = |a: &codegen_c::ApiMemory| Arena {
        size: a.need.size as u32,
        align: a.need.align as u32,
        pool: None,
    };
    Case {
        objects: vec![(format!("{name}.o"), emitted.artifacts[0].bytes.clone())],
        inputs: bytes(&api.inputs),
        outputs: bytes(&api.outputs),
        arenas: api.arenas.iter().map(arena).collect(),
        ..Case::new(name)
    }
}

fn compare(target: &str, run: impl FnOnce(Vec<Case>, &RunOptions) -> Vec<emulate::CaseRun>) {
    let targets = Targets::builtin();
    let target = targets.get(target).unwrap();
    let host = target.core.arch == target::Arch::Host;
    let modules = modules();
    let mut cases = Vec::new();
    let mut options = RunOptions::default();
    let mut wanted = Vec::new();
    for (i, m) in modules.iter().enumerate() {
        cases.push(case(m, &format!("m{i}"), target, host));
        for (inputs, outputs) in expected(m) {
            options.add(i, inputs);
            wanted.push((i, outputs));
        }
    }
    let runs = run(cases, &options);
    assert_eq!(runs.len(), wanted.len());
    let mut wrong: Vec<usize> = Vec::new();
    for (run, (i, outputs)) in runs.iter().zip(&wanted) {
        let right = run.status == 0 && run.overruns.is_empty() && run.outputs == *outputs;
        if !right && !wrong.contains(i) {
            wrong.push(*i);
        }
    }
    let first = wrong
        .first()
        .map(|&i| ir::text::print_module(&modules[i]))
        .unwrap_or_default();
    assert!(
        wrong.is_empty(),
        "modules {wrong:?} differ; the first:\n{first}"
    );
}

fn on_core(test: &str, core: &str) {
    if prerequisites::programs(test, &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        compare(core, |cases, options| {
            let targets = Targets::builtin();
            let target = targets.get(core).unwrap();
            let firmware = Firmware::build(target, &cases, &BuildOptions::default()).unwrap();
            firmware.run(options).unwrap().runs
        });
    }
}

#[test]
fn on_the_host() {
    if prerequisites::programs("on_the_host", &["cc"]) {
        compare("host", |cases, options| {
            let program = HostProgram::build(&cases, &HostOptions::default()).unwrap();
            program.run(options).unwrap().runs
        });
    }
}

#[test]
fn on_cortex_m0() {
    on_core("on_cortex_m0", "cortex-m0");
}

#[test]
fn on_cortex_m3() {
    on_core("on_cortex_m3", "cortex-m3");
}

#[test]
fn on_cortex_m4() {
    on_core("on_cortex_m4", "cortex-m4");
}

#[test]
fn on_cortex_m7() {
    on_core("on_cortex_m7", "cortex-m7");
}

#[test]
fn on_cortex_m33() {
    on_core("on_cortex_m33", "cortex-m33");
}

#[test]
fn on_cortex_m55() {
    on_core("on_cortex_m55", "cortex-m55");
}
