//! RELU, RELU6, LOGISTIC of floats, and activations fused into other operators.

use ir::{Attr, Module, OpState};

use super::context::{OpCx, Stop, affine, element_types, float_or_int8, same_quantization, shapes};
use super::rescale;
use crate::finding::Finding;
use crate::tflite::codes;
use crate::tflite::model::{Tensor, TensorType};
use crate::tflite::options::Activation;

/// The `activation` attribute of an nn op.
pub(super) fn attribute(m: &mut Module, activation: Activation) -> Result<Attr, Finding> {
    let name = match activation {
        Activation::None => "none",
        Activation::Relu => "relu",
        Activation::ReluN1To1 => "relu_n1_to_1",
        Activation::Relu6 => "relu6",
        Activation::Tanh | Activation::SignBit => {
            return Err(Finding::new(
                codes::PARAMETER,
                format!("its fused activation {activation:?} is not supported"),
                "use RELU, RELU6 or no activation in this layer",
            ));
        }
    };
    Ok(m.str_attr(name))
}

pub(super) fn relu(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, "nn.relu", |input, output| {
        let (from, to) = (affine(input)?.0, affine(output)?.0);
        rescale::factor(f64::from(from) / f64::from(to))
    })
}

pub(super) fn relu6(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, "nn.relu6", |input, output| {
        same_quantization(input, output)?;
        rescale::activation_bounds(Activation::Relu6, affine(output)?.0)
    })
}

/// LOGISTIC of floats; of int8 the reference kernel has an arithmetic of its own.
pub(super) fn logistic(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    unary(cx, "nn.logistic", |input, output| {
        Err(element_types(&[input, output]))
    })
}

/// `int8` refuses the quantisation that the reference kernel refuses.
fn unary(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    int8: fn(&Tensor, &Tensor) -> Result<(), Finding>,
) -> Result<(), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    if float_or_int8(&[input, output])? == TensorType::Int8 {
        int8(input, output)?;
    }
    shapes(input.shape == output.shape, || {
        format!(
            "its input has the shape {:?}, its output {:?}",
            input.shape, output.shape
        )
    })?;
    let value = cx.value(0)?;
    cx.emit(OpState::new(name).operands(&[value]))
}
