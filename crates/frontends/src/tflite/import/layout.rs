//! TRANSPOSE, PAD and PADV2.

use ir::OpState;
use ir::dialects::nn;

use super::context::{OpCx, Stop, affine, float_or_int8, same_quantization, shapes};
use crate::finding::Finding;
use crate::tflite::codes;
use crate::tflite::model::TensorType;

pub(super) fn transpose(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    let rank = i64::try_from(input.shape.len()).unwrap_or(i64::MAX);
    let mut permutation = constant_numbers(cx, 1)?;
    for p in &mut permutation {
        *p = if *p < 0 { p.saturating_add(rank) } else { *p };
    }
    shapes(
        nn::permuted(&input.shape, &permutation).as_ref() == Some(&output.shape),
        || {
            format!(
                "its input {:?} in the order {permutation:?} is not its output {:?}",
                input.shape, output.shape
            )
        },
    )?;
    let value = cx.value(0)?;
    let permutation = cx.module().i64s_attr(&permutation);
    let state = OpState::new("nn.transpose").operands(&[value]);
    cx.emit(state.prop("permutation", permutation))
}

pub(super) fn pad(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    padded(cx, false)
}

/// PADV2: PAD with the number to fill with as an operand of the input's type and quantisation.
pub(super) fn pad_v2(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=3, 1)?;
    padded(cx, true)
}

fn padded(cx: &mut OpCx<'_, '_>, has_value: bool) -> Result<(), Stop> {
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    let padding = constant_numbers(cx, 1)?;
    let rows = cx.input(1)?.shape.as_slice();
    let two_each = matches!(rows, &[n, 2] if usize::try_from(n) == Ok(input.shape.len()));
    let fits = two_each && nn::padded(&input.shape, &padding).as_ref() == Some(&output.shape);
    shapes(fits, || {
        format!(
            "its input {:?} with {padding:?} elements around it is not its output {:?}",
            input.shape, output.shape
        )
    })?;
    let value = cx.value(0)?;
    let number = if has_value { Some(filling(cx)?) } else { None };
    let padding = cx.module().i64s_attr(&padding);
    let mut state = OpState::new("nn.pad")
        .operands(&[value])
        .prop("padding", padding);
    if let Some(number) = number {
        state = state.prop("value", number);
    }
    cx.emit(state)
}

/// The constant operand that PADV2 fills with.
fn filling(cx: &mut OpCx<'_, '_>) -> Result<ir::Attr, Finding> {
    let (input, tensor) = (cx.input(0)?, cx.input(2)?);
    if float_or_int8(&[input, tensor])? == TensorType::Int8 && affine(tensor)? != affine(input)? {
        return Err(Finding::new(
            codes::QUANTIZATION,
            format!(
                "the number that it fills with, \"{}\", has another scale or zero point than its input",
                tensor.name
            ),
            "convert the model again",
        ));
    }
    let stored = cx.constant_bytes(2).unwrap_or(&[]);
    match *stored {
        [q] => {
            let i8 = cx.module().i8();
            let q = i8::from_le_bytes([q]);
            Ok(cx.module().int_attr(q.into(), i8))
        }
        [a, b, c, d] if tensor.dtype == TensorType::Float32 => {
            Ok(cx.module().f32_attr(f32::from_le_bytes([a, b, c, d])))
        }
        _ => Err(not_constant(&tensor.name, "number")),
    }
}

/// The numbers of a constant int32 or int64 operand.
pub(super) fn constant_numbers(cx: &OpCx<'_, '_>, position: usize) -> Result<Vec<i64>, Finding> {
    let tensor = cx.input(position)?;
    let stored = cx.constant_bytes(position);
    match (stored, tensor.dtype) {
        (Some(bytes), TensorType::Int32) => Ok(bytes
            .chunks_exact(4)
            .map(|c| i32::from_le_bytes([c[0], c[1], c[2], c[3]]).into())
            .collect()),
        (Some(bytes), TensorType::Int64) => Ok(bytes
            .chunks_exact(8)
            .map(|c| i64::from_le_bytes([c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]]))
            .collect()),
        _ => Err(not_constant(&tensor.name, "INT32 or INT64 list")),
    }
}

fn not_constant(name: &str, what: &str) -> Finding {
    Finding::new(
        codes::PARAMETER,
        format!("its operand \"{name}\" is not a constant {what}"),
        "state the operand as a constant of the model",
    )
}
