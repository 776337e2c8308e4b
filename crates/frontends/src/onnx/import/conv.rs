//! Conv and ConvTranspose, and windows as ONNX states them. One-dimensional operators are two-dimensional ones of one row.

use ir::OpState;

use super::context::{OpCx, Stop, attribute, shapes};
use super::value::{Computed, Named};
use crate::finding::Finding;
use crate::transposed::{self, Phase};

/// The dimensions of an image, N, C, H, W, in the order in which kernels take them.
pub(super) const CHANNELS_LAST: [usize; 4] = [0, 2, 3, 1];

/// Largest extent, stride or dilation of a window.
pub(super) const MAX_STEP: i64 = 1 << 16;

/// Most groups that are convolutions of their own.
const MAX_GROUPS: i64 = 256;

/// Most convolutions that a transposed one becomes.
const MAX_PHASES: i64 = 64;

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
    /// Of `cx`'s operator on an image of `[rows, columns]`; with `ceil` a last window may leave the image. Of one dimension the
    /// attributes say the columns.
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
            Some(&[left, right]) => [0, 0, left, right],
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

/// An image and its extents: what has one dimension behind the channels gets a row around it.
pub(super) fn image(cx: &mut OpCx<'_, '_>, c: &Computed) -> Result<(Computed, [i64; 4]), Stop> {
    let c = match c.shape.as_slice() {
        &[n, channels, columns] => {
            let c = cx.whole(c);
            let shape = [n, channels, 1, columns];
            let mut order: Vec<usize> = c.order.iter().map(|&d| d + usize::from(d > 1)).collect();
            order.insert(1, 2);
            let stored: Vec<i64> = order.iter().map(|&d| shape[d]).collect();
            let value = cx.reshape(c.value, &stored);
            Computed::ordered(value, &shape, &order)
        }
        _ => c.clone(),
    };
    let extents = <[i64; 4]>::try_from(c.shape.as_slice()).map_err(|_| {
        attribute(
            format!("its input has the shape {:?}", c.shape),
            "supported are images of one or two dimensions, with batches and channels before them",
        )
    })?;
    Ok((c, extents))
}

pub(super) fn conv(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=3)?;
    let input = cx.computed(0)?;
    let rank = input.shape.len();
    let (image, [_, _, h, w]) = image(cx, &input)?;
    let filter = two_dimensional(cx.constant_input(1, "filter")?, rank)?;
    let bias = cx.optional_constant(2, "bias")?;
    let [kh, kw] = [filter.tensor.shape[2], filter.tensor.shape[3]];
    let stated = cx.pair("kernel_shape", [kh, kw])?;
    shapes(stated == [kh, kw], || {
        format!("its kernel_shape is {stated:?}, its filter has {kh} x {kw}")
    })?;
    let window = Window::of(cx, [h, w], [kh, kw], false)?;
    let groups = cx.int("group", 1)?;
    let value = cx.in_order(&image, &CHANNELS_LAST);
    let layer = Layer {
        groups,
        window,
        shape: image.shape,
    };
    layer.build(cx, value, &filter, bias, rank)
}

/// A filter of four dimensions.
fn two_dimensional(filter: Named, rank: usize) -> Result<Named, Stop> {
    let shape = filter.tensor.shape.clone();
    Ok(match *shape.as_slice() {
        [outputs, taken, columns] if rank == 3 => filter.reshaped(&[outputs, taken, 1, columns]),
        [_, _, _, _] if rank == 4 => filter,
        _ => {
            shapes(false, || format!("its filter has the shape {shape:?}"))?;
            filter
        }
    })
}

/// A convolution of an image.
struct Layer {
    groups: i64,
    window: Window,
    /// N, C, H, W of the image.
    shape: Vec<i64>,
}

impl Layer {
    /// Makes it the operator's output. `value` has its channels last; the filter is O, C of a group, H, W.
    fn build(
        &self,
        cx: &mut OpCx<'_, '_>,
        value: ir::ValueId,
        filter: &Named,
        bias: Option<Named>,
        rank: usize,
    ) -> Result<(), Stop> {
        let (n, channels) = (self.shape[0], self.shape[1]);
        let (outputs, taken) = (filter.tensor.shape[0], filter.tensor.shape[1]);
        let groups = self.groups;
        let fits = groups > 0
            && taken > 0
            && outputs > 0
            && taken.checked_mul(groups) == Some(channels)
            && outputs % groups == 0;
        shapes(fits, || {
            format!(
                "its input has {channels} channels, its filter takes {taken} in {groups} groups"
            )
        })?;
        if let Some(bias) = &bias {
            shapes(bias.tensor.shape == [outputs], || {
                format!(
                    "its bias has the shape {:?} for {outputs} channels",
                    bias.tensor.shape
                )
            })?;
        }
        if groups > MAX_GROUPS && taken > 1 {
            let message = format!("it has {groups} groups of {taken} channels");
            return Err(attribute(message, "use fewer groups, or a depthwise convolution").into());
        }
        let shape = [n, outputs, self.window.output[0], self.window.output[1]];
        let f32 = cx.module().f32();
        let result = if groups > 1 && taken > 1 {
            self.grouped(cx, value, filter, bias.as_ref())?
        } else {
            let (name, order) = if groups > 1 {
                ("nn.depthwise_conv_2d", [1, 2, 3, 0])
            } else {
                ("nn.conv_2d", [0, 2, 3, 1])
            };
            let state = self.state(cx, name, value, &filter.permuted(&order), bias.as_ref())?;
            let stored = CHANNELS_LAST.map(|d| shape[d]);
            cx.emit(state, &stored, f32)
        };
        set_image(cx, result, &shape, rank);
        Ok(())
    }

    /// A convolution for each group of channels, side by side.
    fn grouped(
        &self,
        cx: &mut OpCx<'_, '_>,
        value: ir::ValueId,
        filter: &Named,
        bias: Option<&Named>,
    ) -> Result<ir::ValueId, Stop> {
        let (outputs, taken) = (filter.tensor.shape[0], filter.tensor.shape[1]);
        let each = usize::try_from(outputs / self.groups).unwrap_or(0);
        let [rows, columns] = self.window.output;
        let f32 = cx.module().f32();
        let part = [self.shape[0], self.shape[2], self.shape[3], taken];
        let part = cx.module().tensor(&part, f32);
        let axis = cx.module().i64_attr(3);
        let count = usize::try_from(self.groups).unwrap_or(0);
        let state = OpState::new("nn.split").operands(&[value]);
        let parts = cx.emit_many(state.prop("axis", axis), &vec![part; count]);
        let mut results = Vec::with_capacity(count);
        for (i, part) in parts.into_iter().enumerate() {
            let channels = i * each..(i + 1) * each;
            let filter = filter.rows(channels.clone()).permuted(&[0, 2, 3, 1]);
            let bias = bias.map(|b| b.rows(channels));
            let state = self.state(cx, "nn.conv_2d", part, &filter, bias.as_ref())?;
            let stored = [self.shape[0], rows, columns, each as i64];
            results.push(cx.emit(state, &stored, f32));
        }
        let state = OpState::new("nn.concatenation").operands(&results);
        let stored = [self.shape[0], rows, columns, outputs];
        Ok(cx.emit(state.prop("axis", axis), &stored, f32))
    }

    /// The op; the filter is as it takes it.
    fn state(
        &self,
        cx: &mut OpCx<'_, '_>,
        name: &str,
        value: ir::ValueId,
        filter: &Named,
        bias: Option<&Named>,
    ) -> Result<OpState, Stop> {
        let mut operands = vec![value, cx.constant(filter)?];
        if let Some(bias) = bias {
            operands.push(cx.constant(bias)?);
        }
        let (window, m) = (&self.window, cx.module());
        Ok(OpState::new(name)
            .operands(&operands)
            .prop("strides", m.i64s_attr(&window.strides))
            .prop("dilations", m.i64s_attr(&window.dilations))
            .prop("pads", m.i64s_attr(&window.pads))
            .prop("activation", m.str_attr("none")))
    }
}

/// ConvTranspose: a convolution for each phase of its strides; where it has groups or is dilated, one, with the filter turned by half, of the
/// image with zeros between its elements.
pub(super) fn conv_transpose(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=3)?;
    let input = cx.computed(0)?;
    let rank = input.shape.len();
    let (image, [n, channels, h, w]) = image(cx, &input)?;
    let filter = two_dimensional(cx.constant_input(1, "filter")?, rank)?;
    let bias = cx.optional_constant(2, "bias")?;
    let &[of, each, kh, kw] = filter.tensor.shape.as_slice() else {
        return Err(Stop::Upstream);
    };
    let (kernel, extents) = ([kh, kw], [h, w]);
    let groups = cx.int("group", 1)?;
    let fits = of == channels && groups > 0 && channels % groups == 0 && each > 0;
    shapes(fits, || {
        format!("its input has {channels} channels, its filter takes {of} in {groups} groups")
    })?;
    let strides = cx.pair("strides", [1, 1])?;
    let dilations = cx.pair("dilations", [1, 1])?;
    let more = cx.pair("output_padding", [0, 0])?;
    let auto_pad = cx.text("auto_pad", "NOTSET")?;
    let stated = match cx.ints("pads")? {
        None => [0; 4],
        Some(&[left, right]) => [0, 0, left, right],
        Some(&[top, left, bottom, right]) => [top, bottom, left, right],
        Some(other) => {
            let message = format!("its pads are {other:?}");
            return Err(attribute(message, "use an operator of one or two dimensions").into());
        }
    };
    if cx.ints("output_shape")?.is_some() || !matches!(auto_pad, "NOTSET" | "VALID") {
        let help = "state pads and output_padding instead";
        return Err(attribute("it states its output's shape, or SAME padding", help).into());
    }
    let numbers = kernel.iter().chain(&strides).chain(&dilations);
    let sane = numbers.clone().all(|x| (1..=MAX_STEP).contains(x))
        && stated
            .iter()
            .chain(&more)
            .all(|x| (0..=MAX_STEP).contains(x));
    if !sane {
        let help = "pads are from 0, everything else from 1, to 65536";
        return Err(attribute("its window has a number that is none", help).into());
    }
    let (mut pads, mut output, mut cut) = ([0; 4], [0; 2], [[0; 2]; 2]);
    for i in 0..2 {
        let reach = (kernel[i] - 1) * dilations[i];
        let spread = extents[i] * strides[i];
        let [before, behind] = [stated[2 * i], stated[2 * i + 1]];
        output[i] = (extents[i] - 1) * strides[i] + reach + 1 - before - behind + more[i];
        let first = reach - before;
        let last = output[i] - spread - first + reach;
        // Less than no padding cuts elements off.
        (pads[2 * i], pads[2 * i + 1]) = (first.max(0), last.max(0));
        cut[i] = [(-first).max(0), (-last).max(0)];
        shapes(output[i] > 0 && cut[i][0] + cut[i][1] < spread, || {
            "nothing is left of its output".to_owned()
        })?;
    }
    let value = cx.in_order(&image, &CHANNELS_LAST);
    let [sh, sw] = strides;
    if groups == 1 && dilations == [1, 1] && sh * sw > 1 && sh * sw <= MAX_PHASES {
        let along = |i: usize| {
            transposed::phases(extents[i], output[i], kernel[i], strides[i], stated[2 * i])
        };
        let phased = Phased {
            shape: [n, each, output[0], output[1]],
            strides,
            phases: [along(0), along(1)],
        };
        let filter = filter.permuted(&[1, 2, 3, 0]);
        if let Some(result) = phased.build(cx, value, &filter, bias.as_ref())? {
            set_image(cx, result, &phased.shape, rank);
            return Ok(());
        }
    }
    let mut spread = cx.reshape(value, &[n, h, 1, w, 1, channels]);
    let zeros = [0, 0, 0, 0, 0, sh - 1, 0, 0, 0, sw - 1, 0, 0];
    spread = super::layout::padded(cx, spread, &zeros, None);
    spread = cx.reshape(spread, &[n, h * sh, w * sw, channels]);
    let mut shape = vec![n, channels, h * sh, w * sw];
    for i in 0..2 {
        let [first, last] = cut[i];
        let end = shape[i + 2] - last;
        spread = super::take::part(cx, spread, i + 1, first..end);
        shape[i + 2] = end - first;
    }
    let taken = channels / groups;
    let filter = filter.reversed();
    let filter = filter.reshaped(&[groups, taken, each, kh, kw]);
    let filter = filter.permuted(&[0, 2, 1, 3, 4]);
    let filter = filter.reshaped(&[groups * each, taken, kh, kw]);
    let layer = Layer {
        groups,
        window: Window {
            kernel,
            strides: [1, 1],
            dilations,
            pads,
            output,
        },
        shape,
    };
    layer.build(cx, spread, &filter, bias, rank)
}

/// A transposed convolution as convolutions by phase.
struct Phased {
    /// N, C, H, W of the result.
    shape: [i64; 4],
    strides: [i64; 2],
    /// Along rows and columns.
    phases: [Vec<Phase>; 2],
}

impl Phased {
    /// The result, with its channels last; `None` if a phase has taps that nothing comes from. `value` has its channels last; the filter is
    /// O, H, W, C.
    fn build(
        &self,
        cx: &mut OpCx<'_, '_>,
        value: ir::ValueId,
        filter: &Named,
        bias: Option<&Named>,
    ) -> Result<Option<ir::ValueId>, Stop> {
        let ([n, outputs, oh, ow], [sh, sw]) = (self.shape, self.strides);
        if let Some(bias) = bias {
            shapes(bias.tensor.shape == [outputs], || {
                format!(
                    "its bias has the shape {:?} for {outputs} channels",
                    bias.tensor.shape
                )
            })?;
        }
        let (h, w) = ((oh - 1) / sh + 1, (ow - 1) / sw + 1);
        let [rows, columns] = &self.phases;
        let pairs = rows
            .iter()
            .flat_map(|r| columns.iter().map(move |c| (r, c)));
        let taken: Option<Vec<(Named, [i64; 4])>> = pairs
            .map(|(r, c)| {
                let pads = [r.pads[0], r.pads[1], c.pads[0], c.pads[1]];
                Some((filter.phase(r, c)?, pads))
            })
            .collect();
        let Some(taken) = taken else { return Ok(None) };
        let f32 = cx.module().f32();
        let mut results = Vec::with_capacity(taken.len());
        for (filter, pads) in taken {
            let layer = Layer {
                groups: 1,
                window: Window {
                    kernel: [filter.tensor.shape[1], filter.tensor.shape[2]],
                    strides: [1, 1],
                    dilations: [1, 1],
                    pads,
                    output: [h, w],
                },
                shape: vec![n, filter.tensor.shape[3], h, w],
            };
            let state = layer.state(cx, "nn.conv_2d", value, &filter, bias)?;
            results.push(cx.emit(state, &[n, h, w, outputs], f32));
        }
        let axis = cx.module().i64_attr(0);
        let state = OpState::new("nn.concatenation").operands(&results);
        let all = cx.emit(state.prop("axis", axis), &[sh * sw * n, h, w, outputs], f32);
        let parts = cx.reshape(all, &[sh, sw, n, h, w, outputs]);
        let order = cx.module().i64s_attr(&[2, 3, 0, 4, 1, 5]);
        let state = OpState::new("nn.transpose").operands(&[parts]);
        let state = state.prop("permutation", order);
        let whole = cx.emit(state, &[n, h, sh, w, sw, outputs], f32);
        let whole = cx.reshape(whole, &[n, h * sh, w * sw, outputs]);
        let whole = super::take::part(cx, whole, 1, 0..oh);
        Ok(Some(super::take::part(cx, whole, 2, 0..ow)))
    }
}

/// Makes an image with its channels last the operator's output; `shape` is N, C, H, W, and without rows if `rank` is 3.
pub(super) fn set_image(cx: &mut OpCx<'_, '_>, value: ir::ValueId, shape: &[i64; 4], rank: usize) {
    if rank == 3 {
        let [n, channels, _, columns] = *shape;
        let value = cx.reshape(value, &[n, columns, channels]);
        cx.set_computed(Computed::ordered(
            value,
            &[n, channels, columns],
            &[0, 2, 1],
        ));
        return;
    }
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
