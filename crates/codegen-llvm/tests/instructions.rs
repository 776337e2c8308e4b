//! Every op that stands for an instruction, by LLVM on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

use codegen_llvm::{Kind, Options};
use emulate::{BuildOptions, Case, Firmware, RunOptions};
use ir::{DialectRegistry, dialects};
use std::sync::Arc;
use target::Targets;
use testgen::instructions::{self, Instructions};

/// Random `arm.block`s.
const BLOCKS: usize = 40;

fn registry() -> Arc<DialectRegistry> {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    interp::register(&mut b).unwrap();
    Arc::new(b.freeze())
}

fn check(test: &str, core: &str, instructions: &Instructions) {
    if !prerequisites::programs(test, &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        return;
    }
    let targets = Targets::builtin();
    let target = targets.get(core).unwrap();
    let verified = ir::verify::verify(&instructions.module).unwrap();
    let options = Options {
        kinds: vec![Kind::Object],
        ..Options::new("net")
    };
    let emitted = codegen_llvm::emit(verified, target, &options).unwrap();
    let program = interp::Program::compile(verified).unwrap();
    let expected = program.run(&[&instructions.input]).unwrap();
    let case = Case {
        objects: vec![("net.o".to_owned(), emitted.artifacts[0].bytes.clone())],
        inputs: vec![instructions.input.len() as u32],
        outputs: expected.iter().map(|b| b.len() as u32).collect(),
        ..Case::new("net")
    };
    let firmware = Firmware::build(target, &[case], &BuildOptions::default()).unwrap();
    let mut run = RunOptions::default();
    run.add(0, vec![instructions.input.clone()]);
    let run = firmware.run(&run).unwrap().runs.remove(0);
    assert!(run.is_clean(), "{run:?}");
    assert_eq!(run.outputs.len(), instructions.cases.len());
    let wrong: Vec<&String> = (0..expected.len())
        .filter(|&i| run.outputs[i] != expected[i])
        .map(|i| &instructions.cases[i])
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} differ");
}

#[test]
fn the_dsp_extension_on_cortex_m4() {
    let all = instructions::dsp(&registry(), BLOCKS);
    check("the_dsp_extension_on_cortex_m4", "cortex-m4", &all);
}
