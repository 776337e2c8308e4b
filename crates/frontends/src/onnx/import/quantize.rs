//! QuantizeLinear and DequantizeLinear. A constant stays quantised, behind an `nn.dequantize`. Unsigned bytes become signed ones of a zero point that is 128 less, exactly.

use ir::{OpState, QuantType};

use super::context::{OpCx, Stop, axis, element_type};
use super::value::{Named, Quantised, Value};
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::onnx::codes;
use crate::onnx::model::{DataType, Tensor};

/// Whether a number can be a scale.
pub(super) fn is_scale(scale: f32) -> bool {
    scale.is_finite() && scale >= f32::MIN_POSITIVE
}

fn refused(message: String) -> Finding {
    Finding::new(codes::QUANTIZATION, message, CONVERT_AGAIN)
}

/// One scale, and one zero point as of signed bytes.
fn affine(cx: &OpCx<'_, '_>, default: DataType) -> Result<(f32, i64), Stop> {
    let scale = cx.constant_input(1, "scale")?.tensor;
    let (zero_point, dtype) = match cx.optional_constant(2, "zero point")? {
        Some(named) => {
            let dtype = named.tensor.dtype;
            let list = named.tensor.integers();
            (
                list.ok_or_else(|| element_type("zero point", dtype))?,
                dtype,
            )
        }
        None => (vec![0], default),
    };
    let shift = match dtype {
        DataType::INT8 => 0,
        DataType::UINT8 => 128,
        other => return Err(element_type("zero point", other).into()),
    };
    match (scale.floats().as_deref(), zero_point.as_slice()) {
        (Some(&[scale]), &[zero_point]) if is_scale(scale) => Ok((scale, zero_point - shift)),
        (Some(_), _) => Err(refused(
            "activations have one scale, which is positive, and one zero point; this has not"
                .into(),
        )
        .into()),
        (None, _) => Err(element_type("scale", scale.dtype).into()),
    }
}

pub(super) fn quantize(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=3)?;
    let input = cx.computed(0)?;
    // Without `output_dtype` and without a zero point it is UINT8.
    let default = match cx.int("output_dtype", 0)? {
        0 => DataType::UINT8,
        stated => DataType(i32::try_from(stated).unwrap_or(0)),
    };
    let (scale, zero_point) = affine(cx, default)?;
    let (elem, f32) = (cx.elem(input.value), cx.module().f32());
    if elem != f32 {
        return Err(element_type("input", DataType::INT8).into());
    }
    let elem = cx
        .module()
        .quant(QuantType::per_tensor(8, scale.into(), zero_point));
    let state = OpState::new("nn.quantize").operands(&[input.value]);
    let value = cx.emit(state, &input.stored(), elem);
    cx.set_computed(input.with(value));
    Ok(())
}

pub(super) fn dequantize(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=3)?;
    let input = match cx.input(0)? {
        Value::Failed => return Err(Stop::Upstream),
        Value::Constant(named) => return constant(cx, &named),
        Value::Computed(c) => c,
    };
    let elem = cx.elem(input.value);
    let found = match cx.module().type_data(elem) {
        ir::TypeData::Quant(q) => Some((q.scale(0) as f32, q.zero_point(0))),
        _ => None,
    };
    // A zero point that is left out is 0 of the type that the input has in the file, which may be either.
    let stated = [DataType::INT8, DataType::UINT8].map(|d| affine(cx, d));
    let fits = stated.iter().any(|s| s.as_ref().ok() == found.as_ref());
    if !fits || found.is_none() {
        if let [Err(stop), _] = stated {
            return Err(stop);
        }
        return Err(refused(
            "its scale or zero point is not what its input was quantised with".into(),
        )
        .into());
    }
    let f32 = cx.module().f32();
    let state = OpState::new("nn.dequantize").operands(&[input.value]);
    let value = cx.emit(state, &input.stored(), f32);
    cx.set_computed(input.with(value));
    Ok(())
}

/// The constant `scale · (q − zero point)`, of one scale, or one for each index of a dimension.
fn constant(cx: &mut OpCx<'_, '_>, named: &Named) -> Result<(), Stop> {
    let tensor = &named.tensor;
    let integers = tensor.integers();
    let integers = integers.ok_or_else(|| element_type("input", tensor.dtype))?;
    let scale = cx.constant_input(1, "scale")?.tensor;
    let scales = scale.floats();
    let scales = scales.ok_or_else(|| element_type("scale", scale.dtype))?;
    let zero_points = match cx.optional_integers(2, "zero point")? {
        Some(list) => list,
        None => vec![0; scales.len()],
    };
    let block = cx.int("block_size", 0)?;
    if block != 0 {
        return blocks(cx, named, &scale.shape, &scales, &zero_points, block);
    }
    let (count, inner, along) = if scales.len() == 1 {
        (1, integers.len().max(1), 0)
    } else {
        let along = axis(cx.int("axis", 1)?, tensor.shape.len())?;
        let product: i64 = tensor.shape[along + 1..].iter().product();
        let inner = usize::try_from(product).unwrap_or(1).max(1);
        (tensor.shape[along], inner, along)
    };
    let fits = usize::try_from(count) == Ok(scales.len()) && zero_points.len() == scales.len();
    if !fits || !scales.iter().all(|&s| is_scale(s)) {
        let message = format!(
            "its {} scales and {} zero points do not fit a constant of shape {:?}",
            scales.len(),
            zero_points.len(),
            tensor.shape
        );
        return Err(refused(message).into());
    }
    let values = integers.iter().enumerate().map(|(i, &q)| {
        let channel = (i / inner) % scales.len();
        scales[channel] * (q - zero_points[channel]) as f32
    });
    cx.set_named(Named {
        name: named.name.clone(),
        tensor: Tensor::of_floats(&tensor.shape, values),
        quantised: signed(tensor, &zero_points).map(|(tensor, zero_points)| Quantised {
            tensor,
            scales,
            zero_points,
            axis: along,
        }),
    })
}

/// The constant whose scale is another after each `block` elements of a dimension, in float.
fn blocks(
    cx: &mut OpCx<'_, '_>,
    named: &Named,
    shape: &[i64],
    scales: &[f32],
    zero_points: &[i64],
    block: i64,
) -> Result<(), Stop> {
    let tensor = &named.tensor;
    let along = axis(cx.int("axis", 1)?, tensor.shape.len())?;
    let mut blocks = tensor.shape.clone();
    blocks[along] = (blocks[along] - 1) / block.max(1) + 1;
    let sane = block > 0 && shape == blocks && zero_points.len() == scales.len();
    if !sane || !scales.iter().all(|&s| is_scale(s)) {
        let message = format!(
            "its scales of shape {shape:?} do not fit blocks of {block} in a constant of shape {:?}",
            tensor.shape
        );
        return Err(refused(message).into());
    }
    let inner: i64 = tensor.shape[along + 1..].iter().product();
    let integers = tensor.integers();
    let integers = integers.ok_or_else(|| element_type("input", tensor.dtype))?;
    let values = (0i64..).zip(&integers).map(|(i, &q)| {
        let (row, at) = (
            i / inner / tensor.shape[along],
            i / inner % tensor.shape[along],
        );
        let scale = (row * blocks[along] + at / block) * inner + i % inner;
        let scale = usize::try_from(scale).unwrap_or(0);
        scales[scale] * (q - zero_points[scale]) as f32
    });
    let float = Tensor::of_floats(&tensor.shape, values);
    cx.set_named(Named::plain(named.name.clone(), float))
}

/// A tensor of signed bytes or int32 with its zero points, if those are of its type: unsigned bytes less 128, which is
/// exact, and half bytes as they are.
fn signed(tensor: &Tensor, zero_points: &[i64]) -> Option<(Tensor, Vec<i64>)> {
    let (shift, range) = match tensor.dtype {
        DataType::INT8 | DataType::INT4 | DataType::UINT4 => (0, -128..=127),
        DataType::UINT8 => (128, -128..=127),
        DataType::INT32 => (0, i64::from(i32::MIN)..=i64::from(i32::MAX)),
        _ => return None,
    };
    let zero_points: Vec<i64> = zero_points.iter().map(|z| z - shift).collect();
    let fits = zero_points.iter().all(|z| range.contains(z)) && !tensor.data.is_empty();
    let data = match tensor.dtype {
        DataType::UINT8 => tensor.data.iter().map(|b| b ^ 0x80).collect(),
        _ => tensor.data.clone(),
    };
    let dtype = match tensor.dtype {
        DataType::UINT8 | DataType::INT4 | DataType::UINT4 => DataType::INT8,
        other => other,
    };
    let shape = tensor.shape.clone();
    fits.then_some((Tensor { dtype, shape, data }, zero_points))
}
