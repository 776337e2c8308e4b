//! AVERAGE_POOL_2D and MAX_POOL_2D.

use ir::OpState;
use ir::dialects::nn::{AveragePool2dOp, HALF_UP};

use super::activation;
use super::context::{OpCx, Stop, affine, float_or_int8, same_quantization, shapes};
use super::rescale;
use super::window::{Axis, pads};
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::TensorType;
use crate::tflite::options::Options;

pub(super) fn average_pool_2d(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    pool(cx, "nn.average_pool_2d")
}

pub(super) fn max_pool_2d(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    pool(cx, "nn.max_pool_2d")
}

fn pool(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    let dtype = float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    let Options::Pool2D(options) = cx.operator.options else {
        return Err(Finding::new(
            codes::OPTIONS_MISSING,
            "its parameters are missing",
            CONVERT_AGAIN,
        )
        .into());
    };
    if dtype == TensorType::Int8 {
        rescale::activation_bounds(options.activation, affine(output)?.0)?;
    }
    let (&[n, h, w, c], &[on, oh, ow, oc]) = (input.shape.as_slice(), output.shape.as_slice())
    else {
        shapes(false, || {
            format!(
                "its input {:?} and output {:?} are not NHWC",
                input.shape, output.shape
            )
        })?;
        return Ok(());
    };
    shapes(n == on && c == oc, || {
        format!(
            "its input {:?} does not give its output {:?}",
            input.shape, output.shape
        )
    })?;
    let axis = |i: usize, input, output| Axis {
        input,
        output,
        kernel: options.filter[i],
        stride: options.stride[i],
        dilation: 1,
    };
    let [top, bottom] = pads(axis(0, h, oh), options.padding)?;
    let [left, right] = pads(axis(1, w, ow), options.padding)?;
    let m = cx.module();
    let fused = activation::attribute(m, options.activation)?;
    let kernel = m.i64s_attr(&options.filter);
    let strides = m.i64s_attr(&options.stride);
    let pads = m.i64s_attr(&[top, bottom, left, right]);
    let value = cx.value(0)?;
    let mut state = OpState::new(name)
        .operands(&[value])
        .prop("kernel", kernel)
        .prop("strides", strides)
        .prop("pads", pads)
        .prop("activation", fused);
    if name == AveragePool2dOp::NAME && cx.is_unsigned(0) {
        state = state.prop("rounding", cx.module().str_attr(HALF_UP));
    }
    cx.emit(state)
}
