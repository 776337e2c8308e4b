//! CONV_2D and DEPTHWISE_CONV_2D.

use ir::OpState;

use super::activation;
use super::context::{OpCx, Stop, affine, quantization, shapes};
use super::rescale;
use super::weighted::{Arithmetic, Weighted};
use super::window::{Axis, pads};
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::options::{Conv2D, Options};

pub(super) fn conv_2d(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let operands = Weighted::new(cx, 0)?;
    let Options::Conv2D(options) = cx.operator.options else {
        return Err(missing().into());
    };
    let (&[.., channels], &[outputs, kh, kw, taken]) = (
        operands.input.shape.as_slice(),
        operands.filter.shape.as_slice(),
    ) else {
        return Err(rank(&operands).into());
    };
    if channels != taken && taken > 0 && channels % taken == 0 {
        return Err(Finding::new(
            codes::PARAMETER,
            format!("it is a grouped convolution: {channels} input channels, of which each filter takes {taken}"),
            "use a depthwise or a full convolution",
        )
        .into());
    }
    shapes(channels == taken, || {
        format!("its input has {channels} channels, its filter takes {taken}")
    })?;
    convolution(cx, "nn.conv_2d", &operands, options, [kh, kw], outputs)
}

pub(super) fn depthwise_conv_2d(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let operands = Weighted::new(cx, 3)?;
    let Options::DepthwiseConv2D(options) = cx.operator.options else {
        return Err(missing().into());
    };
    let (&[.., channels], &[1, kh, kw, outputs]) = (
        operands.input.shape.as_slice(),
        operands.filter.shape.as_slice(),
    ) else {
        return Err(rank(&operands).into());
    };
    // 0 stands for "as the shapes say" in files of newer converters.
    let multiplier = options.depth_multiplier;
    let fits = channels > 0
        && outputs % channels == 0
        && (multiplier == 0 || multiplier == outputs / channels);
    shapes(fits, || {
        format!(
            "its input has {channels} channels, its filter {outputs}, and its depth multiplier is {multiplier}"
        )
    })?;
    convolution(
        cx,
        "nn.depthwise_conv_2d",
        &operands,
        options.conv,
        [kh, kw],
        outputs,
    )
}

fn missing() -> Finding {
    Finding::new(
        codes::OPTIONS_MISSING,
        "its parameters are missing",
        CONVERT_AGAIN,
    )
}

fn rank(operands: &Weighted<'_>) -> Finding {
    let message = format!(
        "its input {:?} is not NHWC, or its filter {:?} has another form",
        operands.input.shape, operands.filter.shape
    );
    Finding::new(codes::OPERAND_SHAPE, message, CONVERT_AGAIN)
}

fn convolution(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    operands: &Weighted<'_>,
    options: Conv2D,
    kernel: [i64; 2],
    outputs: i64,
) -> Result<(), Stop> {
    let (&[n, h, w, _], &[on, oh, ow, oc]) = (
        operands.input.shape.as_slice(),
        operands.output.shape.as_slice(),
    ) else {
        return Err(rank(operands).into());
    };
    shapes(n == on && oc == outputs, || {
        format!(
            "its input {:?} and {outputs} filters do not give its output {:?}",
            operands.input.shape, operands.output.shape
        )
    })?;
    if operands.arithmetic == Arithmetic::Int8 {
        let filter = quantization(operands.filter)?;
        // The reference kernels take int8 filters as symmetric, uint8 filters as they are.
        if !cx.is_unsigned(1) && filter.zero_points.iter().any(|&z| z != 0) {
            return Err(Finding::new(
                codes::QUANTIZATION,
                "its int8 filter has a zero point other than 0",
                "convolution filters are symmetric; convert the model again",
            )
            .into());
        }
        operands.rescale()?;
        rescale::activation_bounds(options.activation, affine(operands.output)?.0)?;
    }
    let axis = |i: usize, input, output| Axis {
        input,
        output,
        kernel: kernel[i],
        stride: options.stride[i],
        dilation: options.dilation[i],
    };
    let [top, bottom] = pads(axis(0, h, oh), options.padding)?;
    let [left, right] = pads(axis(1, w, ow), options.padding)?;
    let values = operands.convolution_values(cx)?;
    let m = cx.module();
    let fused = activation::attribute(m, options.activation)?;
    let strides = m.i64s_attr(&options.stride);
    let dilations = m.i64s_attr(&options.dilation);
    let pads = m.i64s_attr(&[top, bottom, left, right]);
    cx.emit(
        OpState::new(name)
            .operands(&values)
            .prop("strides", strides)
            .prop("dilations", dilations)
            .prop("pads", pads)
            .prop("activation", fused),
    )
}
