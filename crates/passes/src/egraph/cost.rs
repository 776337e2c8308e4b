//! What a term costs: by the best schedule of the target, as `lower-nn` chooses it.

use super::graph::{Graph, Node};
use super::measure::Goal;
use crate::memory_map::MemoryMap;
use crate::preference::Preference;
use crate::tensor_views::is_contiguous;
use ir::dialects::nn;
use ir::{Attr, Module, OpId, Str, Type};
use pass::{Cost, ManagerOptions, PassCx, Pipeline, Registry};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use target::Target;

/// Cycles that an op counts for which no schedule lowers: more than any network takes.
pub const UNKNOWN_CYCLES: u64 = 1 << 40;

/// Of the cycles of a preferred function, one in this many counts: so networks that have more of them are better, and of two that have
/// the same the faster one.
const PREFERRED_CYCLES: u64 = 1024;

/// What a cost depends on, beside the target: name, inherent attributes, operands with their types and, where they are constants, elements,
/// result types, and what is in its region.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    name: String,
    props: Vec<(Str, Attr)>,
    operands: SmallVec<[(Type, Option<Attr>); 3]>,
    results: SmallVec<[Type; 1]>,
    /// Of an op with regions: the ops in them, each with its operands' numbers among the arguments and results inside.
    inside: Vec<(Key, Vec<usize>)>,
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
            inside: Key::inside(m, op),
        }
    }

    fn inside(m: &Module, op: OpId) -> Vec<(Key, Vec<usize>)> {
        let mut numbers = FxHashMap::default();
        let mut inside = Vec::new();
        for &block in m.regions(op).iter().flat_map(|&r| m.blocks(r)) {
            let results = m.ops(block).flat_map(|o| m.results(o).iter());
            for &v in m.block_args(block).iter().chain(results) {
                let next = numbers.len();
                numbers.entry(v).or_insert(next);
            }
            inside.extend(m.ops(block).map(|o| {
                let number = |v| numbers.get(&v).copied().unwrap_or(usize::MAX);
                (Key::of(m, o), m.operands(o).map(number).collect())
            }));
        }
        inside
    }
}

/// Costs of ops, each asked for once. All modules that are asked about come from one, so that its handles mean the same in all of them.
pub struct Costs<'r> {
    registry: &'r Registry,
    target: &'r Target,
    goal: Goal,
    prefer: Preference,
    plans: Option<Pipeline>,
    known: FxHashMap<Key, Option<Cost>>,
}

impl<'r> Costs<'r> {
    /// For a target, by the schedules that are chosen for a goal.
    pub fn new(registry: &'r Registry, target: &'r Target, goal: Goal) -> Costs<'r> {
        Costs {
            registry,
            target,
            goal,
            prefer: Preference::default(),
            plans: None,
            known: FxHashMap::default(),
        }
    }

    /// Has the functions of libraries taken wherever they apply.
    #[must_use]
    pub fn preferring(self, prefer: Preference) -> Costs<'r> {
        Costs { prefer, ..self }
    }

    /// Has networks planned by passes, from the order of the operators to the finished plan, where RAM is not to be an estimate.
    #[must_use]
    pub fn with_plans(self, plans: Option<Pipeline>) -> Costs<'r> {
        Costs { plans, ..self }
    }

    /// Bytes of RAM of a network's finished plan; `None` where none is asked for, or the network cannot be planned.
    pub fn planned_ram(&self, m: &Module) -> Option<u64> {
        let mut planned = m.clone();
        let mut cx = PassCx::new(self.registry, self.target);
        let options = ManagerOptions {
            verify_each: false,
            ..ManagerOptions::default()
        };
        let plans = self.plans.as_ref()?;
        pass::run_pipeline(plans, &mut planned, &mut cx, options, &mut ()).ok()?;
        let map = MemoryMap::of(&planned)?;
        Some(map.arena_size.saturating_add(map.state_size()))
    }

    /// What is to be small.
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// The cost of a term on operands that are there, and whether its results lie where those do.
    pub fn of(&mut self, g: &mut Graph, node: &Node) -> (Cost, bool) {
        let op = g.probe(node, true);
        let m = g.module();
        let (cost, is_view) = (self.of_op(m, op), is_view(m, op));
        g.end_probe(op);
        (cost, is_view)
    }

    /// The cost of an op by its best schedule; nothing for what is a view or a table. `None` if no schedule lowers it.
    fn best(&self, m: &Module, op: OpId) -> Option<Cost> {
        let name = m.op_name(op);
        if is_view(m, op) || name == nn::ConstantOp::NAME {
            return Some(Cost::default());
        }
        let (r, target) = (m.op(op), self.target);
        let schedules = self.registry.schedules().filter(|s| s.op() == name);
        let costs = schedules
            .filter(|s| s.applies(r, target).is_ok())
            .flat_map(|s| {
                let dear = !self.prefer.holds(s);
                let space = s.space(r, target).into_iter();
                space.map(move |k| (dear, s.cost(r, &k, target)))
            });
        let best = costs.min_by_key(|&(dear, c)| (dear, self.goal.schedule_key(c)));
        best.map(|(dear, c)| match dear {
            true => c,
            false => Cost {
                cycles: c.cycles / PREFERRED_CYCLES,
                ..c
            },
        })
    }

    /// The cost of an op; [`UNKNOWN_CYCLES`] if no schedule lowers it.
    pub fn of_op(&mut self, m: &Module, op: OpId) -> Cost {
        let key = Key::of(m, op);
        let known = match self.known.get(&key) {
            Some(&known) => known,
            None => {
                let cost = self.best(m, op);
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

/// Whether an op takes no kernel, and its results no memory: a reshape, or a split into parts that are contiguous.
fn is_view(m: &Module, op: OpId) -> bool {
    m.op_name(op) == nn::ReshapeOp::NAME
        || (m.op_name(op) == nn::SplitOp::NAME && is_contiguous(m, op))
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
