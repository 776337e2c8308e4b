//! How often each buffer and each constant is accessed in one run: words read and written, from the loop nests of the kernels.
//!
//! An access of up to 32 bits is one word, as it is one transfer on the bus; wider ones are as many as they have words. A loop counts as
//! often as its bounds say; where they depend on counters of outer loops, those stand at their mean, so that a triangular nest
//! counts as its average. What is not known counts as once: a branch as taken (half of it if there is an alternative), a loop of
//! unknown bounds as one iteration, an external function as one pass over each of its buffers.

use crate::memory_map::root;
use ir::dialects::arith;
use ir::dialects::func::CallOp;
use ir::dialects::mcu::{BufferRole, CallExternOp};
use ir::dialects::memref::GetGlobalOp;
use ir::dialects::scf::ForOp;
use ir::{BlockId, Module, OpId, Type, ValueDef, ValueId};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use usmp::pools::Access;

/// The accesses of one run of `@main`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AccessCounts {
    buffers: FxHashMap<ValueId, Access>,
    globals: BTreeMap<String, Access>,
}

impl AccessCounts {
    /// Of a lowered module; nothing if it has no `@main`.
    pub fn of(m: &Module) -> AccessCounts {
        let Some(entry) = m.lookup_symbol("main").and_then(|f| m.entry_block(f)) else {
            return AccessCounts::default();
        };
        let mut summaries = Summaries::default();
        let mut counter = Counter::new(m, &mut summaries);
        counter.block(entry, 1.0);
        let Counter {
            values, globals, ..
        } = counter;
        let buffers = values.into_iter().map(|(v, n)| (v, n.access())).collect();
        let globals = globals.into_iter().map(|(g, n)| (g, n.access())).collect();
        AccessCounts { buffers, globals }
    }

    /// Of a buffer of `@main`: an allocation, a view or an argument, or a reshape of it.
    pub fn buffer(&self, m: &Module, v: ValueId) -> Access {
        let root = root(m, v);
        self.buffers.get(&root).copied().unwrap_or_default()
    }

    /// Of the `memref.global` of that symbol.
    pub fn global(&self, symbol: &str) -> Access {
        self.globals.get(symbol).copied().unwrap_or_default()
    }
}

/// Words read and written, as means.
#[derive(Clone, Copy, Default)]
struct Count {
    reads: f64,
    writes: f64,
}

impl Count {
    fn add(&mut self, other: Count, times: f64) {
        self.reads += other.reads * times;
        self.writes += other.writes * times;
    }

    /// Rounded; a number that no `u64` holds becomes the largest.
    fn access(self) -> Access {
        Access {
            reads: self.reads.round() as u64,
            writes: self.writes.round() as u64,
        }
    }
}

/// What one call of a function does to its arguments, and to globals.
#[derive(Clone, Default)]
struct Summary {
    arguments: Vec<Count>,
    globals: BTreeMap<String, Count>,
}

/// Summaries of functions by their op; of one that is being counted (a recursion) an empty one.
type Summaries = FxHashMap<OpId, Summary>;

/// Counts one function.
struct Counter<'a> {
    m: &'a Module,
    summaries: &'a mut Summaries,
    values: FxHashMap<ValueId, Count>,
    globals: BTreeMap<String, Count>,
    /// Means of loop counters.
    means: FxHashMap<ValueId, f64>,
}

impl<'a> Counter<'a> {
    fn new(m: &'a Module, summaries: &'a mut Summaries) -> Counter<'a> {
        Counter {
            m,
            summaries,
            values: FxHashMap::default(),
            globals: BTreeMap::new(),
            means: FxHashMap::default(),
        }
    }

    fn summary(&mut self, function: OpId) -> Summary {
        if let Some(known) = self.summaries.get(&function) {
            return known.clone();
        }
        self.summaries.insert(function, Summary::default());
        let Some(body) = self.m.entry_block(function) else {
            return Summary::default();
        };
        let mut counter = Counter::new(self.m, self.summaries);
        counter.block(body, 1.0);
        let Counter {
            values, globals, ..
        } = counter;
        let of = |v: &ValueId| values.get(v).copied().unwrap_or_default();
        let summary = Summary {
            arguments: self.m.block_args(body).iter().map(of).collect(),
            globals,
        };
        self.summaries.insert(function, summary.clone());
        summary
    }

    /// Adds to the buffer or global that a memref is a form of.
    fn access(&mut self, memref: ValueId, count: Count, times: f64) {
        let m = self.m;
        let mut v = memref;
        while let ValueDef::Result(op, _) = m.value_def(v) {
            match m.op_name(op) {
                "memref.get_global" => {
                    let symbol = GetGlobalOp(op).name(m);
                    self.globals.entry(symbol).or_default().add(count, times);
                    return;
                }
                "memref.reinterpret_cast" => v = m.operand(op, 0),
                // A view of an arena is a buffer of its own, a view of a buffer is a part of it.
                "memref.view" if !is_global(m, m.operand(op, 0)) => v = m.operand(op, 0),
                _ => break,
            }
        }
        self.values.entry(v).or_default().add(count, times);
    }

    fn read(&mut self, memref: ValueId, words: f64, times: f64) {
        let (reads, writes) = (words, 0.0);
        self.access(memref, Count { reads, writes }, times);
    }

    fn write(&mut self, memref: ValueId, words: f64, times: f64) {
        let (reads, writes) = (0.0, words);
        self.access(memref, Count { reads, writes }, times);
    }

    fn block(&mut self, block: BlockId, times: f64) {
        for op in self.m.ops(block).collect::<Vec<_>>() {
            self.op(op, times);
        }
    }

    fn op(&mut self, op: OpId, times: f64) {
        let m = self.m;
        let operands: Vec<ValueId> = m.operands(op).collect();
        let size = |v: ValueId| words(m, m.value_type(v));
        if let Some(a) = m.access(op) {
            let words = match a.bytes {
                Some(bytes) => bytes.div_ceil(4) as f64,
                // Each lane of a gather on its own.
                None => m.results(op).first().map_or(1.0, |&v| size(v)),
            };
            match (operands.get(a.buffer), a.writes) {
                (Some(&to), true) => self.write(to, words, times),
                (Some(&from), false) => self.read(from, words, times),
                (None, _) => {}
            }
            return;
        }
        match (m.op_name(op), operands.as_slice()) {
            ("memref.copy", [from, to]) => {
                self.read(*from, size(*from), times);
                self.write(*to, size(*to), times);
            }
            ("scf.for", _) => self.count_loop(op, times),
            ("scf.if", _) => {
                let bodies: Vec<BlockId> = self.bodies(op);
                let share = if bodies.len() > 1 { 0.5 } else { 1.0 };
                for body in bodies {
                    self.block(body, times * share);
                }
            }
            ("func.call", operands) => {
                let callee = CallOp(op).callee(m);
                if let Some(function) = m.lookup_symbol(&callee) {
                    self.call(function, operands, times);
                }
            }
            ("mcu.call_extern", _) => {
                for (v, role) in CallExternOp(op).operand_roles(m) {
                    if role != BufferRole::Output {
                        self.read(v, size(v), times);
                    }
                    if role.is_written() {
                        self.write(v, size(v), times);
                    }
                }
            }
            _ => {
                for body in self.bodies(op) {
                    self.block(body, times);
                }
            }
        }
    }

    /// The first blocks of the regions that have ops other than a terminator.
    fn bodies(&self, op: OpId) -> Vec<BlockId> {
        let m = self.m;
        let blocks = m.regions(op).iter().filter_map(|&r| m.blocks(r).first());
        blocks.copied().filter(|&b| m.ops(b).count() > 1).collect()
    }

    fn call(&mut self, function: OpId, operands: &[ValueId], times: f64) {
        let summary = self.summary(function);
        for (&operand, &count) in operands.iter().zip(&summary.arguments) {
            if count.reads > 0.0 || count.writes > 0.0 {
                self.access(operand, count, times);
            }
        }
        for (symbol, count) in summary.globals {
            self.globals.entry(symbol).or_default().add(count, times);
        }
    }

    fn count_loop(&mut self, op: OpId, times: f64) {
        let m = self.m;
        let Some(body) = m.entry_block(op) else {
            return;
        };
        let f = ForOp(op);
        let bounds = [f.lower(m), f.upper(m), f.step(m)].map(|v| self.mean(v));
        let (mut trips, mut first, mut step) = (1.0, 0.0, 0.0);
        if let [Some(lower), Some(upper), Some(by)] = bounds
            && by > 0.0
        {
            let exact = [f.lower(m), f.upper(m), f.step(m)]
                .iter()
                .all(|&v| arith::const_int_of(m, v).is_some());
            trips = ((upper - lower) / by).max(0.0);
            if exact {
                trips = trips.ceil();
            }
            (first, step) = (lower, by);
        }
        if trips == 0.0 {
            return;
        }
        if let Some(&counter) = m.block_args(body).first() {
            let mean = first + step * (trips - 1.0).max(0.0) / 2.0;
            self.means.insert(counter, mean);
        }
        self.block(body, times * trips);
    }

    /// The mean of an integer, if it follows from constants and counters of loops.
    fn mean(&self, v: ValueId) -> Option<f64> {
        let m = self.m;
        if let Some(&mean) = self.means.get(&v) {
            return Some(mean);
        }
        if let Some(n) = arith::const_int_of(m, v) {
            return Some(n as f64);
        }
        let op = m.defining_op(v)?;
        let at = |i: usize| self.mean(m.operand(op, i));
        match m.op_name(op) {
            "arith.addi" => Some(at(0)? + at(1)?),
            "arith.subi" => Some(at(0)? - at(1)?),
            "arith.muli" => Some(at(0)? * at(1)?),
            "arith.minsi" | "arith.minui" => Some(at(0)?.min(at(1)?)),
            "arith.maxsi" | "arith.maxui" => Some(at(0)?.max(at(1)?)),
            "arith.divsi" | "arith.divui" => {
                let by = at(1)?;
                (by != 0.0).then(|| at(0).map(|n| n / by)).flatten()
            }
            "arith.index_cast" | "arith.extsi" | "arith.extui" | "arith.trunci" => at(0),
            "arith.select" => Some(f64::midpoint(at(1)?, at(2)?)),
            _ => None,
        }
    }
}

fn is_global(m: &Module, v: ValueId) -> bool {
    let op = m.defining_op(v);
    op.is_some_and(|op| m.op_name(op) == "memref.get_global")
}

/// Words that a value or a buffer of this type has.
fn words(m: &Module, ty: Type) -> f64 {
    let bytes = m.size_bytes(ty).or_else(|| m.elem_bytes(ty));
    bytes.unwrap_or(4).div_ceil(4) as f64
}
