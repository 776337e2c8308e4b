//! Operators that move elements: Transpose, Reshape, Flatten, Squeeze, Unsqueeze, Concat, Split, Pad, DepthToSpace, SpaceToDepth.

use ir::dialects::nn;
use ir::{Attr, OpState, Type, ValueId};

use super::context::{OpCx, Stop, attribute, axis, element_type, shapes};
use super::conv::CHANNELS_LAST;
use super::fold;
use super::value::{Computed, Value, permutation};
use crate::finding::Finding;

pub(super) fn transpose(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let shape = fold::shape_of(&cx.input(0)?)?;
    let order: Vec<i64> = match cx.ints("perm")? {
        Some(list) => list.to_vec(),
        None => (0..shape.len() as i64).rev().collect(),
    };
    let permuted = nn::permuted(&shape, &order);
    shapes(permuted.is_some(), || {
        format!("its order {order:?} is none of the dimensions of {shape:?}")
    })?;
    let order: Vec<usize> = order
        .iter()
        .filter_map(|&d| usize::try_from(d).ok())
        .collect();
    match cx.input(0)? {
        Value::Constant(named) => fold::transposed(cx, &named, &order),
        Value::Failed => Err(Stop::Upstream),
        Value::Computed(c) => {
            let c = cx.whole(&c);
            // Stored dimension i was d of the input; it is the one of the output that comes from d.
            let (stored, shape) = (permutation(&order, &c.order), permuted.unwrap_or_default());
            let stored = stored.ok_or(Stop::Upstream)?;
            cx.set_computed(Computed::ordered(c.value, &shape, &stored));
            Ok(())
        }
    }
}

/// Gives the operator's input another shape of as many elements.
fn reshaped(cx: &mut OpCx<'_, '_>, shape: &[i64]) -> Result<(), Stop> {
    let input = cx.input(0)?;
    let old = fold::shape_of(&input)?;
    let count = |s: &[i64]| s.iter().try_fold(1i64, |n, &d| n.checked_mul(d));
    let fits = shape.iter().all(|&d| d >= 0) && count(&old) == count(shape);
    shapes(fits, || {
        format!("its input of shape {old:?} cannot have the shape {shape:?}")
    })?;
    match input {
        Value::Constant(named) => cx.set_named(named.reshaped(shape))?,
        Value::Failed => return Err(Stop::Upstream),
        Value::Computed(c) if c.is_plain() => {
            let value = cx.reshape(c.value, shape);
            cx.set_computed(Computed::plain(value, shape));
        }
        Value::Computed(c) => cx.set_computed(Computed {
            shape: shape.to_vec(),
            ..c
        }),
    }
    Ok(())
}

/// Reshape: 0 keeps a dimension, −1 is what is left.
pub(super) fn reshape(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let old = fold::shape_of(&cx.input(0)?)?;
    let mut shape = cx.optional_integers(1, "shape")?.unwrap_or_default();
    if cx.int("allowzero", 0)? == 0 {
        for (d, n) in shape.iter_mut().enumerate().filter(|(_, n)| **n == 0) {
            *n = old.get(d).copied().unwrap_or(0);
        }
    }
    let open: Vec<usize> = (0..shape.len()).filter(|&d| shape[d] == -1).collect();
    if let &[open] = open.as_slice() {
        let mut others = shape.iter().enumerate().filter(|(d, _)| *d != open);
        let others = others.try_fold(1i64, |n, (_, &d)| n.checked_mul(d));
        let all = old.iter().try_fold(1i64, |n, &d| n.checked_mul(d));
        if let (Some(others), Some(all)) = (others.filter(|&n| n > 0), all) {
            shape[open] = all / others;
        }
    }
    reshaped(cx, &shape)
}

pub(super) fn flatten(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let old = fold::shape_of(&cx.input(0)?)?;
    let stated = cx.int("axis", 1)?;
    let at = if usize::try_from(stated) == Ok(old.len()) {
        old.len()
    } else {
        axis(stated, old.len())?
    };
    let product = |s: &[i64]| s.iter().product();
    reshaped(cx, &[product(&old[..at]), product(&old[at..])])
}

/// The dimensions of Squeeze and Unsqueeze: an attribute until opset 12, an input from 13 on.
fn axes(cx: &OpCx<'_, '_>) -> Result<Option<Vec<i64>>, Stop> {
    Ok(match cx.optional_integers(1, "list of dimensions")? {
        Some(list) => Some(list),
        None => cx.ints("axes")?.map(<[i64]>::to_vec),
    })
}

pub(super) fn squeeze(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=2)?;
    let old = fold::shape_of(&cx.input(0)?)?;
    let gone: Vec<usize> = match axes(cx)? {
        Some(list) => list
            .into_iter()
            .map(|a| axis(a, old.len()))
            .collect::<Result<_, _>>()?,
        None => (0..old.len()).filter(|&d| old[d] == 1).collect(),
    };
    shapes(gone.iter().all(|&d| old[d] == 1), || {
        format!("its dimensions {gone:?} of {old:?} are not all 1")
    })?;
    let kept = (0..old.len()).filter(|d| !gone.contains(d));
    let shape: Vec<i64> = kept.map(|d| old[d]).collect();
    reshaped(cx, &shape)
}

pub(super) fn unsqueeze(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=2)?;
    let old = fold::shape_of(&cx.input(0)?)?;
    let list = axes(cx)?.unwrap_or_default();
    let rank = old.len() + list.len();
    let new: Vec<usize> = list
        .into_iter()
        .map(|a| axis(a, rank))
        .collect::<Result<_, _>>()?;
    let mut rest = old.iter().copied();
    let shape: Vec<i64> = (0..rank)
        .map(|d| {
            if new.contains(&d) {
                1
            } else {
                rest.next().unwrap_or(1)
            }
        })
        .collect();
    reshaped(cx, &shape)
}

pub(super) fn concat(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let count = cx.node.inputs.len();
    cx.operands(1..=count.max(1))?;
    let inputs: Vec<Value> = (0..count)
        .map(|i| cx.input(i))
        .collect::<Result<_, Finding>>()?;
    let lists: Vec<Vec<i64>> = inputs
        .iter()
        .map(fold::shape_of)
        .collect::<Result<_, _>>()?;
    let rank = lists[0].len();
    let along = axis(cx.int("axis", 0)?, rank)?;
    let parts: Vec<&[i64]> = lists.iter().map(Vec::as_slice).collect();
    let joined = nn::joined(&parts, along as i64);
    shapes(joined.is_some(), || {
        format!("its inputs of shapes {parts:?} do not fit along dimension {along}")
    })?;
    let shape = joined.ok_or(Stop::Upstream)?;
    if inputs.iter().all(|v| matches!(v, Value::Constant(_))) {
        return fold::concat(cx, along, &shape);
    }
    let mut values = Vec::with_capacity(count);
    for i in 0..count {
        let c = cx.computed(i)?;
        values.push(cx.whole(&c));
    }
    // The order of the first that is not in that of its shape: it mostly comes from operators that want it so, and goes to such.
    let order = values.iter().find(|c| !c.is_plain()).unwrap_or(&values[0]);
    let order = order.order.clone();
    let operands: Vec<ValueId> = values.iter().map(|c| cx.in_order(c, &order)).collect();
    let elem = cx.elem(operands[0]);
    if operands.iter().any(|&v| cx.elem(v) != elem) {
        let message = "its inputs differ in scale or zero point";
        let help = "join what has one quantisation, or floats";
        return Err(Finding::new(crate::onnx::codes::QUANTIZATION, message, help).into());
    }
    let stored: Vec<i64> = order.iter().map(|&d| shape[d]).collect();
    let position = order.iter().position(|&d| d == along).unwrap_or(0) as i64;
    let position = cx.module().i64_attr(position);
    let state = OpState::new("nn.concatenation")
        .operands(&operands)
        .prop("axis", position);
    let value = cx.emit(state, &stored, elem);
    cx.set_computed(Computed::ordered(value, &shape, &order));
    Ok(())
}

/// Split: the extents are an attribute until opset 12, an input from 13 on; without them the parts are as equal as can be.
pub(super) fn split(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=2)?;
    let c = cx.computed(0)?;
    let c = cx.whole(&c);
    let along = axis(cx.int("axis", 0)?, c.shape.len())?;
    let stated = match cx.optional_integers(1, "list of extents")? {
        Some(list) => Some(list),
        None => cx.ints("split")?.map(<[i64]>::to_vec),
    };
    let (whole, count) = (c.shape[along], cx.node.outputs.len() as i64);
    let extents = stated.unwrap_or_else(|| {
        let each = (whole + count - 1) / count.max(1);
        (0..count).map(|i| each.min(whole - i * each)).collect()
    });
    let total = extents.iter().try_fold(0i64, |n, &e| n.checked_add(e));
    let fits =
        total == Some(whole) && extents.len() as i64 == count && extents.iter().all(|&e| e > 0);
    shapes(fits, || {
        format!("its parts {extents:?} do not make {whole} elements in {count} outputs")
    })?;
    let part = |extent: i64| {
        let mut shape = c.shape.clone();
        shape[along] = extent;
        shape
    };
    let elem = cx.elem(c.value);
    let mut types: Vec<Type> = Vec::with_capacity(extents.len());
    for &extent in &extents {
        let shape = part(extent);
        let stored: Vec<i64> = c.order.iter().map(|&d| shape[d]).collect();
        types.push(cx.module().tensor(&stored, elem));
    }
    let position = c.order.iter().position(|&d| d == along).unwrap_or(0) as i64;
    let position = cx.module().i64_attr(position);
    let state = OpState::new("nn.split")
        .operands(&[c.value])
        .prop("axis", position);
    let values = cx.emit_many(state, &types);
    for (i, (&extent, value)) in extents.iter().zip(values).enumerate() {
        let computed = Computed::ordered(value, &part(extent), &c.order);
        cx.set(i, Value::Computed(computed));
    }
    Ok(())
}

/// The block's size, and N, C, H, W of what it is applied to, channels last.
fn blocks(cx: &mut OpCx<'_, '_>) -> Result<(ValueId, i64, [i64; 4]), Stop> {
    cx.operands(1..=1)?;
    let size = cx.int("blocksize", 0)?;
    let c = cx.computed(0)?;
    let extents = <[i64; 4]>::try_from(c.shape.as_slice()).ok();
    shapes(extents.is_some() && (1..=1 << 16).contains(&size), || {
        format!("its input has the shape {:?}, its block {size}", c.shape)
    })?;
    let extents = extents.ok_or(Stop::Upstream)?;
    Ok((cx.in_order(&c, &CHANNELS_LAST), size, extents))
}

/// A value under a shape, its dimensions in another order, then under another shape.
fn rearranged(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    shape: &[i64],
    order: &[usize],
    [n, channels, h, w]: [i64; 4],
) {
    let value = cx.reshape(value, shape);
    let c = Computed::plain(value, shape);
    let value = cx.in_order(&c, order);
    let value = cx.reshape(value, &[n, h, w, channels]);
    cx.set_computed(Computed::ordered(
        value,
        &[n, channels, h, w],
        &CHANNELS_LAST,
    ));
}

pub(super) fn depth_to_space(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let (value, b, [n, channels, h, w]) = blocks(cx)?;
    shapes(channels % (b * b) == 0, || {
        format!("its {channels} channels are no multiple of {b} x {b}")
    })?;
    let c = channels / (b * b);
    let to = [n, c, h * b, w * b];
    match cx.text("mode", "DCR")? {
        "DCR" => rearranged(cx, value, &[n, h, w, b, b, c], &[0, 1, 3, 2, 4, 5], to),
        "CRD" => rearranged(cx, value, &[n, h, w, c, b, b], &[0, 1, 4, 2, 5, 3], to),
        other => {
            let message = format!("its mode is \"{other}\"");
            return Err(attribute(message, "supported are DCR and CRD").into());
        }
    }
    Ok(())
}

pub(super) fn space_to_depth(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let (value, b, [n, c, h, w]) = blocks(cx)?;
    shapes(h % b == 0 && w % b == 0, || {
        format!("its {h} x {w} elements are no multiple of {b} x {b}")
    })?;
    let shape = [n, h / b, b, w / b, b, c];
    let to = [n, c * b * b, h / b, w / b];
    rearranged(cx, value, &shape, &[0, 1, 3, 2, 4, 5], to);
    Ok(())
}

/// Pad by a constant; the numbers are inputs.
pub(super) fn pad(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=4)?;
    let mode = cx.text("mode", "constant")?;
    if mode != "constant" {
        let message = format!("its mode is \"{mode}\"");
        return Err(attribute(message, "pad with a constant").into());
    }
    let c = cx.computed(0)?;
    let c = cx.whole(&c);
    let rank = c.shape.len();
    let pads = cx.optional_integers(1, "list of pads")?.unwrap_or_default();
    let dims: Vec<usize> = match cx.optional_integers(3, "list of dimensions")? {
        Some(list) => list
            .into_iter()
            .map(|a| axis(a, rank))
            .collect::<Result<_, _>>()?,
        None => (0..rank).collect(),
    };
    shapes(pads.len() == 2 * dims.len(), || {
        format!(
            "its {} pads are not two for each of {} dimensions",
            pads.len(),
            dims.len()
        )
    })?;
    let mut around = vec![[0i64; 2]; rank];
    for (i, &d) in dims.iter().enumerate() {
        around[d] = [pads[i], pads[i + dims.len()]];
    }
    let list: Vec<i64> = c.order.iter().flat_map(|&d| around[d]).collect();
    if nn::padded(&c.stored(), &list).is_none() {
        let message = format!("its pads {pads:?} are not all from 0 to 2^20");
        return Err(attribute(
            message,
            "cut with a slice instead of padding by less than nothing",
        )
        .into());
    }
    let value = number(cx, c.value)?;
    let padded = padded(cx, c.value, &list, value);
    let shape: Vec<i64> = c
        .shape
        .iter()
        .zip(&around)
        .map(|(n, p)| n + p[0] + p[1])
        .collect();
    cx.set_computed(Computed::ordered(padded, &shape, &c.order));
    Ok(())
}

/// The number that Pad fills with, as an attribute of the value's elements; `None` for the one that means 0.
fn number(cx: &mut OpCx<'_, '_>, padded: ValueId) -> Result<Option<Attr>, Stop> {
    let Some(named) = cx.optional_constant(2, "number to fill with")? else {
        return Ok(None);
    };
    let elem = cx.elem(padded);
    let float = elem == cx.module().f32();
    match (named.tensor.floats().as_deref(), float) {
        (Some(&[x]), true) => Ok((x.to_bits() != 0).then(|| cx.module().f32_attr(x))),
        _ => Err(element_type("number to fill with", named.tensor.dtype).into()),
    }
}

/// The value with a border; `padding` as `nn.pad` has it.
pub(super) fn padded(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    padding: &[i64],
    number: Option<Attr>,
) -> ValueId {
    if padding.iter().all(|&p| p == 0) {
        return value;
    }
    let elem = cx.elem(value);
    let m = cx.module();
    let stored = nn::shape(m, value).to_vec();
    let shape = nn::padded(&stored, padding).expect("invariant: the padding was checked");
    let mut state = OpState::new("nn.pad")
        .operands(&[value])
        .prop("padding", m.i64s_attr(padding));
    if let Some(number) = number {
        state = state.prop("value", number);
    }
    cx.emit(state, &shape, elem)
}
