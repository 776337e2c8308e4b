//! Deleting ops; their results' uses become uses of other values.

use super::ends_block;
use super::size::is_constant;
use crate::{AttrData, Module, OpId, OpState, Type, TypeData, ValueId, WalkOrder};
use std::sync::Arc;

/// How far back in a block another value is looked for.
const LOOK_BACK: usize = 256;

/// Bytes of a zero constant at most.
const LARGEST_ZERO: u64 = 1 << 20;

/// Deletes top-level ops, and every op that names one of their symbols.
pub fn symbols(m: &mut Module, chunk: &[OpId]) {
    let gone: Vec<OpId> = chunk.iter().copied().filter(|&op| m.contains(op)).collect();
    let names: Vec<String> = gone
        .iter()
        .filter_map(|&op| m.symbol_name(op).map(str::to_owned))
        .collect();
    let refers = |m: &Module, op: OpId| {
        let mut symbols = m.props(op).iter().filter_map(|&(_, a)| m.attr_symbol(a));
        symbols.any(|s| names.iter().any(|n| n == s))
    };
    let mut users: Vec<OpId> = m
        .walk(m.root(), WalkOrder::Pre)
        .into_iter()
        .filter(|&op| refers(m, op))
        .collect();
    users.reverse();
    ops(m, &users);
    for op in gone {
        if m.contains(op)
            && m.walk(m.root(), WalkOrder::Pre)
                .iter()
                .all(|&u| !refers(m, u))
        {
            erase(m, op);
        }
    }
}

/// Deletes ops where their results can be done without.
pub fn ops(m: &mut Module, chunk: &[OpId]) {
    for &op in chunk {
        if m.contains(op) && op != m.root() && !ends_block(m, op) {
            erase(m, op);
        }
    }
}

/// Deletes an op if every result that is used has a replacement.
fn erase(m: &mut Module, op: OpId) {
    let results = m.results(op).to_vec();
    let mut replacements = Vec::with_capacity(results.len());
    for &v in &results {
        if m.uses(v).is_empty() {
            continue;
        }
        let Some(other) = replacement(m, op, m.value_type(v)) else {
            return;
        };
        replacements.push((v, other));
    }
    for (v, other) in replacements {
        m.replace_all_uses(v, other);
    }
    m.erase(op);
}

/// A value of a type that may stand for a result of an op: an operand, a value in scope, or a new constant before the op.
pub fn replacement(m: &mut Module, op: OpId, ty: Type) -> Option<ValueId> {
    let same = |v: &ValueId| m.value_type(*v) == ty;
    if let Some(v) = m.operands(op).find(same) {
        return Some(v);
    }
    in_scope(m, op, ty).or_else(|| zero(m, op, ty))
}

/// A value of a type that is defined before an op, in its block or around.
pub fn in_scope(m: &Module, op: OpId, ty: Type) -> Option<ValueId> {
    let mut at = op;
    loop {
        let block = m.op_block(at)?;
        let earlier = std::iter::successors(m.prev_op(at), |&o| m.prev_op(o)).take(LOOK_BACK);
        let results = earlier.flat_map(|o| m.results(o).iter());
        let args = m.block_args(block).iter();
        if let Some(&v) = args.chain(results).find(|&&v| m.value_type(v) == ty) {
            return Some(v);
        }
        at = m.region_op(m.block_region(block));
        let isolated = m.op_info(at).is_none_or(|i| i.traits.isolated);
        if isolated {
            return None;
        }
    }
}

/// A zero of a type before an op that is no constant itself.
fn zero(m: &mut Module, op: OpId, ty: Type) -> Option<ValueId> {
    if is_constant(m, op) {
        return None;
    }
    let (name, value) = match m.type_data(ty).clone() {
        TypeData::Integer(1..=64) | TypeData::Index => {
            ("arith.constant", AttrData::Integer { value: 0, ty })
        }
        TypeData::Float(kind) => ("arith.constant", AttrData::Float { bits: 0, kind }),
        TypeData::Tensor { shape, elem } => {
            let bytes = m.size_bytes(ty).filter(|&n| n <= LARGEST_ZERO)?;
            let storage = m.storage_type(elem);
            let ty = m.tensor(&shape, storage);
            let bytes: Arc<[u8]> = vec![0; usize::try_from(bytes).ok()?].into();
            let elements = crate::Elements { ty, bytes };
            ("nn.constant", AttrData::Dense(elements))
        }
        _ => return None,
    };
    m.registry().op(name)?;
    let value = m.attr(value);
    let constant = m.create(OpState::new(name).prop("value", value).results(&[ty]));
    m.insert_before(op, constant);
    Some(m.result(constant, 0))
}
