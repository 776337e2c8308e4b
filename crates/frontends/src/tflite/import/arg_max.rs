//! ARG_MAX and ARG_MIN, whose results are indices. Those of int64 become int32.

use ir::OpState;
use ir::dialects::nn::{self, ArgMaxOp, ArgMinOp};

use super::context::{OpCx, Stop, element_types, float_or_int8, shapes};
use super::joining::constant_axis;
use crate::tflite::model::TensorType;

pub(super) fn arg_max(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    indices(cx, ArgMaxOp::NAME)
}

pub(super) fn arg_min(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    indices(cx, ArgMinOp::NAME)
}

fn indices(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input])?;
    if output.dtype != TensorType::Int32 || output.quant.is_some() {
        return Err(element_types(&[input, output]).into());
    }
    let stated = constant_axis(cx, 1)?;
    let rank = i64::try_from(input.shape.len()).unwrap_or(i64::MAX);
    let axis = if stated < 0 { stated + rank } else { stated };
    shapes(
        nn::without_axis(&input.shape, axis).as_ref() == Some(&output.shape),
        || {
            format!(
                "its input {:?} without dimension {stated} is not its output {:?}",
                input.shape, output.shape
            )
        },
    )?;
    if cx.in_file(0) == Some(TensorType::Int64) {
        cx.remark(
            "remark.int32-indices",
            "the indices are INT64 in the file; here they are int32",
        );
    }
    let value = cx.value(0)?;
    let axis = cx.module().i64_attr(axis);
    cx.emit(OpState::new(name).operands(&[value]).prop("axis", axis))
}
