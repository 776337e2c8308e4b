//! Using fewer values: another value of the same type stands for one that is used.

use super::delete::in_scope;
use crate::{Module, OpId, ValueDef, ValueId, WalkOrder};

/// A value, found by what defines it.
pub enum Definition {
    /// A result of an op.
    Result(OpId, usize),
    /// An argument of a block of an op's region.
    Argument(OpId, [usize; 3]),
}

impl Definition {
    fn value(&self, m: &Module) -> Option<ValueId> {
        match *self {
            Definition::Result(op, i) if m.contains(op) => m.results(op).get(i).copied(),
            Definition::Argument(op, [region, block, i]) if m.contains(op) => {
                let &region = m.regions(op).get(region)?;
                let &block = m.blocks(region).get(block)?;
                m.block_args(block).get(i).copied()
            }
            _ => None,
        }
    }
}

/// Every value that is used and has another in its scope.
pub fn candidates(m: &Module) -> Vec<Definition> {
    let mut all = Vec::new();
    for op in m.walk(m.root(), WalkOrder::Pre) {
        all.extend((0..m.results(op).len()).map(|i| Definition::Result(op, i)));
        for (r, &region) in m.regions(op).iter().enumerate() {
            for (b, &block) in m.blocks(region).iter().enumerate() {
                let args = 0..m.block_args(block).len();
                all.extend(args.map(|i| Definition::Argument(op, [r, b, i])));
            }
        }
    }
    let avoidable = |v: ValueId| !m.uses(v).is_empty() && other(m, v).is_some();
    all.retain(|d| d.value(m).is_some_and(avoidable));
    all
}

/// Lets the other value stand for this one.
pub fn apply(m: &mut Module, definition: &Definition) {
    let Some(v) = definition.value(m) else { return };
    if let Some(other) = other(m, v) {
        m.replace_all_uses(v, other);
    }
}

fn other(m: &Module, v: ValueId) -> Option<ValueId> {
    let ty = m.value_type(v);
    match m.value_def(v) {
        ValueDef::Result(op, _) => {
            let operand = m.operands(op).find(|&o| m.value_type(o) == ty);
            operand.or_else(|| in_scope(m, op, ty))
        }
        ValueDef::Argument(block, i) => {
            let mut earlier = m.block_args(block)[..i].iter();
            let earlier = earlier.find(|&&a| m.value_type(a) == ty).copied();
            let owner = m.region_op(m.block_region(block));
            let isolated = m.op_info(owner).is_none_or(|i| i.traits.isolated);
            earlier.or_else(|| (!isolated).then(|| in_scope(m, owner, ty))?)
        }
    }
}
