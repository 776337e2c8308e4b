//! Dominance: what is defined before it is used, on every way through the blocks.
//!
//! A block dominates another if every path from the region's first block to the other goes through it. In a block that no path
//! reaches, everything may be used that is visible, as in MLIR.

use super::{VerifyCx, VerifyOptions};
use crate::{BlockId, Module, OpId, OpRef, RegionId, ValueDef, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};
use slotmap::SecondaryMap;

/// What is known of the regions around the current op, and of those that have been visited.
#[derive(Default)]
pub(super) struct Scopes {
    /// Positions of ops in their blocks.
    positions: SecondaryMap<OpId, usize>,
    /// Of regions with several blocks.
    dominators: FxHashMap<RegionId, Dominators>,
    /// Regions whose ops may use each other in any order.
    graphs: FxHashSet<RegionId>,
}

impl Scopes {
    /// Takes up a region, before the ops in it are looked at.
    pub(super) fn enter(&mut self, m: &Module, region: RegionId, options: VerifyOptions) {
        for &block in m.blocks(region) {
            for (i, op) in m.ops(block).enumerate() {
                self.positions.insert(op, i);
            }
        }
        let parent = m.region_op(region);
        let lenient = m.op_info(parent).is_none() || m.op_name(parent) == "builtin.module";
        if m.blocks(region).len() > 1 {
            self.dominators.insert(region, Dominators::of(m, region));
        } else if options.allow_unregistered && lenient {
            self.graphs.insert(region);
        }
    }

    /// Whether a path from the first block of its region leads to a block.
    fn reaches(&self, m: &Module, block: BlockId) -> bool {
        let dominators = self.dominators.get(&m.block_region(block));
        dominators.is_none_or(|d| d.spans.contains_key(&block))
    }

    /// Whether a value is defined before an op of the same region, in each of the region's ways.
    fn is_before(
        &self,
        m: &Module,
        v: ValueId,
        defined_in: BlockId,
        at: OpId,
        block: BlockId,
    ) -> bool {
        let region = m.block_region(block);
        if defined_in != block {
            let dominators = self.dominators.get(&region);
            return dominators.is_some_and(|d| d.dominates(defined_in, block));
        }
        match m.value_def(v) {
            ValueDef::Argument(..) => true,
            ValueDef::Result(..) if self.graphs.contains(&region) => true,
            ValueDef::Result(d, _) => self.positions.get(d) < self.positions.get(at),
        }
    }
}

/// The tree of immediate dominators of a region's blocks.
struct Dominators {
    /// For each block that a path reaches, when a walk of the tree enters and leaves it.
    spans: FxHashMap<BlockId, (usize, usize)>,
}

impl Dominators {
    /// By iteration over the blocks in reverse postorder until nothing changes (Cooper, Harvey and Kennedy, "A simple, fast dominance
    /// algorithm").
    fn of(m: &Module, region: RegionId) -> Dominators {
        let Some(&entry) = m.blocks(region).first() else {
            return Dominators {
                spans: FxHashMap::default(),
            };
        };
        let order = reverse_postorder(m, entry);
        let numbers: FxHashMap<BlockId, usize> =
            order.iter().enumerate().map(|(i, &b)| (b, i)).collect();
        let mut idom: Vec<Option<usize>> = vec![None; order.len()];
        idom[0] = Some(0);
        let mut changed = true;
        while changed {
            changed = false;
            for (i, &block) in order.iter().enumerate().skip(1) {
                let known = m
                    .predecessors(block)
                    .filter_map(|p| numbers.get(&p).copied());
                let new = known.filter(|&p| idom[p].is_some()).reduce(|mut a, mut b| {
                    while a != b {
                        // A block's immediate dominator comes before it in the order.
                        let later = if a > b { &mut a } else { &mut b };
                        *later = idom[*later].unwrap_or(0);
                    }
                    a
                });
                changed |= new.is_some() && new != idom[i];
                idom[i] = new.or(idom[i]);
            }
        }
        Dominators {
            spans: spans(&order, &idom),
        }
    }

    /// Whether a block dominates another one. What no path reaches is dominated by everything, and dominates nothing else.
    fn dominates(&self, a: BlockId, b: BlockId) -> bool {
        match (self.spans.get(&a), self.spans.get(&b)) {
            (_, None) => true,
            (None, _) => false,
            (Some(a), Some(b)) => a.0 <= b.0 && b.1 <= a.1,
        }
    }
}

/// The successors that control may leave a block to.
fn leads_to(m: &Module, block: BlockId) -> Vec<BlockId> {
    let region = m.block_region(block);
    let last = m.last_op(block).into_iter();
    last.flat_map(|op| m.successors(op))
        .filter(|&b| m.block_region(b) == region)
        .collect()
}

fn reverse_postorder(m: &Module, entry: BlockId) -> Vec<BlockId> {
    let mut order = Vec::new();
    let mut seen = FxHashSet::from_iter([entry]);
    let mut stack = vec![(entry, leads_to(m, entry))];
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) if seen.insert(next) => stack.push((next, leads_to(m, next))),
            Some(_) => {}
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// When a walk of the tree enters and leaves each of its blocks.
fn spans(order: &[BlockId], idom: &[Option<usize>]) -> FxHashMap<BlockId, (usize, usize)> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
    for (i, parent) in idom.iter().enumerate().skip(1) {
        if let Some(p) = parent {
            children[*p].push(i);
        }
    }
    let mut spans = FxHashMap::default();
    let mut clock = 0;
    let mut stack = vec![(0, 0, 0)];
    while let Some((block, entered, next)) = stack.last_mut() {
        match children[*block].get(*next) {
            Some(&child) => {
                *next += 1;
                clock += 1;
                stack.push((child, clock, 0));
            }
            None => {
                clock += 1;
                spans.insert(order[*block], (*entered, clock));
                stack.pop();
            }
        }
    }
    spans
}

/// Every operand is defined before its use, in the same region or one around it, and not beyond an isolated op.
pub(super) fn uses(cx: &mut VerifyCx<'_>, op: OpRef<'_>, scopes: &Scopes) {
    let m = op.module;
    let reached = m.op_block(op.id).is_none_or(|b| scopes.reaches(m, b));
    for (i, v) in m.operands(op.id).enumerate() {
        let defined_in = match m.value_def(v) {
            ValueDef::Argument(b, _) => Some(b),
            ValueDef::Result(d, _) => m.op_block(d),
        };
        let late = || format!("operand {i} is not defined before it is used");
        let Some(defined_in) = defined_in else {
            cx.error(op, "V012", late());
            continue;
        };
        let region = m.block_region(defined_in);
        let mut at = op.id;
        let mut crossed = false;
        loop {
            let Some(block) = m.op_block(at) else {
                cx.error(op, "V012", late());
                break;
            };
            if m.block_region(block) == region {
                if reached && !scopes.is_before(m, v, defined_in, at, block) {
                    cx.error(op, "V012", late());
                } else if crossed {
                    let message = format!("operand {i} comes from outside of an isolated region");
                    cx.error(op, "V013", message);
                }
                break;
            }
            at = m.region_op(m.block_region(block));
            crossed |= m.op_info(at).is_some_and(|i| i.traits.isolated);
        }
    }
}
