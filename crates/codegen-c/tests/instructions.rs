//! Every op that stands for an instruction, in C on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

use codegen_c::{Options, emit};
use emulate::{BuildOptions, Case, Firmware, RunOptions, SourceFile};
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

/// What the interpreter computes: the bytes of each case.
fn expected(i: &Instructions) -> Vec<Vec<u8>> {
    let program = interp::Program::compile(ir::verify::verify(&i.module).unwrap()).unwrap();
    program.run(&[&i.input]).unwrap()
}

fn check(test: &str, core: &str, instructions: &Instructions, flags: &[&str]) {
    if !prerequisites::programs(test, &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        return;
    }
    let targets = Targets::builtin();
    let target = targets.get(core).unwrap();
    let verified = ir::verify::verify(&instructions.module).unwrap();
    let options = Options {
        name: "net".to_owned(),
        ..Options::default()
    };
    let c = emit(verified, target, &options).unwrap();
    let expected = expected(instructions);
    let source = |f: &codegen_c::File| SourceFile::new(&f.path, f.text.clone());
    let case = Case {
        sources: vec![source(&c.source), source(&c.data)],
        headers: vec![source(&c.header), source(&c.data_header)],
        inputs: vec![instructions.input.len() as u32],
        outputs: expected.iter().map(|b| b.len() as u32).collect(),
        ..Case::new("net")
    };
    let build = BuildOptions {
        flags: flags.iter().map(|f| (*f).to_owned()).collect(),
        ..BuildOptions::default()
    };
    let firmware = Firmware::build(target, &[case], &build).unwrap();
    let mut run = RunOptions::default();
    run.add(0, vec![instructions.input.clone()]);
    let run = firmware.run(&run).unwrap().runs.remove(0);
    assert!(run.is_clean(), "{run:?}");
    let wrong: Vec<&String> = (0..expected.len())
        .filter(|&i| run.outputs[i] != expected[i])
        .map(|i| &instructions.cases[i])
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} differ in {flags:?}");
    assert_eq!(run.outputs.len(), instructions.cases.len());
}

#[test]
fn the_dsp_extension_on_cortex_m4() {
    let all = instructions::dsp(&registry(), BLOCKS);
    check("the_dsp_extension_on_cortex_m4", "cortex-m4", &all, &[]);
}

/// A block of as many registers as there are compiles without optimisation too, where a compiler wants registers for itself.
#[test]
fn without_optimisation() {
    let all = instructions::dsp(&registry(), 4);
    check("without_optimisation", "cortex-m4", &all, &["-O0"]);
}
