//! Gemm and MatMul, as fully connected layers: the second factor is a constant.

use ir::OpState;

use super::context::{OpCx, Stop, attribute, element_type, shapes};
use super::value::{Computed, Named, permuted_bytes};
use crate::finding::Finding;
use crate::onnx::model::Tensor;

pub(super) fn mat_mul(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let input = cx.computed(0)?;
    let filter = cx.constant_input(1, "second factor")?;
    let &[depth, channels] = filter.tensor.shape.as_slice() else {
        let message = format!("its second factor has the shape {:?}", filter.tensor.shape);
        return Err(attribute(message, "multiply by a matrix").into());
    };
    shapes(input.shape.last() == Some(&depth) && channels > 0, || {
        format!(
            "its factors have the shapes {:?} and {:?}",
            input.shape, filter.tensor.shape
        )
    })?;
    let mut shape = input.shape.clone();
    shape.pop();
    shape.push(channels);
    let weights = Weights::new(&filter, true, 1.0)?;
    layer(cx, &input, weights, None, &shape)
}

pub(super) fn gemm(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=3)?;
    let mut input = cx.computed(0)?;
    let filter = cx.constant_input(1, "second factor")?;
    let bias = cx.optional_constant(2, "bias")?;
    let (alpha, beta) = (cx.float("alpha", 1.0)?, cx.float("beta", 1.0)?);
    let transposed = cx.int("transB", 0)? != 0;
    let (&[_, _], &[rows, columns]) = (input.shape.as_slice(), filter.tensor.shape.as_slice())
    else {
        shapes(false, || {
            format!(
                "its factors have the shapes {:?} and {:?}",
                input.shape, filter.tensor.shape
            )
        })?;
        return Ok(());
    };
    if cx.int("transA", 0)? != 0 {
        let whole = cx.whole(&input);
        let shape = [whole.shape[1], whole.shape[0]];
        let order: Vec<usize> = whole.order.iter().map(|d| 1 - d).collect();
        input = Computed::ordered(whole.value, &shape, &order);
    }
    let (depth, channels) = if transposed {
        (columns, rows)
    } else {
        (rows, columns)
    };
    shapes(input.shape[1] == depth && channels > 0, || {
        format!(
            "its factors have the shapes {:?} and {:?}",
            input.shape, filter.tensor.shape
        )
    })?;
    let shape = [input.shape[0], channels];
    let weights = Weights::new(&filter, !transposed, alpha)?;
    let bias = match bias {
        Some(bias) => Some(row(&bias, channels, beta)?),
        None => None,
    };
    layer(cx, &input, weights, bias, &shape)
}

/// A constant that is added to every row.
fn row(bias: &Named, channels: i64, beta: f32) -> Result<Named, Finding> {
    let tensor = &bias.tensor;
    let values = tensor
        .floats()
        .ok_or_else(|| element_type("bias", tensor.dtype))?;
    let (last, rest) = match tensor.shape.split_last() {
        Some((last, rest)) => (*last, rest),
        None => (1, &[][..]),
    };
    shapes(
        rest.iter().all(|&d| d == 1) && (last == channels || last == 1),
        || {
            format!(
                "its bias has the shape {:?} for {channels} channels",
                tensor.shape
            )
        },
    )?;
    let count = usize::try_from(channels).unwrap_or(0);
    let values = values.iter().cycle().take(count).map(|x| x * beta);
    Ok(Named {
        name: bias.name.clone(),
        tensor: Tensor::of_floats(&[channels], values),
    })
}

/// Weights of a fully connected layer, channels first.
struct Weights {
    name: String,
    channels: i64,
    depth: i64,
    values: Vec<f32>,
}

impl Weights {
    /// Of a matrix, `transposed` if its channels are its columns, times a number.
    fn new(filter: &Named, transposed: bool, factor: f32) -> Result<Weights, Finding> {
        let tensor = &filter.tensor;
        let (mut shape, mut tensor) = ([tensor.shape[0], tensor.shape[1]], tensor.clone());
        if transposed {
            if tensor.floats().is_some() {
                tensor.data = permuted_bytes(&tensor.data, &shape, &[1, 0], 4).into();
            }
            shape.reverse();
        }
        let mut values = tensor
            .floats()
            .ok_or_else(|| element_type("second factor", tensor.dtype))?;
        if factor != 1.0 {
            values.iter_mut().for_each(|x| *x *= factor);
        }
        Ok(Weights {
            name: filter.name.clone(),
            channels: shape[0],
            depth: shape[1],
            values,
        })
    }
}

/// The layer. What was flattened while its dimensions were stored in another order stays so: the weights are put in that order.
fn layer(
    cx: &mut OpCx<'_, '_>,
    input: &Computed,
    weights: Weights,
    bias: Option<Named>,
    shape: &[i64],
) -> Result<(), Stop> {
    let Weights {
        name,
        channels,
        depth,
        values,
    } = weights;
    let rows = input.shape.iter().product::<i64>() / depth.max(1);
    let flattened = !input.is_plain()
        && input.order.first() == Some(&0)
        && input.base.first() == Some(&rows)
        && input.shape == [rows, depth];
    let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    let (value, bytes) = if flattened {
        let mut of = input.base.clone();
        of[0] = channels;
        let bytes = permuted_bytes(&bytes, &of, &input.order, 4);
        (cx.reshape(input.value, &[rows, depth]), bytes)
    } else {
        (cx.plain(input).value, bytes)
    };
    let filter = cx.floats(&name, &[channels, depth], bytes.into())?;
    let mut operands = vec![value, filter];
    if let Some(bias) = &bias {
        operands.push(cx.constant(bias)?);
    }
    let m = cx.module();
    let state = OpState::new("nn.fully_connected")
        .operands(&operands)
        .prop("activation", m.str_attr("none"));
    let f32 = m.f32();
    let value = cx.emit(state, shape, f32);
    cx.set_computed(Computed::plain(value, shape));
    Ok(())
}
