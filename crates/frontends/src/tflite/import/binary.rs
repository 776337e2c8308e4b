//! ADD, SUB, MUL, MAXIMUM, MINIMUM and PRELU.

use ir::OpState;
use ir::dialects::nn;

use super::activation;
use super::context::{OpCx, Stop, affine, float_or_int8, same_quantization, shapes};
use super::rescale;
use crate::tflite::model::TensorType;
use crate::tflite::options::{Activation, Options};

pub(super) fn add(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    clamped(cx, "nn.add", rescale::addition)
}

pub(super) fn sub(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    clamped(cx, "nn.sub", rescale::addition)
}

pub(super) fn mul(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    clamped(cx, "nn.mul", |lhs, rhs, output| {
        rescale::factor(f64::from(lhs) * f64::from(rhs) / f64::from(output))
    })
}

pub(super) fn maximum(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    extremum(cx, "nn.maximum")
}

pub(super) fn minimum(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    extremum(cx, "nn.minimum")
}

/// PRELU: the slope broadcasts to the input.
pub(super) fn prelu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let dtype = broadcast(cx)?;
    let (input, slope, output) = (cx.input(0)?, cx.input(1)?, cx.output()?);
    shapes(input.shape == output.shape, || {
        format!(
            "its input has the shape {:?}, its output {:?}",
            input.shape, output.shape
        )
    })?;
    if dtype == TensorType::Int8 {
        let [from, by, to] = [affine(input)?.0, affine(slope)?.0, affine(output)?.0].map(f64::from);
        rescale::factor(from / to)?;
        rescale::factor(from * by / to)?;
    }
    let operands = [cx.value(0)?, cx.value(1)?];
    cx.emit(OpState::new("nn.prelu").operands(&operands))
}

/// The element type of operands and output, whose shapes broadcast.
fn broadcast(cx: &OpCx<'_, '_>) -> Result<TensorType, Stop> {
    cx.operands(2..=2, 1)?;
    let (lhs, rhs, output) = (cx.input(0)?, cx.input(1)?, cx.output()?);
    let dtype = float_or_int8(&[lhs, rhs, output])?;
    let shape = nn::broadcast(&lhs.shape, &rhs.shape);
    shapes(shape.as_ref() == Some(&output.shape), || {
        format!(
            "its inputs {:?} and {:?} do not give its output {:?}",
            lhs.shape, rhs.shape, output.shape
        )
    })?;
    Ok(dtype)
}

/// An op with a fused activation; `scales` refuses what the reference kernel cannot represent.
fn clamped(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    scales: fn(f32, f32, f32) -> Result<(), crate::finding::Finding>,
) -> Result<(), Stop> {
    let dtype = broadcast(cx)?;
    let fused = match cx.operator.options {
        Options::Arithmetic(options) => options.activation,
        _ => Activation::None,
    };
    if dtype == TensorType::Int8 {
        let (to, _) = affine(cx.output()?)?;
        scales(affine(cx.input(0)?)?.0, affine(cx.input(1)?)?.0, to)?;
        rescale::activation_bounds(fused, to)?;
    }
    let fused = activation::attribute(cx.module(), fused)?;
    let operands = [cx.value(0)?, cx.value(1)?];
    let state = OpState::new(name).operands(&operands);
    cx.emit(state.prop("activation", fused))
}

/// The reference kernels compare what is stored, whatever the scales.
fn extremum(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    if broadcast(cx)? == TensorType::Int8 {
        let output = cx.output()?;
        same_quantization(cx.input(0)?, output)?;
        same_quantization(cx.input(1)?, output)?;
    }
    let operands = [cx.value(0)?, cx.value(1)?];
    cx.emit(OpState::new(name).operands(&operands))
}
