//! The executor of loop-level modules.

#![allow(clippy::unwrap_used, reason = "tests")]

mod agreement;
mod control;
mod extern_call;
mod faults;
mod main_function;
mod random_programs;
mod tree_walker;

use interp::loops::{Argument, LoopError, Program};
use ir::interfaces::Datum;
use ir::{Builder, DialectRegistry, Loc, Module, Type, ValueId, dialects::func};
use std::sync::Arc;

/// An empty module with every dialect and interpretation.
fn module() -> Module {
    let mut registry = DialectRegistry::builder();
    ir::dialects::register_all(&mut registry).unwrap();
    interp::register(&mut registry).unwrap();
    Module::new(Arc::new(registry.freeze()))
}

/// A module with one function `f`, whose body `build` makes and whose results it returns.
fn function(
    types: impl FnOnce(&mut Module) -> (Vec<Type>, Vec<Type>),
    build: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>,
) -> Module {
    let mut m = module();
    let (inputs, results) = types(&mut m);
    let (_, block) = func::build_func(&mut m, "f", &inputs, &results, Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(&mut m, block);
    let values = build(&mut b, &args);
    b.op("func.return", &values, &[]);
    m
}

/// Verifies the module and calls `f`.
fn call(m: &Module, args: &mut [Argument]) -> Result<Vec<Datum>, LoopError> {
    let verified = ir::verify::verify(m).unwrap_or_else(|e| panic!("{e:?}"));
    Program::compile(verified)?.call("f", args)
}

fn int(x: i64) -> Argument {
    Argument::Value(Datum::Int(x))
}
