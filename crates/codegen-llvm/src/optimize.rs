//! LLVM's passes, and what is said to them: decided by what the cycles of our models are on the cores.
//!
//! * `optsize`: the schedules have chosen order, blocks and unrolling of the loops; what LLVM's second level would unroll on top makes half
//!   as much code again, and no model faster by more than 3 %, some slower. Addresses without it are chosen for pre-indexed accesses, which
//!   costs registers in long bodies.
//! * `mustprogress`: every loop ends.
//! * `noimplicitfloat`: no vectors that the module does not have. Without it, random modules of the loop level differ from the interpreter on
//!   an M55, for two reasons. LLVM 19 scales the offsets of some gathers by the element's size twice, for integers and floats: clang-19 -Os
//!   does so with `y[40 * a + 8 * b + c] = x[4 * c + a] * b` in loops over a, b, c (perhaps llvm-project issue 120993). And Helium computes
//!   on floats by the standard value of FPSCR, whatever is in the register: subnormal operands and results are zeros, unlike those of the
//!   scalar instructions beside it. The price: where neither happens, float AD took 763,000 cycles instead of 1,173,000, float KWS 4,976,000
//!   instead of 9,992,000, with the same bits; int8 networks took 3 % less to 3 % more.

use crate::failure::refused;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::TargetMachine;
use ir::Diagnostic;

/// Attributes of every function.
pub(crate) const ATTRIBUTES: [&str; 4] = ["mustprogress", "nounwind", "optsize", "noimplicitfloat"];

/// Checks the module, then runs the passes of LLVM's second level.
pub(crate) fn run(module: &Module<'_>, machine: &TargetMachine) -> Result<(), Diagnostic> {
    let error = |e: inkwell::support::LLVMString| refused(&e.to_string_lossy());
    module.verify().map_err(error)?;
    let options = PassBuilderOptions::create();
    let passes = module.run_passes("default<O2>", machine, options);
    passes.map_err(error)
}
