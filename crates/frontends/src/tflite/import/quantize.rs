//! QUANTIZE and DEQUANTIZE.

use ir::OpState;

use super::context::{OpCx, Stop, affine, element_types, per_tensor, shapes};
use super::{dequantized, rescale};
use crate::finding::Finding;
use crate::tflite::model::{Tensor, TensorType};

pub(super) fn quantize(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    if !matches!(
        (input.dtype, output.dtype),
        (TensorType::Float32 | TensorType::Int8, TensorType::Int8)
    ) {
        return Err(element_types(&[input, output]).into());
    }
    per_tensor(input)?;
    same_shape(input, output)?;
    let (to, _) = affine(output)?;
    if input.dtype == TensorType::Int8 {
        rescale::factor(f64::from(affine(input)?.0) / f64::from(to))?;
    }
    let value = cx.value(0)?;
    cx.emit(OpState::new("nn.quantize").operands(&[value]))
}

pub(super) fn dequantize(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    if (input.dtype, output.dtype) != (TensorType::Int8, TensorType::Float32) {
        return Err(element_types(&[input, output]).into());
    }
    same_shape(input, output)?;
    if let Some(stored) = cx.constant_bytes(0) {
        let value = dequantized::constant(cx, 0, input, stored)?;
        cx.set_output(value);
        return Ok(());
    }
    per_tensor(input)?;
    let value = cx.value(0)?;
    cx.emit(OpState::new("nn.dequantize").operands(&[value]))
}

fn same_shape(input: &Tensor, output: &Tensor) -> Result<(), Finding> {
    shapes(input.shape == output.shape, || {
        format!(
            "its input has the shape {:?}, its output {:?}",
            input.shape, output.shape
        )
    })
}
