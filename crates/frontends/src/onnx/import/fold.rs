//! What is known at import: constants, and the arithmetic on shapes that exporters leave in the graph.

use super::context::{OpCx, Stop, attribute, axis, shapes};
use super::value::{Named, Value};
use crate::finding::Finding;
use crate::onnx::codes;
use crate::onnx::limits::MAX_FOLDED_BYTES;
use crate::onnx::model::{Attribute, DataType, Tensor};

/// The shape of a value.
pub(super) fn shape_of(value: &Value) -> Result<Vec<i64>, Stop> {
    match value {
        Value::Constant(named) => Ok(named.tensor.shape.clone()),
        Value::Computed(c) => Ok(c.shape.clone()),
        Value::Failed => Err(Stop::Upstream),
    }
}

/// Constant.
pub(super) fn constant(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(0..=0)?;
    let one = |x: i64| Tensor::of_integers(&[], [x]);
    let found = cx.node.attributes.iter().find_map(|(name, value)| {
        Some(match (name.as_str(), value) {
            ("value", Attribute::Tensor(tensor)) => tensor.clone(),
            ("value_int", Attribute::Int(i)) => one(*i),
            ("value_ints", Attribute::Ints(list)) => {
                Tensor::of_integers(&[list.len() as i64], list.iter().copied())
            }
            ("value_float", Attribute::Float(x)) => Tensor::of_floats(&[], [*x]),
            ("value_floats", Attribute::Floats(list)) => {
                Tensor::of_floats(&[list.len() as i64], list.iter().copied())
            }
            _ => return None,
        })
    });
    let tensor = found.ok_or_else(|| {
        attribute(
            "its value is of a kind that is not supported",
            "supported are tensors, integers and floats",
        )
    })?;
    cx.set_constant(tensor)
}

/// Shape, of what the network computes too.
pub(super) fn shape(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let shape = shape_of(&cx.input(0)?)?;
    let rank = shape.len() as i64;
    let bound = |stated: i64| {
        let from_front = if stated < 0 {
            stated.saturating_add(rank)
        } else {
            stated
        };
        from_front.clamp(0, rank) as usize
    };
    let (start, end) = (bound(cx.int("start", 0)?), bound(cx.int("end", rank)?));
    let part = shape.get(start..end).unwrap_or(&[]).to_vec();
    cx.set_constant(Tensor::of_integers(&[part.len() as i64], part))
}

/// Refuses constants that would grow without bound.
fn limited(bytes: Option<u64>) -> Result<(), Finding> {
    if bytes.is_some_and(|n| n <= MAX_FOLDED_BYTES) {
        return Ok(());
    }
    let message = format!(
        "it makes a constant of more than {} MiB",
        MAX_FOLDED_BYTES >> 20
    );
    Err(Finding::new(
        codes::LIMIT,
        message,
        "let the network be smaller",
    ))
}

fn bytes_of(shape: &[i64], dtype: DataType) -> Option<u64> {
    let size = dtype.bytes()? as u64;
    shape
        .iter()
        .try_fold(size, |n, &d| n.checked_mul(u64::try_from(d).ok()?))
}

/// A constant with its dimensions in another order.
pub(super) fn transposed(
    cx: &mut OpCx<'_, '_>,
    named: &Named,
    order: &[usize],
) -> Result<(), Stop> {
    cx.set_named(named.permuted(order))
}

/// Concat of constants of one type.
pub(super) fn concat(cx: &mut OpCx<'_, '_>, along: usize, shape: &[i64]) -> Result<(), Stop> {
    let mut parts = Vec::new();
    for i in 0..cx.node.inputs.len() {
        parts.push(cx.constant_input(i, "part")?.tensor);
    }
    let dtype = parts[0].dtype;
    if let Some(other) = parts.iter().find(|t| t.dtype != dtype) {
        return Err(super::context::element_type("part", other.dtype).into());
    }
    limited(bytes_of(shape, dtype))?;
    let size = dtype.bytes().unwrap_or(1);
    let extent = |d: i64| usize::try_from(d).unwrap_or(0);
    let rows: usize = shape[..along].iter().map(|&d| extent(d)).product();
    let mut data = Vec::new();
    for row in 0..rows {
        for part in &parts {
            let run = size
                * part.shape[along..]
                    .iter()
                    .map(|&d| extent(d))
                    .product::<usize>();
            data.extend_from_slice(&part.data[row * run..(row + 1) * run]);
        }
    }
    cx.set_constant(Tensor {
        dtype,
        shape: shape.to_vec(),
        data: data.into(),
    })
}

/// Gather from a constant.
pub(super) fn gather(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let tensor = cx.constant_input(0, "data")?.tensor;
    let indices = cx.constant_input(1, "list of indices")?.tensor;
    let list = indices.integers();
    let list =
        list.ok_or_else(|| super::context::element_type("list of indices", indices.dtype))?;
    let along = axis(cx.int("axis", 0)?, tensor.shape.len())?;
    let size = tensor.dtype.bytes().unwrap_or(1);
    let extent = |d: i64| usize::try_from(d).unwrap_or(0);
    let rows: usize = tensor.shape[..along].iter().map(|&d| extent(d)).product();
    let step = size
        * tensor.shape[along + 1..]
            .iter()
            .map(|&d| extent(d))
            .product::<usize>();
    let count = extent(tensor.shape[along]);
    let mut shape = tensor.shape[..along].to_vec();
    shape.extend(&indices.shape);
    shape.extend(&tensor.shape[along + 1..]);
    limited(bytes_of(&shape, tensor.dtype))?;
    let mut data = Vec::new();
    for row in 0..rows {
        for &i in &list {
            let at = axis(i, count)?;
            let from = (row * count + at) * step;
            data.extend_from_slice(&tensor.data[from..from + step]);
        }
    }
    cx.set_constant(Tensor {
        dtype: tensor.dtype,
        shape,
        data: data.into(),
    })
}

/// Indices from a first one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Indices {
    pub(super) first: i64,
    pub(super) count: i64,
    pub(super) step: i64,
}

impl Indices {
    pub(super) fn list(self) -> Vec<i64> {
        (0..self.count)
            .map(|i| self.first + i * self.step)
            .collect()
    }
}

/// The indices that Slice takes of each dimension of a shape; the numbers are inputs.
pub(super) fn slices(cx: &OpCx<'_, '_>, shape: &[i64]) -> Result<Vec<Indices>, Stop> {
    let rank = shape.len();
    let starts = cx
        .optional_integers(1, "list of starts")?
        .unwrap_or_default();
    let ends = cx.optional_integers(2, "list of ends")?.unwrap_or_default();
    let dims: Vec<usize> = match cx.optional_integers(3, "list of dimensions")? {
        Some(list) => list
            .into_iter()
            .map(|a| axis(a, rank))
            .collect::<Result<_, _>>()?,
        None => (0..starts.len()).collect(),
    };
    let steps = cx.optional_integers(4, "list of steps")?;
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    let alike = [ends.len(), dims.len(), steps.len()]
        .iter()
        .all(|&n| n == starts.len());
    shapes(
        alike && dims.iter().all(|&d| d < rank) && steps.iter().all(|&s| s != 0),
        || "its lists of starts, ends, dimensions and steps do not fit".to_owned(),
    )?;
    let whole = |&count: &i64| Indices {
        first: 0,
        count,
        step: 1,
    };
    let mut picked: Vec<Indices> = shape.iter().map(whole).collect();
    for (i, &d) in dims.iter().enumerate() {
        let n = shape[d];
        let (step, last) = (steps[i], n - 1);
        let bound = |stated: i64, low: i64, high: i64| {
            let from_front = if stated < 0 {
                stated.saturating_add(n)
            } else {
                stated
            };
            from_front.clamp(low, high)
        };
        let (first, span) = if step > 0 {
            let (start, end) = (bound(starts[i], 0, n), bound(ends[i], 0, n));
            (start, end - start)
        } else {
            let (start, end) = (bound(starts[i], -1, last), bound(ends[i], -1, last));
            (start, start - end)
        };
        // The span is at most the extent, so a longer step takes one.
        let stride = i64::try_from(step.unsigned_abs())
            .unwrap_or(i64::MAX)
            .min(n.max(1));
        picked[d] = Indices {
            first,
            count: (span.max(0) + stride - 1) / stride,
            step: stride * step.signum(),
        };
    }
    Ok(picked)
}

/// Slice of a constant.
pub(super) fn slice(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let tensor = cx.constant_input(0, "data")?.tensor;
    let rank = tensor.shape.len();
    let picked = slices(cx, &tensor.shape)?;
    let picked: Vec<Vec<i64>> = picked.into_iter().map(Indices::list).collect();
    let shape: Vec<i64> = picked.iter().map(|p| p.len() as i64).collect();
    let size = tensor.dtype.bytes().unwrap_or(1);
    let total: i64 = shape.iter().product();
    let mut data = Vec::new();
    for mut i in 0..total {
        let (mut from, mut step) = (0, 1);
        for d in (0..rank).rev() {
            let n = shape[d];
            from += picked[d][usize::try_from(i % n).unwrap_or(0)] * step;
            step *= tensor.shape[d];
            i /= n;
        }
        let from = usize::try_from(from).unwrap_or(0) * size;
        data.extend_from_slice(&tensor.data[from..from + size]);
    }
    cx.set_constant(Tensor {
        dtype: tensor.dtype,
        shape,
        data: data.into(),
    })
}

/// Cast of a constant between integers and floats; of what the network computes only if nothing changes.
pub(super) fn cast(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let to = cx.int("to", 0)?;
    cast_to(cx, DataType(i32::try_from(to).unwrap_or(0)))
}

/// CastLike: a Cast to the type of its second input.
pub(super) fn cast_like(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let to = match cx.input(1)? {
        Value::Failed => return Err(Stop::Upstream),
        Value::Constant(named) => named.tensor.dtype,
        Value::Computed(c) => {
            let (elem, f32) = (cx.elem(c.value), cx.module().f32());
            if elem != f32 {
                return Err(super::context::element_type("second input", DataType::INT8).into());
            }
            DataType::FLOAT
        }
    };
    cast_to(cx, to)
}

fn cast_to(cx: &mut OpCx<'_, '_>, to: DataType) -> Result<(), Stop> {
    let named = match cx.input(0)? {
        Value::Failed => return Err(Stop::Upstream),
        Value::Computed(c) => {
            let (elem, f32, i32) = (cx.elem(c.value), cx.module().f32(), cx.module().i32());
            // Indices are int32 whatever the file says.
            let indices = elem == i32 && matches!(to, DataType::INT32 | DataType::INT64);
            if to == DataType::FLOAT && elem == f32 || indices {
                cx.set_computed(c);
                return Ok(());
            }
            return Err(super::context::element_type("result", to).into());
        }
        Value::Constant(named) => named,
    };
    let tensor = &named.tensor;
    let shape = tensor.shape.clone();
    let result = match (tensor.integers(), tensor.floats(), to) {
        _ if tensor.dtype == to => tensor.clone(),
        (Some(list), _, DataType::INT64) => Tensor::of_integers(&shape, list),
        (Some(list), _, DataType::FLOAT) => {
            Tensor::of_floats(&shape, list.iter().map(|&i| i as f32))
        }
        (Some(list), _, DataType::INT32) => Tensor {
            dtype: to,
            shape,
            data: list
                .iter()
                .flat_map(|&i| (i as i32).to_le_bytes())
                .collect(),
        },
        (_, Some(list), DataType::INT64) => {
            Tensor::of_integers(&shape, list.iter().map(|&x| x as i64))
        }
        (Some(list), _, DataType::BOOL) => Tensor {
            dtype: to,
            shape,
            data: list.iter().map(|&i| u8::from(i != 0)).collect(),
        },
        _ => return Err(super::context::element_type("result", to).into()),
    };
    limited(Some(result.data.len() as u64))?;
    cx.set_constant(result)
}

/// ConstantOfShape.
pub(super) fn constant_of_shape(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let shape = cx.optional_integers(0, "shape")?.unwrap_or_default();
    let one = match cx.tensor("value")? {
        Some(tensor) => tensor.clone(),
        None => Tensor::of_floats(&[1], [0.0]),
    };
    shapes(
        one.elements() == 1 && shape.len() <= crate::onnx::limits::MAX_RANK,
        || "its value is not one number, or its shape has too many dimensions".to_owned(),
    )?;
    let bytes = bytes_of(&shape, one.dtype);
    limited(bytes)?;
    let copies = bytes.unwrap_or(0) as usize / one.data.len().max(1);
    cx.set_constant(Tensor {
        dtype: one.dtype,
        shape,
        data: one.data.repeat(copies).into(),
    })
}

/// Add of constants.
pub(super) fn add(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    arithmetic(cx, i64::checked_add, |a, b| a + b)
}

pub(super) fn sub(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    arithmetic(cx, i64::checked_sub, |a, b| a - b)
}

pub(super) fn mul(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    arithmetic(cx, i64::checked_mul, |a, b| a * b)
}

/// Integers are divided towards zero.
pub(super) fn div(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    arithmetic(cx, i64::checked_div, |a, b| a / b)
}

/// The shape that shapes broadcast to.
fn common(all: &[&[i64]]) -> Result<Vec<i64>, Finding> {
    let mut shape = Vec::new();
    for other in all {
        let joined = ir::dialects::nn::broadcast(&shape, other);
        shapes(joined.is_some(), || {
            format!("shapes {all:?} do not broadcast")
        })?;
        shape = joined.unwrap_or_default();
    }
    Ok(shape)
}

/// Where element `i` of a shape comes from in a tensor that is broadcast to it.
fn place(shape: &[i64], of: &[i64], i: i64) -> usize {
    let (mut rest, mut at, mut step) = (i, 0, 1);
    for (d, &n) in shape.iter().enumerate().rev() {
        let lead = shape.len() - of.len();
        if let Some(&m) = d.checked_sub(lead).and_then(|d| of.get(d)) {
            at += (rest % n).min(m - 1) * step;
            step *= m;
        }
        rest /= n.max(1);
    }
    usize::try_from(at).unwrap_or(0)
}

/// Elements of a tensor at the places that its broadcast to a shape reads.
fn spread(tensor: &Tensor, shape: &[i64]) -> Result<Tensor, Finding> {
    let bytes = bytes_of(shape, tensor.dtype);
    limited(bytes)?;
    let size = tensor.dtype.bytes().unwrap_or(1);
    let count = bytes.unwrap_or(0) / size as u64;
    let mut data = Vec::new();
    for i in 0..i64::try_from(count).unwrap_or(0) {
        let from = place(shape, &tensor.shape, i) * size;
        data.extend_from_slice(&tensor.data[from..from + size]);
    }
    Ok(Tensor {
        dtype: tensor.dtype,
        shape: shape.to_vec(),
        data: data.into(),
    })
}

/// A constant, broadcast to what both its shape and a stated one broadcast to.
pub(super) fn expand(cx: &mut OpCx<'_, '_>, stated: &[i64]) -> Result<(), Stop> {
    let tensor = cx.constant_input(0, "input")?.tensor;
    let shape = common(&[&tensor.shape, stated])?;
    let tensor = spread(&tensor, &shape)?;
    cx.set_constant(tensor)
}

/// Equal of constants.
pub(super) fn equal(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let a = cx.constant_input(0, "first operand")?.tensor;
    let b = cx.constant_input(1, "second operand")?.tensor;
    let shape = common(&[&a.shape, &b.shape])?;
    let (a, b) = (spread(&a, &shape)?, spread(&b, &shape)?);
    let equal: Vec<bool> = match (a.integers(), b.integers(), a.floats(), b.floats()) {
        (Some(a), Some(b), ..) => a.iter().zip(&b).map(|(a, b)| a == b).collect(),
        (_, _, Some(a), Some(b)) => a.iter().zip(&b).map(|(a, b)| a == b).collect(),
        _ => return Err(super::context::element_type("second operand", b.dtype).into()),
    };
    cx.set_constant(Tensor {
        dtype: DataType::BOOL,
        shape,
        data: equal.into_iter().map(u8::from).collect(),
    })
}

/// Where of constants: elements of the second or the third, as the first says.
pub(super) fn choose(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=3)?;
    let condition = cx.constant_input(0, "condition")?.tensor;
    let (yes, no) = (
        cx.constant_input(1, "second operand")?.tensor,
        cx.constant_input(2, "third operand")?.tensor,
    );
    if condition.dtype != DataType::BOOL || yes.dtype != no.dtype {
        return Err(super::context::element_type("third operand", no.dtype).into());
    }
    let shape = common(&[&condition.shape, &yes.shape, &no.shape])?;
    let (condition, yes, no) = (
        spread(&condition, &shape)?,
        spread(&yes, &shape)?,
        spread(&no, &shape)?,
    );
    let size = yes.dtype.bytes().unwrap_or(1);
    let (yes_bytes, no_bytes) = (yes.data.chunks_exact(size), no.data.chunks_exact(size));
    let pairs = condition.data.iter().zip(yes_bytes.zip(no_bytes));
    let data = pairs.flat_map(|(&c, (yes, no))| if c != 0 { yes } else { no });
    cx.set_constant(Tensor {
        dtype: yes.dtype,
        shape,
        data: data.copied().collect(),
    })
}

fn arithmetic(
    cx: &mut OpCx<'_, '_>,
    integers: fn(i64, i64) -> Option<i64>,
    floats: fn(f32, f32) -> f32,
) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let a = cx.constant_input(0, "first operand")?.tensor;
    let b = cx.constant_input(1, "second operand")?.tensor;
    let shape = common(&[&a.shape, &b.shape])?;
    limited(bytes_of(&shape, DataType::INT64))?;
    let total: i64 = shape.iter().product();
    let place = |of: &[i64], i: i64| place(&shape, of, i);
    let result = match (a.integers(), b.integers(), a.floats(), b.floats()) {
        (Some(x), Some(y), ..) => {
            let pairs = (0..total).map(|i| integers(x[place(&a.shape, i)], y[place(&b.shape, i)]));
            let values = pairs.collect::<Option<Vec<i64>>>();
            let values = values.ok_or_else(|| {
                attribute(
                    "its constants overflow, or are divided by 0",
                    "check the shapes of the model",
                )
            })?;
            Tensor::of_integers(&shape, values)
        }
        (_, _, Some(x), Some(y)) => {
            let values = (0..total).map(|i| floats(x[place(&a.shape, i)], y[place(&b.shape, i)]));
            Tensor::of_floats(&shape, values)
        }
        _ => return Err(super::context::element_type("second operand", b.dtype).into()),
    };
    cx.set_constant(result)
}
