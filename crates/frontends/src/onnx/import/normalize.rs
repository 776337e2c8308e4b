//! BatchNormalization at inference: folded into the convolution before it, or a scale of the channels.

use ir::ValueId;

use super::context::{OpCx, Stop, element_type, shapes};
use super::conv::scaled_channels;
use super::fuse::{producer, rebuilt};
use super::value::Named;
use crate::finding::Finding;
use crate::onnx::model::{DataType, Tensor};

pub(super) fn batch_normalization(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(5..=5)?;
    let input = cx.computed(0)?;
    shapes(input.shape.len() > 1, || {
        format!("its input {:?} has no channels", input.shape)
    })?;
    if cx.int("training_mode", 0)? != 0 {
        let help = "export the model for inference";
        return Err(super::context::attribute("it is in training mode", help).into());
    }
    let channels = input.shape[1];
    let epsilon = f64::from(cx.float("epsilon", 1e-5)?);
    let names = ["scale", "bias", "mean", "variance"];
    let mut lists = Vec::with_capacity(names.len());
    for (i, what) in names.into_iter().enumerate() {
        let named = cx.constant_input(i + 1, what)?;
        shapes(named.tensor.shape == [channels], || {
            format!(
                "its {what} has the shape {:?} for {channels} channels",
                named.tensor.shape
            )
        })?;
        let values = named.tensor.floats();
        lists.push(values.ok_or_else(|| element_type(what, named.tensor.dtype))?);
    }
    let [scale, bias, mean, variance] =
        <[Vec<f32>; 4]>::try_from(lists).map_err(|_| Stop::Upstream)?;
    let factor: Vec<f64> = scale
        .iter()
        .zip(&variance)
        .map(|(&s, &v)| f64::from(s) / (f64::from(v) + epsilon).sqrt())
        .collect();
    let shift: Vec<f64> = factor
        .iter()
        .zip(bias.iter().zip(&mean))
        .map(|(f, (&b, &m))| f64::from(b) - f * f64::from(m))
        .collect();
    // The channels must be last for them to be those of the op before.
    let last = input.base == input.shape && input.order.last() == Some(&1);
    if last {
        if let Some(value) = folded(cx, input.value, &factor, &shift)? {
            cx.set_computed(input.with(value));
            return Ok(());
        }
    }
    let layer = cx.node.layer().to_owned();
    let named = |what: &str, values: &[f64]| {
        let tensor = Tensor::of_floats(&[channels], values.iter().map(|&x| x as f32));
        Named::plain(format!("{layer}_{what}"), tensor)
    };
    scaled_channels(
        cx,
        &input,
        [&named("scale", &factor), &named("shift", &shift)],
    )
}

/// The value of a convolution with `factor · (convolution) + shift` in its weights.
fn folded(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    factor: &[f64],
    shift: &[f64],
) -> Result<Option<ValueId>, Finding> {
    let names = ["nn.conv_2d", "nn.depthwise_conv_2d", "nn.fully_connected"];
    let Some(op) = producer(cx, value, &names) else {
        return Ok(None);
    };
    let m = cx.module();
    let operands: Vec<ValueId> = m.operands(op).collect();
    let channels_first = m.op_name(op) != "nn.depthwise_conv_2d";
    let constant = |m: &ir::Module, v: ValueId| -> Option<Tensor> {
        let (ty, data) = m.attr_elements(m.constant_value(v)?)?;
        Some(Tensor {
            dtype: DataType::FLOAT,
            shape: m.type_data(ty).shape()?.to_vec(),
            data: data.clone(),
        })
    };
    let Some(filter) = constant(m, operands[1]) else {
        return Ok(None);
    };
    let bias = match operands.get(2) {
        Some(&v) => constant(m, v).and_then(|t| t.floats()),
        None => Some(vec![0.0; factor.len()]),
    };
    let (Some(weights), Some(bias)) = (filter.floats(), bias) else {
        return Ok(None);
    };
    // Elements from one channel to the next, where channels are first.
    let inner = weights.len() / factor.len().max(1);
    let weights = weights.iter().enumerate().map(|(i, &w)| {
        let channel = if channels_first {
            i / inner.max(1)
        } else {
            i % factor.len()
        };
        (f64::from(w) * factor[channel]) as f32
    });
    let bias = bias.iter().zip(factor.iter().zip(shift));
    let bias = bias.map(|(&b, (f, s))| (f64::from(b) * f + s) as f32);
    let layer = cx.node.layer().to_owned();
    let filter = Tensor::of_floats(&filter.shape, weights);
    let filter = Named::plain(format!("{layer}_filter"), filter);
    let bias = Tensor::of_floats(&[factor.len() as i64], bias);
    let bias = Named::plain(format!("{layer}_bias"), bias);
    let operands = [operands[0], cx.constant(&filter)?, cx.constant(&bias)?];
    Ok(Some(rebuilt(cx, op, &operands)))
}
