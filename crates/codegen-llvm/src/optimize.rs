//! LLVM's passes, and what is said to them: decided by what the cycles of our models are on the cores.
//!
//! * `optsize`: the schedules have chosen order, blocks and unrolling of the loops; what LLVM's second level would unroll on top makes half
//!   as much code again, and no model faster by more than 3 %, some slower. Addresses without it are chosen for pre-indexed accesses, which
//!   costs registers in long bodies.
//! * `noimplicitfloat`: no vectors. Helium computes on floats by the standard value of FPSCR, whatever is in the register: subnormal operands
//!   and results are zeros. The scalar instructions beside it obey FPSCR. The float models of MLPerf Tiny have subnormal weights, so outputs
//!   differ; LLVM takes vectors of floats to be as exact as scalars wherever there is Helium. For integers the loops of the schedules gain
//!   nothing.

use crate::failure::refused;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::TargetMachine;
use ir::Diagnostic;

/// Attributes of every function.
pub(crate) const ATTRIBUTES: [&str; 3] = ["nounwind", "optsize", "noimplicitfloat"];

/// Checks the module, then runs the passes of LLVM's second level.
pub(crate) fn run(module: &Module<'_>, machine: &TargetMachine) -> Result<(), Diagnostic> {
    let error = |e: inkwell::support::LLVMString| refused(&e.to_string_lossy());
    module.verify().map_err(error)?;
    let options = PassBuilderOptions::create();
    let passes = module.run_passes("default<O2>", machine, options);
    passes.map_err(error)
}
