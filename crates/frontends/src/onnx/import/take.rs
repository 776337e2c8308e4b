//! Elements by their index along a dimension: Slice, Gather, Tile, Resize.
//!
//! Of what the network computes they are splits and concatenations; a resize between elements is a weighted sum of two such.

use std::ops::Range;

use ir::{OpState, Type, ValueId};

use super::binary::two;
use super::context::{OpCx, Stop, attribute, axis, element_type, shapes};
use super::fold;
use super::value::{Computed, Named, Value};
use crate::onnx::limits::MAX_RANK;
use crate::onnx::model::Tensor;

/// Most indices that are taken one by one.
const MAX_PARTS: usize = 256;

/// A range of a stored dimension.
pub(super) fn part(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    position: usize,
    range: Range<i64>,
) -> ValueId {
    let shape = ir::dialects::nn::shape(cx.module(), value).to_vec();
    let whole = shape[position];
    let extents = [range.start, range.end - range.start, whole - range.end];
    if extents == [0, whole, 0] {
        return value;
    }
    let parts = parts(
        cx,
        value,
        position,
        extents.iter().copied().filter(|&n| n > 0),
    );
    parts[usize::from(range.start > 0)]
}

/// A value in parts of these extents.
fn parts(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    position: usize,
    extents: impl Iterator<Item = i64>,
) -> Vec<ValueId> {
    let elem = cx.elem(value);
    let m = cx.module();
    let mut shape = ir::dialects::nn::shape(m, value).to_vec();
    let types: Vec<Type> = extents
        .map(|n| {
            shape[position] = n;
            m.tensor(&shape, elem)
        })
        .collect();
    let axis = m.i64_attr(position as i64);
    let state = OpState::new("nn.split").operands(&[value]);
    cx.emit_many(state.prop("axis", axis), &types)
}

/// Values one after the other along a stored dimension.
fn joined(cx: &mut OpCx<'_, '_>, values: &[ValueId], position: usize) -> ValueId {
    if let &[value] = values {
        return value;
    }
    let elem = cx.elem(values[0]);
    let m = cx.module();
    let mut shape = ir::dialects::nn::shape(m, values[0]).to_vec();
    let extent = |v: &ValueId| ir::dialects::nn::shape(m, *v)[position];
    shape[position] = values.iter().map(extent).sum();
    let axis = m.i64_attr(position as i64);
    let state = OpState::new("nn.concatenation").operands(values);
    cx.emit(state.prop("axis", axis), &shape, elem)
}

/// The elements of these indices along a dimension.
fn taken(
    cx: &mut OpCx<'_, '_>,
    c: &Computed,
    along: usize,
    list: &[i64],
) -> Result<Computed, Stop> {
    let c = cx.whole(c);
    let position = c.order.iter().position(|&d| d == along).unwrap_or(0);
    let whole = c.shape[along];
    let value = if list.is_empty() {
        shapes(false, || "nothing is left of its input".to_owned())?;
        c.value
    } else if list.windows(2).all(|w| w[1] == w[0] + 1) {
        part(cx, c.value, position, list[0]..list[0] + list.len() as i64)
    } else if let Some(times) = repeats(list, whole) {
        repeated(cx, c.value, position, times)
    } else {
        few(whole.max(list.len() as i64))?;
        let single = parts(cx, c.value, position, (0..whole).map(|_| 1));
        let at = |&i: &i64| single[usize::try_from(i).unwrap_or(0)];
        let values: Vec<ValueId> = list.iter().map(at).collect();
        joined(cx, &values, position)
    };
    let mut shape = c.shape.clone();
    shape[along] = list.len() as i64;
    Ok(Computed::ordered(value, &shape, &c.order))
}

/// Refuses what would take too many ops.
fn few(count: i64) -> Result<(), Stop> {
    if usize::try_from(count).is_ok_and(|n| n <= MAX_PARTS) {
        return Ok(());
    }
    let message = format!("it takes {count} elements one by one");
    let help = "let the network be smaller, or scale by whole numbers";
    Err(attribute(message, help).into())
}

/// How often each of `whole` indices comes, if all come in order and equally often.
fn repeats(list: &[i64], whole: i64) -> Option<usize> {
    let times = list.len() / usize::try_from(whole).ok()?.max(1);
    let expected = (0..whole).flat_map(|i| std::iter::repeat_n(i, times));
    let sane = (1..=MAX_PARTS).contains(&times);
    (sane && list.iter().copied().eq(expected)).then_some(times)
}

/// Every index of a stored dimension several times: copies side by side in a dimension behind it.
fn repeated(cx: &mut OpCx<'_, '_>, value: ValueId, position: usize, times: usize) -> ValueId {
    let shape = ir::dialects::nn::shape(cx.module(), value).to_vec();
    let outer = shape[..=position].iter().product();
    let inner = shape[position + 1..].iter().product();
    let rows = cx.reshape(value, &[outer, 1, inner]);
    let copies = joined(cx, &vec![rows; times], 1);
    let mut shape = shape;
    shape[position] *= times as i64;
    cx.reshape(copies, &shape)
}

/// Slice along its dimensions; the numbers are inputs.
pub(super) fn slice(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=5)?;
    if let Value::Constant(_) = cx.input(0)? {
        return fold::slice(cx);
    }
    let mut c = cx.computed(0)?;
    for (d, indices) in fold::slices(cx, &c.shape)?.into_iter().enumerate() {
        let (first, count, step) = (indices.first, indices.count, indices.step);
        if count == c.shape[d] && step == 1 {
            continue;
        }
        let whole = cx.whole(&c);
        c = if step == 1 && count > 0 {
            let position = whole.order.iter().position(|&o| o == d).unwrap_or(0);
            let value = part(cx, whole.value, position, first..first + count);
            let mut shape = whole.shape.clone();
            shape[d] = count;
            Computed::ordered(value, &shape, &whole.order)
        } else {
            few(count)?;
            taken(cx, &whole, d, &indices.list())?
        };
    }
    cx.set_computed(c);
    Ok(())
}

/// Gather along a dimension, by constants.
pub(super) fn gather(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    if let Value::Constant(_) = cx.input(0)? {
        return fold::gather(cx);
    }
    let c = cx.computed(0)?;
    let indices = cx.constant_input(1, "list of indices")?.tensor;
    let list = indices.integers();
    let list = list.ok_or_else(|| element_type("list of indices", indices.dtype))?;
    let along = axis(cx.int("axis", 0)?, c.shape.len())?;
    let whole = usize::try_from(c.shape[along]).unwrap_or(0);
    let list: Vec<i64> = list
        .into_iter()
        .map(|i| axis(i, whole).map(|i| i as i64))
        .collect::<Result<_, _>>()?;
    let c = taken(cx, &c, along, &list)?;
    let mut shape = c.shape[..along].to_vec();
    shape.extend(&indices.shape);
    shape.extend(&c.shape[along + 1..]);
    if shape == c.shape {
        cx.set_computed(c);
        return Ok(());
    }
    let c = cx.plain(&c);
    let value = cx.reshape(c.value, &shape);
    cx.set_computed(Computed::plain(value, &shape));
    Ok(())
}

/// Expand: broadcast to what its shape and the stated one broadcast to, copies along each dimension of one element.
pub(super) fn expand(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let stated = cx.optional_integers(1, "shape")?.unwrap_or_default();
    if let Value::Constant(_) = cx.input(0)? {
        return fold::expand(cx, &stated);
    }
    let mut c = cx.computed(0)?;
    let sane = stated.len() <= MAX_RANK && stated.iter().all(|&n| (1..=1 << 16).contains(&n));
    let shape = ir::dialects::nn::broadcast(&c.shape, &stated).filter(|_| sane);
    shapes(shape.is_some(), || {
        format!("its input {:?} does not broadcast to {stated:?}", c.shape)
    })?;
    let shape = shape.unwrap_or_default();
    if shape.len() > c.shape.len() {
        let plain = cx.plain(&c);
        let ones = vec![1; shape.len() - c.shape.len()];
        let raised = [ones, c.shape].concat();
        let value = cx.reshape(plain.value, &raised);
        c = Computed::plain(value, &raised);
    }
    for (d, &n) in shape.iter().enumerate() {
        if c.shape[d] != n {
            let list = vec![0; usize::try_from(n).unwrap_or(0)];
            c = taken(cx, &c, d, &list)?;
        }
    }
    cx.set_computed(c);
    Ok(())
}

pub(super) fn tile(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let c = cx.computed(0)?;
    let mut c = cx.whole(&c);
    let times = cx
        .optional_integers(1, "list of repeats")?
        .unwrap_or_default();
    let sane = times.len() == c.shape.len() && times.iter().all(|&n| (1..=256).contains(&n));
    shapes(sane, || format!("its repeats are {times:?}"))?;
    for (d, &n) in times.iter().enumerate().filter(|(_, n)| **n > 1) {
        let position = c.order.iter().position(|&o| o == d).unwrap_or(0);
        let copies = vec![c.value; usize::try_from(n).unwrap_or(1)];
        let value = joined(cx, &copies, position);
        let mut shape = c.shape.clone();
        shape[d] *= n;
        c = Computed::ordered(value, &shape, &c.order);
    }
    cx.set_computed(c);
    Ok(())
}

/// Resize to the nearest element, or linearly between two.
pub(super) fn resize(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=4)?;
    let mut c = cx.computed(0)?;
    let rank = c.shape.len();
    let dims: Vec<usize> = match cx.ints("axes")? {
        None => (0..rank).collect(),
        Some(list) => list
            .iter()
            .map(|&a| axis(a, rank))
            .collect::<Result<_, _>>()?,
    };
    let scales = cx.optional_floats(2, "list of scales")?;
    let scales = scales.filter(|list| !list.is_empty());
    let sizes = cx.optional_integers(3, "list of sizes")?;
    let mode = cx.text("mode", "nearest")?;
    let coordinates = cx.text("coordinate_transformation_mode", "half_pixel")?;
    let rounding = cx.text("nearest_mode", "round_prefer_floor")?;
    if !matches!(mode, "nearest" | "linear") || cx.int("antialias", 0)? != 0 {
        let help = "supported are nearest and linear, without antialias";
        return Err(attribute(format!("its mode is \"{mode}\""), help).into());
    }
    if cx.text("keep_aspect_ratio_policy", "stretch")? != "stretch" {
        return Err(attribute("it keeps the aspect ratio", "state the sizes").into());
    }
    let count = scales
        .as_ref()
        .map(Vec::len)
        .or(sizes.as_ref().map(Vec::len));
    shapes(count == Some(dims.len()), || {
        format!(
            "it states {} scales or sizes for {} dimensions",
            count.unwrap_or(0),
            dims.len()
        )
    })?;
    for (i, &d) in dims.iter().enumerate() {
        let from = c.shape[d];
        let (to, scale) = match (&scales, &sizes) {
            (Some(list), _) => ((from as f32 * list[i]).floor() as i64, f64::from(list[i])),
            (None, Some(list)) => (list[i], list[i] as f64 / from as f64),
            (None, None) => return Err(Stop::Upstream),
        };
        shapes((1..=1 << 16).contains(&to), || {
            format!("it makes {to} of {from} elements")
        })?;
        if to == from && scale == 1.0 {
            continue;
        }
        let axis = Scaled { from, to, scale };
        let at = axis.coordinates(coordinates).ok_or_else(|| {
            let message = format!("its coordinate_transformation_mode is \"{coordinates}\"");
            let help = "supported are half_pixel, pytorch_half_pixel, align_corners and asymmetric";
            attribute(message, help)
        })?;
        c = if mode == "nearest" {
            let list = axis.nearest(&at, rounding).ok_or_else(|| {
                let message = format!("its nearest_mode is \"{rounding}\"");
                attribute(message, "use one that ONNX names")
            })?;
            taken(cx, &c, d, &list)?
        } else {
            axis.linear(cx, &c, d, &at)?
        };
    }
    cx.set_computed(c);
    Ok(())
}

/// A dimension that is resized.
struct Scaled {
    from: i64,
    to: i64,
    scale: f64,
}

impl Scaled {
    /// Where each new element is among the old ones; in single precision, as onnxruntime computes it: where an element is just between two,
    /// the rounding decides.
    fn coordinates(&self, mode: &str) -> Option<Vec<f64>> {
        let (from, to, scale) = (self.from as f32, self.to as f32, self.scale as f32);
        let each = |i: i64| {
            let x = i as f32;
            let at = match mode {
                "half_pixel" => (x + 0.5) / scale - 0.5,
                "pytorch_half_pixel" if self.to > 1 => (x + 0.5) / scale - 0.5,
                "align_corners" if self.to > 1 => x * (from - 1.0) / (to - 1.0),
                "pytorch_half_pixel" | "align_corners" => 0.0,
                "asymmetric" => x / scale,
                _ => return None,
            };
            Some(f64::from(at))
        };
        (0..self.to).map(each).collect()
    }

    /// The nearest elements.
    fn nearest(&self, at: &[f64], rounding: &str) -> Option<Vec<i64>> {
        let each = |&x: &f64| {
            let i = match rounding {
                "round_prefer_floor" => (x - 0.5).ceil(),
                "round_prefer_ceil" => (x + 0.5).floor(),
                "floor" => x.floor(),
                "ceil" => x.ceil(),
                _ => return None,
            };
            Some((i as i64).clamp(0, self.from - 1))
        };
        at.iter().map(each).collect()
    }

    /// The sum of two elements by their distance.
    fn linear(
        &self,
        cx: &mut OpCx<'_, '_>,
        c: &Computed,
        along: usize,
        at: &[f64],
    ) -> Result<Computed, Stop> {
        let last = self.from - 1;
        let at: Vec<f64> = at.iter().map(|x| x.clamp(0.0, last as f64)).collect();
        let first: Vec<i64> = at.iter().map(|x| x.floor() as i64).collect();
        let second: Vec<i64> = first.iter().map(|i| (i + 1).min(last)).collect();
        let rest: Vec<f32> = at.iter().map(|x| (x - x.floor()) as f32).collect();
        let mut shape = vec![1; c.shape.len()];
        shape[along] = self.to;
        let layer = cx.node.layer().to_owned();
        let weights = |name: &str, list: Vec<f32>| {
            let tensor = Tensor::of_floats(&shape, list);
            Value::Constant(Named::plain(format!("{layer}_{name}"), tensor))
        };
        let of_first = weights("first", rest.iter().map(|r| 1.0 - r).collect());
        let of_second = weights("second", rest);
        let (a, b) = (taken(cx, c, along, &first)?, taken(cx, c, along, &second)?);
        let a = two(cx, "nn.mul", Value::Computed(a), of_first)?;
        let b = two(cx, "nn.mul", Value::Computed(b), of_second)?;
        two(cx, "nn.add", Value::Computed(a), Value::Computed(b))
    }
}
