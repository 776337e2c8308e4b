//! Folding: an op whose results are known gives way to them.

use crate::interfaces::{Datum, Folded, Results};
use crate::{Attr, AttrData, Builder, FloatKind, Module, OpId, OpState, Type, TypeData, ValueId};
use smallvec::SmallVec;

/// [`fold`] makes no constant of more bytes than this; larger ones are a matter of flash, which a pass decides.
pub const MAX_BYTES: u64 = 64;

/// Replaces an op by what its [`Fold`](crate::interfaces::Fold) knows, or, if all operands are constant and it is pure, by what its
/// [`Interpret`](crate::interfaces::Interpret) computes. Says whether it did.
pub fn fold(m: &mut Module, op: OpId) -> bool {
    fold_by_interface(m, op) || fold_by_interpretation(m, op, MAX_BYTES)
}

fn fold_by_interface(m: &mut Module, op: OpId) -> bool {
    let registry = m.registry().clone();
    let Some(folded) = registry
        .fold(m.op_name(op))
        .and_then(|fold| fold.fold(m, op))
    else {
        return false;
    };
    let own = m.results(op).to_vec();
    let fits = folded.len() == own.len()
        && folded.iter().zip(&own).all(|(f, &r)| match *f {
            Folded::Value(v) => v != r && m.value_type(v) == m.value_type(r),
            Folded::Constant(_) => true,
        });
    fits && replace(m, op, &folded)
}

/// Replaces a pure op by constants, if all its operands are constant, its interpretation yields values, and no constant takes more
/// than `max_bytes`. Says whether it did.
pub fn fold_by_interpretation(m: &mut Module, op: OpId, max_bytes: u64) -> bool {
    let Some(values) = evaluate(m, op, max_bytes) else {
        return false;
    };
    let types: Vec<Type> = m.results(op).iter().map(|&r| m.value_type(r)).collect();
    let folded: Option<SmallVec<[Folded; 1]>> = values
        .into_iter()
        .zip(types)
        .map(|(d, ty)| attribute(m, d, ty).map(Folded::Constant))
        .collect();
    folded.is_some_and(|f| replace(m, op, &f))
}

fn evaluate(m: &Module, op: OpId, max_bytes: u64) -> Option<Results> {
    let info = m.op_info(op)?;
    let foldable = info.traits.pure
        && !info.traits.constant
        && !info.traits.terminator
        && m.regions(op).is_empty()
        && m.operands(op).len() > 0
        && m.results(op)
            .iter()
            .all(|&r| m.size_bytes(m.value_type(r)).unwrap_or(8) <= max_bytes);
    if !foldable {
        return None;
    }
    let interpret = m.registry().interpret(m.op_name(op))?;
    let operands: Vec<Datum> = m
        .operands(op)
        .map(|v| m.constant_value(v).and_then(|a| datum(m, a)))
        .collect::<Option<_>>()?;
    let results = interpret.interpret(m.op(op), &operands).ok()?;
    (results.len() == m.results(op).len()).then_some(results)
}

/// The runtime value of a constant's attribute.
pub fn datum(m: &Module, attr: Attr) -> Option<Datum> {
    match m.attr_data(attr) {
        AttrData::Integer { value, ty } => match m.type_data(*ty) {
            TypeData::Integer(bits @ 1..=64) => Some(Datum::Int(stored(*value, *bits))),
            TypeData::Index => Some(Datum::Int(stored(*value, 32))),
            _ => None,
        },
        AttrData::Float { bits, kind } => match kind {
            FloatKind::F32 => Some(Datum::F32(f32::from_bits(*bits as u32))),
            FloatKind::F64 => Some(Datum::F64(f64::from_bits(*bits))),
            _ => None,
        },
        _ => {
            let (ty, bytes) = m.attr_elements(attr)?;
            // An index has eight bytes in an attribute, four in memory.
            let elem = m.type_data(ty).elem()?;
            let same = *m.type_data(elem) != TypeData::Index;
            same.then(|| Datum::Bytes(bytes.clone()))
        }
    }
}

/// An integer of a width as [`Datum::Int`] has it; an attribute may also state it without its sign.
fn stored(value: i64, bits: u32) -> i64 {
    match bits {
        1 => value & 1,
        _ => value << (64 - bits) >> (64 - bits),
    }
}

/// The attribute of a runtime value of a type.
pub fn attribute(m: &mut Module, datum: Datum, ty: Type) -> Option<Attr> {
    match (datum, m.type_data(ty).clone()) {
        (Datum::Int(v), TypeData::Integer(_) | TypeData::Index) => Some(m.int_attr(v, ty)),
        (Datum::F32(v), TypeData::Float(FloatKind::F32)) => Some(m.f32_attr(v)),
        (Datum::F64(v), TypeData::Float(kind @ FloatKind::F64)) => {
            let bits = v.to_bits();
            Some(m.attr(AttrData::Float { bits, kind }))
        }
        (Datum::Bytes(bytes), TypeData::Tensor { shape, elem }) => {
            let storage = m.storage_type(elem);
            let ty = m.tensor(&shape, storage);
            Some(m.dense_attr(ty, bytes))
        }
        (Datum::Bytes(bytes), TypeData::Vector { .. }) => Some(m.dense_attr(ty, bytes)),
        _ => None,
    }
}

/// Makes a constant of a type before an op, with its location: `nn.constant` of a tensor, `arith.constant` of anything else. `None` if
/// the constant op is not registered.
pub fn constant_before(m: &mut Module, op: OpId, value: Attr, ty: Type) -> Option<ValueId> {
    let name = match m.type_data(ty) {
        TypeData::Tensor { .. } => crate::dialects::nn::ConstantOp::NAME,
        _ => crate::dialects::arith::ConstantOp::NAME,
    };
    m.registry().op(name)?;
    let state = OpState::new(name).prop("value", value).results(&[ty]);
    let constant = Builder::before(m, op).insert(state);
    Some(m.result(constant, 0))
}

fn replace(m: &mut Module, op: OpId, folded: &[Folded]) -> bool {
    let types: Vec<Type> = m.results(op).iter().map(|&r| m.value_type(r)).collect();
    let mut values = Vec::new();
    for (f, ty) in folded.iter().zip(types) {
        let value = match *f {
            Folded::Value(v) => Some(v),
            Folded::Constant(a) => constant_before(m, op, a, ty),
        };
        match value {
            Some(v) => values.push(v),
            // Constants made so far are dead and go.
            None => return false,
        }
    }
    m.replace_op(op, &values);
    true
}
