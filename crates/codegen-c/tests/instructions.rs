//! Every op that stands for an instruction, in C on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

mod on_core;

use codegen_c::{Options, emit};
use emulate::{Case, SourceFile};
use on_core::{check, registry};
use testgen::instructions;

/// Random `arm.block`s.
const BLOCKS: usize = 40;

/// What C has of a module.
fn code(verified: ir::Verified<'_>, target: &target::Target, name: &str) -> Case {
    let options = Options {
        name: name.to_owned(),
        ..Options::default()
    };
    let c = emit(verified, target, &options).unwrap();
    let source = |f: &codegen_c::File| SourceFile::new(&f.path, f.text.clone());
    Case {
        sources: vec![source(&c.source), source(&c.data)],
        headers: vec![source(&c.header), source(&c.data_header)],
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

/// A block of as many registers as there are compiles without optimisation too, where a compiler wants registers for itself.
#[test]
fn without_optimisation() {
    let all = instructions::dsp(&registry(), 4);
    check("without_optimisation", "cortex-m4", [&all], &["-O0"], code);
}
