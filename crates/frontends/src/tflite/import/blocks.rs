//! SPACE_TO_DEPTH, DEPTH_TO_SPACE, SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: blocks of rows and columns that become channels or batches, and back.
//!
//! Each is a transpose between two reshapes, which are views; padding and crops are ops of their own.

use ir::dialects::nn::{self, Picks};
use ir::{OpState, ValueId};

use super::context::{OpCx, Stop, float_or_int8, same_quantization, shapes};
use super::gather::taken;
use super::layout::constant_numbers;
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::Tensor;
use crate::tflite::options::Options;

pub(super) fn space_to_depth(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let (input, output, block) = images(cx)?;
    let &[n, h, w, c] = input.shape.as_slice() else {
        return Err(misfit(input, output, &[block, block]).into());
    };
    let (rows, columns) = (h / block, w / block);
    let divides = rows * block == h && columns * block == w;
    let shape = [
        n,
        rows,
        columns,
        block.saturating_mul(block).saturating_mul(c),
    ];
    fits(
        divides && output.shape == shape,
        input,
        output,
        &[block, block],
    )?;
    let inside = [n, rows, block, columns, block, c];
    turned(cx, &inside, &[0, 1, 3, 2, 4, 5])
}

pub(super) fn depth_to_space(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let (input, output, block) = images(cx)?;
    let &[n, h, w, c] = input.shape.as_slice() else {
        return Err(misfit(input, output, &[block, block]).into());
    };
    let square = block.saturating_mul(block);
    let depth = c / square;
    let shape = [n, h.saturating_mul(block), w.saturating_mul(block), depth];
    fits(
        depth * square == c && output.shape == shape,
        input,
        output,
        &[block, block],
    )?;
    let inside = [n, h, w, block, block, depth];
    turned(cx, &inside, &[0, 1, 3, 2, 4, 5])
}

/// SPACE_TO_BATCH_ND: the tensor, the block, what is padded.
pub(super) fn space_to_batch_nd(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let (input, output, block, padding) = batches(cx)?;
    let rest = &input.shape[1 + block.len()..];
    let around = [vec![0; 2], padding, vec![0; 2 * rest.len()]].concat();
    let padded = nn::padded(&input.shape, &around).ok_or_else(|| misfit(input, output, &block))?;
    let mut inside = vec![padded[0]];
    let mut shape = vec![block.iter().fold(padded[0], |n, &b| n.saturating_mul(b))];
    for (&extent, &b) in padded[1..].iter().zip(&block) {
        inside.extend([extent / b, b]);
        shape.push(extent / b);
    }
    inside.extend(rest);
    shape.extend(rest);
    let divides = padded[1..].iter().zip(&block).all(|(n, b)| n % b == 0);
    fits(divides && output.shape == shape, input, output, &block)?;
    let mut value = cx.value(0)?;
    if around.iter().any(|&p| p > 0) {
        let padding = cx.module().i64s_attr(&around);
        let state = OpState::new("nn.pad").operands(&[value]);
        value = cx.intermediate(state.prop("padding", padding), &padded)?;
    }
    // The places in a block come first.
    let count = block.len() as i64;
    let mut order: Vec<i64> = (0..count).map(|i| 2 * i + 2).collect();
    order.push(0);
    order.extend((0..count).map(|i| 2 * i + 1));
    order.extend(2 * count + 1..inside.len() as i64);
    let value = transposed(cx, value, &inside, &order)?;
    cx.finish(value)
}

/// BATCH_TO_SPACE_ND: the tensor, the block, what is cropped.
pub(super) fn batch_to_space_nd(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let (input, output, block, crops) = batches(cx)?;
    let count = block.len();
    let places = block.iter().fold(1i64, |n, &b| n.saturating_mul(b));
    let batches = input.shape[0] / places;
    let (spatial, rest) = input.shape[1..].split_at(count);
    let mut whole = vec![batches];
    whole.extend(
        spatial
            .iter()
            .zip(&block)
            .map(|(n, b)| n.saturating_mul(*b)),
    );
    whole.extend(rest);
    let mut shape = whole.clone();
    let mut picks = Picks::everything(whole.len());
    let mut inside = batches * places == input.shape[0];
    for (d, crop) in crops.chunks_exact(2).enumerate() {
        let n = whole[d + 1];
        inside &= crop.iter().all(|c| (0..n).contains(c)) && crop[0] + crop[1] < n;
        shape[d + 1] = n.saturating_sub(crop[0]).saturating_sub(crop[1]);
    }
    fits(inside && output.shape == shape, input, output, &block)?;
    for (d, crop) in crops.chunks_exact(2).enumerate() {
        picks.along[d + 1] = Some((crop[0]..whole[d + 1] - crop[1]).collect());
    }
    let value = cx.value(0)?;
    let split = [&block[..], &[batches], spatial, rest].concat();
    let count = count as i64;
    let mut order = vec![count];
    order.extend((0..count).flat_map(|i| [count + 1 + i, i]));
    order.extend(2 * count + 1..split.len() as i64);
    let value = transposed(cx, value, &split, &order)?;
    let value = reshaped(cx, value, &whole)?;
    let value = taken(cx, value, &picks)?;
    cx.finish(value)
}

/// The tensors and the block of an operator on images.
fn images<'a>(cx: &OpCx<'a, '_>) -> Result<(&'a Tensor, &'a Tensor, i64), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    match cx.operator.options {
        Options::Block(o) => Ok((input, output, o.size)),
        _ => Err(Finding::new(
            codes::OPTIONS_MISSING,
            "its block size is missing",
            CONVERT_AGAIN,
        )
        .into()),
    }
}

/// The tensors of an operator that moves blocks to batches or back, its block, and two numbers for each dimension of that.
type Batches<'a> = (&'a Tensor, &'a Tensor, Vec<i64>, Vec<i64>);

fn batches<'a>(cx: &OpCx<'a, '_>) -> Result<Batches<'a>, Stop> {
    cx.operands(3..=3, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    let (block, around) = (constant_numbers(cx, 1)?, constant_numbers(cx, 2)?);
    let sane = block.iter().all(|b| (1..=1 << 16).contains(b))
        && around.len() == 2 * block.len()
        && block.len() < input.shape.len();
    fits(sane, input, output, &block)?;
    Ok((input, output, block, around))
}

fn misfit(input: &Tensor, output: &Tensor, block: &[i64]) -> Finding {
    Finding::new(
        codes::OPERAND_SHAPE,
        format!(
            "its input {:?} in blocks of {block:?} is not its output {:?}",
            input.shape, output.shape
        ),
        CONVERT_AGAIN,
    )
}

fn fits(ok: bool, input: &Tensor, output: &Tensor, block: &[i64]) -> Result<(), Finding> {
    if ok {
        Ok(())
    } else {
        Err(misfit(input, output, block))
    }
}

/// The operand under another shape, with its dimensions in another order, as the operator's output.
fn turned(cx: &mut OpCx<'_, '_>, inside: &[i64], order: &[i64]) -> Result<(), Stop> {
    let value = cx.value(0)?;
    let value = transposed(cx, value, inside, order)?;
    cx.finish(value)
}

/// A value under another shape, with its dimensions in another order.
fn transposed(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    inside: &[i64],
    order: &[i64],
) -> Result<ValueId, Stop> {
    let value = reshaped(cx, value, inside)?;
    let shape = nn::permuted(inside, order);
    shapes(shape.is_some(), || {
        "its dimensions have no order".to_owned()
    })?;
    let order = cx.module().i64s_attr(order);
    let state = OpState::new("nn.transpose").operands(&[value]);
    cx.intermediate(state.prop("permutation", order), &shape.unwrap_or_default())
}

pub(super) fn reshaped(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    shape: &[i64],
) -> Result<ValueId, Stop> {
    if nn::shape(cx.module(), value) == shape {
        return Ok(value);
    }
    cx.intermediate(OpState::new("nn.reshape").operands(&[value]), shape)
}
