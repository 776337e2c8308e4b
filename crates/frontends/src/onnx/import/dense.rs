//! Gemm and MatMul, as fully connected layers: the second factor is a constant.

use ir::OpState;

use super::context::{OpCx, Stop, attribute, element_type, shapes};
use super::value::{Computed, Named};
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
    layer(cx, &input, &filter.permuted(&[1, 0]), None, &shape)
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
    let filter = scaled(filter, alpha)?;
    let filter = if transposed {
        filter
    } else {
        filter.permuted(&[1, 0])
    };
    let bias = match bias {
        Some(bias) => Some(row(scaled(bias, beta)?, channels)?),
        None => None,
    };
    layer(cx, &input, &filter, bias, &shape)
}

/// A constant times a number.
fn scaled(named: Named, factor: f32) -> Result<Named, Finding> {
    if factor == 1.0 {
        return Ok(named);
    }
    let values = named.tensor.floats();
    let values = values.ok_or_else(|| element_type("operand", named.tensor.dtype))?;
    let tensor = Tensor::of_floats(&named.tensor.shape, values.iter().map(|x| x * factor));
    Ok(Named::plain(named.name, tensor))
}

/// A constant that is added to every row.
fn row(bias: Named, channels: i64) -> Result<Named, Finding> {
    let tensor = &bias.tensor;
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
    if last == channels {
        return Ok(bias.reshaped(&[channels]));
    }
    let values = tensor.floats();
    let values = values.ok_or_else(|| element_type("bias", tensor.dtype))?;
    let count = usize::try_from(channels).unwrap_or(0);
    let values = values.iter().copied().cycle().take(count);
    Ok(Named::plain(
        bias.name,
        Tensor::of_floats(&[channels], values),
    ))
}

/// The layer. What was flattened while its dimensions were stored in another order stays so: the weights are put in that order.
fn layer(
    cx: &mut OpCx<'_, '_>,
    input: &Computed,
    filter: &Named,
    bias: Option<Named>,
    shape: &[i64],
) -> Result<(), Stop> {
    let &[channels, depth] = filter.tensor.shape.as_slice() else {
        return Err(Stop::Upstream);
    };
    let rows = input.shape.iter().product::<i64>() / depth.max(1);
    let flattened = !input.is_plain()
        && input.order.first() == Some(&0)
        && input.base.first() == Some(&rows)
        && input.shape == [rows, depth];
    let (value, filter) = if flattened {
        let mut of = input.base.clone();
        of[0] = channels;
        let filter = filter.reshaped(&of).permuted(&input.order);
        (
            cx.reshape(input.value, &[rows, depth]),
            filter.reshaped(&[channels, depth]),
        )
    } else {
        (cx.plain(input).value, filter.clone())
    };
    let filter = cx.constant(&filter)?;
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
