//! `nn.dequantize` behind what it commutes with, `nn.quantize` before it: both keep every bit.
//!
//! What moves elements commutes with any function of one element. What picks the largest does with one that is monotone, and both are.

use super::sources::{
    activation, elem_of, erase_dead, is_float, like, only_quantized, replace_quantized,
    scale_and_zero_point, unary, with_elem,
};
use ir::dialects::nn;
use ir::{Module, OpId, Type, ValueId};

/// Whether an op commutes with quantisation: it moves or picks elements, and brings no others in but zeros.
fn commutes(m: &Module, op: OpId) -> bool {
    match m.op_name(op) {
        nn::ReshapeOp::NAME
        | nn::TransposeOp::NAME
        | nn::ConcatenationOp::NAME
        | nn::SplitOp::NAME
        | nn::GatherOp::NAME
        | nn::MaximumOp::NAME
        | nn::MinimumOp::NAME => true,
        nn::PadOp::NAME => m.prop(op, "value").is_none(),
        nn::MaxPool2dOp::NAME => {
            m.prop(op, "activation").and_then(|a| m.attr_str(a)) == Some("none")
        }
        _ => false,
    }
}

/// f(dequantize(x)) = dequantize(f(x)), if all operands have one type of elements.
pub(super) fn sink(m: &mut Module, op: OpId) -> bool {
    if !commutes(m, op) || m.operands(op).len() == 0 {
        return false;
    }
    let floats: Vec<ValueId> = m.operands(op).collect();
    let sources: Option<Vec<ValueId>> = floats.iter().map(|&v| activation(m, v)).collect();
    let Some(sources) = sources else { return false };
    let elem = elem_of(m, sources[0]);
    let Some(elem) = elem.filter(|&e| sources.iter().all(|&s| elem_of(m, s) == Some(e))) else {
        return false;
    };
    let results = m.results(op).to_vec();
    let old: Vec<Type> = results.iter().map(|&v| m.value_type(v)).collect();
    let types: Vec<Type> = old.iter().map(|&ty| with_elem(m, ty, elem)).collect();
    let name = m.op_name(op).to_owned();
    let moved = like(m, &name, op, op, &sources, &types);
    let loc = m.op_loc(op);
    let mut values = Vec::with_capacity(old.len());
    for (i, ty) in old.into_iter().enumerate() {
        let x = m.result(moved, i);
        values.push(unary(m, nn::DequantizeOp::NAME, x, ty, (op, loc)));
    }
    m.replace_op(op, &values);
    for v in floats.into_iter().chain(values) {
        erase_dead(m, v);
    }
    true
}

/// Steps from one int8 to another at most.
const STEPS: f32 = 255.0;

/// arg_max(dequantize(x)) = arg_max(x), and so for arg_min: no two int8 are one float, unless they are beyond the largest.
pub(super) fn indices(m: &mut Module, op: OpId) -> bool {
    if ![nn::ArgMaxOp::NAME, nn::ArgMinOp::NAME].contains(&m.op_name(op)) {
        return false;
    }
    let float = m.operand(op, 0);
    let Some(source) = activation(m, float) else {
        return false;
    };
    let scale = scale_and_zero_point(m, m.value_type(source)).map(|q| q.0);
    if !scale.is_some_and(|s| (s * STEPS).is_finite() && s >= f32::MIN_POSITIVE) {
        return false;
    }
    let (name, ty) = (m.op_name(op).to_owned(), m.value_type(m.result(op, 0)));
    let moved = like(m, &name, op, op, &[source], &[ty]);
    let value = m.result(moved, 0);
    m.replace_op(op, &[value]);
    erase_dead(m, float);
    true
}

/// quantize(f(x)) = f(quantize(x)).
pub(super) fn hoist(m: &mut Module, quantize: OpId) -> bool {
    let float = m.operand(quantize, 0);
    let Some(op) = m.defining_op(float) else {
        return false;
    };
    let alone = m.results(op).len() == 1 && only_quantized(m, float);
    if !alone || !commutes(m, op) || !m.operands(op).all(|v| is_float(m, v)) {
        return false;
    }
    let result = m.value_type(m.result(quantize, 0));
    let Some(elem) = m.type_data(result).elem() else {
        return false;
    };
    if m.quant_of(result).is_none_or(|q| q.axis.is_some()) {
        return false;
    }
    let loc = m.op_loc(quantize);
    let operands: Vec<ValueId> = m.operands(op).collect();
    let mut quantized = Vec::with_capacity(operands.len());
    for v in operands {
        let ty = m.value_type(v);
        let ty = with_elem(m, ty, elem);
        quantized.push(unary(m, nn::QuantizeOp::NAME, v, ty, (op, loc)));
    }
    let name = m.op_name(op).to_owned();
    let moved = like(m, &name, op, op, &quantized, &[result]);
    let integer = m.result(moved, 0);
    replace_quantized(m, float, integer);
    true
}
