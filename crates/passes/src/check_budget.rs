//! `check-budget`: refuses a placed network that takes more RAM or flash than it may.
//!
//! RAM is what the plan takes: all arenas, and what is kept between runs. Flash is the constants, and an estimate of the kernels' code, op by op.

use crate::front::Front;
use crate::memory_map::MemoryMap;
use crate::rewrite_graph::bytes;
use ir::dialects::mcu::CallExternOp;
use ir::{Diagnostic, Module, OpId, TypeData};
use pass::{Failed, OptionError, Options, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "check-budget",
        "builtin.module",
        "Check that the placed network takes no more memory than it may.",
        CheckBudget::new,
    )
    .option("ram", "BYTES", "", "RAM for arenas and states.")
    .option(
        "flash",
        "BYTES",
        "",
        "Flash for constants and, as estimated, code.",
    )
}

struct CheckBudget {
    ram: Option<u64>,
    flash: Option<u64>,
}

impl CheckBudget {
    fn new(o: &Options<'_>) -> Result<CheckBudget, OptionError> {
        Ok(CheckBudget {
            ram: bytes(o, "ram")?,
            flash: bytes(o, "flash")?,
        })
    }
}

impl Pass for CheckBudget {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let (Some(map), Some(main)) = (MemoryMap::of(m), m.lookup_symbol("main")) else {
            let e = Diagnostic::error("M002", "the module has no lowered function @main");
            return cx.fail(e.help("run `lower-nn` and `plan-memory` before `check-budget`"));
        };
        let ram = map.arena_size.saturating_add(map.state_size());
        let (constants, code) = (constant_bytes(m), code_bytes(m));
        let flash = constants.saturating_add(code);
        let mut wrong = false;
        let checks = [
            ("M008", "RAM", ram, self.ram, String::new()),
            (
                "M009",
                "flash",
                flash,
                self.flash,
                format!(" ({constants} of constants and about {code} of code)"),
            ),
        ];
        for (code, what, need, budget, parts) in checks {
            let Some(budget) = budget.filter(|&b| b < need) else {
                continue;
            };
            let over = need - budget;
            let message = format!(
                "the closest network found takes {need} bytes of {what}{parts}, {over} more than the budget of {budget}"
            );
            let mut error = Diagnostic::error(code, message);
            error.location = m.describe_loc(m.op_loc(main));
            error.notes = Front::read(m, main).describe();
            let goal = what.to_lowercase();
            let help = format!(
                "compile with `--optimize-for {goal}`, allow more, or make the network smaller"
            );
            cx.diagnostics.push(error.help(help));
            wrong = true;
        }
        match wrong {
            true => Err(Failed),
            false => Ok(()),
        }
    }
}

/// Bytes of all constant globals.
fn constant_bytes(m: &Module) -> u64 {
    let constants = m
        .ops(m.body())
        .filter(|&op| m.op_name(op) == "memref.global" && m.prop(op, "constant").is_some());
    let types = constants.filter_map(|op| m.prop(op, "type").and_then(|a| m.attr_type(a)));
    types.filter_map(|t| m.size_bytes(t)).sum()
}

/// Bytes of code, as estimated.
fn code_bytes(m: &Module) -> u64 {
    let mut bytes = 0;
    let mut next: Vec<OpId> = m.ops(m.body()).collect();
    while let Some(op) = next.pop() {
        bytes += bytes_of(m, op);
        // The regions of external calls say what somebody else's code computes.
        if m.op_name(op) != CallExternOp::NAME {
            let regions = m.regions(op).iter();
            let blocks = regions.flat_map(|&r| m.blocks(r).iter());
            next.extend(blocks.flat_map(|&b| m.ops(b)));
        }
    }
    bytes
}

/// What an op adds to the code. The numbers are a fit to what gcc makes at -O2 of int8 and float networks for cores from M0 to M55; sums of
/// them are within a quarter of it.
fn bytes_of(m: &Module, op: OpId) -> u64 {
    let name = m.op_name(op);
    let dialect = name.split('.').next().unwrap_or_default();
    let ty = m.results(op).first().map(|&v| m.type_data(m.value_type(v)));
    match (dialect, name) {
        // Pointers and counters, and what is kept around the loop.
        (_, "scf.for") => 40,
        (_, "func.func") => 40,
        (_, "memref.load" | "memref.store") => 4,
        // Constants are operands of instructions.
        (_, "arith.constant") => 0,
        // Sums of subscripts are mostly parts of addresses.
        ("arith", _) => match ty {
            Some(TypeData::Index) => 0,
            Some(TypeData::Float(_)) => 8,
            _ => 2,
        },
        ("arm" | "vector", _) => 4,
        // Their polynomials.
        ("math", _) => 400,
        _ => 0,
    }
}
