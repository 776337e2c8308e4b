//! `order-operators`: puts a network's ops into an order of least peak memory.
//!
//! The adapter of [`usmp::order`]: ops that take time become operators, tensors that take memory become buffers, by the rule of
//! [`tensor_views`](crate::tensor_views) for what lies in what. An order is taken only if [`check_order`] finds its peak below that of
//! the file's order, so the pass never makes a plan worse by its own measure: the bytes live at each op.
//!
//! Orders of equal peak differ in how well their buffers pack. Where the plan of the order found is above the peak, the plans of a few
//! other orders of the same peak are tried, and the lowest is taken; the file's order wins ties.

use crate::plan_memory::BUFFER_ALIGN;
use crate::tensor_views::TensorViews;
use ir::dialects::{func, nn};
use ir::{Diagnostic, Module, OpId, ValueId};
use pass::{Failed, Pass, PassCx, PassInfo};
use rustc_hash::{FxHashMap, FxHashSet};
use usmp::order::{
    GraphBuffer, Operator, OperatorGraph, OperatorOrder, Search, check_order, planning_problem,
};
use usmp::{Algorithm, Exact};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "order-operators",
        "func.func",
        "Reorder a network's operators for less memory at the peak.",
        OrderOperators,
    )
    .idempotent()
}

/// Orders of one peak whose plans are compared.
const COMPARED_ORDERS: usize = 4;

/// Nodes of the planner for each plan that is compared.
const PLAN_NODES: u64 = 20_000;

#[derive(Clone)]
struct OrderOperators;

impl Pass for OrderOperators {
    fn run(&self, m: &mut Module, f: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let Some(network) = Ordered::of(m, f) else {
            return Ok(());
        };
        let Some(best) = network.search() else {
            return Ok(());
        };
        let Best {
            before,
            after,
            found,
            ..
        } = &best;
        let taken = best.order.is_some();
        if let Some(order) = &best.order {
            network.apply(m, order);
        }
        if taken || !found.is_optimal() {
            let least = if found.is_optimal() {
                "no order has less".to_owned()
            } else {
                format!("no order has less than {}", found.lower_bound())
            };
            let what = if taken {
                format!("reordered: {before} bytes live at the peak before, {after} after")
            } else {
                format!("order kept: {before} bytes live at the peak")
            };
            let message = format!("{what}; {least}");
            let mut remark = Diagnostic::remark("remark.order", message);
            remark.location = m.describe_loc(m.op_loc(f));
            cx.diagnostics.push(remark);
        }
        Ok(())
    }
}

/// Of the order found and others of its peak, the one whose plan is lowest; the order given before the others.
fn best_packed(graph: &OperatorGraph, search: &Search, found: &[usize], peak: u64) -> Vec<usize> {
    let exact = Exact {
        node_budget: PLAN_NODES,
    };
    let height = |order: &[usize]| {
        let problem = planning_problem(graph, order, BUFFER_ALIGN).ok()?;
        Some(exact.plan(&problem).height())
    };
    let mut best = (height(found), found.to_vec());
    if best
        .0
        .is_none_or(|h| h <= peak.next_multiple_of(BUFFER_ALIGN))
    {
        return best.1;
    }
    for other in search.alternatives(graph, peak, COMPARED_ORDERS - 1) {
        let height = height(&other);
        if height.is_some() && height < best.0 {
            best = (height, other);
        }
    }
    best.1
}

/// What the search for an order found.
struct Best {
    /// Peaks of the order given and of the one that is taken.
    before: u64,
    after: u64,
    found: OperatorOrder,
    /// The order that is taken, if it is another one than the one given.
    order: Option<Vec<usize>>,
}

/// A network's ops and buffers as a graph.
pub struct Ordered {
    /// The graph; its operators are those of `ops`.
    pub graph: OperatorGraph,
    /// The ops that take time: kernels, and splits and concatenations that copy.
    pub ops: Vec<OpId>,
    /// The block's ops but the last.
    body: Vec<OpId>,
    views: TensorViews,
    /// The buffer of a root; constants have none.
    of_root: FxHashMap<ValueId, usize>,
}

impl Ordered {
    /// Of a function of pure `nn` ops; `None` for another.
    pub fn of(m: &Module, f: OpId) -> Option<Ordered> {
        let block = m.entry_block(f)?;
        let ops: Vec<OpId> = m.ops(block).collect();
        let (_, body) = ops.split_last()?;
        let is_network = |&op: &OpId| m.op_name(op).starts_with("nn.") && m.is_pure(op);
        if !body.iter().all(is_network) {
            return None;
        }
        let mut building = Building {
            m,
            views: TensorViews::of(m, f),
            buffers: Vec::new(),
            of_root: FxHashMap::default(),
            producers: FxHashMap::default(),
            ops: Vec::new(),
            operators: Vec::new(),
        };
        for &a in m.block_args(block) {
            let b = building.buffer(a);
            building.buffers[b].is_input = true;
        }
        body.iter().for_each(|&op| building.op(op));
        for v in func::return_values(m, f) {
            if let Some(b) = building.buffer_of(v) {
                building.buffers[b].is_output = true;
            }
        }
        let graph = OperatorGraph::new(building.buffers, building.operators).ok()?;
        Some(Ordered {
            graph,
            ops: building.ops,
            body: body.to_vec(),
            views: building.views,
            of_root: building.of_root,
        })
    }

    /// The buffer of the graph that a value lies in, if it is not a constant.
    pub fn buffer_of(&self, v: ValueId) -> Option<usize> {
        self.of_root.get(&self.views.place(v).root).copied()
    }

    /// An order of least peak, as far as the search finds it: what `order-operators` begins with.
    pub fn low_order(&self) -> Vec<usize> {
        Search::default().solve(&self.graph).order().to_vec()
    }

    fn search(&self) -> Option<Best> {
        let graph = &self.graph;
        let given: Vec<usize> = (0..self.ops.len()).collect();
        let search = Search::default();
        let found = search.solve(graph);
        let peak = |order: &[usize]| check_order(graph, order).ok();
        let before = peak(&given)?;
        let order = best_packed(graph, &search, found.order(), found.peak());
        let after = peak(&order).filter(|&p| p <= before).unwrap_or(before);
        let taken = order != given && peak(&order) == Some(after);
        Some(Best {
            before,
            after,
            found,
            order: taken.then_some(order),
        })
    }

    /// Puts the ops into an order; what takes no time stands before the first op that needs it, or at the end.
    fn apply(&self, m: &mut Module, order: &[usize]) {
        let Some(last) = self
            .body
            .last()
            .and_then(|&op| m.op_block(op))
            .and_then(|b| m.last_op(b))
        else {
            return;
        };
        let timed: FxHashSet<OpId> = self.ops.iter().copied().collect();
        let mut placed = FxHashSet::default();
        let in_order = order.iter().map(|&i| self.ops[i]);
        let others = self.body.iter().copied().filter(|op| !timed.contains(op));
        for op in in_order.chain(others) {
            // An op after those that it needs; the stack holds who waits for whom.
            let mut waiting = vec![op];
            while let Some(&next) = waiting.last() {
                let needed = m.operands(next).filter_map(|v| m.defining_op(v));
                let missing = needed.filter(|d| !placed.contains(d)).last();
                match missing {
                    Some(d) if !placed.contains(&next) => waiting.push(d),
                    _ => {
                        waiting.pop();
                        if placed.insert(next) {
                            m.detach(next);
                            m.insert_before(last, next);
                        }
                    }
                }
            }
        }
    }
}

struct Building<'m> {
    m: &'m Module,
    views: TensorViews,
    buffers: Vec<GraphBuffer>,
    /// The buffer of a root; constants have none.
    of_root: FxHashMap<ValueId, usize>,
    /// The operators that must have run before a value is there.
    producers: FxHashMap<ValueId, Vec<usize>>,
    ops: Vec<OpId>,
    operators: Vec<Operator>,
}

impl Building<'_> {
    /// The buffer of a root, made where it is new.
    fn buffer(&mut self, root: ValueId) -> usize {
        *self.of_root.entry(root).or_insert_with(|| {
            let size = self.m.size_bytes(self.m.value_type(root)).unwrap_or(0);
            self.buffers.push(GraphBuffer {
                size,
                ..GraphBuffer::default()
            });
            self.buffers.len() - 1
        })
    }

    /// The buffer that a value lies in, if it has one yet.
    fn buffer_of(&self, v: ValueId) -> Option<usize> {
        self.of_root.get(&self.views.place(v).root).copied()
    }

    fn produced_by(&self, values: impl IntoIterator<Item = ValueId>) -> Vec<usize> {
        let of = |v| self.producers.get(&v).into_iter().flatten().copied();
        values.into_iter().flat_map(of).collect()
    }

    /// Adds an operator that reads and writes these values.
    fn operator(&mut self, op: OpId, reads: &[ValueId], writes: &[ValueId]) -> usize {
        let after = self.produced_by(reads.iter().copied());
        let reads = reads.iter().filter_map(|&v| self.buffer_of(v)).collect();
        let roots: Vec<ValueId> = writes.iter().map(|&v| self.views.place(v).root).collect();
        let writes = roots.into_iter().map(|r| self.buffer(r)).collect();
        self.ops.push(op);
        self.operators.push(Operator {
            reads,
            writes,
            after,
            in_place: Vec::new(),
        });
        self.operators.len() - 1
    }

    fn op(&mut self, op: OpId) {
        let m = self.m;
        let operands: Vec<ValueId> = m.operands(op).collect();
        let results = m.results(op).to_vec();
        let copies = self.views.copies(op).map(<[usize]>::to_vec);
        match (m.op_name(op), copies) {
            (nn::ConstantOp::NAME, _) => {}
            (nn::ReshapeOp::NAME, _) => {
                let producers = self.produced_by(operands);
                self.producers.insert(results[0], producers);
            }
            (nn::ConcatenationOp::NAME, Some(copies)) => {
                let copied: Vec<ValueId> = copies.iter().map(|&i| operands[i]).collect();
                let mut producers = self.produced_by(operands);
                if !copied.is_empty() {
                    producers.push(self.operator(op, &copied, &results));
                }
                self.producers.insert(results[0], producers);
            }
            (nn::SplitOp::NAME, Some(copies)) => {
                let copied: Vec<ValueId> = copies.iter().map(|&i| results[i]).collect();
                let producers = self.produced_by(operands.iter().copied());
                let at = (!copied.is_empty()).then(|| self.operator(op, &operands, &copied));
                for (i, &v) in results.iter().enumerate() {
                    let of_copy = at.filter(|_| copies.contains(&i)).map(|at| vec![at]);
                    self.producers
                        .insert(v, of_copy.unwrap_or_else(|| producers.clone()));
                }
            }
            _ => {
                let at = self.operator(op, &operands, &results);
                for v in results {
                    self.producers.insert(v, vec![at]);
                }
            }
        }
    }
}
