//! What a term costs: by the best schedule of the target, as `lower-nn` chooses it.

use super::graph::{Graph, Node};
use super::measure::Goal;
use ir::dialects::nn;
use ir::{Attr, Module, OpId, Str, Type, ValueId};
use pass::{Cost, Registry};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use target::Target;

/// Cycles that an op counts for which no schedule lowers: more than any network takes.
pub const UNKNOWN_CYCLES: u64 = 1 << 40;

/// What a cost depends on, beside the target: name, inherent attributes, operands with their types and, where they are constants, elements,
/// result types, and what is in its region.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    name: String,
    props: Vec<(Str, Attr)>,
    operands: SmallVec<[(Type, Option<Attr>); 3]>,
    results: SmallVec<[Type; 1]>,
    inside: Vec<Inside>,
}

/// An op of a region; values are numbers, arguments before results.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Inside {
    name: String,
    props: Vec<(Str, Attr)>,
    operands: SmallVec<[usize; 3]>,
    results: SmallVec<[Type; 1]>,
}

impl Inside {
    /// The ops of the regions of an op.
    fn of(m: &Module, op: OpId) -> Vec<Inside> {
        let mut numbers: FxHashMap<ValueId, usize> = FxHashMap::default();
        let mut all = Vec::new();
        let blocks = m.regions(op).iter().flat_map(|&r| m.blocks(r));
        for &block in blocks {
            for &v in m.block_args(block) {
                numbers.insert(v, numbers.len());
            }
            for op in m.ops(block) {
                let operands = m.operands(op).filter_map(|v| numbers.get(&v).copied());
                all.push(Inside {
                    name: m.op_name(op).to_owned(),
                    props: m.props(op).to_vec(),
                    operands: operands.collect(),
                    results: m.results(op).iter().map(|&v| m.value_type(v)).collect(),
                });
                for &v in m.results(op) {
                    numbers.insert(v, numbers.len());
                }
            }
        }
        all
    }
}

impl Key {
    fn of(m: &Module, op: OpId) -> Key {
        let operand = |v| {
            let constant = m
                .defining_op(v)
                .and_then(|op| nn::ConstantOp::cast(m, op))
                .map(|c| c.value(m));
            (m.value_type(v), constant)
        };
        Key {
            name: m.op_name(op).to_owned(),
            props: m.props(op).to_vec(),
            operands: m.operands(op).map(operand).collect(),
            results: m.results(op).iter().map(|&v| m.value_type(v)).collect(),
            inside: Inside::of(m, op),
        }
    }
}

/// Costs of ops, each asked for once. All modules that are asked about come from one, so that its handles mean the same in all of them.
pub struct Costs<'r> {
    registry: &'r Registry,
    target: &'r Target,
    goal: Goal,
    known: FxHashMap<Key, Option<Cost>>,
}

impl<'r> Costs<'r> {
    /// For a target, by the schedules that are chosen for a goal.
    pub fn new(registry: &'r Registry, target: &'r Target, goal: Goal) -> Costs<'r> {
        Costs {
            registry,
            target,
            goal,
            known: FxHashMap::default(),
        }
    }

    /// What is to be small.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// The cost of a term on operands that are there.
    pub fn of(&mut self, g: &mut Graph, node: &Node) -> Cost {
        let op = g.probe(node, true);
        let cost = self.of_op(g.module(), op);
        g.end_probe(op);
        cost
    }

    /// The cost of an op; [`UNKNOWN_CYCLES`] if no schedule lowers it.
    pub fn of_op(&mut self, m: &Module, op: OpId) -> Cost {
        let key = Key::of(m, op);
        let known = match self.known.get(&key) {
            Some(&known) => known,
            None => {
                let cost = op_cost(m, op, self.registry, self.target, self.goal);
                self.known.insert(key, cost);
                cost
            }
        };
        known.unwrap_or(Cost {
            cycles: UNKNOWN_CYCLES,
            ..Cost::default()
        })
    }
}

/// The cost of an op by its best schedule; nothing for what is a view or a table. `None` if no schedule lowers it.
fn op_cost(m: &Module, op: OpId, registry: &Registry, target: &Target, goal: Goal) -> Option<Cost> {
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
    costs.min_by_key(|c| goal.schedule_key(*c))
}

/// Whether an operand is in the flash that the schedules of its op state, packed: weights and biases of int8 layers.
pub fn is_packed(m: &Module, op: OpId, operand: usize) -> bool {
    const LAYERS: [&str; 3] = [
        nn::Conv2dOp::NAME,
        nn::DepthwiseConv2dOp::NAME,
        nn::FullyConnectedOp::NAME,
    ];
    let int8 = |&v: &ir::ValueId| nn::element(m, m.value_type(v)) == nn::Element::QuantI8;
    operand > 0 && LAYERS.contains(&m.op_name(op)) && m.results(op).iter().all(int8)
}
