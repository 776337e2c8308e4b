//! What a network costs as a whole, so that networks can be compared: cycles and flash as the schedules state them, and the height of a plan
//! of its memory, in the order that `order-operators` finds.

use super::cost::{Costs, is_packed};
use crate::order_operators::Ordered;
use crate::plan_memory::BUFFER_ALIGN;
use ir::dialects::nn;
use ir::{Attr, Module, OpId, Type};
use pass::Cost;
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt;
use usmp::order::planning_problem;
use usmp::{Algorithm, Buffer, BufferKind, Exact, Overlap};

/// Nodes of the planner for a network.
const PLAN_NODES: u64 = 1_000;

/// Estimates for a network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Measure {
    /// Cycles of a run, by the schedules' own estimates.
    pub cycles: u64,
    /// Bytes of constants, each once, and of code as the schedules estimate it.
    pub flash: u64,
    /// Bytes of RAM that a plan of its tensors and of the kernels' scratch takes, estimated before it is lowered unless plans are asked for; 0
    /// if the function is more than a network.
    pub ram: u64,
}

impl Measure {
    /// Whether this is no worse in anything than another one, and better in something.
    pub fn dominates(self, other: Measure) -> bool {
        self.cycles <= other.cycles
            && self.flash <= other.flash
            && self.ram <= other.ram
            && self != other
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cycles, {} bytes of flash, {} bytes of RAM",
            self.cycles, self.flash, self.ram
        )
    }
}

/// What is to be small.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Goal {
    /// The product of all three, at no more cycles and no more RAM than before.
    Balanced,
    /// Cycles; then RAM.
    Latency,
    /// RAM; then cycles.
    Ram,
    /// Flash; then cycles.
    Flash,
}

impl Goal {
    /// A number that orders networks, the best first.
    pub fn key(self, m: Measure) -> [u128; 3] {
        let [cycles, flash, ram] = [m.cycles, m.flash, m.ram].map(u128::from);
        match self {
            // Bounded, so that the product of three fits.
            Goal::Balanced => {
                let product = [cycles, flash, ram].map(|x| x.clamp(1, 1 << 42));
                [product.iter().product(), cycles, ram]
            }
            Goal::Latency => [cycles, ram, flash],
            Goal::Ram => [ram, cycles, flash],
            Goal::Flash => [flash, cycles, ram],
        }
    }

    /// A number that orders the schedules of an op, the best first.
    pub fn schedule_key(self, c: Cost) -> [u64; 3] {
        match self {
            Goal::Balanced | Goal::Latency => [c.cycles, c.flash, c.ram],
            Goal::Ram => [c.ram, c.cycles, c.flash],
            Goal::Flash => [c.flash, c.cycles, c.ram],
        }
    }
}

/// Bytes that a network may take; what is not limited may be as large as it is.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Budgets {
    /// Of RAM.
    pub ram: Option<u64>,
    /// Of flash.
    pub flash: Option<u64>,
}

impl Budgets {
    /// Bytes by which a network exceeds them.
    pub fn excess(self, m: Measure) -> u64 {
        let over = |need: u64, budget: Option<u64>| budget.map_or(0, |b| need.saturating_sub(b));
        over(m.ram, self.ram).saturating_add(over(m.flash, self.flash))
    }

    /// A number that orders networks, the best first: by how far they exceed the budgets, then by the goal.
    pub fn key(self, goal: Goal, m: Measure) -> (u64, [u128; 3]) {
        (self.excess(m), goal.key(m))
    }

    /// Whether a network may replace the one that it comes from: it is better, and by `balanced` it takes neither more cycles nor more RAM,
    /// unless it exceeds the budgets by less.
    pub fn is_better(self, goal: Goal, m: Measure, before: Measure) -> bool {
        let nearer = self.excess(m) < self.excess(before);
        let allowed = goal != Goal::Balanced || (m.cycles <= before.cycles && m.ram <= before.ram);
        (nearer || allowed) && self.key(goal, m) < self.key(goal, before)
    }
}

/// Measures the network that a function is. Ops that are not of `nn` count nothing.
pub fn measure(m: &Module, f: OpId, costs: &mut Costs<'_>) -> Measure {
    let mut measure = Measure::default();
    let mut constants: FxHashSet<(Type, Attr)> = FxHashSet::default();
    let mut scratch = FxHashMap::default();
    let block = m.entry_block(f);
    let ops: Vec<OpId> = block.into_iter().flat_map(|b| m.ops(b)).collect();
    for op in ops {
        if !m.op_name(op).starts_with("nn.") {
            continue;
        }
        if let Some(constant) = nn::ConstantOp::cast(m, op) {
            let v = m.result(op, 0);
            let ty = m.value_type(v);
            let packed = |&(user, i): &(OpId, u32)| is_packed(m, user, i as usize);
            if !m.uses(v).iter().all(packed) && constants.insert((ty, constant.value(m))) {
                measure.flash += m.size_bytes(ty).unwrap_or(0);
            }
            continue;
        }
        let cost = costs.of_op(m, op);
        measure.cycles = measure.cycles.saturating_add(cost.cycles);
        measure.flash += cost.flash;
        scratch.insert(op, cost.ram);
    }
    let estimate = || planned(m, f, &scratch, costs.goal() != Goal::Latency);
    let ram = costs.planned_ram(m).or_else(estimate);
    measure.ram = ram.unwrap_or(0);
    measure
}

/// Bytes of a plan of a network's memory in its best order, scratch included; `None` if the function is more than a network.
fn planned(m: &Module, f: OpId, scratch: &FxHashMap<OpId, u64>, in_place: bool) -> Option<u64> {
    let network = Ordered::of(m, f)?;
    let order = network.low_order();
    let problem = planning_problem(&network.graph, &order, BUFFER_ALIGN).ok()?;
    let mut buffers = problem.buffers().to_vec();
    // The planner's buffers are named by their index in the graph.
    let named: FxHashMap<String, usize> = buffers
        .iter()
        .enumerate()
        .map(|(i, b)| (b.name.clone(), i))
        .collect();
    let mut overlaps = Vec::new();
    for (time, &operator) in order.iter().enumerate() {
        let (op, start) = (network.ops[operator], u32::try_from(time).ok()?);
        let bytes = scratch.get(&op).copied().unwrap_or(0);
        if bytes > 0 {
            buffers.push(Buffer {
                name: format!("scratch of {time}"),
                size: bytes,
                align: BUFFER_ALIGN,
                start,
                end: start + 1,
                kind: BufferKind::Scratch,
            });
        }
        let pairs = if in_place {
            in_place_operands(m, op)
        } else {
            Vec::new()
        };
        for v in pairs {
            let of = |v| {
                let b = network.buffer_of(v)?;
                named.get(&b.to_string()).copied()
            };
            let (Some(operand), Some(result)) = (of(v), of(m.result(op, 0))) else {
                continue;
            };
            let dies = buffers[operand].end == start + 1 && buffers[result].start == start;
            let size = m.size_bytes(m.value_type(v));
            let whole = [operand, result]
                .iter()
                .all(|&b| size == Some(buffers[b].size));
            if dies && whole && operand != result {
                overlaps.push(Overlap {
                    result,
                    operand,
                    lead: 0,
                });
            }
        }
    }
    let mut problem = usmp::Problem::new(buffers).ok()?;
    for overlap in overlaps {
        // A pair that is stated already stays as it is.
        problem = match problem.clone().with_overlap(overlap) {
            Ok(with) => with,
            Err(_) => problem,
        };
    }
    let exact = Exact {
        node_budget: PLAN_NODES,
    };
    Some(exact.plan(&problem).height())
}

/// The operands that the result of an op may take the place of byte by byte, if they are as large as it is: those of operators on single
/// elements. Kernels of other ops may write behind what they read, too, which is not estimated.
fn in_place_operands(m: &Module, op: OpId) -> Vec<ir::ValueId> {
    const ELEMENTWISE: [&str; 5] = [
        nn::AddOp::NAME,
        nn::QuantizeOp::NAME,
        nn::ReluOp::NAME,
        nn::Relu6Op::NAME,
        nn::LookupTableOp::NAME,
    ];
    let Some(&result) = m.results(op).first() else {
        return Vec::new();
    };
    let same_size = |v| m.size_bytes(m.value_type(v)) == m.size_bytes(m.value_type(result));
    if let Some(block) = nn::FusedOp::cast(m, op).and_then(|f| f.block(m)) {
        // What is added to a layer's output is read where that is written.
        let is_added = |v: ir::ValueId| {
            let mut users = m.uses(v).iter();
            users.all(|&(user, _)| m.op_name(user) == nn::AddOp::NAME)
        };
        let arguments = m.block_args(block).iter();
        let added = m.operands(op).zip(arguments).filter(|(_, a)| is_added(**a));
        return added.map(|(v, _)| v).filter(|&v| same_size(v)).collect();
    }
    match ELEMENTWISE.contains(&m.op_name(op)) {
        true => m.operands(op).filter(|&v| same_size(v)).collect(),
        false => Vec::new(),
    }
}
