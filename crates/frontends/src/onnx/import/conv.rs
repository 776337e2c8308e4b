//! Conv, and windows as ONNX states them.

use ir::OpState;

use super::context::{OpCx, Stop, attribute, shapes};
use super::value::{Computed, Named};
use crate::finding::Finding;

/// The dimensions of an image, N, C, H, W, in the order in which kernels take them.
pub(super) const CHANNELS_LAST: [usize; 4] = [0, 2, 3, 1];

/// Largest extent, stride or dilation of a window.
pub(super) const MAX_STEP: i64 = 1 << 16;

/// How a window moves over rows and columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) kernel: [i64; 2],
    pub(super) strides: [i64; 2],
    pub(super) dilations: [i64; 2],
    /// Top, bottom, left, right.
    pub(super) pads: [i64; 4],
    pub(super) output: [i64; 2],
}

impl Window {
    /// Of `cx`'s operator on an image of `[rows, columns]`; with `ceil` a last window may leave the image.
    pub(super) fn of(
        cx: &OpCx<'_, '_>,
        image: [i64; 2],
        kernel: [i64; 2],
        ceil: bool,
    ) -> Result<Window, Finding> {
        let strides = cx.pair("strides", [1, 1])?;
        let dilations = cx.pair("dilations", [1, 1])?;
        let stated = match cx.ints("pads")? {
            None => [0; 4],
            Some(&[top, left, bottom, right]) => [top, bottom, left, right],
            Some(other) => {
                let message =
                    format!("its pads {other:?} are not two for rows and two for columns");
                return Err(attribute(message, "use a two-dimensional operator"));
            }
        };
        let auto_pad = cx.text("auto_pad", "NOTSET")?;
        let numbers = kernel.iter().chain(&strides).chain(&dilations);
        if !numbers.clone().all(|n| (1..=MAX_STEP).contains(n))
            || !stated.iter().all(|n| (0..=MAX_STEP).contains(n))
        {
            let message = format!(
                "its window of {kernel:?} with strides {strides:?}, dilations {dilations:?} and pads {stated:?} has a number that is none"
            );
            return Err(attribute(
                message,
                "pads are from 0, everything else from 1, to 65536",
            ));
        }
        let (mut pads, mut output) = (stated, [0; 2]);
        for i in 0..2 {
            let reach = (kernel[i] - 1) * dilations[i] + 1;
            let same = (image[i] - 1) / strides[i] + 1;
            let total = ((same - 1) * strides[i] + reach - image[i]).max(0);
            let [before, behind] = match auto_pad {
                "NOTSET" => [stated[2 * i], stated[2 * i + 1]],
                "VALID" => [0, 0],
                "SAME_UPPER" => [total / 2, total - total / 2],
                "SAME_LOWER" => [total - total / 2, total / 2],
                other => {
                    let message = format!("its auto_pad \"{other}\" is not known");
                    return Err(attribute(message, "state pads"));
                }
            };
            let room = image[i] + before + behind - reach;
            shapes(room >= 0, || {
                format!(
                    "its window of {reach} does not fit {} elements",
                    image[i] + before + behind
                )
            })?;
            let mut count = room / strides[i] + 1;
            // A window more, if it begins before the padding behind.
            if ceil && room % strides[i] != 0 && count * strides[i] < image[i] + before {
                count += 1;
            }
            let behind = behind.max((count - 1) * strides[i] + reach - image[i] - before);
            (pads[2 * i], pads[2 * i + 1]) = (before, behind);
            output[i] = count;
        }
        if !pads.iter().all(|n| (0..=MAX_STEP).contains(n)) {
            let message = format!("its padding is {pads:?}");
            return Err(attribute(message, "reduce the window"));
        }
        Ok(Window {
            kernel,
            strides,
            dilations,
            pads,
            output,
        })
    }
}

/// Rows and columns of an image.
pub(super) fn image(c: &Computed) -> Result<[i64; 4], Finding> {
    <[i64; 4]>::try_from(c.shape.as_slice()).map_err(|_| {
        attribute(
            format!("its input has the shape {:?}; only images of four dimensions are supported", c.shape),
            "add a dimension of one, so that a one-dimensional operator becomes a two-dimensional one",
        )
    })
}

pub(super) fn conv(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=3)?;
    let input = cx.computed(0)?;
    let [n, channels, h, w] = image(&input)?;
    let filter = cx.constant_input(1, "filter")?;
    let bias = cx.optional_constant(2, "bias")?;
    let &[outputs, taken, kh, kw] = filter.tensor.shape.as_slice() else {
        shapes(false, || {
            format!("its filter has the shape {:?}", filter.tensor.shape)
        })?;
        return Ok(());
    };
    let group = cx.int("group", 1)?;
    shapes(
        group > 0 && taken > 0 && outputs > 0 && taken.checked_mul(group) == Some(channels),
        || format!("its input has {channels} channels, its filter takes {taken} in {group} groups"),
    )?;
    let depthwise = group > 1 && taken == 1 && outputs % channels == 0;
    if group > 1 && !depthwise {
        return Err(attribute(
            format!("it is a grouped convolution: {group} groups of {taken} channels"),
            "use a depthwise or a full convolution",
        )
        .into());
    }
    let stated = cx.pair("kernel_shape", [kh, kw])?;
    shapes(stated == [kh, kw], || {
        format!("its kernel_shape is {stated:?}, its filter has {kh} x {kw}")
    })?;
    let window = Window::of(cx, [h, w], [kh, kw], false)?;
    if let Some(bias) = &bias {
        shapes(bias.tensor.shape == [outputs], || {
            format!(
                "its bias has the shape {:?} for {outputs} channels",
                bias.tensor.shape
            )
        })?;
    }
    let value = cx.in_order(&input, &CHANNELS_LAST);
    let (name, order) = if depthwise {
        ("nn.depthwise_conv_2d", [1, 2, 3, 0])
    } else {
        ("nn.conv_2d", [0, 2, 3, 1])
    };
    let filter = cx.constant(&filter.permuted(&order))?;
    let mut operands = vec![value, filter];
    if let Some(bias) = &bias {
        operands.push(cx.constant(bias)?);
    }
    let shape = [n, outputs, window.output[0], window.output[1]];
    let m = cx.module();
    let state = OpState::new(name)
        .operands(&operands)
        .prop("strides", m.i64s_attr(&window.strides))
        .prop("dilations", m.i64s_attr(&window.dilations))
        .prop("pads", m.i64s_attr(&window.pads))
        .prop("activation", m.str_attr("none"));
    set_image(cx, state, &shape, value);
    Ok(())
}

/// Makes an op on images the operator's output; `shape` is N, C, H, W.
pub(super) fn set_image(
    cx: &mut OpCx<'_, '_>,
    state: OpState,
    shape: &[i64; 4],
    like: ir::ValueId,
) {
    let stored = CHANNELS_LAST.map(|d| shape[d]);
    let elem = cx.elem(like);
    let value = cx.emit(state, &stored, elem);
    cx.set_computed(Computed::ordered(value, shape, &CHANNELS_LAST));
}

/// A convolution of each channel with one number, plus another: `scale · x + shift`, the channels last in `value`.
pub(super) fn scaled_channels(
    cx: &mut OpCx<'_, '_>,
    input: &Computed,
    [scale, shift]: [&Named; 2],
) -> Result<(), Stop> {
    let rank = input.shape.len();
    let mut order: Vec<usize> = (0..rank).filter(|&d| d != 1).collect();
    order.push(1);
    let channels = input.shape[1];
    let value = cx.in_order(input, &order);
    let others = input.shape.iter().product::<i64>() / channels.max(1);
    let flat = cx.reshape(value, &[1, others, 1, channels]);
    let weights = scale.reshaped(&[1, 1, 1, channels]);
    let operands = [flat, cx.constant(&weights)?, cx.constant(shift)?];
    let m = cx.module();
    let state = OpState::new("nn.depthwise_conv_2d")
        .operands(&operands)
        .prop("strides", m.i64s_attr(&[1, 1]))
        .prop("dilations", m.i64s_attr(&[1, 1]))
        .prop("pads", m.i64s_attr(&[0; 4]))
        .prop("activation", m.str_attr("none"));
    let f32 = m.f32();
    let scaled = cx.emit(state, &[1, others, 1, channels], f32);
    let stored: Vec<i64> = order.iter().map(|&d| input.shape[d]).collect();
    let scaled = cx.reshape(scaled, &stored);
    cx.set_computed(Computed::ordered(scaled, &input.shape, &order));
    Ok(())
}
