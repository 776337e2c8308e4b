//! LLVM's passes.

use crate::failure::refused;
use inkwell::attributes::{Attribute, AttributeLoc};
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
    if !what.vectorize {
        // The pipelines by level set their own mind about vectors; of functions with this attribute, they make none.
        let context = module.get_context();
        let kind = Attribute::get_named_enum_kind_id("noimplicitfloat");
        let attribute = context.create_enum_attribute(kind, 0);
        for f in module
            .get_functions()
            .filter(|f| f.count_basic_blocks() > 0)
        {
            f.add_attribute(AttributeLoc::Function, attribute);
        }
    }
    module
        .run_passes("default<O2>", machine, options)
        .map_err(|e| refused(&e.to_string_lossy()))
}
