//! The NPU computes what the network says: on every runtime, as late and as early as it can, alone and beside the core.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../../crates/thumbwright/tests/models/mod.rs"]
mod models;

use acme_npu::schedule::Npu;
use emulate::{HostOptions, Sanitizers};
use ir::dialects::func::CallOp;
use thumbwright::runtime::{Batch, BuildSettings, Job, Runtime, Samples, interpret, run};
use thumbwright::{CompileOptions, Compiled, Compiler, MemoryMap};

/// As late as it can, as early as it can.
const MODELS: [&str; 2] = ["acme_npu_model.c", "acme_npu_eager_model.c"];

/// An NPU of this speed, with this model.
fn compiler(npu: Npu, model: &str) -> Compiler {
    let code = acme_npu::code(&["acme_npu.c", model]);
    let register = |r: &mut pass::RegistryBuilder| {
        r.accelerator(acme_npu::accelerator(npu)?.code(code))?;
        Ok(())
    };
    let builder = Compiler::builder().unwrap().register(register).unwrap();
    builder.accelerator("acme-npu").unwrap().build()
}

/// One that costs nothing to start, so that it gets whatever it can do.
fn free() -> Npu {
    Npu { start: 0, layer: 0 }
}

fn compile(compiler: &Compiler, model: &models::Model, target: &str) -> Compiled {
    let options = CompileOptions {
        verify_each: true,
        ..CompileOptions::for_target(target)
    };
    compiler
        .compile(&model.file(), &model.bytes(), &options)
        .unwrap_or_else(|e| panic!("{}: {e}", model.name))
}

fn available(test: &str, runtime: &str) -> bool {
    let test = format!("{test} on {runtime}");
    match runtime {
        "interp-loops" => true,
        "host" => prerequisites::programs(&test, &["cc"]),
        _ => prerequisites::programs(&test, &["arm-none-eabi-gcc", "qemu-system-arm"]),
    }
}

fn starts(c: &Compiled) -> usize {
    let source = c.c().unwrap().source.text;
    source.matches("    acme_npu_start(&").count()
}

#[test]
fn digits_are_the_golden_on_every_runtime() {
    let model = &models::own()[0];
    let n = model.golden.n_samples;
    for npu_model in MODELS {
        let compiler = compiler(Npu::default(), npu_model);
        for name in ["interp-loops", "host", "cortex-m4", "cortex-m55"] {
            if !available("digits_are_the_golden_on_every_runtime", name) {
                continue;
            }
            let runtime = Runtime::parse(name, compiler.registry().targets()).unwrap();
            let compiled = compile(&compiler, model, runtime.target());
            assert!(starts(&compiled) >= 3, "{name}");
            let outcome = run(&compiled, &runtime, model.inputs(n), false).unwrap();
            assert!(outcome.outputs == model.outputs(n), "{name}, {npu_model}");
        }
    }
}

#[test]
fn every_int8_model_is_its_golden() {
    const TEST: &str = "every_int8_model_is_its_golden";
    if !available(TEST, "host") {
        return;
    }
    let compiler = compiler(Npu::default(), MODELS[0]);
    let mut claimed = 0;
    for model in models::all(TEST).iter().filter(|m| m.is_int8()) {
        let compiled = compile(&compiler, model, "host");
        claimed += starts(&compiled);
        let n = model.golden.n_samples;
        let outcome = run(&compiled, &Runtime::Host, model.inputs(n), false).unwrap();
        assert!(outcome.outputs == model.outputs(n), "{}", model.name);
    }
    assert!(claimed >= 3, "{claimed}");
}

/// Registered but not asked for, or dearer than the core: what comes out is what comes out without it.
#[test]
fn without_the_npu_the_core_computes() {
    let model = &models::own()[0];
    let plain = Compiler::new().unwrap();
    let builder = Compiler::builder().unwrap().register(acme_npu::register);
    let not_asked = builder.unwrap().build();
    let dear = compiler(
        Npu {
            start: 1 << 30,
            layer: 0,
        },
        MODELS[0],
    );
    let files = |c: &Compiler| compile(c, model, "cortex-m55").c_files().unwrap();
    assert_eq!(files(&not_asked), files(&plain));
    assert_eq!(files(&dear), files(&plain));
    assert!(
        starts(&compile(
            &compiler(Npu::default(), MODELS[0]),
            model,
            "cortex-m55"
        )) > 0
    );
}

#[test]
fn the_same_comes_out_each_time() {
    let files = || {
        let compiler = compiler(Npu::default(), MODELS[0]);
        compile(&compiler, &models::own()[0], "cortex-m55")
            .c_files()
            .unwrap()
    };
    assert_eq!(files(), files());
}

/// Branches beside a convolution run while the NPU does; its tensors keep their bytes until it is waited for.
#[test]
fn the_core_works_while_the_npu_does() {
    const TEST: &str = "the_core_works_while_the_npu_does";
    let text = include_str!("branches.mlir");
    for npu_model in MODELS {
        let compiler = compiler(Npu::default(), npu_model);
        let options = CompileOptions::for_target("host");
        let compiled = compiler.compile("branches.mlir", text.as_bytes(), &options);
        let compiled = compiled.unwrap_or_else(|e| panic!("{e}"));
        let m = compiled.module();
        let map = MemoryMap::of(m).unwrap();
        let called: Vec<String> = map.events.iter().map(|&e| CallOp(e).callee(m)).collect();
        let at = |name: &str| called.iter().position(|c| c.contains(name)).unwrap();
        let (start, wait) = (at("acme_npu_1"), at("acme_npu_1_wait"));
        assert!(start + 1 < wait, "{called:?}");
        for v in m.operands(map.events[start]) {
            let root = passes::memory_map::root(m, v);
            for b in map.buffers.iter().filter(|b| b.value == root) {
                assert!(b.start <= start && b.end > wait, "{b:?}");
            }
        }
        let (network, _) = compiler.import("branches.mlir", text.as_bytes()).unwrap();
        let input: Vec<u8> = (0..12 * 12 * 8).map(|i| (i * 37 % 251) as u8).collect();
        let expected = interpret(&network, vec![input.clone()]).unwrap();
        for runtime in [Runtime::InterpLoops, Runtime::Host] {
            if available(TEST, runtime.name()) {
                let found = run(&compiled, &runtime, vec![input.clone()], false).unwrap();
                assert_eq!(found.outputs, expected.outputs, "{}", runtime.name());
            }
        }
    }
}

#[test]
fn what_the_npu_does_not_take_is_said() {
    let text = include_str!("branches.mlir").replace("1x12x12x8", "2x12x12x8");
    let compiler = compiler(Npu::default(), MODELS[0]);
    let options = CompileOptions::for_target("host");
    let compiled = compiler.compile("two.mlir", text.as_bytes(), &options);
    let compiled = compiled.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(starts(&compiled), 0);
    let remarks = compiled.diagnostics().to_string();
    let want = "remark[remark.not-claimed]: acme-npu does not take `nn.conv_2d`: it takes one image, not 2";
    assert!(remarks.contains(want), "{remarks}");
}

/// Random networks, part of which the NPU computes: all on the interpreter of loops, what has claims in C under sanitizers, too.
#[test]
fn mixed_networks_compute_what_the_interpreter_says() {
    const TEST: &str = "mixed_networks_compute_what_the_interpreter_says";
    const NETWORKS: usize = 200;
    /// Of those with claims, so many run in C with each model.
    const IN_C: usize = 40;
    let plain = Compiler::new().unwrap();
    let networks = testgen::network::networks(11, NETWORKS);
    let expected: Vec<Vec<Vec<u8>>> = networks
        .iter()
        .map(|n| {
            let network = n.build(plain.registry().dialects());
            interpret(&network, n.inputs(0)).unwrap().outputs
        })
        .collect();
    let sanitized = BuildSettings {
        host: HostOptions {
            sanitizers: Sanitizers::AddressAndUndefined,
            ..HostOptions::default()
        },
        ..BuildSettings::default()
    };
    for npu_model in MODELS {
        let compiler = compiler(free(), npu_model);
        let mut compiled = Vec::new();
        let (mut mixed, mut joined) = (0, 0);
        for (i, n) in networks.iter().enumerate() {
            let options = CompileOptions {
                name: Some(format!("net_{i}")),
                verify_each: true,
                ..CompileOptions::for_target("host")
            };
            let network = n.build(compiler.registry().dialects());
            let c = compiler
                .compile_network("net", network, &options, &mut ())
                .unwrap_or_else(|e| panic!("{i}: {e}"));
            let (starts, calls) = (starts(&c), c.memory().events.len());
            mixed += usize::from(starts > 0 && calls > 2 * starts);
            let source = c.c().unwrap().source.text;
            joined += source.matches(".layers = ").count() - source.matches(".layers = 1,").count();
            compiled.push((i, c, starts > 0));
        }
        let claimed = compiled.iter().filter(|c| c.2).count();
        let counts = format!("{claimed} have claims, {mixed} are mixed; {joined} joined claims");
        assert!(claimed >= IN_C && mixed >= 20 && joined >= 2, "{counts}");
        let check = |runtime: Runtime, which: Vec<&(usize, Compiled, bool)>| {
            if !available(TEST, runtime.name()) {
                return;
            }
            let batch: Batch<'_> = which.iter().map(|c| &c.1).collect();
            let executable = batch.build(&runtime, &sanitized).unwrap();
            let jobs = which.iter().enumerate().map(|(model, (i, c, _))| Job {
                model,
                samples: Samples::new(&c.inputs(), networks[*i].inputs(0)).unwrap(),
            });
            let jobs: Vec<Job> = jobs.collect();
            let outcomes = executable.run(&jobs, false).unwrap();
            for ((i, _, _), outcome) in which.iter().zip(outcomes) {
                let found = outcome.unwrap_or_else(|e| panic!("{i} on {}: {e}", runtime.name()));
                assert_eq!(found.outputs, expected[*i], "{i} on {}", runtime.name());
            }
        };
        // The interpreter of loops runs no C, so it runs once.
        if npu_model == MODELS[0] {
            check(Runtime::InterpLoops, compiled.iter().collect());
        }
        let with_claims = compiled.iter().filter(|c| c.2).take(IN_C);
        check(Runtime::Host, with_claims.collect());
    }
}
