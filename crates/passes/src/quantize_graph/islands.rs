//! An op between `nn.dequantize` and `nn.quantize` in its integer form.

use super::bias::{bias, filter};
use super::sources::{
    activation, constant, elem_of, erase_dead, insert, like, only_quantized, replace_quantized,
    scale_and_zero_point, symmetric, unary, with_elem,
};
use interp::nn::{
    add_params, conv_2d_params, depthwise_conv_2d_params, fully_connected_params, mul_params,
    requantize_params, softmax_params,
};
use ir::dialects::nn;
use ir::interfaces::EvalError;
use ir::{Module, OpId, OpState, QuantType, Type, ValueId};

/// From this ratio of its scales on, a mean that is rounded to steps of its input is more than a step of its output away.
const COARSE: f32 = 2.0;

/// Gives the op before an `nn.quantize` its integer form; whether it did.
pub(super) fn integer(m: &mut Module, quantize: OpId) -> bool {
    let float = m.operand(quantize, 0);
    let result = m.value_type(m.result(quantize, 0));
    let Some(op) = m.defining_op(float) else {
        return false;
    };
    if scale_and_zero_point(m, result).is_none() {
        return false;
    }
    let name = m.op_name(op).to_owned();
    // One int8 for another is a matter of two ops; anything else must not stay for other readers.
    if name != nn::DequantizeOp::NAME && !only_quantized(m, float) {
        return false;
    }
    let made = match name.as_str() {
        nn::DequantizeOp::NAME => return requantized(m, op, quantize),
        nn::Conv2dOp::NAME => weighted(m, op, result, |m, op| conv_2d_params(m.op(op)).map(|_| ())),
        nn::DepthwiseConv2dOp::NAME => weighted(m, op, result, |m, op| {
            depthwise_conv_2d_params(m.op(op)).map(|_| ())
        }),
        nn::FullyConnectedOp::NAME => weighted(m, op, result, |m, op| {
            fully_connected_params(m.op(op)).map(|_| ())
        }),
        nn::AddOp::NAME | nn::SubOp::NAME => {
            sum(m, op, result, |m, op| add_params(m.op(op)).map(|_| ()))
        }
        nn::MulOp::NAME => sum(m, op, result, |m, op| mul_params(m.op(op)).map(|_| ())),
        nn::AveragePool2dOp::NAME => average_pool(m, op, result),
        nn::MaxPool2dOp::NAME => pool(m, op, result),
        nn::SoftmaxOp::NAME => softmax(m, op, result),
        _ => None,
    };
    let Some(value) = made else { return false };
    replace_quantized(m, float, value);
    true
}

/// An op that was made, if its parameters are sound; else it goes again.
fn checked(
    m: &mut Module,
    op: OpId,
    check: impl Fn(&Module, OpId) -> Result<(), EvalError>,
) -> Option<ValueId> {
    let v = m.result(op, 0);
    if check(m, op).is_ok() {
        return Some(v);
    }
    erase_dead(m, v);
    None
}

/// quantize(dequantize(x)): x, or x requantised.
fn requantized(m: &mut Module, dequantize: OpId, quantize: OpId) -> bool {
    let source = m.operand(dequantize, 0);
    let (from, to) = (m.value_type(source), m.value_type(m.result(quantize, 0)));
    if scale_and_zero_point(m, from).is_none() {
        return false;
    }
    let float = m.operand(quantize, 0);
    let value = if from == to {
        source
    } else {
        let Some(value) = requantize(m, source, to, quantize) else {
            return false;
        };
        value
    };
    m.replace_op(quantize, &[value]);
    erase_dead(m, float);
    true
}

/// Int8 of another type.
fn requantize(m: &mut Module, x: ValueId, to: Type, before: OpId) -> Option<ValueId> {
    if m.value_type(x) == to {
        return Some(x);
    }
    let loc = m.op_loc(before);
    let v = unary(m, nn::QuantizeOp::NAME, x, to, (before, loc));
    let op = m.defining_op(v)?;
    checked(m, op, |m, op| requantize_params(m.op(op)).map(|_| ()))
}

/// Convolutions and fully connected layers.
fn weighted(
    m: &mut Module,
    op: OpId,
    result: Type,
    check: impl Fn(&Module, OpId) -> Result<(), EvalError>,
) -> Option<ValueId> {
    let operands: Vec<ValueId> = m.operands(op).collect();
    let x = activation(m, operands[0])?;
    let (input, _) = scale_and_zero_point(m, m.value_type(x))?;
    let filter = filter(m, operands[1], op)?;
    let scales: Vec<f64> = {
        let q = m.quant_of(m.value_type(filter))?;
        // As floats: that is how the scales of biases are computed.
        q.scales().map(|s| f64::from(input * s as f32)).collect()
    };
    let mut integers = vec![x, filter];
    if let Some(&b) = operands.get(2) {
        let Some(b) = bias(m, b, &scales, op) else {
            erase_dead(m, filter);
            return None;
        };
        integers.push(b);
    }
    let name = m.op_name(op).to_owned();
    let new = like(m, &name, op, op, &integers, &[result]);
    checked(m, new, check)
}

/// A sum, difference or product of two tensors.
fn sum(
    m: &mut Module,
    op: OpId,
    result: Type,
    check: impl Fn(&Module, OpId) -> Result<(), EvalError>,
) -> Option<ValueId> {
    let operands: Vec<ValueId> = m.operands(op).collect();
    let mut integers = Vec::with_capacity(2);
    for v in operands {
        integers.push(activation(m, v)?);
    }
    let name = m.op_name(op).to_owned();
    let new = like(m, &name, op, op, &integers, &[result]);
    checked(m, new, check)
}

/// A pool in the type of its input, then in that of its result.
fn pool(m: &mut Module, op: OpId, result: Type) -> Option<ValueId> {
    let x = activation(m, m.operand(op, 0))?;
    let elem = elem_of(m, x)?;
    let clamps = m.prop(op, "activation").and_then(|a| m.attr_str(a)) != Some("none");
    let pooled = with_elem(m, result, elem);
    // The bounds of a clamp are rounded to steps of the result.
    if clamps && pooled != result {
        return None;
    }
    let name = m.op_name(op).to_owned();
    let new = like(m, &name, op, op, &[x], &[pooled]);
    let v = m.result(new, 0);
    let done = requantize(m, v, result, op);
    if done.is_none() {
        erase_dead(m, v);
    }
    done
}

/// A mean: where its result has much smaller steps than its input, a depthwise convolution with equal weights keeps them.
fn average_pool(m: &mut Module, op: OpId, result: Type) -> Option<ValueId> {
    let x = activation(m, m.operand(op, 0))?;
    let from = scale_and_zero_point(m, m.value_type(x))?.0;
    let to = scale_and_zero_point(m, result)?.0;
    if from / to < COARSE {
        return pool(m, op, result);
    }
    let list = |name: &str| m.prop(op, name).and_then(|a| m.attr_i64s(a));
    let (kernel, pads) = (list("kernel")?.to_vec(), list("pads")?);
    let &[rows, columns] = kernel.as_slice() else {
        return None;
    };
    let channels = *nn::shape(m, x).last()?;
    if pads.iter().any(|&p| p != 0) {
        return None;
    }
    let count = rows.checked_mul(columns)?;
    let n = usize::try_from(count.checked_mul(channels)?).ok()?;
    let elem = symmetric(m, 8, vec![f64::from(1.0 / count as f32)], 0);
    let ty = m.tensor(&[1, rows, columns, channels], elem);
    let ones = constant(m, ty, vec![1; n], op)?;
    let (strides, pads) = (m.prop(op, "strides")?, m.prop(op, "pads")?);
    let activation = m.prop(op, "activation")?;
    let state = OpState::new(nn::DepthwiseConv2dOp::NAME)
        .operands(&[x, ones])
        .results(&[result])
        .prop("strides", strides)
        .prop("dilations", m.i64s_attr(&[1, 1]))
        .prop("pads", pads)
        .prop("activation", activation)
        .loc(m.op_loc(op));
    let new = insert(m, state, op);
    checked(m, new, |m, op| {
        depthwise_conv_2d_params(m.op(op)).map(|_| ())
    })
}

/// Softmax in the only type that its integer form has, then in that of its result, unless that has smaller steps.
fn softmax(m: &mut Module, op: OpId, result: Type) -> Option<ValueId> {
    const OWN: (f64, i64) = (1.0 / 256.0, -128);
    /// 1/255 is what many quantisers take for probabilities.
    const SMALLEST: f32 = 1.0 / 260.0;
    let x = activation(m, m.operand(op, 0))?;
    let (scale, _) = scale_and_zero_point(m, result)?;
    if scale < SMALLEST {
        return None;
    }
    let elem = m.quant(QuantType::per_tensor(8, OWN.0, OWN.1));
    let own = with_elem(m, result, elem);
    let new = like(m, nn::SoftmaxOp::NAME, op, op, &[x], &[own]);
    let v = checked(m, new, |m, op| softmax_params(m.op(op)).map(|_| ()))?;
    let done = requantize(m, v, result, op);
    if done.is_none() {
        erase_dead(m, v);
    }
    done
}
