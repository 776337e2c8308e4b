//! LLVM's passes.

use crate::failure::refused;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::TargetMachine;
use ir::Diagnostic;

/// What the optimiser does with loops, whose shape and order are the schedules' choice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Optimization {
    /// Unroll loops where LLVM's cost model says so.
    pub unroll: bool,
    /// Use vector instructions where the core has them.
    pub vectorize: bool,
}

impl Default for Optimization {
    fn default() -> Optimization {
        Optimization {
            unroll: true,
            vectorize: false,
        }
    }
}

pub(crate) fn run(
    module: &Module<'_>,
    machine: &TargetMachine,
    what: Optimization,
) -> Result<(), Diagnostic> {
    module.verify().map_err(|e| refused(&e.to_string_lossy()))?;
    let options = PassBuilderOptions::create();
    options.set_loop_unrolling(what.unroll);
    options.set_loop_vectorization(what.vectorize);
    options.set_loop_interleaving(what.vectorize);
    options.set_loop_slp_vectorization(what.vectorize);
    module
        .run_passes("default<O2>", machine, options)
        .map_err(|e| refused(&e.to_string_lossy()))
}
