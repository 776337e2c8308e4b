//! What a value is dequantised from, constants, and ops made in the place of others.

use ir::dialects::nn::{self, Element, element};
use ir::interfaces::Datum;
use ir::rewrite::fold;
use ir::{Attr, Builder, Loc, Module, OpId, OpState, QuantType, Type, TypeData, ValueId};

/// Whether a value is a float tensor.
pub(super) fn is_float(m: &Module, v: ValueId) -> bool {
    let ty = m.value_type(v);
    matches!(m.type_data(ty), TypeData::Tensor { .. }) && element(m, ty) == Element::F32
}

/// What an `nn.dequantize` makes a value of.
pub(super) fn dequantized(m: &Module, v: ValueId) -> Option<ValueId> {
    let op = m.defining_op(v)?;
    (m.op_name(op) == nn::DequantizeOp::NAME).then(|| m.operand(op, 0))
}

/// The int8 of one scale that a value is dequantised from.
pub(super) fn activation(m: &Module, v: ValueId) -> Option<ValueId> {
    let source = dequantized(m, v)?;
    scale_and_zero_point(m, m.value_type(source)).map(|_| source)
}

/// Scale and zero point of a type of int8 with one of each.
pub(super) fn scale_and_zero_point(m: &Module, ty: Type) -> Option<(f32, i64)> {
    let q = m.quant_of(ty).filter(|q| q.axis.is_none())?;
    (element(m, ty) == Element::QuantI8).then(|| (q.scale(0) as f32, q.zero_point(0)))
}

/// Whether every use of a value is an `nn.quantize` to one type.
pub(super) fn only_quantized(m: &Module, v: ValueId) -> bool {
    let users: Vec<OpId> = m.uses(v).iter().map(|&(op, _)| op).collect();
    let to = |op: OpId| (m.op_name(op), m.value_type(m.result(op, 0)));
    users
        .iter()
        .all(|&op| m.op_name(op) == nn::QuantizeOp::NAME && to(op) == to(users[0]))
}

/// An op of the name, attributes and place of another one.
pub(super) fn like(
    m: &mut Module,
    name: &str,
    of: OpId,
    before: OpId,
    operands: &[ValueId],
    results: &[Type],
) -> OpId {
    let mut state = OpState::new(name).operands(operands).results(results);
    let props: Vec<(String, Attr)> = m
        .props(of)
        .iter()
        .map(|&(key, value)| (m.text(key).to_owned(), value))
        .collect();
    for (key, value) in props {
        state = state.prop(key, value);
    }
    let loc = m.op_loc(of);
    insert(m, state.loc(loc), before)
}

/// Makes an op before another one.
pub(super) fn insert(m: &mut Module, state: OpState, before: OpId) -> OpId {
    Builder::before(m, before).insert(state)
}

/// An op of one operand and no attributes.
pub(super) fn unary(
    m: &mut Module,
    name: &str,
    operand: ValueId,
    result: Type,
    (before, loc): (OpId, Loc),
) -> ValueId {
    let state = OpState::new(name).operands(&[operand]).results(&[result]);
    let op = insert(m, state.loc(loc), before);
    m.result(op, 0)
}

/// The type of a tensor's shape with other elements.
pub(super) fn with_elem(m: &mut Module, ty: Type, elem: Type) -> Type {
    let shape = m.type_data(ty).shape().unwrap_or(&[]).to_vec();
    m.tensor(&shape, elem)
}

/// The element type of a tensor.
pub(super) fn elem_of(m: &Module, v: ValueId) -> Option<Type> {
    m.type_data(m.value_type(v)).elem()
}

/// A constant of bytes, as elements of a type, before an op.
pub(super) fn constant(m: &mut Module, ty: Type, bytes: Vec<u8>, before: OpId) -> Option<ValueId> {
    let value = fold::attribute(m, Datum::Bytes(bytes.into()), ty)?;
    fold::constant_before(m, before, value, ty)
}

/// The elements of a float constant, also one that is dequantised.
pub(super) fn floats(m: &Module, v: ValueId) -> Option<Vec<f32>> {
    let datum = |v: ValueId| fold::datum(m, m.constant_value(v)?);
    let value = match dequantized(m, v) {
        None => datum(v)?,
        Some(source) => {
            let op = m.defining_op(v)?;
            let interpret = m.registry().interpret(m.op_name(op))?;
            let results = interpret.interpret(m.op(op), &[datum(source)?]).ok()?;
            results.into_iter().next()?
        }
    };
    match value {
        Datum::Bytes(bytes) if is_float(m, v) => Some(
            bytes
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
        ),
        _ => None,
    }
}

/// A per-tensor int8 type, or per axis if there are several scales, of zero points 0.
pub(super) fn symmetric(m: &mut Module, width: u32, scales: Vec<f64>, axis: u32) -> Type {
    let q = match scales.as_slice() {
        &[scale] => QuantType::per_tensor(width, scale, 0),
        _ => {
            let zero_points = vec![0; scales.len()];
            QuantType::per_axis(width, axis, scales, zero_points)
        }
    };
    m.quant(q)
}

/// Erases the pure op that makes a value nobody uses, and what only that read.
pub(super) fn erase_dead(m: &mut Module, v: ValueId) {
    // What was read twice is gone the second time.
    let op = m.contains_value(v).then(|| m.defining_op(v)).flatten();
    let Some(op) = op else { return };
    let unused = m.results(op).iter().all(|&r| m.uses(r).is_empty());
    if !unused || !m.is_pure(op) {
        return;
    }
    let operands: Vec<ValueId> = m.operands(op).collect();
    m.erase(op);
    for operand in operands {
        erase_dead(m, operand);
    }
}

/// Gives every `nn.quantize` of a value the integer result instead, and erases what is dead then.
pub(super) fn replace_quantized(m: &mut Module, float: ValueId, integer: ValueId) {
    let users: Vec<OpId> = m.uses(float).iter().map(|&(op, _)| op).collect();
    for op in users {
        m.replace_op(op, &[integer]);
    }
    erase_dead(m, float);
}
