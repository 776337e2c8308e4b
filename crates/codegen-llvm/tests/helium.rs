//! Every instruction of Helium, by LLVM on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../codegen-c/tests/on_core/mod.rs"]
mod on_core;

use codegen_llvm::{Kind, Options, emit};
use emulate::Case;
use on_core::{check, registry};
use testgen::helium;

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
fn helium_on_cortex_m55() {
    let all = helium::all(&registry());
    check("helium_on_cortex_m55", "cortex-m55", &all, &[], code);
}
