//! Which ops and values of a function matter: those that effects depend on. What does not is not printed.

use ir::dialects::{arm, func, memref, scf};
use ir::{BlockId, Module, OpId, ValueDef, ValueId};
use rustc_hash::FxHashSet;

/// The live ops and values of one function.
pub(crate) struct Liveness {
    ops: FxHashSet<OpId>,
    values: FxHashSet<ValueId>,
}

impl Liveness {
    /// Of a function's body.
    pub(crate) fn of(m: &Module, func: OpId) -> Liveness {
        let mut l = Liveness {
            ops: FxHashSet::default(),
            values: FxHashSet::default(),
        };
        let mut work = Vec::new();
        for op in m.walk(func, ir::WalkOrder::Pre) {
            if op != func && is_root(m, op) {
                l.op(m, op, &mut work);
                work.extend(m.operands(op));
            }
        }
        while let Some(v) = work.pop() {
            if l.values.insert(v) {
                l.value(m, v, &mut work);
            }
        }
        l
    }

    pub(crate) fn is_live(&self, v: ValueId) -> bool {
        self.values.contains(&v)
    }

    pub(crate) fn is_op_live(&self, op: OpId) -> bool {
        self.ops.contains(&op)
    }

    /// Marks an op and those around it; what controls them becomes live.
    fn op(&mut self, m: &Module, op: OpId, work: &mut Vec<ValueId>) {
        let mut at = Some(op);
        while let Some(op) = at.filter(|&op| self.ops.insert(op)) {
            match m.op_name(op) {
                scf::ForOp::NAME => work.extend(m.operands(op).take(3)),
                scf::IfOp::NAME => work.extend(m.operands(op).take(1)),
                _ => {}
            }
            at = m.parent_op(op);
        }
    }

    fn value(&mut self, m: &Module, v: ValueId, work: &mut Vec<ValueId>) {
        match m.value_def(v) {
            ValueDef::Result(op, i) => {
                self.op(m, op, work);
                match m.op_name(op) {
                    scf::ForOp::NAME => carried(m, op, i, work),
                    scf::IfOp::NAME => {
                        work.extend(yields(m, op).filter_map(|y| m.operands(y).nth(i)))
                    }
                    _ => work.extend(m.operands(op)),
                }
            }
            ValueDef::Argument(block, i) => {
                let op = m.region_op(m.block_region(block));
                if m.op_name(op) == scf::ForOp::NAME && i > 0 {
                    self.op(m, op, work);
                    carried(m, op, i - 1, work);
                }
            }
        }
    }

    /// The uses of a value that are printed: the op, and the operand's position.
    pub(crate) fn uses(&self, m: &Module, v: ValueId) -> Vec<(OpId, usize)> {
        let mut all: Vec<(OpId, usize)> =
            m.uses(v).iter().map(|&(op, i)| (op, i as usize)).collect();
        all.retain(|&(op, i)| self.is_operand_live(m, op, i));
        all
    }

    fn is_operand_live(&self, m: &Module, op: OpId, i: usize) -> bool {
        match m.op_name(op) {
            scf::ForOp::NAME if i >= 3 => self.is_position_live(m, op, i - 3),
            scf::YieldOp::NAME => m.parent_op(op).is_some_and(|p| match m.op_name(p) {
                scf::ForOp::NAME => self.is_position_live(m, p, i),
                _ => self.is_live(m.result(p, i)),
            }),
            _ => self.is_op_live(op),
        }
    }

    /// Whether a value that a loop carries is used after it or inside.
    pub(crate) fn is_position_live(&self, m: &Module, op: OpId, i: usize) -> bool {
        let inside = m
            .entry_block(op)
            .and_then(|b| m.block_args(b).get(i + 1).copied());
        self.is_live(m.result(op, i)) || inside.is_some_and(|v| self.is_live(v))
    }
}

/// Pushes what a loop's carried value at a position depends on: its initial and its next value.
fn carried(m: &Module, op: OpId, i: usize, work: &mut Vec<ValueId>) {
    work.extend(m.operands(op).nth(3 + i));
    work.extend(yields(m, op).filter_map(|y| m.operands(y).nth(i)));
}

/// The terminators of an op's regions.
fn yields(m: &Module, op: OpId) -> impl Iterator<Item = OpId> + '_ {
    m.regions(op)
        .iter()
        .flat_map(|&r| m.blocks(r))
        .filter_map(|&b| m.last_op(b))
}

/// Whether an op stands for itself: it writes, or nothing is known of it.
fn is_root(m: &Module, op: OpId) -> bool {
    let is_block = |op: OpId| m.op_name(op) == arm::BlockOp::NAME;
    // A block of instructions is there with all that is in it.
    if is_block(op) || m.parent_op(op).is_some_and(is_block) {
        return true;
    }
    if m.access(op).is_some_and(|a| !a.writes) {
        return false;
    }
    match m.op_name(op) {
        scf::ForOp::NAME | scf::IfOp::NAME | scf::YieldOp::NAME => false,
        memref::AllocOp::NAME | func::ReturnOp::NAME => true,
        _ => m.effects(op) != ir::interfaces::Effects::None,
    }
}

/// Whether running a block may write memory.
pub(crate) fn writes(m: &Module, block: BlockId) -> bool {
    use ir::interfaces::Effects;
    m.ops(block)
        .any(|op| matches!(m.effects(op), Effects::Write | Effects::Unknown))
}
