//! Relu, Clip, Softmax, and what does nothing at inference: Identity, Dropout.

use ir::OpState;

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
            return Err(attribute(
                format!("it clamps to {low} and {high}"),
                "supported are [0, 6], [-1, 1] and [0, infinity)",
            )
            .into());
        }
    };
    clamped(cx, &input, name)
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
            let help =
                "let nothing else read what is clamped, so that the operator before it does it";
            return Err(
                attribute("it clamps to -1 and 1 what other operators read too", help).into(),
            );
        }
    };
    let value = cx.emit(state, &input.stored(), elem);
    cx.set_computed(input.with(value));
    Ok(())
}

/// Softmax over one dimension; until opset 12 over all from one on.
pub(super) fn softmax(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    let rank = input.shape.len();
    let all_behind = cx.opset() < 13;
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
