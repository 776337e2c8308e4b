//! Functions of one element: RELU, RELU6, LOGISTIC, TANH, HARD_SWISH, LEAKY_RELU.

use ir::OpState;

use super::context::{OpCx, Stop, affine, float_or_int8, same_quantization, shapes};
use super::rescale;
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::{Tensor, TensorType};
use crate::tflite::options::{Activation, Options};

pub(super) fn relu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.relu"), |input, output| {
        let (from, to) = (affine(input)?.0, affine(output)?.0);
        rescale::factor(f64::from(from) / f64::from(to))
    })
}

pub(super) fn relu6(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.relu6"), |input, output| {
        same_quantization(input, output)?;
        rescale::activation_bounds(Activation::Relu6, affine(output)?.0)
    })
}

pub(super) fn logistic(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.logistic"), |input, output| {
        sigmoid(input, output, (256, -128))
    })
}

pub(super) fn tanh(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.tanh"), |input, output| {
        sigmoid(input, output, (128, 0))
    })
}

/// The reference kernels compute in steps of a power of two, whatever the output's type says.
fn sigmoid(
    input: &Tensor,
    output: &Tensor,
    (steps, zero_point): (u16, i64),
) -> Result<(), Finding> {
    if affine(output)? != (1.0 / f32::from(steps), zero_point) {
        return Err(Finding::new(
            codes::QUANTIZATION,
            format!(
                "its output \"{}\" must have the scale 1/{steps} and the zero point {zero_point}",
                output.name
            ),
            CONVERT_AGAIN,
        ));
    }
    rescale::sigmoid(affine(input)?.0)
}

pub(super) fn hard_swish(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, OpState::new("nn.hard_swish"), |input, output| {
        rescale::hard_swish(affine(input)?.0, affine(output)?.0)
    })
}

pub(super) fn leaky_relu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let Options::LeakyRelu(options) = cx.operator.options else {
        return Err(Finding::new(
            codes::OPTIONS_MISSING,
            "its parameters are missing",
            CONVERT_AGAIN,
        )
        .into());
    };
    let alpha = cx.module().f32_attr(options.alpha);
    let state = OpState::new("nn.leaky_relu").prop("alpha", alpha);
    unary(cx, state, |input, output| {
        let (from, to) = (affine(input)?.0, affine(output)?.0);
        rescale::factor(f64::from(from / to))?;
        rescale::factor(f64::from((from * options.alpha / to).abs()))
    })
}

/// `int8` refuses the quantisation that the reference kernel refuses.
fn unary(
    cx: &mut OpCx<'_, '_>,
    state: OpState,
    int8: impl FnOnce(&Tensor, &Tensor) -> Result<(), Finding>,
) -> Result<(), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    if float_or_int8(&[input, output])? == TensorType::Int8 {
        int8(input, output)?;
    }
    shapes(input.shape == output.shape, || {
        format!(
            "its input has the shape {:?}, its output {:?}",
            input.shape, output.shape
        )
    })?;
    let value = cx.value(0)?;
    cx.emit(state.operands(&[value]))
}
