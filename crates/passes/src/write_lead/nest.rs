//! A loop nest, reduced to the accesses of two buffers and the integers that decide where and whether they happen.

use super::range::{Predicate, Range, Rule};
use super::trace::Trace;
use crate::known::{int, is_index, width};
use ir::dialects::arith::is_nsw;
use ir::dialects::func::{self, CallOp};
use ir::dialects::{arm, mcu, scf};
use ir::{AttrData, BlockId, Module, OpId, TypeData, ValueDef, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Where an integer is kept while the nest runs.
pub(super) type Slot = usize;

/// A step of a nest.
pub(super) enum Step {
    /// An integer op, on a type that holds `all`; `exact` says that leaving it is an error.
    Value {
        to: Slot,
        rule: Rule,
        operands: [Slot; 2],
        all: Range,
        exact: bool,
    },
    Select {
        to: Slot,
        condition: Slot,
        values: [Slot; 2],
    },
    Read(Place),
    /// A write of some bytes.
    Write(Place, i64),
    /// What an op does that is no plain access.
    Opaque(Trace),
    For(Loop),
    If(Conditional),
}

/// A byte of a buffer: `Σ slot·factor + constant`.
pub(super) struct Place {
    pub terms: Vec<(Slot, i64)>,
    pub constant: i64,
}

/// An `scf.for`.
pub(super) struct Loop {
    pub counter: Slot,
    pub lower: Slot,
    pub upper: Slot,
    pub step: Slot,
    pub carried: Vec<Carried>,
    pub body: Vec<Step>,
    /// Steps of one iteration, every inner loop run once.
    pub weight: u64,
    /// Whether it is worth being run iteration by iteration: reads and writes meet in it, or conditionals decide what happens.
    pub by_iteration: bool,
}

/// A value that a loop carries, and its type's integers.
pub(super) struct Carried {
    pub initial: Slot,
    pub inside: Slot,
    pub next: Slot,
    pub result: Slot,
    pub all: Range,
}

/// An `scf.if`.
pub(super) struct Conditional {
    pub condition: Slot,
    pub branches: [Vec<Step>; 2],
    /// Each result, and what the branches yield for it.
    pub results: Vec<(Slot, [Slot; 2])>,
}

/// The accesses of a function to an argument `x` that it reads and an argument `y` that it writes.
pub(super) struct Nest {
    pub steps: Vec<Step>,
    /// What each slot holds at first.
    pub slots: Vec<Range>,
    /// Bytes of `y`.
    pub size: i64,
}

/// Whether an op gives its first operand's bytes, from the first one on, another shape or element type.
fn is_reshape(m: &Module, op: OpId) -> bool {
    match m.op_name(op) {
        "memref.reinterpret_cast" => true,
        "memref.view" => int(m, m.operand(op, 1)) == Some(0),
        _ => false,
    }
}

/// The buffer behind reshapes.
pub(super) fn base(m: &Module, mut v: ValueId) -> ValueId {
    while let Some(op) = m.defining_op(v).filter(|&op| is_reshape(m, op)) {
        v = m.operand(op, 0);
    }
    v
}

impl Nest {
    /// Of a function's block; `opaque` is the write lead of an op that is neither load nor store. `None` if the accesses are not what
    /// they should be, or not known.
    pub fn of(
        m: &Module,
        entry: BlockId,
        (x, y): (ValueId, ValueId),
        opaque: &dyn Fn(OpId) -> Option<u64>,
    ) -> Option<Nest> {
        let (reads, writes) = (uses(m, x)?, uses(m, y)?);
        let only = |list: &[(OpId, u32)], reads: bool| {
            let is =
                |a: Option<Access>| a == Some(if reads { Access::READ } else { Access::WRITE });
            list.iter().all(|&(op, i)| {
                let paired = |v| m.operands(op).any(|o| base(m, o) == v);
                // What an op with a lead of its own does with the two is part of what it says.
                is(access(m, op, i as usize, 0))
                    || (paired(x) && paired(y) && m.registry().in_place(m.op_name(op)).is_some())
            })
        };
        if x == y || !only(&reads, true) || !only(&writes, false) || writes.is_empty() {
            return None;
        }
        let size = i64::try_from(m.size_bytes(m.value_type(y))?).ok()?;
        m.size_bytes(m.value_type(x))?;
        let accesses: FxHashSet<OpId> = reads.iter().chain(&writes).map(|u| u.0).collect();
        let mut reduction = Reduction {
            m,
            x,
            y,
            size,
            opaque,
            relevant: Relevant::of(m, entry, &accesses),
            left: accesses,
            slots: Vec::new(),
            by_value: FxHashMap::default(),
        };
        let steps = reduction.block(entry)?;
        // An access inside of an op whose regions mean something else.
        if !reduction.left.is_empty() {
            return None;
        }
        Some(Nest {
            steps,
            slots: reduction.slots,
            size,
        })
    }
}

/// What an op does with a buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Access {
    reads: bool,
    writes: bool,
}

impl Access {
    const READ: Access = Access {
        reads: true,
        writes: false,
    };
    const WRITE: Access = Access {
        reads: false,
        writes: true,
    };
}

/// Every use of a buffer and of reshapes of it; `None` if it escapes into another memref.
fn uses(m: &Module, v: ValueId) -> Option<Vec<(OpId, u32)>> {
    let mut all = Vec::new();
    for &(user, i) in m.uses(v) {
        if is_reshape(m, user) {
            all.extend(uses(m, m.result(user, 0))?);
            continue;
        }
        let is_memref =
            |&r: &ValueId| matches!(m.type_data(m.value_type(r)), TypeData::MemRef { .. });
        if m.results(user).iter().any(is_memref) {
            return None;
        }
        all.push((user, i));
    }
    Some(all)
}

/// What an op does with its operand `i`; `None` if that is not known.
fn access(m: &Module, op: OpId, i: usize, depth: usize) -> Option<Access> {
    if let Some(a) = m.access(op) {
        return (i == a.buffer).then_some(match a.writes {
            true => Access::WRITE,
            false => Access::READ,
        });
    }
    match m.op_name(op) {
        "memref.copy" => Some(if i == 0 { Access::READ } else { Access::WRITE }),
        "mcu.call_extern" => {
            let roles = mcu::CallExternOp(op).operand_roles(m);
            match roles.get(i)?.1 {
                mcu::BufferRole::Input | mcu::BufferRole::Table => Some(Access::READ),
                mcu::BufferRole::Output => Some(Access::WRITE),
                mcu::BufferRole::Workspace => None,
            }
        }
        func::CallOp::NAME if depth < super::MAX_DEPTH => {
            let callee = CallOp::cast(m, op).and_then(|c| m.lookup_symbol(&c.callee(m)))?;
            let argument = *m.block_args(m.entry_block(callee)?).get(i)?;
            let mut all = Access {
                reads: false,
                writes: false,
            };
            for (user, i) in uses(m, argument)? {
                let a = access(m, user, i as usize, depth + 1)?;
                all.reads |= a.reads;
                all.writes |= a.writes;
            }
            Some(all)
        }
        _ => None,
    }
}

/// Which integers and which control flow decide the accesses.
#[derive(Default)]
struct Relevant {
    values: FxHashSet<ValueId>,
    /// Loops and conditionals.
    ops: FxHashSet<OpId>,
}

impl Relevant {
    fn of(m: &Module, entry: BlockId, accesses: &FxHashSet<OpId>) -> Relevant {
        let mut relevant = Relevant::default();
        let mut work: Vec<ValueId> = Vec::new();
        for &op in accesses {
            relevant.around(m, entry, op, &mut work);
            work.extend(m.operands(op).filter(|&v| is_integer(m, v)));
        }
        while let Some(v) = work.pop() {
            if !is_integer(m, v) || !relevant.values.insert(v) {
                continue;
            }
            match m.value_def(v) {
                ValueDef::Argument(block, i) => {
                    let f = m.region_op(m.block_region(block));
                    if m.op_name(f) == scf::ForOp::NAME {
                        relevant.around(m, entry, f, &mut work);
                        relevant.control(m, f, &mut work);
                        if i > 0 {
                            work.extend(m.operands(f).nth(2 + i));
                            work.extend(yielded(m, f, 0, i - 1));
                        }
                    }
                }
                ValueDef::Result(op, i) => match m.op_name(op) {
                    scf::ForOp::NAME | scf::IfOp::NAME => {
                        relevant.around(m, entry, op, &mut work);
                        relevant.control(m, op, &mut work);
                        work.extend((0..m.regions(op).len()).filter_map(|r| yielded(m, op, r, i)));
                        if m.op_name(op) == scf::ForOp::NAME {
                            work.extend(m.operands(op).nth(3 + i));
                        }
                    }
                    _ if rule(m, op).is_some() || m.op_name(op) == "arith.select" => {
                        work.extend(m.operands(op));
                    }
                    _ => {}
                },
            }
        }
        relevant
    }

    /// Every loop and conditional around an op.
    fn around(&mut self, m: &Module, entry: BlockId, op: OpId, work: &mut Vec<ValueId>) {
        let mut at = op;
        while let Some(block) = m.op_block(at).filter(|&b| b != entry) {
            let parent = m.region_op(m.block_region(block));
            self.control(m, parent, work);
            at = parent;
        }
    }

    fn control(&mut self, m: &Module, op: OpId, work: &mut Vec<ValueId>) {
        if block_of_instructions(m, op).is_none() && self.ops.insert(op) {
            let count = if m.op_name(op) == scf::ForOp::NAME {
                3
            } else {
                1
            };
            work.extend(m.operands(op).take(count));
        }
    }
}

/// The block of an `arm.block`, which stands in the op's place.
fn block_of_instructions(m: &Module, op: OpId) -> Option<BlockId> {
    (m.op_name(op) == arm::BlockOp::NAME)
        .then(|| m.entry_block(op))
        .flatten()
}

fn is_integer(m: &Module, v: ValueId) -> bool {
    width(m, m.value_type(v)).is_some()
}

/// The value that a region of an op yields at a position.
fn yielded(m: &Module, op: OpId, region: usize, i: usize) -> Option<ValueId> {
    let block = *m.blocks(*m.regions(op).get(region)?).first()?;
    m.operands(m.last_op(block)?).nth(i)
}

/// An integer op as a rule, and whether leaving its type is an error; unary ones take their operand twice.
fn rule(m: &Module, op: OpId) -> Option<(Rule, bool)> {
    let wide = |i: usize| width(m, m.value_type(m.operand(op, i))).is_some_and(|w| w > 1);
    let result = m.value_type(*m.results(op).first()?);
    let exact = is_index(m, result) || is_nsw(m, op);
    Some(match m.op_name(op) {
        "arith.addi" => (Rule::Add, exact),
        "arith.subi" => (Rule::Sub, exact),
        "arith.muli" => (Rule::Mul, exact),
        "arith.divsi" => (Rule::DivS, true),
        "arith.remsi" => (Rule::RemS, true),
        "arith.minsi" if wide(0) => (Rule::MinS, true),
        "arith.maxsi" if wide(0) => (Rule::MaxS, true),
        // Of one bit, 1 is true.
        "arith.andi" if !wide(0) => (Rule::MinS, true),
        "arith.ori" if !wide(0) => (Rule::MaxS, true),
        "arith.shli" => (Rule::ShiftLeft, exact),
        "arith.shrsi" if wide(0) => (Rule::ShiftRightS, true),
        "arith.extui" => (Rule::ExtendZero, true),
        "arith.extsi" | "arith.index_cast" if wide(0) => (Rule::Same, true),
        "arith.trunci" if width(m, result)? > 1 => (Rule::Same, false),
        "arith.cmpi" if wide(0) => {
            let AttrData::Integer { value, .. } = m.attr_data(m.prop(op, "predicate")?) else {
                return None;
            };
            let predicate = match value {
                0 => Predicate::Eq,
                1 => Predicate::Ne,
                2 => Predicate::Slt,
                3 => Predicate::Sle,
                4 => Predicate::Sgt,
                5 => Predicate::Sge,
                6 => Predicate::Ult,
                _ => return None,
            };
            (Rule::Compare(predicate), true)
        }
        _ => return None,
    })
}

struct Reduction<'a> {
    m: &'a Module,
    x: ValueId,
    y: ValueId,
    size: i64,
    opaque: &'a dyn Fn(OpId) -> Option<u64>,
    relevant: Relevant,
    /// Accesses that no step stands for yet.
    left: FxHashSet<OpId>,
    slots: Vec<Range>,
    by_value: FxHashMap<ValueId, Slot>,
}

impl Reduction<'_> {
    fn all(&self, v: ValueId) -> Range {
        Range::of_width(width(self.m, self.m.value_type(v)).unwrap_or(64))
    }

    fn slot(&mut self, v: ValueId) -> Slot {
        if let Some(&slot) = self.by_value.get(&v) {
            return slot;
        }
        let is_bool = width(self.m, self.m.value_type(v)) == Some(1);
        let initial = match int(self.m, v) {
            Some(x) if is_bool => Range::one(x & 1),
            Some(x) => Range::one(x),
            None => self.all(v),
        };
        self.slots.push(initial);
        self.by_value.insert(v, self.slots.len() - 1);
        self.slots.len() - 1
    }

    fn block(&mut self, block: BlockId) -> Option<Vec<Step>> {
        let m = self.m;
        let mut steps = Vec::new();
        for op in m.ops(block) {
            if self.left.remove(&op) {
                steps.push(self.access(op)?);
            } else if let Some(inner) = block_of_instructions(m, op) {
                steps.extend(self.block(inner)?);
            } else if self.relevant.ops.contains(&op) {
                steps.push(match m.op_name(op) {
                    scf::ForOp::NAME => self.for_loop(op)?,
                    scf::IfOp::NAME => self.conditional(op)?,
                    _ => return None,
                });
            } else if let [result] = *m.results(op)
                && self.relevant.values.contains(&result)
            {
                steps.extend(self.value(op, result));
            }
        }
        Some(steps)
    }

    fn access(&mut self, op: OpId) -> Option<Step> {
        let m = self.m;
        let operands: Vec<ValueId> = m.operands(op).collect();
        Some(match m.access(op) {
            Some(a) => {
                let bytes = i64::try_from(a.bytes?).ok()?;
                let (buffer, indices) = operands.get(a.buffer..)?.split_first()?;
                let place = self.place(*buffer, indices)?;
                match a.writes {
                    true => Step::Write(place, bytes),
                    false => Step::Read(place),
                }
            }
            None => {
                let touches = |v| operands.iter().any(|&o| base(m, o) == v);
                let lead = i64::try_from((self.opaque)(op)?).ok()?;
                let (reads, writes) = (touches(self.x), touches(self.y));
                Step::Opaque(Trace::opaque(reads, writes, self.size, lead))
            }
        })
    }

    fn place(&mut self, buffer: ValueId, indices: &[ValueId]) -> Option<Place> {
        let m = self.m;
        let TypeData::MemRef { shape, elem } = m.type_data(m.value_type(buffer)) else {
            return None;
        };
        let mut stride = i64::try_from(m.elem_bytes(*elem)?).ok()?;
        let mut place = Place {
            terms: Vec::new(),
            constant: 0,
        };
        for (axis, &index) in indices.iter().enumerate().rev() {
            match int(m, index) {
                Some(i) => place.constant = place.constant.checked_add(i.checked_mul(stride)?)?,
                None => place.terms.push((self.slot(index), stride)),
            }
            if axis > 0 {
                stride = stride.checked_mul(*shape.get(axis)?)?;
            }
        }
        Some(place)
    }

    fn value(&mut self, op: OpId, result: ValueId) -> Option<Step> {
        let m = self.m;
        if m.op_name(op) == "arith.select" {
            return Some(Step::Select {
                to: self.slot(result),
                condition: self.slot(m.operand(op, 0)),
                values: [self.slot(m.operand(op, 1)), self.slot(m.operand(op, 2))],
            });
        }
        let (rule, exact) = rule(m, op)?;
        let last = m.operands(op).len() - 1;
        Some(Step::Value {
            to: self.slot(result),
            rule,
            operands: [self.slot(m.operand(op, 0)), self.slot(m.operand(op, last))],
            all: self.all(result),
            exact,
        })
    }

    fn for_loop(&mut self, op: OpId) -> Option<Step> {
        let m = self.m;
        let block = m.entry_block(op)?;
        let operands: Vec<ValueId> = m.operands(op).collect();
        let args = m.block_args(block).to_vec();
        let body = self.block(block)?;
        let mut carried = Vec::new();
        for (i, &result) in m.results(op).iter().enumerate() {
            let inside = args[i + 1];
            if self.relevant.values.contains(&inside) || self.relevant.values.contains(&result) {
                carried.push(Carried {
                    initial: self.slot(operands[3 + i]),
                    inside: self.slot(inside),
                    next: self.slot(yielded(m, op, 0, i)?),
                    result: self.slot(result),
                    all: self.all(result),
                });
            }
        }
        let (reads, writes) = touched(&body);
        Some(Step::For(Loop {
            counter: self.slot(args[0]),
            lower: self.slot(operands[0]),
            upper: self.slot(operands[1]),
            step: self.slot(operands[2]),
            carried,
            weight: weight(&body),
            by_iteration: (reads && writes) || ((reads || writes) && has_conditional(&body)),
            body,
        }))
    }

    fn conditional(&mut self, op: OpId) -> Option<Step> {
        let m = self.m;
        let mut branches = [Vec::new(), Vec::new()];
        for (branch, &region) in branches.iter_mut().zip(m.regions(op)) {
            if let Some(&block) = m.blocks(region).first() {
                *branch = self.block(block)?;
            }
        }
        let mut results = Vec::new();
        for (i, &result) in m.results(op).iter().enumerate() {
            if self.relevant.values.contains(&result) {
                let of = [yielded(m, op, 0, i)?, yielded(m, op, 1, i)?];
                results.push((self.slot(result), of.map(|v| self.slot(v))));
            }
        }
        Some(Step::If(Conditional {
            condition: self.slot(m.operand(op, 0)),
            branches,
            results,
        }))
    }
}

/// Whether steps read `x`, and whether they write `y`.
fn touched(steps: &[Step]) -> (bool, bool) {
    let mut all = (false, false);
    for step in steps {
        let (reads, writes) = match step {
            Step::Value { .. } | Step::Select { .. } => (false, false),
            Step::Read(_) => (true, false),
            Step::Write(..) => (false, true),
            Step::Opaque(t) => t.touches(),
            Step::For(l) => touched(&l.body),
            Step::If(c) => {
                let (a, b) = (touched(&c.branches[0]), touched(&c.branches[1]));
                (a.0 || b.0, a.1 || b.1)
            }
        };
        all = (all.0 || reads, all.1 || writes);
    }
    all
}

fn has_conditional(steps: &[Step]) -> bool {
    steps.iter().any(|s| match s {
        Step::If(_) => true,
        Step::For(l) => has_conditional(&l.body),
        _ => false,
    })
}

fn weight(steps: &[Step]) -> u64 {
    let one = |s: &Step| match s {
        Step::For(l) => 1 + l.weight,
        Step::If(c) => 1 + weight(&c.branches[0]) + weight(&c.branches[1]),
        _ => 1,
    };
    steps.iter().map(one).sum()
}
