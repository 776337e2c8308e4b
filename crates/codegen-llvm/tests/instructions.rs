//! Every op that stands for an instruction, by LLVM on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../codegen-c/tests/on_core/mod.rs"]
mod on_core;

use codegen_llvm::{Kind, Options, emit};
use emulate::Case;
use on_core::{check, registry};
use testgen::instructions;

/// Random `arm.block`s.
const BLOCKS: usize = 40;

/// What LLVM builds of a module.
fn code(verified: ir::Verified<'_>, target: &target::Target, name: &str) -> Case {
    let options = Options {
        kinds: vec![Kind::Object],
        ..Options::new(name)
    };
    let emitted = emit(verified, target, &options).unwrap();
    Case {
        objects: vec![(format!("{name}.o"), emitted.artifacts[0].bytes.clone())],
        ..Case::new(name)
    }
}

#[test]
fn the_dsp_extension_on_cortex_m4() {
    let all = instructions::dsp(&registry(), BLOCKS);
    check(
        "the_dsp_extension_on_cortex_m4",
        "cortex-m4",
        [&all],
        &[],
        code,
    );
}
