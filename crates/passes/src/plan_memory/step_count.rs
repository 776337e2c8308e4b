//! How many ops a run of a function takes at most.

use crate::integer_ranges::IntegerRanges;
use ir::dialects::func::CallOp;
use ir::dialects::scf::ForOp;
use ir::{BlockId, Module, OpId};
use pass::Analysis;
use rustc_hash::FxHashMap;

/// Calls nested at most, beyond which the count is taken as endless.
const MAX_DEPTH: usize = 8;

/// Counts of functions, computed once for each.
#[derive(Default)]
pub(crate) struct StepCounts(FxHashMap<OpId, u64>);

impl StepCounts {
    /// Ops that a call of a function executes at most; `u64::MAX` if that is not known.
    pub fn of_function(&mut self, m: &Module, function: OpId) -> u64 {
        self.at_depth(m, function, 0)
    }

    fn at_depth(&mut self, m: &Module, function: OpId, depth: usize) -> u64 {
        if let Some(&known) = self.0.get(&function) {
            return known;
        }
        let Some(entry) = m.entry_block(function).filter(|_| depth < MAX_DEPTH) else {
            return u64::MAX;
        };
        let ranges = IntegerRanges::compute(m, function);
        let steps = self.block(m, entry, &ranges, depth);
        self.0.insert(function, steps);
        steps
    }

    fn block(&mut self, m: &Module, block: BlockId, ranges: &IntegerRanges, depth: usize) -> u64 {
        let mut sum = 0u64;
        for op in m.ops(block) {
            let mut inside = 0u64;
            for &region in m.regions(op) {
                for &b in m.blocks(region) {
                    inside = inside.saturating_add(self.block(m, b, ranges, depth));
                }
            }
            let times = ForOp::cast(m, op).map_or(1, |f| trips(m, f, ranges));
            if let Some(call) = CallOp::cast(m, op) {
                let callee = m.lookup_symbol(&call.callee(m));
                inside = callee.map_or(u64::MAX, |f| self.at_depth(m, f, depth + 1));
            }
            sum = sum
                .saturating_add(1)
                .saturating_add(inside.saturating_mul(times));
        }
        sum
    }
}

/// Iterations of a loop at most.
fn trips(m: &Module, f: ForOp, ranges: &IntegerRanges) -> u64 {
    let of = |v| ranges.of(m, v);
    let (Some(lower), Some(upper), Some(step)) = (of(f.lower(m)), of(f.upper(m)), of(f.step(m)))
    else {
        return u64::MAX;
    };
    let step = step.low.max(1);
    let trips = (upper.high - lower.low + step - 1) / step;
    u64::try_from(trips.max(0)).unwrap_or(u64::MAX)
}
