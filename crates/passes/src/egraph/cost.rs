//! What a term costs: by the cheapest schedule of the target, as `lower-nn` chooses it.

use super::graph::{Graph, Node};
use ir::dialects::nn;
use ir::{Module, OpId};
use pass::{Cost, Registry};
use rustc_hash::FxHashMap;
use target::Target;

/// Cycles that an op counts for which no schedule lowers: more than any network takes.
pub const UNKNOWN_CYCLES: u64 = 1 << 40;

/// Costs of terms, each asked for once.
pub struct Costs<'r> {
    registry: &'r Registry,
    target: &'r Target,
    known: FxHashMap<super::term::Term, Cost>,
}

impl<'r> Costs<'r> {
    /// For a target.
    pub fn new(registry: &'r Registry, target: &'r Target) -> Costs<'r> {
        Costs {
            registry,
            target,
            known: FxHashMap::default(),
        }
    }

    /// The cost of an op on operands that are there.
    pub fn of(&mut self, g: &mut Graph, node: &Node) -> Cost {
        let term = node.term();
        if let Some(&known) = self.known.get(&term) {
            return known;
        }
        let op = g.probe(node, true);
        let cost = op_cost(g.module(), op, self.registry, self.target).unwrap_or(Cost {
            cycles: UNKNOWN_CYCLES,
            ..Cost::default()
        });
        g.end_probe(op);
        self.known.insert(term, cost);
        cost
    }
}

/// The cost of an op by its cheapest schedule; nothing for what is a view or a table. `None` if no schedule lowers it.
pub fn op_cost(m: &Module, op: OpId, registry: &Registry, target: &Target) -> Option<Cost> {
    let name = m.op_name(op);
    if name == nn::ReshapeOp::NAME || name == nn::ConstantOp::NAME {
        return Some(Cost::default());
    }
    let r = m.op(op);
    let applies = registry
        .schedules()
        .filter(|s| s.op() == name && s.applies(r, target).is_ok());
    let costs = applies.flat_map(|s| {
        let space = s.space(r, target);
        space.into_iter().map(move |k| s.cost(r, &k, target))
    });
    costs.min_by_key(|c| (c.cycles, c.flash, c.ram))
}
