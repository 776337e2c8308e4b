//! Every instruction of Helium, in C on an emulated core: what the interpreter computes, on random and extreme operands.
#![allow(clippy::unwrap_used, reason = "tests")]

mod on_core;

use codegen_c::{Options, emit};
use emulate::{Case, SourceFile};
use on_core::{check, registry};
use testgen::helium;

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
fn helium_on_cortex_m55() {
    let all = helium::all(&registry());
    check("helium_on_cortex_m55", "cortex-m55", &all, &[], code);
}
