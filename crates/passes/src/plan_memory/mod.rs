//! `plan-memory`: every buffer of `@main` gets an address in the arena, by usmp.
//!
//! With `io=arena` (the default) inputs and outputs live in the arena as well, at the argument attribute `mcu.offset`; with `io=caller`
//! they stay the caller's.

mod does_not_fit;
mod overlaps;
mod place;
mod problem;
mod step_count;

pub(crate) use overlaps::may_overlap;
pub use overlaps::{Allowance, allowances};
pub use problem::problem;

use crate::memory_map::MemoryMap;
use ir::{Diagnostic, Module, OpId};
use pass::{Failed, OptionError, Options, Pass, PassCx, PassInfo};
use usmp::Algorithms;

/// The pass.
pub fn info() -> PassInfo {
    let algorithms = Algorithms::builtin();
    let names: Vec<&str> = algorithms.names().collect();
    PassInfo::with_options(
        "plan-memory",
        "builtin.module",
        "Place activation and scratch buffers in the arena.",
        PlanMemory::new,
    )
    .option(
        "algorithm",
        &names.join("|"),
        Algorithms::DEFAULT,
        "The planning algorithm.",
    )
    .option(
        "io",
        "arena|caller",
        "arena",
        "Where inputs and outputs live.",
    )
    .option(
        "overlap",
        "true|false",
        "false",
        "Whether a result may run into an operand that dies, behind the last byte that is still read.",
    )
}

/// Every buffer starts at a multiple of this, so that kernels may load words; the arena itself at [`ARENA_ALIGN`].
pub const BUFFER_ALIGN: u64 = 4;
/// Alignment of the arena.
pub const ARENA_ALIGN: u64 = 16;

struct PlanMemory {
    algorithm: String,
    io_in_arena: bool,
    overlap: bool,
}

impl PlanMemory {
    fn new(o: &Options<'_>) -> Result<PlanMemory, OptionError> {
        let io_in_arena = o.choice("io", &["arena", "caller"])? == "arena";
        let algorithm = o.text("algorithm").to_owned();
        if let Err(e) = Algorithms::builtin().get(&algorithm) {
            return Err(o.refuse("algorithm", e.to_string()));
        }
        Ok(PlanMemory {
            algorithm,
            io_in_arena,
            overlap: o.flag("overlap")?,
        })
    }
}

impl Pass for PlanMemory {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let (Some(map), Some(main)) = (MemoryMap::of(m), m.lookup_symbol("main")) else {
            let e = Diagnostic::error("M002", "the module has no lowered function @main");
            return cx.fail(e.help("run `lower-nn` before `plan-memory`"));
        };
        if m.lookup_symbol("arena").is_some() {
            return cx.fail(Diagnostic::error(
                "M003",
                "the memory of this module is planned already: it has a symbol @arena",
            ));
        }
        let (problem, which) = match problem(&map, self.io_in_arena) {
            Ok(p) => p,
            Err(e) => return cx.fail(e),
        };
        let algorithms = Algorithms::builtin();
        let Ok(algorithm) = algorithms.get(&self.algorithm) else {
            return cx.fail(Diagnostic::error(
                "M004",
                format!("no algorithm `{}`", self.algorithm),
            ));
        };
        let problem = match self.overlap {
            true => overlaps::with_useful(problem, &which, &allowances(m, &map), algorithm),
            false => problem,
        };
        let plan = algorithm.plan(&problem);
        let violations = usmp::check(&problem, &plan);
        if let Some(v) = violations.first() {
            let e = Diagnostic::error(
                "M005",
                format!("algorithm `{}` made a wrong plan: {v}", self.algorithm),
            );
            return cx.fail(e.help("this is a bug of the algorithm"));
        }
        let bound = usmp::Liveness::of(&problem).bound();
        cx.diagnostics.push(Diagnostic::remark(
            "remark.plan",
            format!(
                "plan of {} bytes, liveness bound {bound} bytes, by {}",
                plan.height(),
                self.algorithm
            ),
        ));
        if let Some(ram) = cx.target.ram_size().filter(|&ram| plan.height() > ram) {
            let message = format!(
                "the arena takes {} bytes, {} has {ram} bytes of RAM",
                plan.height(),
                cx.target.name
            );
            return cx.fail(does_not_fit::explain(
                m,
                &map,
                &problem,
                Diagnostic::error("M006", message),
            ));
        }
        place::place(m, main, &map, &plan, &which, &problem);
        Ok(())
    }
}
