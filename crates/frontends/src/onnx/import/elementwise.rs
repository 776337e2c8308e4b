//! Functions of one element: Relu, Clip, Sigmoid, Tanh and so on; Softmax; and what does nothing at inference, Identity and
//! Dropout.

use ir::OpState;

use super::binary::{two, with_number};
use super::context::{OpCx, Stop, attribute, axis, element_type, shapes};
use super::fuse;
use super::value::{Computed, Value};
use crate::onnx::model::DataType;

/// Identity and Dropout.
pub(super) fn identity(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=3)?;
    let value = cx.input(0)?;
    cx.set(0, value);
    Ok(())
}

pub(super) fn relu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    clamped(cx, &input, "relu")
}

/// Clip; the bounds are inputs, and each may be left out.
pub(super) fn clip(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=3)?;
    let input = cx.computed(0)?;
    let bound = |cx: &OpCx<'_, '_>, i: usize, default: f32| -> Result<f32, Stop> {
        Ok(match cx.optional_floats(i, "bound")?.as_deref() {
            None => default,
            Some(&[x]) => x,
            Some(_) => {
                shapes(false, || "a bound is not one number".to_owned())?;
                default
            }
        })
    };
    let low = bound(cx, 1, f32::NEG_INFINITY)?;
    let high = bound(cx, 2, f32::INFINITY)?;
    if low <= f32::MIN && high >= f32::MAX {
        cx.set_computed(input);
        return Ok(());
    }
    let name = match (low, high) {
        (0.0, 6.0) => "relu6",
        (-1.0, 1.0) => "relu_n1_to_1",
        (0.0, high) if high >= f32::MAX => "relu",
        _ => {
            let clipped = between(cx, input, low, high)?;
            cx.set_computed(clipped);
            return Ok(());
        }
    };
    clamped(cx, &input, name)
}

/// A tensor clamped to two numbers, where they are any: first to the lower one.
fn between(cx: &mut OpCx<'_, '_>, mut c: Computed, low: f32, high: f32) -> Result<Computed, Stop> {
    if low > f32::MIN {
        c = with_number(cx, "nn.maximum", Value::Computed(c), low)?;
    }
    if high < f32::MAX {
        c = with_number(cx, "nn.minimum", Value::Computed(c), high)?;
    }
    Ok(c)
}

fn clamped(cx: &mut OpCx<'_, '_>, input: &Computed, name: &str) -> Result<(), Stop> {
    let (elem, f32) = (cx.elem(input.value), cx.module().f32());
    if elem != f32 {
        return Err(element_type("input", DataType::INT8).into());
    }
    if fuse::activation(cx, input.value, name) {
        cx.set_computed(input.clone());
        return Ok(());
    }
    let state = match name {
        "relu" => OpState::new("nn.relu").operands(&[input.value]),
        "relu6" => OpState::new("nn.relu6").operands(&[input.value]),
        _ => {
            let clipped = between(cx, input.clone(), -1.0, 1.0)?;
            cx.set_computed(clipped);
            return Ok(());
        }
    };
    let value = cx.emit(state, &input.stored(), elem);
    cx.set_computed(input.with(value));
    Ok(())
}

pub(super) fn sigmoid(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.logistic"))
}

pub(super) fn tanh(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.tanh"))
}

pub(super) fn hard_swish(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.hard_swish"))
}

pub(super) fn leaky_relu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let alpha = cx.float("alpha", 0.01)?;
    if !alpha.is_finite() {
        let message = format!("its alpha is {alpha}");
        return Err(attribute(message, "use a finite alpha").into());
    }
    let alpha = cx.module().f32_attr(alpha);
    unary(cx, OpState::new("nn.leaky_relu").prop("alpha", alpha))
}

/// A function of one float.
fn unary(cx: &mut OpCx<'_, '_>, state: OpState) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    let (elem, f32) = (cx.elem(input.value), cx.module().f32());
    if elem != f32 {
        return Err(element_type("input", DataType::INT8).into());
    }
    let value = cx.emit(state.operands(&[input.value]), &input.stored(), elem);
    cx.set_computed(input.with(value));
    Ok(())
}

/// `max(0, min(1, alpha · x + beta))`.
fn hard(cx: &mut OpCx<'_, '_>, x: &Computed, alpha: f32, beta: f32) -> Result<Computed, Stop> {
    let scaled = with_number(cx, "nn.mul", Value::Computed(x.clone()), alpha)?;
    let shifted = with_number(cx, "nn.add", Value::Computed(scaled), beta)?;
    between(cx, shifted, 0.0, 1.0)
}

pub(super) fn hard_sigmoid(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    let (alpha, beta) = (cx.float("alpha", 0.2)?, cx.float("beta", 0.5)?);
    let result = hard(cx, &input, alpha, beta)?;
    cx.set_computed(result);
    Ok(())
}

/// PRelu: `max(x, 0) + slope · min(x, 0)`, with a constant slope that broadcasts to the input.
pub(super) fn p_relu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let input = Value::Computed(cx.computed(0)?);
    let slope = cx.constant_input(1, "slope")?;
    let positive = with_number(cx, "nn.maximum", input.clone(), 0.0)?;
    let negative = with_number(cx, "nn.minimum", input, 0.0)?;
    let negative = Value::Computed(negative);
    let scaled = two(cx, "nn.mul", negative, Value::Constant(slope))?;
    let (positive, scaled) = (Value::Computed(positive), Value::Computed(scaled));
    let result = two(cx, "nn.add", positive, scaled)?;
    cx.set_computed(result);
    Ok(())
}

/// Softmax over one dimension; until opset 12 over all from one on.
pub(super) fn softmax(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    let rank = input.shape.len();
    // `QLinearSoftmax` says of which version it is.
    let all_behind = cx.int("opset", cx.opset())? < 13;
    let stated = axis(cx.int("axis", if all_behind { 1 } else { -1 })?, rank)?;
    let (input, over, shape) = if all_behind && stated + 1 < rank {
        let c = cx.plain(&input);
        let behind: i64 = c.shape[stated..].iter().product();
        let before: i64 = c.shape[..stated].iter().product();
        let shape = c.shape.clone();
        let value = cx.reshape(c.value, &[before, behind]);
        (Computed::plain(value, &[before, behind]), 1, shape)
    } else {
        let c = cx.whole(&input);
        let shape = c.shape.clone();
        (c, stated, shape)
    };
    let mut order: Vec<usize> = input.order.iter().copied().filter(|&d| d != over).collect();
    order.push(over);
    let value = cx.in_order(&input, &order);
    let stored: Vec<i64> = order.iter().map(|&d| input.shape[d]).collect();
    let beta = cx.module().f32_attr(1.0);
    let state = OpState::new("nn.softmax")
        .operands(&[value])
        .prop("beta", beta);
    let elem = cx.elem(value);
    let value = cx.emit(state, &stored, elem);
    let done = Computed::ordered(value, &input.shape, &order);
    let done = Computed { shape, ..done };
    cx.set(0, Value::Computed(done));
    Ok(())
}
