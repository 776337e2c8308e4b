//! IR types of tensors.

use ir::{Module, QuantType, Type};

use crate::finding::Finding;
use crate::tflite::codes;
use crate::tflite::model::{Quant, Tensor, TensorType};

/// The tensor type of a graph's tensor: `f32`, `!quant.uniform<i8:f32, …>`, and `i32` plain or quantised.
pub(super) fn tensor_type(m: &mut Module, tensor: &Tensor) -> Result<Type, Finding> {
    let elem = match (tensor.dtype, &tensor.quant) {
        (TensorType::Float32, _) => m.f32(),
        (TensorType::Int8, Some(quant)) => quantized(m, 8, quant),
        (TensorType::Int32, Some(quant)) => quantized(m, 32, quant),
        (TensorType::Int32, None) => m.i32(),
        (TensorType::Int8, None) => {
            return Err(Finding::new(
                codes::QUANTIZATION,
                format!(
                    "tensor \"{}\" is INT8 without scale and zero point",
                    tensor.name
                ),
                "convert the model with full integer quantisation",
            ));
        }
        (other, _) => {
            return Err(Finding::new(
                codes::ELEMENT_TYPE,
                format!("tensor \"{}\" has elements of type {other}", tensor.name),
                "supported are FLOAT32, and INT8 and UINT8 with a scale; convert the model in float, or with int8 quantisation",
            ));
        }
    };
    if tensor.elements() == 0 {
        return Err(Finding::new(
            codes::OPERAND_SHAPE,
            format!(
                "tensor \"{}\" of shape {:?} has no elements",
                tensor.name, tensor.shape
            ),
            "remove the layer, which computes nothing",
        ));
    }
    Ok(m.tensor(&tensor.shape, elem))
}

fn quantized(m: &mut Module, width: u32, quant: &Quant) -> Type {
    let scales: Vec<f64> = quant.scales.iter().copied().map(f64::from).collect();
    let data = match (
        scales.as_slice(),
        quant.zero_points.as_slice(),
        u32::try_from(quant.axis),
    ) {
        (&[scale], &[zero_point], _) => QuantType::per_tensor(width, scale, zero_point),
        (_, _, axis) => {
            QuantType::per_axis(width, axis.unwrap_or(0), scales, quant.zero_points.clone())
        }
    };
    m.quant(data)
}
