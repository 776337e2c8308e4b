//! `dce`: removes pure ops whose results nobody uses.

use ir::{Module, OpId, WalkOrder};
use pass::{Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "dce",
        "func.func",
        "Remove pure ops whose results are unused.",
        Dce,
    )
    .idempotent()
}

#[derive(Clone)]
struct Dce;

impl Pass for Dce {
    fn run(&self, m: &mut Module, func: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
        // Users come after what they use, so one walk from the end sees every op after its users are gone.
        let mut all = m.walk(func, WalkOrder::Pre);
        all.reverse();
        for op in all {
            if op == func || !m.contains(op) || m.op_info(op).is_none_or(|i| i.traits.terminator) {
                continue;
            }
            if m.is_pure(op) && m.results(op).iter().all(|&v| m.uses(v).is_empty()) {
                m.erase(op);
            }
        }
        Ok(())
    }
}
