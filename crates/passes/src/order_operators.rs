//! `order-operators`: puts a network's ops into an order of smaller peak memory.
//!
//! List scheduling: of the ops whose operands are there, the next is the one after which fewest bytes are live (first in the file's order
//! if equal). The order found is taken only if its peak is below that of the file's order, so the pass never makes a plan worse by its
//! own measure: the bytes live at each op, reshapes counted as views.

use ir::dialects::func;
use ir::{Module, OpId, ValueId};
use pass::{Failed, Pass, PassCx, PassInfo};
use std::collections::BTreeSet;

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

#[derive(Clone)]
struct OrderOperators;

impl Pass for OrderOperators {
    fn run(&self, m: &mut Module, f: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
        let Some(block) = m.entry_block(f) else {
            return Ok(());
        };
        let ops: Vec<OpId> = m.ops(block).collect();
        let Some((&last, body)) = ops.split_last() else {
            return Ok(());
        };
        if !body
            .iter()
            .all(|&op| m.op_name(op).starts_with("nn.") && m.is_pure(op))
        {
            return Ok(());
        }
        let graph = Graph::of(m, f, body);
        let found = graph.greedy();
        if graph.peak(&found) < graph.peak(&(0..body.len()).collect::<Vec<_>>()) {
            for i in found {
                m.detach(body[i]);
                m.insert_before(last, body[i]);
            }
        }
        Ok(())
    }
}

/// Ops and buffers by index; a buffer stands for a value and all reshapes of it.
struct Graph {
    /// Ops that must run before an op.
    before: Vec<BTreeSet<usize>>,
    /// Buffers that an op reads.
    reads: Vec<BTreeSet<usize>>,
    /// Buffer that an op makes, unless it is a view or a constant.
    makes: Vec<Option<usize>>,
    bytes: Vec<u64>,
    /// Live at the start.
    inputs: BTreeSet<usize>,
    /// Live at the end.
    outputs: BTreeSet<usize>,
}

impl Graph {
    fn of(m: &Module, f: OpId, body: &[OpId]) -> Graph {
        let mut buffers: Vec<ValueId> = Vec::new();
        let mut of_value: std::collections::BTreeMap<ValueId, Option<usize>> =
            std::collections::BTreeMap::new();
        let mut g = Graph {
            before: Vec::new(),
            reads: Vec::new(),
            makes: Vec::new(),
            bytes: Vec::new(),
            inputs: BTreeSet::new(),
            outputs: BTreeSet::new(),
        };
        let mut add = |v: ValueId, bytes: &mut Vec<u64>| {
            buffers.push(v);
            bytes.push(m.size_bytes(m.value_type(v)).unwrap_or(0));
            buffers.len() - 1
        };
        if let Some(entry) = m.entry_block(f) {
            for &a in m.block_args(entry) {
                let b = add(a, &mut g.bytes);
                of_value.insert(a, Some(b));
                g.inputs.insert(b);
            }
        }
        for (i, &op) in body.iter().enumerate() {
            let mut before = BTreeSet::new();
            let mut reads = BTreeSet::new();
            for v in m.operands(op) {
                if let Some(d) = m
                    .defining_op(v)
                    .and_then(|d| body[..i].iter().position(|&o| o == d))
                {
                    before.insert(d);
                }
                reads.extend(of_value.get(&v).copied().flatten());
            }
            let made = match m.op_name(op) {
                "nn.constant" => None,
                "nn.reshape" => reads.first().copied(),
                _ => Some(add(m.result(op, 0), &mut g.bytes)),
            };
            for &v in m.results(op) {
                of_value.insert(v, made);
            }
            let is_new = !matches!(m.op_name(op), "nn.constant" | "nn.reshape");
            g.makes.push(made.filter(|_| is_new));
            g.before.push(before);
            g.reads.push(reads);
        }
        g.outputs.extend(
            func::return_values(m, f)
                .iter()
                .filter_map(|v| of_value.get(v).copied().flatten()),
        );
        g
    }

    /// Bytes of some buffers; whether that much fits anything is not asked before `lower-nn`.
    fn total(&self, buffers: &BTreeSet<usize>) -> u64 {
        let bytes = buffers.iter().map(|&b| self.bytes[b]);
        bytes.fold(0, u64::saturating_add)
    }

    /// How many ops still to run read each buffer.
    fn readers(&self) -> Vec<usize> {
        let mut n = vec![0; self.bytes.len()];
        for r in &self.reads {
            for &b in r {
                n[b] += 1;
            }
        }
        n
    }

    /// Bytes live while `op` runs and after it, given what is live before.
    fn step(&self, op: usize, live: &BTreeSet<usize>, readers: &[usize]) -> (u64, BTreeSet<usize>) {
        let mut during = live.clone();
        during.extend(self.makes[op]);
        let peak = self.total(&during);
        during.retain(|b| {
            let left = readers[*b] - usize::from(self.reads[op].contains(b));
            left > 0 || self.outputs.contains(b)
        });
        (peak, during)
    }

    fn run(
        &self,
        mut choose: impl FnMut(&[usize], &BTreeSet<usize>, &[usize]) -> Option<usize>,
    ) -> (u64, Vec<usize>) {
        let mut readers = self.readers();
        let mut live = self.inputs.clone();
        let mut done = BTreeSet::new();
        let (mut order, mut peak) = (Vec::new(), 0);
        loop {
            let ready: Vec<usize> = (0..self.before.len())
                .filter(|i| !done.contains(i) && self.before[*i].is_subset(&done))
                .collect();
            let Some(op) = choose(&ready, &live, &readers) else {
                return (peak, order);
            };
            let (p, after) = self.step(op, &live, &readers);
            peak = peak.max(p);
            live = after;
            for &b in &self.reads[op] {
                readers[b] -= 1;
            }
            done.insert(op);
            order.push(op);
        }
    }

    fn greedy(&self) -> Vec<usize> {
        self.run(|ready, live, readers| {
            ready.iter().copied().min_by_key(|&op| {
                let (_, after) = self.step(op, live, readers);
                (self.total(&after), op)
            })
        })
        .1
    }

    fn peak(&self, order: &[usize]) -> u64 {
        let mut next = order.iter().copied();
        self.run(|_, _, _| next.next()).0
    }
}
