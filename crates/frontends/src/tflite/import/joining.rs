//! CONCATENATION, SPLIT, SPLIT_V, PACK and UNPACK.
//!
//! The reference kernels of tflite-micro copy int8 elements whatever the scales; those of LiteRT refuse tensors of different
//! quantisation. So do we: a copy would change the values.

use ir::OpState;
use ir::dialects::nn;

use super::blocks::reshaped;
use super::context::{OpCx, Stop, float_or_int8, same_quantization, shapes};
use super::gather::dimension;
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::{Tensor, TensorType};
use crate::tflite::options::{Activation, Options};

pub(super) fn concatenation(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let count = cx.operator.inputs.len();
    cx.operands(1..=count.max(1), 1)?;
    let parts: Vec<&Tensor> = (0..count)
        .map(|i| cx.input(i))
        .collect::<Result<_, Finding>>()?;
    let output = cx.output()?;
    let Options::Concatenation(options) = cx.operator.options else {
        return Err(Finding::new(
            codes::OPTIONS_MISSING,
            "its parameters are missing",
            CONVERT_AGAIN,
        )
        .into());
    };
    if options.activation != Activation::None {
        return Err(Finding::new(
            codes::PARAMETER,
            format!(
                "its fused activation {:?} is not supported",
                options.activation
            ),
            "apply the activation before the concatenation",
        )
        .into());
    }
    let values = (0..count)
        .map(|i| cx.value(i))
        .collect::<Result<Vec<_>, Stop>>()?;
    let axis = joint(&parts, output, options.axis)?;
    let axis = cx.module().i64_attr(axis);
    let state = OpState::new("nn.concatenation").operands(&values);
    cx.emit(state.prop("axis", axis))
}

/// SPLIT: the dimension, then the tensor.
pub(super) fn split(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, cx.operator.outputs.len())?;
    parts_of(cx, 1, 0)
}

/// SPLIT_V: the tensor, the extents of the parts, the dimension. The outputs' shapes are the extents.
pub(super) fn split_v(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=3, cx.operator.outputs.len())?;
    parts_of(cx, 0, 2)
}

fn parts_of(cx: &mut OpCx<'_, '_>, whole: usize, axis: usize) -> Result<(), Stop> {
    let (input, parts) = (cx.input(whole)?, cx.outputs());
    let axis = joint(&parts, input, constant_axis(cx, axis)?)?;
    let value = cx.value(whole)?;
    let axis = cx.module().i64_attr(axis);
    let state = OpState::new("nn.split").operands(&[value]);
    cx.emit_all(state.prop("axis", axis))
}

/// PACK: tensors of one shape, one after the other along a dimension of its own.
pub(super) fn pack(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let count = cx.operator.inputs.len();
    cx.operands(1..=count.max(1), 1)?;
    let output = cx.output()?;
    let axis = dimension(pack_axis(cx), output.shape.len())?;
    let mut part = output.shape.clone();
    part[axis] = 1;
    let mut values = Vec::with_capacity(count);
    for i in 0..count {
        let input = cx.input(i)?;
        stacked(input, output, axis, count)?;
        let value = cx.value(i)?;
        values.push(reshaped(cx, value, &part)?);
    }
    if let [value] = values[..] {
        return cx.finish(value);
    }
    let axis = cx.module().i64_attr(axis as i64);
    let state = OpState::new("nn.concatenation").operands(&values);
    cx.emit(state.prop("axis", axis))
}

/// UNPACK: a tensor cut along a dimension that its parts no longer have.
pub(super) fn unpack(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let count = cx.operator.outputs.len();
    cx.operands(1..=1, count.max(1))?;
    let (input, parts) = (cx.input(0)?, cx.outputs());
    let axis = dimension(pack_axis(cx), input.shape.len())?;
    for part in &parts {
        stacked(part, input, axis, count)?;
    }
    let value = cx.value(0)?;
    if count == 1 {
        return cx.finish(value);
    }
    let rows = cx.split(value, axis, (0..count).map(|_| 1));
    let mut values = Vec::with_capacity(count);
    for (row, part) in rows.into_iter().zip(parts) {
        values.push(reshaped(cx, row, &part.shape)?);
    }
    cx.set_outputs(&values);
    Ok(())
}

/// The dimension of a PACK or UNPACK, as the file counts it.
fn pack_axis(cx: &OpCx<'_, '_>) -> i64 {
    match cx.operator.options {
        Options::Pack(o) => o.axis,
        _ => 0,
    }
}

/// Refuses a part that is not one of `count` that make a whole along a dimension of their own.
fn stacked(part: &Tensor, whole: &Tensor, axis: usize, count: usize) -> Result<(), Finding> {
    if float_or_int8(&[part, whole])? == TensorType::Int8 {
        same_quantization(part, whole)?;
    }
    let mut shape = part.shape.clone();
    let fits = axis <= shape.len() && {
        shape.insert(axis, count as i64);
        shape == whole.shape
    };
    shapes(fits, || {
        format!(
            "{count} tensors of shape {:?} along dimension {axis} do not make {:?}",
            part.shape, whole.shape
        )
    })
}

/// The one number of a constant int32 operand.
pub(super) fn constant_axis(cx: &OpCx<'_, '_>, position: usize) -> Result<i64, Finding> {
    let tensor = cx.input(position)?;
    let stored = cx.constant_bytes(position);
    let stored = stored.filter(|_| tensor.dtype == TensorType::Int32);
    match stored.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) {
        Some(bytes) => Ok(i32::from_le_bytes(bytes).into()),
        None => Err(Finding::new(
            codes::PARAMETER,
            format!(
                "its dimension \"{}\" is not one constant INT32",
                tensor.name
            ),
            "split along a dimension that the model states as a constant",
        )),
    }
}

/// The dimension, from 0, along which parts make a whole of the same elements; `axis` may count from behind.
fn joint(parts: &[&Tensor], whole: &Tensor, axis: i64) -> Result<i64, Finding> {
    let all: Vec<&Tensor> = parts.iter().copied().chain([whole]).collect();
    if float_or_int8(&all)? == TensorType::Int8 {
        for part in parts {
            same_quantization(part, whole)?;
        }
    }
    let rank = i64::try_from(whole.shape.len()).unwrap_or(i64::MAX);
    let from_front = if axis < 0 { axis + rank } else { axis };
    let extents: Vec<&[i64]> = parts.iter().map(|t| t.shape.as_slice()).collect();
    let fits = nn::joined(&extents, from_front).as_ref() == Some(&whole.shape);
    shapes(fits, || {
        format!(
            "its parts {extents:?} along dimension {axis} do not make {:?}",
            whole.shape
        )
    })?;
    Ok(from_front)
}
