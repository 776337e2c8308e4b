//! Reading and validating one tensor.

use std::ops::Range;

use super::model::{Quant, Tensor, TensorType};
use super::table::{OutOfFile, Table};
use super::{codes, limits, schema};
use crate::finding::{CONVERT_AGAIN, Finding};

/// Reads a tensor's table; what is wrong goes to `findings`, and the result then stands in for the tensor so that
/// the rest of the file can be checked.
pub(super) fn read(
    table: &Table<'_>,
    name: String,
    buffers: &[Range<usize>],
    findings: &mut Vec<Finding>,
) -> Result<Tensor, OutOfFile> {
    use schema::tensor as f;
    let number = table.i8(f::TYPE, 0)?;
    let dtype = TensorType::from_number(number).unwrap_or_else(|| {
        findings.push(Finding::new(
            codes::TENSOR_TYPE,
            format!(
                "tensor \"{name}\" has the element type {number}, which the schema does not define"
            ),
            CONVERT_AGAIN,
        ));
        TensorType::Int8
    });
    if table.table(f::SPARSITY)?.is_some() {
        findings.push(Finding::new(
            codes::SPARSE,
            format!("tensor \"{name}\" is stored sparsely"),
            "convert the model without sparsity; pruned weights can be stored densely",
        ));
    }
    let is_variable = table.bool(f::IS_VARIABLE, false)?;
    let mut tensor = Tensor {
        name,
        shape: Vec::new(),
        dtype,
        quant: None,
        data: None,
        is_variable,
    };
    // Data and quantisation can be judged only by a sound shape.
    let Some(shape) = shape(table, &tensor.name, dtype, findings)? else {
        return Ok(tensor);
    };
    tensor.quant = quantization(table, &tensor.name, dtype, &shape, findings)?;
    tensor.shape = shape;
    let index = table.u32(f::BUFFER, 0)?;
    match usize::try_from(index).ok().and_then(|i| buffers.get(i)) {
        None => findings.push(Finding::new(
            codes::BUFFER_INDEX,
            format!(
                "tensor \"{}\" refers to buffer {index}, but the file has {}",
                tensor.name,
                buffers.len()
            ),
            CONVERT_AGAIN,
        )),
        Some(range) if range.is_empty() => {}
        Some(range) => {
            let stored = range.len();
            match tensor.byte_size() {
                Some(needed) if u64::try_from(stored) != Ok(needed) => findings.push(Finding::new(
                    codes::CONSTANT_SIZE,
                    format!(
                        "constant \"{}\" has {stored} bytes, but its shape {:?} of {dtype} needs {needed}",
                        tensor.name, tensor.shape
                    ),
                    CONVERT_AGAIN,
                )),
                _ => tensor.data = Some(range.clone()),
            }
        }
    }
    Ok(tensor)
}

fn shape(
    table: &Table<'_>,
    name: &str,
    dtype: TensorType,
    findings: &mut Vec<Finding>,
) -> Result<Option<Vec<i64>>, OutOfFile> {
    use schema::tensor as f;
    let dims = table.i32s(f::SHAPE)?;
    let signature = table.i32s(f::SHAPE_SIGNATURE)?;
    if dims.len().max(signature.len()) > limits::MAX_RANK {
        findings.push(Finding::new(
            codes::LIMIT,
            format!(
                "tensor \"{name}\" has {} dimensions, more than {}",
                dims.len(),
                limits::MAX_RANK
            ),
            "reshape the model's tensors to fewer dimensions",
        ));
        return Ok(None);
    }
    let dims: Vec<i64> = dims.map(i64::from).collect();
    let signature: Vec<i64> = signature.map(i64::from).collect();
    if let Some(finding) = shape_defect(name, dtype, &dims, &signature) {
        findings.push(finding);
        return Ok(None);
    }
    Ok(Some(dims))
}

fn shape_defect(name: &str, dtype: TensorType, dims: &[i64], signature: &[i64]) -> Option<Finding> {
    if let Some(d) = dims.iter().chain(signature).find(|&&d| d < -1) {
        let message = format!("tensor \"{name}\" has the dimension {d}");
        return Some(Finding::new(codes::SHAPE, message, CONVERT_AGAIN));
    }
    if !signature.is_empty() && signature.len() != dims.len() {
        let message = format!(
            "tensor \"{name}\" has {} dimensions and a signature of {}",
            dims.len(),
            signature.len()
        );
        return Some(Finding::new(codes::SHAPE, message, CONVERT_AGAIN));
    }
    // A batch of unknown size that the file fixes to 1 is the usual export, and means a batch of 1.
    let open = signature
        .iter()
        .zip(dims)
        .enumerate()
        .any(|(i, (&s, &d))| s == -1 && !(i == 0 && d == 1));
    if open || dims.contains(&-1) {
        let shown = if open { signature } else { dims };
        return Some(Finding::new(
            codes::DYNAMIC_SHAPE,
            format!(
                "tensor \"{name}\" has the shape {shown:?}, where -1 is a dimension unknown before the run"
            ),
            "fix the input's shape when converting the model: there is no --shape NAME=1,96,96,3 for .tflite files yet",
        ));
    }
    let bits = dtype.bits().unwrap_or(8);
    let bytes = dims
        .iter()
        .try_fold(1u64, |product, &d| product.checked_mul(d.unsigned_abs()))
        .and_then(|elements| elements.checked_mul(bits.into()))
        .map(|bits| bits.div_ceil(8));
    if bytes.is_none_or(|bytes| bytes > limits::MAX_TENSOR_BYTES) {
        return Some(Finding::new(
            codes::TENSOR_SIZE,
            format!(
                "tensor \"{name}\" of shape {dims:?} and type {dtype} is larger than {} MiB",
                limits::MAX_TENSOR_BYTES >> 20
            ),
            "reduce the model's shapes; no microcontroller holds a tensor of this size",
        ));
    }
    None
}

fn quantization(
    table: &Table<'_>,
    name: &str,
    dtype: TensorType,
    shape: &[i64],
    findings: &mut Vec<Finding>,
) -> Result<Option<Quant>, OutOfFile> {
    use schema::quantization as f;
    let Some(table) = table.table(schema::tensor::QUANTIZATION)? else {
        return Ok(None);
    };
    if table.u8(f::DETAILS_TYPE, 0)? != 0 {
        findings.push(Finding::new(
            codes::CUSTOM_QUANTIZATION,
            format!("tensor \"{name}\" is quantised by a custom scheme"),
            "convert the model with TFLite's own quantisation (scales and zero points)",
        ));
        return Ok(None);
    }
    let scales = table.f32s(f::SCALE)?;
    let zero_points = table.i64s(f::ZERO_POINT)?;
    // Converters leave the ranges seen in training (min, max) on tensors that are not quantised.
    let (Some(range), true) = (dtype.integer_range(), scales.len() > 0) else {
        return Ok(None);
    };
    // A vector has one dimension; some converters give a bias the dimension of its weights.
    let axis = match shape.len() {
        1 => 0,
        _ => table.i32(f::QUANTIZED_DIMENSION, 0)?,
    };
    let count = scales.len();
    let along = usize::try_from(axis).ok().and_then(|axis| shape.get(axis));
    let per_axis_matches = along.is_some_and(|&d| u64::try_from(count) == Ok(d.unsigned_abs()));
    if zero_points.len() != count || (count > 1 && !per_axis_matches) {
        let message = format!(
            "tensor \"{name}\" of shape {shape:?} has {count} scales and {} zero points along dimension {axis}",
            zero_points.len()
        );
        findings.push(Finding::new(codes::QUANT_COUNT, message, CONVERT_AGAIN));
        return Ok(None);
    }
    let quant = Quant {
        scales: scales.collect(),
        zero_points: zero_points.collect(),
        axis: if count > 1 {
            usize::try_from(axis).unwrap_or(0)
        } else {
            0
        },
    };
    if let Some((i, scale)) = quant
        .scales
        .iter()
        .enumerate()
        .find(|(_, s)| !(s.is_finite() && **s > 0.0))
    {
        let message = format!(
            "tensor \"{name}\" has the scale {scale} at index {i}; a scale is finite and positive"
        );
        findings.push(Finding::new(codes::QUANT_SCALE, message, CONVERT_AGAIN));
        return Ok(None);
    }
    if let Some(zero_point) = quant
        .zero_points
        .iter()
        .find(|&&z| z < range.0 || z > range.1)
    {
        let message = format!(
            "tensor \"{name}\" has the zero point {zero_point}, which is not a value of {dtype}"
        );
        findings.push(Finding::new(
            codes::QUANT_ZERO_POINT,
            message,
            CONVERT_AGAIN,
        ));
        return Ok(None);
    }
    Ok(Some(quant))
}
