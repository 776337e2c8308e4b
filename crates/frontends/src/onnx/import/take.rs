//! Elements by their index along a dimension: Slice, Gather, Tile, Expand, Resize.
//!
//! Of what the network computes each is an `nn.gather`, or a part of an `nn.split` where that is contiguous, and so a view; a resize between
//! elements is a weighted sum of two such.

use std::ops::Range;

use ir::dialects::nn::{self, Picks};
use ir::{OpState, Type, ValueId};

use super::binary::two;
use super::context::{OpCx, Stop, attribute, axis, element_type, shapes};
use super::fold;
use super::value::{Computed, Named, Value};
use crate::onnx::limits::MAX_RANK;
use crate::onnx::model::Tensor;

/// Indices that are taken along a dimension at most.
const MAX_EXTENT: i64 = 1 << 16;

/// A range of a stored dimension.
pub(super) fn part(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    position: usize,
    range: Range<i64>,
) -> ValueId {
    let rank = nn::shape(cx.module(), value).len();
    let mut picks = Picks::everything(rank);
    if let Some(list) = picks.along.get_mut(position) {
        *list = Some(range.collect());
    }
    stored(cx, value, picks)
}

/// Elements of a value by the indices of its stored dimensions, which it has.
fn stored(cx: &mut OpCx<'_, '_>, value: ValueId, mut picks: Picks) -> ValueId {
    let whole = nn::shape(cx.module(), value).to_vec();
    for (list, &n) in picks.along.iter_mut().zip(&whole) {
        *list = list.take().filter(|l| !l.iter().copied().eq(0..n));
    }
    let listed = picks.along.iter().enumerate();
    let mut picked = listed.filter_map(|(d, l)| Some((d, l.as_ref()?)));
    let (Some((d, list)), next) = (picked.next(), picked.next()) else {
        return value;
    };
    let range = list[0]..list[0] + list.len() as i64;
    let contiguous = whole[..d].iter().all(|&n| n == 1);
    if next.is_none() && contiguous && list.iter().copied().eq(range.clone()) {
        let extents = [range.start, range.end - range.start, whole[d] - range.end];
        let parts = parts(cx, value, d, extents.into_iter().filter(|&n| n > 0));
        return parts[usize::from(range.start > 0)];
    }
    let elem = cx.elem(value);
    let extents = picks.along.iter().zip(&whole);
    let extents = extents.map(|(l, &n)| l.as_ref().map_or(n, |l| l.len() as i64));
    let shape: Vec<i64> = extents.collect();
    let mut state = OpState::new("nn.gather").operands(&[value]);
    for (name, attribute) in picks.attributes(cx.module()) {
        state = state.prop(name, attribute);
    }
    cx.emit(state, &shape, elem)
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
    let mut shape = nn::shape(m, value).to_vec();
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

/// The elements of these indices along dimensions, each of which a list may be for.
fn taken(
    cx: &mut OpCx<'_, '_>,
    c: &Computed,
    lists: Vec<(usize, Vec<i64>)>,
) -> Result<Computed, Stop> {
    let c = cx.whole(c);
    let mut picks = Picks::everything(c.order.len());
    let mut shape = c.shape.clone();
    for (along, list) in lists {
        let n = c.shape[along];
        shapes(!list.is_empty(), || {
            "nothing is left of its input".to_owned()
        })?;
        shapes(list.iter().all(|i| (0..n).contains(i)), || {
            format!("it takes indices that are not of a dimension of {n} elements")
        })?;
        shape[along] = list.len() as i64;
        let position = c.order.iter().position(|&d| d == along).unwrap_or(0);
        picks.along[position] = Some(list);
    }
    let value = stored(cx, c.value, picks);
    Ok(Computed::ordered(value, &shape, &c.order))
}

/// Slice along its dimensions; the numbers are inputs.
pub(super) fn slice(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=5)?;
    if let Value::Constant(_) = cx.input(0)? {
        return fold::slice(cx);
    }
    let c = cx.computed(0)?;
    let picked = fold::slices(cx, &c.shape)?.into_iter().enumerate();
    let lists = picked.map(|(d, indices)| (d, indices.list())).collect();
    let c = taken(cx, &c, lists)?;
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
    let c = taken(cx, &c, vec![(along, list)])?;
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
    let sane = stated.len() <= MAX_RANK && stated.iter().all(|&n| (1..=MAX_EXTENT).contains(&n));
    let shape = nn::broadcast(&c.shape, &stated).filter(|_| sane);
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
    let grown = shape.iter().enumerate().filter(|(d, n)| c.shape[*d] != **n);
    let lists = grown.map(|(d, &n)| (d, vec![0; usize::try_from(n).unwrap_or(0)]));
    let lists = lists.collect();
    let c = taken(cx, &c, lists)?;
    cx.set_computed(c);
    Ok(())
}

pub(super) fn tile(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let c = cx.computed(0)?;
    let times = cx
        .optional_integers(1, "list of repeats")?
        .unwrap_or_default();
    let whole = |(&n, &times): (&i64, &i64)| n.saturating_mul(times);
    let repeated: Vec<i64> = c.shape.iter().zip(&times).map(whole).collect();
    let sane =
        times.len() == c.shape.len() && repeated.iter().all(|n| (1..=MAX_EXTENT).contains(n));
    shapes(sane, || format!("its repeats are {times:?}"))?;
    let all = c.shape.iter().zip(repeated);
    let lists = all.map(|(n, whole)| (0..whole).map(|i| i % n).collect());
    let lists = lists.enumerate().collect();
    let c = taken(cx, &c, lists)?;
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
    let mut lists = Vec::new();
    for (i, &d) in dims.iter().enumerate() {
        let from = c.shape[d];
        let (to, scale) = match (&scales, &sizes) {
            (Some(list), _) => ((from as f32 * list[i]).floor() as i64, f64::from(list[i])),
            (None, Some(list)) => (list[i], list[i] as f64 / from as f64),
            (None, None) => return Err(Stop::Upstream),
        };
        shapes((1..=MAX_EXTENT).contains(&to), || {
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
        if mode == "nearest" {
            let list = axis.nearest(&at, rounding).ok_or_else(|| {
                let message = format!("its nearest_mode is \"{rounding}\"");
                attribute(message, "use one that ONNX names")
            })?;
            lists.push((d, list));
        } else {
            c = axis.linear(cx, &c, d, &at)?;
        }
    }
    let c = taken(cx, &c, lists)?;
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
        let a = taken(cx, c, vec![(along, first)])?;
        let b = taken(cx, c, vec![(along, second)])?;
        let a = two(cx, "nn.mul", Value::Computed(a), of_first)?;
        let b = two(cx, "nn.mul", Value::Computed(b), of_second)?;
        two(cx, "nn.add", Value::Computed(a), Value::Computed(b))
    }
}
