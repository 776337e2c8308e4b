//! `plan-memory`: every buffer of `@main` gets an address in an arena, by usmp.
//!
//! With `io=arena` (the default) inputs and outputs live in an arena as well, at the argument attribute `mcu.offset`; with `io=caller`
//! they stay the caller's. States get memory of their own, `@state`, which keeps its contents between runs.
//!
//! On a target with several memories each may have an arena: what is accessed most goes to the fastest (`memories`), unless all of it fits
//! into that one. `constants=fast` puts weights and tables into what is left of memories that are faster than flash (`constants`).

mod constants;
mod does_not_fit;
mod limits;
mod memories;
mod overlaps;
mod place;
mod problem;
mod states;
mod step_count;

pub(crate) use overlaps::may_overlap;
pub use overlaps::{Allowance, allowances, with_allowances};
pub use problem::problem;

use crate::access_counts::AccessCounts;
use crate::memory_map::MemoryMap;
use ir::{Diagnostic, Module, OpId};
use limits::Limits;
use memories::Memories;
use pass::{Failed, OptionError, Options, Pass, PassCx, PassInfo};
use usmp::pools::{PoolPlan, check_pools, plan_pools};
use usmp::{Algorithms, Liveness};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "plan-memory",
        "builtin.module",
        "Place activation and scratch buffers in the arena.",
        PlanMemory::new,
    )
    .option(
        "algorithm",
        pass::ALGORITHM,
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
        "true",
        "Whether a result may run into an operand that dies, behind the last byte that is still read.",
    )
    .option(
        "pools",
        "NAME:BYTES,…",
        "",
        "How much of the target's memories may be taken; 0 leaves one out.",
    )
    .option(
        "constants",
        "flash|fast",
        "flash",
        "Where weights and tables live: in flash, or as far as they fit in faster memories.",
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
    limits: Limits,
    fast_constants: bool,
}

impl PlanMemory {
    fn new(o: &Options<'_>) -> Result<PlanMemory, OptionError> {
        let io_in_arena = o.choice("io", &["arena", "caller"])? == "arena";
        let algorithm = o.text("algorithm").to_owned();
        let limits = Limits::parse(o.list("pools")).map_err(|element| {
            let wants = format!("wants NAME:BYTES, separated by commas, and not `{element}`");
            o.refuse("pools", wants)
        })?;
        Ok(PlanMemory {
            algorithm,
            io_in_arena,
            overlap: o.flag("overlap")?,
            limits,
            fast_constants: o.choice("constants", &["flash", "fast"])? == "fast",
        })
    }
}

impl Pass for PlanMemory {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let (Some(map), Some(main)) = (MemoryMap::of(m), m.lookup_symbol("main")) else {
            let e = Diagnostic::error("M002", "the module has no lowered function @main");
            return cx.fail(e.help("run `lower-nn` before `plan-memory`"));
        };
        if let Some(arena) = map.arenas.first() {
            let message = format!(
                "the memory of this module is planned already: it has the arena @{}",
                arena.symbol
            );
            return cx.fail(Diagnostic::error("M003", message));
        }
        let states = match states::StatePlan::of(&map) {
            Ok(s) => s,
            Err(e) => return cx.fail(e),
        };
        let (problem, which) = match problem(&map, self.io_in_arena) {
            Ok(p) => p,
            Err(e) => return cx.fail(e),
        };
        let algorithm = match cx.registry.algorithms().get(&self.algorithm) {
            Ok(algorithm) => algorithm,
            Err(unknown) => return cx.fail(Diagnostic::error("M004", unknown.to_string())),
        };
        let problem = match self.overlap {
            true => overlaps::with_useful(problem, &which, &allowances(m, &map), algorithm),
            false => problem,
        };
        let target = cx.target;
        let mut memories = match Memories::of(target, &self.limits) {
            Ok(memories) => memories,
            Err(e) => return cx.fail(e),
        };
        let Some(kept_in) = memories.reserve(states.size) else {
            let message = format!(
                "what is kept between runs takes {} bytes, more than {} has in one memory",
                states.size, target.name
            );
            return cx.fail(Diagnostic::error("M006", message));
        };
        let counts = AccessCounts::of(m);
        let bound = Liveness::of(&problem).bound();
        let problem = match memories.problem(m, &map, &counts, problem, &which) {
            Ok(problem) => problem,
            Err(e) => return cx.fail(e),
        };
        let plan = match plan_pools(&problem, algorithm) {
            Ok(plan) => plan,
            Err(e) => {
                let e = does_not_fit::explain(m, &map, &problem, &memories, &e, cx);
                return cx.fail(e);
            }
        };
        if let Some(v) = check_pools(&problem, &plan).first() {
            let e = Diagnostic::error(
                "M005",
                format!("algorithm `{}` made a wrong plan: {v}", self.algorithm),
            );
            return cx.fail(e.help("this is a bug of the algorithm"));
        }
        let (planned, by) = ((&problem, &plan), &self.algorithm);
        if let Err(e) = place::place(m, main, &map, planned, &which, &memories, by) {
            return cx.fail(e);
        }
        if let Err(e) = states.place(m, main, &map, kept_in) {
            return cx.fail(e);
        }
        let mut remark = self.remark(&memories, &plan, bound);
        if self.fast_constants {
            let limits = &self.limits;
            match constants::move_constants(m, main, target, &memories, limits, &plan, &counts) {
                Ok(moved) => remark = remark.note(moved.describe()),
                Err(e) => return cx.fail(e),
            }
        }
        cx.diagnostics.push(remark);
        Ok(())
    }
}

impl PlanMemory {
    /// The height in each memory, and how far it may be from the lowest.
    fn remark(&self, memories: &Memories<'_>, plan: &PoolPlan, bound: u64) -> Diagnostic {
        let heights = plan.heights().iter().zip(plan.lower_bounds());
        let used: Vec<String> = heights
            .zip(&memories.0)
            .filter(|((height, _), _)| **height > 0)
            .map(|((&height, &lower), place)| {
                let name = match (place.memory, plan.heights().len()) {
                    (Some(memory), 2..) => format!(" in {}", memory.name),
                    _ => String::new(),
                };
                let gap = match height.saturating_sub(lower) {
                    0 => "optimal".to_owned(),
                    gap => format!("at most {gap} above the lowest"),
                };
                format!("{height} bytes{name} ({gap})")
            })
            .collect();
        let used = match used.is_empty() {
            true => "0 bytes (optimal)".to_owned(),
            false => used.join(" and "),
        };
        let algorithm = &self.algorithm;
        let remark = Diagnostic::remark(
            "remark.plan",
            format!("plan of {used}, liveness bound {bound} bytes, by {algorithm}"),
        );
        match plan.heights().len() {
            0 | 1 => remark,
            _ => remark.note(format!(
                "{} cycles of waiting for buffers in one run{}",
                plan.cost(),
                match plan.is_optimal() {
                    true => ", the least of all assignments to memories",
                    false => "",
                }
            )),
        }
    }
}
