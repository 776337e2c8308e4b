//! Operators that take elements by their indices: SLICE, STRIDED_SLICE, GATHER, TILE, MIRROR_PAD and RESIZE_NEAREST_NEIGHBOR.
//!
//! The indices are known at import, so each of them is an `nn.gather`. A contiguous part is one of an `nn.split`, which is a view.

use std::ops::Range;

use ir::dialects::nn::Picks;
use ir::{OpState, ValueId};

use super::context::{OpCx, Stop, float_or_int8, same_quantization, shapes};
use super::layout::constant_numbers;
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::Tensor;
use crate::tflite::options::{Options, StridedSlice};

/// SLICE: the tensor, where it begins along each dimension, and how many elements; −1 for all that are left.
pub(super) fn slice(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=3, 1)?;
    let (input, output) = moved(cx)?;
    let (begin, size) = (constant_numbers(cx, 1)?, constant_numbers(cx, 2)?);
    let ranges = ranges(&input.shape, &begin, &size);
    shapes(ranges.is_some(), || {
        format!(
            "its input {:?} has no elements from {begin:?} on of the extents {size:?}",
            input.shape
        )
    })?;
    let ranges = ranges.unwrap_or_default();
    let shape: Vec<i64> = ranges.iter().map(|r| r.end - r.start).collect();
    let picks = Picks {
        along: ranges.into_iter().map(|r| Some(r.collect())).collect(),
    };
    take(cx, &picks, &shape, output)
}

/// The range of each dimension from where it begins on, of these extents; `None` if there is none.
fn ranges(input: &[i64], begin: &[i64], size: &[i64]) -> Option<Vec<Range<i64>>> {
    let rank = input.len();
    if begin.len() != rank || size.len() != rank {
        return None;
    }
    let each = (0..rank).map(|d| {
        let (first, n) = (begin[d], input[d]);
        let end = match size[d] {
            -1 => n,
            count => first.saturating_add(count),
        };
        (first >= 0 && first < end && end <= n).then_some(first..end)
    });
    each.collect()
}

/// STRIDED_SLICE: the tensor; for each dimension the first index, the end, and the step.
pub(super) fn strided_slice(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(4..=4, 1)?;
    let (input, output) = moved(cx)?;
    let numbers = Spec {
        begin: constant_numbers(cx, 1)?,
        end: constant_numbers(cx, 2)?,
        strides: constant_numbers(cx, 3)?,
        options: match cx.operator.options {
            Options::StridedSlice(options) => options,
            _ => StridedSlice::default(),
        },
    };
    let sliced = numbers.of(&input.shape);
    shapes(sliced.is_some(), || {
        format!(
            "its input {:?} has no elements from {:?} to {:?} in steps of {:?}",
            input.shape, numbers.begin, numbers.end, numbers.strides
        )
    })?;
    let (picks, shape) = sliced.ok_or(Stop::Upstream)?;
    take(cx, &picks, &shape, output)
}

/// The numbers of a STRIDED_SLICE.
struct Spec {
    begin: Vec<i64>,
    end: Vec<i64>,
    strides: Vec<i64>,
    options: StridedSlice,
}

impl Spec {
    /// What is taken of a shape, and the shape of that with the dimensions that the masks add and remove; `None` if there is nothing, or the
    /// numbers are not of the shape.
    fn of(&self, input: &[i64]) -> Option<(Picks, Vec<i64>)> {
        let (o, count) = (&self.options, self.begin.len());
        let has = |mask: i64, i: usize| i < 32 && mask >> i & 1 == 1;
        let mut ellipses = (0..count).filter(|&i| has(o.ellipsis_mask, i));
        let ellipsis = ellipses.next();
        let is_new = |i: usize| Some(i) != ellipsis && has(o.new_axis_mask, i);
        let stated = (0..count)
            .filter(|&i| Some(i) != ellipsis && !is_new(i))
            .count();
        let hidden = input.len().checked_sub(stated)?;
        if self.end.len() != count || self.strides.len() != count || ellipses.next().is_some() {
            return None;
        }
        let mut picks = Picks::everything(input.len());
        let (mut shape, mut d) = (Vec::new(), 0);
        for i in 0..count {
            if Some(i) == ellipsis {
                shape.extend(&input[d..d + hidden]);
                d += hidden;
            } else if is_new(i) {
                shape.push(1);
            } else {
                let list = self.indices(i, input[d], &has)?;
                if !has(o.shrink_axis_mask, i) {
                    shape.push(list.len() as i64);
                }
                picks.along[d] = Some(list);
                d += 1;
            }
        }
        shape.extend(&input[d..]);
        Some((picks, shape))
    }

    /// The indices that entry `i` takes of `n`, as the reference kernel goes through them; `None` if there are none.
    fn indices(&self, i: usize, n: i64, has: &impl Fn(i64, usize) -> bool) -> Option<Vec<i64>> {
        let (o, step) = (&self.options, self.strides[i]);
        // Where to begin and to end if nothing says it, and what there is to clamp to.
        let (first, behind, least, most) = match step {
            0 => return None,
            1.. => (0, n, 0, n),
            _ => (n - 1, -1, -1, n - 1),
        };
        let clamped = |x: i64| {
            let from_front = if x < 0 { x.saturating_add(n) } else { x };
            from_front.clamp(least, most)
        };
        let start = match has(o.begin_mask, i) {
            true => first,
            false => clamped(self.begin[i]),
        };
        let list: Vec<i64> = if has(o.shrink_axis_mask, i) {
            (0..n)
                .contains(&start)
                .then_some(start)
                .into_iter()
                .collect()
        } else {
            let end = match (has(o.end_mask, i), o.offset) {
                (true, _) => behind,
                (false, false) => clamped(self.end[i]),
                (false, true) => clamped(self.end[i].saturating_add(start)),
            };
            let each = std::iter::successors(Some(start), |x| x.checked_add(step));
            each.take_while(|&x| if step > 0 { x < end } else { x > end })
                .collect()
        };
        (!list.is_empty()).then_some(list)
    }
}

/// GATHER: the tensor, and the indices along a dimension.
pub(super) fn gather(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = moved(cx)?;
    let (indices, stated) = (constant_numbers(cx, 1)?, cx.input(1)?);
    let (axis, batch_dims) = match cx.operator.options {
        Options::Gather(o) => (o.axis, o.batch_dims),
        _ => (0, 0),
    };
    if batch_dims != 0 {
        return Err(Finding::new(
            codes::PARAMETER,
            format!("it gathers within {batch_dims} batch dimensions"),
            "gather along one dimension, with batch_dims = 0",
        )
        .into());
    }
    let along = dimension(axis, input.shape.len())?;
    let n = input.shape[along];
    let inside = !indices.is_empty() && indices.iter().all(|i| (0..n).contains(i));
    shapes(inside, || {
        format!("its indices {indices:?} are not of a dimension of {n} elements")
    })?;
    let mut picks = Picks::everything(input.shape.len());
    picks.along[along] = Some(indices);
    let around = (&input.shape[..along], &input.shape[along + 1..]);
    let shape = [around.0, &stated.shape, around.1].concat();
    take(cx, &picks, &shape, output)
}

/// TILE: the tensor, and how often it is repeated along each dimension.
pub(super) fn tile(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = moved(cx)?;
    let times = constant_numbers(cx, 1)?;
    let repeated = input.shape.iter().zip(&times);
    let repeated: Vec<i64> = repeated.map(|(n, t)| n.saturating_mul(*t)).collect();
    // So the output's size, which the file was checked for, bounds the lists.
    shapes(
        times.len() == input.shape.len() && repeated == output.shape,
        || {
            format!(
                "its input {:?} taken {times:?} times is not its output {:?}",
                input.shape, output.shape
            )
        },
    )?;
    let all = input.shape.iter().zip(&repeated);
    let along = all.map(|(&n, &whole)| Some((0..whole).map(|i| i % n).collect()));
    let picks = Picks {
        along: along.collect(),
    };
    take(cx, &picks, &repeated, output)
}

/// MIRROR_PAD: the tensor, and how many elements are mirrored before and behind each dimension.
pub(super) fn mirror_pad(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = moved(cx)?;
    let padding = constant_numbers(cx, 1)?;
    let symmetric = matches!(cx.operator.options, Options::MirrorPad(o) if o.symmetric);
    // How far from the border the mirror is.
    let edge = if symmetric { 0 } else { 1 };
    let both = || input.shape.iter().zip(padding.chunks_exact(2));
    let fits = padding.len() == 2 * input.shape.len()
        && both().all(|(&n, p)| p.iter().all(|p| (0..=n - edge).contains(p)));
    let shape: Vec<i64> = both()
        .map(|(n, p)| n.saturating_add(p[0]).saturating_add(p[1]))
        .collect();
    shapes(fits && shape == output.shape, || {
        format!(
            "its input {:?} with {padding:?} elements mirrored around it is not its output {:?}",
            input.shape, output.shape
        )
    })?;
    let mirrored = |n: i64, i: i64| match i {
        _ if i < 0 => edge - 1 - i,
        _ if i >= n => 2 * n - 1 - edge - i,
        _ => i,
    };
    let along = both().map(|(&n, p)| Some((-p[0]..n + p[1]).map(|i| mirrored(n, i)).collect()));
    let picks = Picks {
        along: along.collect(),
    };
    take(cx, &picks, &shape, output)
}

/// RESIZE_NEAREST_NEIGHBOR: the images, and the new rows and columns.
pub(super) fn resize_nearest_neighbor(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = moved(cx)?;
    let size = constant_numbers(cx, 1)?;
    let (align_corners, half_pixel_centers) = match cx.operator.options {
        Options::ResizeNearestNeighbor(o) => (o.align_corners, o.half_pixel_centers),
        _ => (false, false),
    };
    let images = (
        input.shape.as_slice(),
        output.shape.as_slice(),
        size.as_slice(),
    );
    let (&[n, h, w, c], &[on, oh, ow, oc], &[rows, columns]) = images else {
        return shapes(false, || {
            format!(
                "its input {:?} is to have four dimensions, and its size {size:?} two numbers",
                input.shape
            )
        })
        .map_err(Stop::from);
    };
    shapes([n, rows, columns, c] == [on, oh, ow, oc], || {
        format!(
            "its input {:?} in the size {size:?} is not its output {:?}",
            input.shape, output.shape
        )
    })?;
    let nearest = |input: i64, output: i64| {
        let at = |i| nearest(i, input, output, align_corners, half_pixel_centers);
        Some((0..output).map(at).collect())
    };
    let picks = Picks {
        along: vec![None, nearest(h, oh), nearest(w, ow), None],
    };
    take(cx, &picks, &output.shape, output)
}

/// The index of `input` elements that index `i` of `output` elements takes, in the reference kernel's float arithmetic.
fn nearest(i: i64, input: i64, output: i64, align_corners: bool, half_pixel_centers: bool) -> i64 {
    let scale = match align_corners && output > 1 {
        true => (input - 1) as f32 / (output - 1) as f32,
        false => input as f32 / output as f32,
    };
    let offset = if half_pixel_centers { 0.5 } else { 0.0 };
    let at = (i as f32 + offset) * scale;
    let at = if align_corners {
        at.round()
    } else {
        at.floor()
    };
    (at as i64).clamp(0, input - 1)
}

/// The input and the output of an operator that leaves elements as they are.
fn moved<'a>(cx: &OpCx<'a, '_>) -> Result<(&'a Tensor, &'a Tensor), Finding> {
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    Ok((input, output))
}

/// A dimension of so many, from the front; `axis` may count from behind.
pub(super) fn dimension(axis: i64, rank: usize) -> Result<usize, Finding> {
    let rank = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_front = if axis < 0 {
        axis.saturating_add(rank)
    } else {
        axis
    };
    match usize::try_from(from_front) {
        Ok(d) if from_front < rank => Ok(d),
        _ => Err(Finding::new(
            codes::PARAMETER,
            format!("its dimension {axis} is not one of {rank}"),
            CONVERT_AGAIN,
        )),
    }
}

/// Makes these elements of the first operand, in a shape, the operator's output.
fn take(cx: &mut OpCx<'_, '_>, picks: &Picks, shape: &[i64], output: &Tensor) -> Result<(), Stop> {
    shapes(shape == output.shape, || {
        format!(
            "what it takes has the shape {shape:?}, its output {:?}",
            output.shape
        )
    })?;
    let value = cx.value(0)?;
    let value = taken(cx, value, picks)?;
    cx.finish(value)
}

/// These elements of a value.
pub(super) fn taken(cx: &mut OpCx<'_, '_>, value: ValueId, picks: &Picks) -> Result<ValueId, Stop> {
    let input = ir::dialects::nn::shape(cx.module(), value).to_vec();
    let left = picks.shape_of(&input).ok_or(Stop::Upstream)?;
    // Dimensions that stay as they are need no list.
    let mut lists = picks.clone();
    for (list, &n) in lists.along.iter_mut().zip(&input) {
        *list = list.take().filter(|l| !l.iter().copied().eq(0..n));
    }
    let listed = lists.along.iter().enumerate();
    let mut picked = listed.filter_map(|(d, l)| Some((d, l.as_ref()?)));
    let (Some((d, list)), next) = (picked.next(), picked.next()) else {
        return Ok(value);
    };
    let range = list[0]..list[0] + list.len() as i64;
    let contiguous = input[..d].iter().all(|&n| n == 1);
    if next.is_none() && contiguous && list.iter().copied().eq(range.clone()) {
        let extents = [range.start, range.end - range.start, input[d] - range.end];
        let parts = cx.split(value, d, extents.into_iter().filter(|&n| n > 0));
        return Ok(parts[usize::from(range.start > 0)]);
    }
    let mut state = OpState::new("nn.gather").operands(&[value]);
    for (name, attribute) in lists.attributes(cx.module()) {
        state = state.prop(name, attribute);
    }
    cx.intermediate(state, &left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape and the elements of a slice of a tensor whose elements are their indices.
    fn sliced(
        input: &[i64],
        lists: [&[i64]; 3],
        options: StridedSlice,
    ) -> Option<(Vec<i64>, Vec<i64>)> {
        let [begin, end, strides] = lists.map(<[i64]>::to_vec);
        let spec = Spec {
            begin,
            end,
            strides,
            options,
        };
        let (picks, shape) = spec.of(input)?;
        let mut elements = vec![0];
        for (list, &n) in picks.along.iter().zip(input) {
            let list = list.clone().unwrap_or_else(|| (0..n).collect());
            let each = |e: &i64| list.iter().map(|i| e * n + i).collect::<Vec<_>>();
            elements = elements.iter().flat_map(each).collect();
        }
        Some((shape, elements))
    }

    /// As numpy has it: `numpy.arange(12).reshape(3, 4)[…]`.
    #[test]
    fn masks() {
        let none = StridedSlice::default();
        let new = |mask| StridedSlice {
            new_axis_mask: mask,
            ..none
        };
        // [numpy.newaxis, 1:3, 0:4:2]
        let (shape, elements) =
            sliced(&[3, 4], [&[9, 1, 0], &[9, 3, 4], &[1, 1, 2]], new(1)).unwrap();
        assert_eq!((shape, elements), (vec![1, 2, 2], vec![4, 6, 8, 10]));
        // [..., -1] and [..., 3:0:-2]
        let dots = StridedSlice {
            ellipsis_mask: 1,
            ..none
        };
        let last = StridedSlice {
            shrink_axis_mask: 2,
            ..dots
        };
        let (shape, elements) = sliced(&[3, 4], [&[0, -1], &[0, 0], &[1, 1]], last).unwrap();
        assert_eq!((shape, elements), (vec![3], vec![3, 7, 11]));
        let (shape, elements) = sliced(&[3, 4], [&[0, 3], &[0, 0], &[1, -2]], dots).unwrap();
        assert_eq!((shape, elements), (vec![3, 2], vec![3, 1, 7, 5, 11, 9]));
        // An end that counts from the beginning: [1:1 + 2]
        let offset = StridedSlice {
            offset: true,
            ..none
        };
        let (shape, elements) = sliced(&[3], [&[1], &[2], &[1]], offset).unwrap();
        assert_eq!((shape, elements), (vec![2], vec![1, 2]));
        // Nothing; two ellipses; a step of 0; more numbers than dimensions; an index that is not there.
        assert_eq!(sliced(&[3], [&[2], &[2], &[1]], none), None);
        let twice = StridedSlice {
            ellipsis_mask: 3,
            ..none
        };
        assert_eq!(sliced(&[3, 4], [&[0, 0], &[1, 1], &[1, 1]], twice), None);
        assert_eq!(sliced(&[3], [&[0], &[1], &[0]], none), None);
        assert_eq!(sliced(&[3], [&[0, 0], &[1, 1], &[1, 1]], none), None);
        let shrink = StridedSlice {
            shrink_axis_mask: 1,
            ..none
        };
        assert_eq!(sliced(&[3], [&[3], &[4], &[1]], shrink), None);
    }
}
