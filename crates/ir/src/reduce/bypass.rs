//! Using fewer values: another value of the same type stands for one that is used.

use super::delete::in_scope;
use crate::{Module, ValueDef, ValueId, WalkOrder};

/// Every value that is used and has another in its scope.
pub fn candidates(m: &Module) -> Vec<ValueId> {
    let mut values = Vec::new();
    for op in m.walk(m.root(), WalkOrder::Pre) {
        values.extend_from_slice(m.results(op));
        let blocks = m.regions(op).iter().flat_map(|&r| m.blocks(r));
        values.extend(blocks.flat_map(|&b| m.block_args(b)));
    }
    values.retain(|&v| !m.uses(v).is_empty() && other(m, v).is_some());
    values
}

/// Lets the other value stand for this one.
pub fn apply(m: &mut Module, &v: &ValueId) {
    let exists = match m.find_value(v) {
        Some(ValueDef::Result(op, _)) => m.op_block(op).is_some(),
        Some(ValueDef::Argument(..)) => true,
        None => false,
    };
    if exists && let Some(other) = other(m, v) {
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
