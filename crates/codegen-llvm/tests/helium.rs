//! Every instruction of Helium, by LLVM on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

use codegen_llvm::{Kind, Options, emit};
use emulate::{BuildOptions, Case, Firmware, RunOptions};
use ir::{DialectRegistry, dialects};
use std::sync::Arc;
use target::Targets;
use testgen::helium::{self, Helium};

fn registry() -> Arc<DialectRegistry> {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    interp::register(&mut b).unwrap();
    Arc::new(b.freeze())
}

/// What the interpreter computes: the bytes of each case.
fn expected(h: &Helium) -> Vec<Vec<u8>> {
    let program = interp::Program::compile(ir::verify::verify(&h.module).unwrap()).unwrap();
    let inputs: Vec<&[u8]> = h.inputs.iter().map(Vec::as_slice).collect();
    program.run(&inputs).unwrap()
}

fn case(h: &Helium, number: usize, target: &target::Target, expected: &[Vec<u8>]) -> Case {
    let name = format!("net{number}");
    let options = Options {
        kinds: vec![Kind::Object],
        ..Options::new(&name)
    };
    let emitted = emit(ir::verify::verify(&h.module).unwrap(), target, &options).unwrap();
    Case {
        objects: vec![(format!("{name}.o"), emitted.artifacts[0].bytes.clone())],
        inputs: h.inputs.iter().map(|i| i.len() as u32).collect(),
        outputs: expected.iter().map(|b| b.len() as u32).collect(),
        ..Case::new(&name)
    }
}

#[test]
fn helium_on_cortex_m55() {
    let test = "helium_on_cortex_m55";
    if !prerequisites::programs(test, &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        return;
    }
    let targets = Targets::builtin();
    let target = targets.get("cortex-m55").unwrap();
    let modules = helium::all(&registry());
    let expected: Vec<Vec<Vec<u8>>> = modules.iter().map(expected).collect();
    let cases: Vec<Case> = (0..modules.len())
        .map(|i| case(&modules[i], i, target, &expected[i]))
        .collect();
    let firmware = Firmware::build(target, &cases, &BuildOptions::default()).unwrap();
    let mut run = RunOptions::default();
    for (i, h) in modules.iter().enumerate() {
        run.add(i, h.inputs.clone());
    }
    let runs = firmware.run(&run).unwrap().runs;
    assert_eq!(runs.len(), modules.len());
    let mut wrong = Vec::new();
    for ((h, expected), run) in modules.iter().zip(&expected).zip(runs) {
        assert!(run.is_clean(), "{run:?}");
        assert_eq!(run.outputs.len(), h.cases.len());
        let differs = (0..expected.len()).filter(|&i| run.outputs[i] != expected[i]);
        wrong.extend(differs.map(|i| &h.cases[i]));
    }
    assert!(wrong.is_empty(), "{wrong:?} differ");
}
