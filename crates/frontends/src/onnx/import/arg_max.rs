//! ArgMax and ArgMin. Their indices are int64 in ONNX, and int32 here.

use ir::OpState;
use ir::dialects::nn::{ArgMaxOp, ArgMinOp};

use super::context::{OpCx, Stop, attribute, axis, element_type};
use super::value::Computed;
use crate::onnx::model::DataType;

pub(super) fn arg_max(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    indices(cx, ArgMaxOp::NAME)
}

pub(super) fn arg_min(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    indices(cx, ArgMinOp::NAME)
}

fn indices(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    let input = cx.whole(&input);
    let (elem, f32) = (cx.elem(input.value), cx.module().f32());
    if elem != f32 {
        return Err(element_type("input", DataType::INT8).into());
    }
    if cx.int("select_last_index", 0)? != 0 {
        let message = "of equal elements it asks for the last one";
        return Err(attribute(message, "ask for the first one, `select_last_index` 0").into());
    }
    let along = axis(cx.int("axis", 0)?, input.shape.len())?;
    let keep = cx.int("keepdims", 1)? != 0;
    let position = input.order.iter().position(|&d| d == along).unwrap_or(0);
    let mut stored = input.stored();
    stored.remove(position);
    let (i32, at) = (cx.module().i32(), cx.module().i64_attr(position as i64));
    let state = OpState::new(name).operands(&[input.value]).prop("axis", at);
    let value = cx.emit(state, &stored, i32);
    let (mut shape, mut order) = (input.shape.clone(), input.order.clone());
    let value = if keep {
        shape[along] = 1;
        stored.insert(position, 1);
        cx.reshape(value, &stored)
    } else {
        shape.remove(along);
        order.remove(position);
        for d in order.iter_mut().filter(|d| **d > along) {
            *d -= 1;
        }
        value
    };
    cx.remark(
        "remark.int32-indices",
        "the indices are int64 in the file; here they are int32",
    );
    cx.set_computed(Computed::ordered(value, &shape, &order));
    Ok(())
}
