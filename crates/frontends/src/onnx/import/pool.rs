//! MaxPool, AveragePool, GlobalAveragePool, GlobalMaxPool, ReduceMean and ReduceMax.

use ir::OpState;

use super::context::{OpCx, Stop, attribute, axis, shapes};
use super::conv::{CHANNELS_LAST, MAX_STEP, Window, image, set_image};
use super::layout::padded;
use super::value::Computed;

pub(super) fn max_pool(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    pool(cx, "nn.max_pool_2d")
}

pub(super) fn average_pool(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    pool(cx, "nn.average_pool_2d")
}

fn pool(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    let rank = input.shape.len();
    let (input, [n, channels, h, w]) = image(cx, &input)?;
    let kernel = cx.pair("kernel_shape", [i64::from(rank == 3), 0])?;
    let ceil = cx.int("ceil_mode", 0)? != 0;
    let mut window = Window::of(cx, [h, w], kernel, ceil)?;
    if window.dilations != [1, 1] {
        let message = format!("its window is dilated by {:?}", window.dilations);
        return Err(attribute(message, "use a pool without dilation").into());
    }
    if cx.int("storage_order", 0)? != 0 {
        return Err(attribute("its storage_order is by columns", "use the one by rows").into());
    }
    let mut value = cx.in_order(&input, &CHANNELS_LAST);
    let counts_pads = name == "nn.average_pool_2d" && cx.int("count_include_pad", 0)? != 0;
    if counts_pads && window.pads != [0; 4] {
        if ceil {
            let help =
                "use a pool without ceil_mode, or one that leaves the padding out of the mean";
            return Err(attribute("it counts its padding, with ceil_mode", help).into());
        }
        let [top, bottom, left, right] = window.pads;
        value = padded(cx, value, &[0, 0, top, bottom, left, right, 0, 0], None);
        window.pads = [0; 4];
    }
    let (pads, k) = (window.pads, window.kernel);
    let smaller = pads[0] < k[0] && pads[1] < k[0] && pads[2] < k[1] && pads[3] < k[1];
    if !smaller {
        let message = format!("its padding {pads:?} is not smaller than its window {k:?}");
        return Err(attribute(message, "reduce the padding").into());
    }
    let state = state(cx, name, value, &window);
    let shape = [n, channels, window.output[0], window.output[1]];
    let elem = cx.elem(value);
    let stored = CHANNELS_LAST.map(|d| shape[d]);
    let pooled = cx.emit(state, &stored, elem);
    set_image(cx, pooled, &shape, rank);
    Ok(())
}

fn state(cx: &mut OpCx<'_, '_>, name: &str, value: ir::ValueId, window: &Window) -> OpState {
    let m = cx.module();
    OpState::new(name)
        .operands(&[value])
        .prop("kernel", m.i64s_attr(&window.kernel))
        .prop("strides", m.i64s_attr(&window.strides))
        .prop("pads", m.i64s_attr(&window.pads))
        .prop("activation", m.str_attr("none"))
}

pub(super) fn global_average_pool(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    global(cx, "nn.average_pool_2d")
}

pub(super) fn global_max_pool(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    global(cx, "nn.max_pool_2d")
}

fn global(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let input = cx.computed(0)?;
    shapes(input.shape.len() > 2, || {
        format!(
            "its input {:?} has no dimensions behind the channels",
            input.shape
        )
    })?;
    let reduced: Vec<usize> = (2..input.shape.len()).collect();
    reduce(cx, name, &input, &reduced, true)
}

pub(super) fn reduce_mean(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    reduction(cx, "nn.average_pool_2d")
}

pub(super) fn reduce_max(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    reduction(cx, "nn.max_pool_2d")
}

/// ReduceMean and ReduceMax; the dimensions are an attribute until opset 17, an input from 18 on.
fn reduction(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    cx.operands(1..=2)?;
    let input = cx.computed(0)?;
    let rank = input.shape.len();
    let stated = match cx.optional_integers(1, "list of dimensions")? {
        Some(list) => Some(list),
        None => cx.ints("axes")?.map(<[i64]>::to_vec),
    };
    let stated = stated.filter(|list| !list.is_empty());
    let mut reduced = match stated {
        Some(list) => list
            .into_iter()
            .map(|a| axis(a, rank))
            .collect::<Result<Vec<_>, _>>()?,
        None if cx.int("noop_with_empty_axes", 0)? != 0 => {
            cx.set_computed(input);
            return Ok(());
        }
        None => (0..rank).collect(),
    };
    reduced.sort_unstable();
    reduced.dedup();
    let keep = cx.int("keepdims", 1)? != 0;
    reduce(cx, name, &input, &reduced, keep)
}

/// A pool over whole dimensions: they are stored between the first of the others and the rest, as rows and columns.
fn reduce(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    input: &Computed,
    reduced: &[usize],
    keep: bool,
) -> Result<(), Stop> {
    let rank = input.shape.len();
    let kept: Vec<usize> = (0..rank).filter(|d| !reduced.contains(d)).collect();
    let mut order: Vec<usize> = kept.iter().take(1).copied().collect();
    order.extend(reduced);
    order.extend(kept.iter().skip(1));
    let extent = |dims: &[usize]| dims.iter().map(|&d| input.shape[d]).product::<i64>();
    let batches = kept.first().map_or(1, |&d| input.shape[d]);
    let channels = kept.get(1..).map_or(1, extent);
    let (rows, columns) = reduced.split_at(reduced.len().min(1));
    let kernel = [extent(rows), extent(columns)];
    if kernel.iter().any(|&k| k > MAX_STEP) {
        let message = format!("it reduces {} elements to one", kernel[0] * kernel[1]);
        return Err(attribute(message, "reduce fewer at once").into());
    }
    let value = cx.in_order(input, &order);
    let image = cx.reshape(value, &[batches, kernel[0], kernel[1], channels]);
    let window = Window {
        kernel,
        strides: kernel,
        dilations: [1, 1],
        pads: [0; 4],
        output: [1, 1],
    };
    let state = state(cx, name, image, &window);
    let elem = cx.elem(image);
    let pooled = cx.emit(state, &[batches, 1, 1, channels], elem);
    let c = if keep {
        let shape: Vec<i64> = (0..rank)
            .map(|d| {
                if reduced.contains(&d) {
                    1
                } else {
                    input.shape[d]
                }
            })
            .collect();
        let stored: Vec<i64> = order.iter().map(|&d| shape[d]).collect();
        let pooled = cx.reshape(pooled, &stored);
        Computed::ordered(pooled, &shape, &order)
    } else {
        let shape: Vec<i64> = kept.iter().map(|&d| input.shape[d]).collect();
        let pooled = cx.reshape(pooled, &shape);
        Computed::plain(pooled, &shape)
    };
    cx.set_computed(c);
    Ok(())
}
