//! What an operator does to the op before it instead of making one of its own, where nothing else reads that op's result.
//!
//! Exact: a bias is added where the reference adds it, after the sum of products, and a fused activation is the same clamp.

use ir::{Attr, Module, OpId, OpState, ValueId};

use super::context::OpCx;
use super::value::Named;
use crate::finding::Finding;

/// Ops that add a bias.
const WEIGHTED: [&str; 3] = ["nn.conv_2d", "nn.depthwise_conv_2d", "nn.fully_connected"];

/// Ops that clamp.
const CLAMPED: [&str; 6] = [
    "nn.conv_2d",
    "nn.depthwise_conv_2d",
    "nn.fully_connected",
    "nn.add",
    "nn.average_pool_2d",
    "nn.max_pool_2d",
];

/// The op that makes a value, if only the operator under import reads it, it is one of `names`, and it does not clamp yet.
pub(super) fn producer(cx: &mut OpCx<'_, '_>, value: ValueId, names: &[&str]) -> Option<OpId> {
    if !cx.reads_alone(value) {
        return None;
    }
    let m = cx.module();
    let op = m.defining_op(value)?;
    let free = m.prop(op, "activation").and_then(|a| m.attr_str(a)) == Some("none");
    (free && names.contains(&m.op_name(op))).then_some(op)
}

/// The value with an activation fused into its op.
pub(super) fn activation(cx: &mut OpCx<'_, '_>, value: ValueId, name: &str) -> bool {
    let Some(op) = producer(cx, value, &CLAMPED) else {
        return false;
    };
    let m = cx.module();
    let activation = m.str_attr(name);
    m.set_prop(op, "activation", activation);
    true
}

/// The value of a layer without bias, with one.
pub(super) fn bias(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    addend: &Named,
) -> Result<Option<ValueId>, Finding> {
    let Some(op) = producer(cx, value, &WEIGHTED) else {
        return Ok(None);
    };
    let m = cx.module();
    let operands: Vec<ValueId> = m.operands(op).collect();
    let channels = m
        .type_data(m.value_type(value))
        .shape()
        .and_then(<[i64]>::last);
    if operands.len() != 2 || channels != Some(&addend.tensor.shape.iter().product()) {
        return Ok(None);
    }
    if addend.tensor.shape.last() != channels {
        return Ok(None);
    }
    let shape: Vec<i64> = channels.copied().into_iter().collect();
    let bias = cx.constant(&addend.reshaped(&shape))?;
    Ok(Some(rebuilt(cx, op, &[operands[0], operands[1], bias])))
}

/// The same op with other operands, at the end.
pub(super) fn rebuilt(cx: &mut OpCx<'_, '_>, op: OpId, operands: &[ValueId]) -> ValueId {
    let m = cx.module();
    let mut state = OpState::new(m.op_name(op)).operands(operands);
    let props: Vec<(String, Attr)> = m
        .props(op)
        .iter()
        .map(|&(name, value)| (m.text(name).to_owned(), value))
        .collect();
    for (name, value) in props {
        state = state.prop(name, value);
    }
    let result = m.result(op, 0);
    let shape = m
        .type_data(m.value_type(result))
        .shape()
        .unwrap_or(&[])
        .to_vec();
    let old: Vec<ValueId> = m.operands(op).collect();
    let elem = cx.elem(result);
    let value = cx.emit(state, &shape, elem);
    let m = cx.module();
    m.erase(op);
    for v in old {
        erase_constant(m, v);
    }
    value
}

/// Erases the ops behind a constant that nothing reads.
fn erase_constant(m: &mut Module, v: ValueId) {
    let op = m.defining_op(v).filter(|_| m.uses(v).is_empty());
    let Some(op) = op else { return };
    match m.op_name(op) {
        "nn.constant" => m.erase(op),
        "nn.dequantize" => {
            let behind = m.operand(op, 0);
            if m.constant_value(behind).is_some() {
                m.erase(op);
                erase_constant(m, behind);
            }
        }
        _ => {}
    }
}
