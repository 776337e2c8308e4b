//! Activations fused into other operators.

use ir::{Attr, Module};

use crate::finding::Finding;
use crate::tflite::codes;
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
