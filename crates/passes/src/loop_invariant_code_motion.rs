//! `loop-invariant-code-motion`: computes what is the same in every iteration of an `scf.for` once, before it.
//!
//! Pure ops directly in the loop's body move if their operands come from outside. If the loop may not run at all, only ops move that have a
//! value for all operands ([`is_speculatable`]). Inner loops are looked at first, so what is invariant in several leaves all of them.

use crate::patterns::loops::trips;
use crate::speculation::is_speculatable;
use ir::dialects::scf::ForOp;
use ir::{BlockId, Module, OpId, ValueDef, WalkOrder};
use pass::{ANY, Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "loop-invariant-code-motion",
        ANY,
        "Compute what is the same in every iteration before the loop.",
        |o| {
            Ok(LoopInvariantCodeMotion {
                constants: o.flag("constants")?,
            })
        },
    )
    .option(
        "constants",
        "true|false",
        "true",
        "Whether constants move too.",
    )
    .idempotent()
}

struct LoopInvariantCodeMotion {
    constants: bool,
}

impl Pass for LoopInvariantCodeMotion {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        for op in m.walk(root, WalkOrder::Post) {
            let Some(body) = ForOp::cast(m, op).and_then(|f| m.entry_block(f.0)) else {
                continue;
            };
            if op == root {
                continue;
            }
            let runs = trips(m, op).is_some_and(|n| n > 0);
            let mut next = m.ops(body).next();
            while let Some(o) = next {
                next = m.next_op(o);
                if self.is_movable(m, body, o, runs) && cx.fuel.take() {
                    m.detach(o);
                    m.insert_before(op, o);
                    cx.count("moved", 1);
                }
            }
        }
        Ok(())
    }
}

impl LoopInvariantCodeMotion {
    fn is_movable(&self, m: &Module, body: BlockId, op: OpId, runs: bool) -> bool {
        let outside = |v| match m.value_def(v) {
            ValueDef::Argument(block, _) => block != body,
            ValueDef::Result(o, _) => m.op_block(o) != Some(body),
        };
        let Some(info) = m.op_info(op) else {
            return false;
        };
        info.traits.pure
            && !info.traits.terminator
            && (self.constants || !info.traits.constant)
            && m.regions(op).is_empty()
            && m.operands(op).all(outside)
            && (runs || is_speculatable(m, op))
    }
}
