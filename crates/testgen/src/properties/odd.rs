//! Modules at the edge of what verifies.

use ir::dialects::func;
use ir::{Builder, DialectRegistry, Loc, Module, OpState};
use std::sync::Arc;

/// Conditionals inside of each other.
const DEEP: usize = 50;

/// Nothing, an external function, empty functions, deep nesting, ops that are not registered at the top level and with regions; as far
/// as their ops are registered.
pub fn modules(registry: &Arc<DialectRegistry>) -> Vec<Module> {
    let known = |names: &[&str]| names.iter().all(|n| registry.op(n).is_some());
    let mut all = vec![Module::new(registry.clone())];
    if known(&["func.func", "func.return"]) {
        all.push(external(registry));
        all.push(empty(registry));
        all.push(unregistered(registry));
    }
    if known(&["func.func", "func.return", "scf.if", "scf.yield"]) {
        all.push(deep(registry));
    }
    all
}

fn external(registry: &Arc<DialectRegistry>) -> Module {
    let mut m = Module::new(registry.clone());
    let (f, _) = func::build_func(&mut m, "main", &[], &[], Loc::UNKNOWN);
    m.erase(f);
    let i32 = m.i32();
    let (ty, name) = (m.function(&[i32], &[]), m.str_attr("main"));
    let (ty, private) = (m.type_attr(ty), m.str_attr("private"));
    let state = OpState::new("func.func")
        .prop("sym_name", name)
        .prop("function_type", ty)
        .prop("sym_visibility", private)
        .regions(1);
    let op = m.create(state);
    let body = m.body();
    m.append(body, op);
    m
}

fn empty(registry: &Arc<DialectRegistry>) -> Module {
    let mut m = Module::new(registry.clone());
    for name in ["main", "f"] {
        let (_, block) = func::build_func(&mut m, name, &[], &[], Loc::UNKNOWN);
        Builder::at_end(&mut m, block).op("func.return", &[], &[]);
    }
    m
}

fn unregistered(registry: &Arc<DialectRegistry>) -> Module {
    let mut m = Module::new(registry.clone());
    let i32 = m.i32();
    let body = m.body();
    let top = m.create(OpState::new("unknown.top").regions(1));
    m.append(body, top);
    let (_, block) = func::build_func(&mut m, "main", &[i32], &[i32], Loc::UNKNOWN);
    let x = m.block_args(block)[0];
    let mut b = Builder::at_end(&mut m, block);
    let op = OpState::new("unknown.region")
        .operands(&[x])
        .results(&[i32]);
    let op = b.insert(op.regions(2));
    let y = b.m.result(op, 0);
    b.op("func.return", &[y], &[]);
    let region = m.regions(op)[0];
    let inner = m.add_block(region, &[i32]);
    let arg = m.block_args(inner)[0];
    Builder::at_end(&mut m, inner).op("unknown.end", &[arg, x], &[]);
    m
}

fn deep(registry: &Arc<DialectRegistry>) -> Module {
    let mut m = Module::new(registry.clone());
    let i1 = m.i1();
    let (_, block) = func::build_func(&mut m, "main", &[i1], &[], Loc::UNKNOWN);
    let condition = m.block_args(block)[0];
    let mut at = block;
    for _ in 0..DEEP {
        let mut b = Builder::at_end(&mut m, at);
        let op = b.insert(OpState::new("scf.if").operands(&[condition]).regions(2));
        let last = if at == block {
            "func.return"
        } else {
            "scf.yield"
        };
        b.op(last, &[], &[]);
        let region = m.regions(op)[0];
        at = m.add_block(region, &[]);
    }
    Builder::at_end(&mut m, at).op("scf.yield", &[], &[]);
    m
}
