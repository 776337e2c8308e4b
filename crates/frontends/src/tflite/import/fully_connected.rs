//! FULLY_CONNECTED.

use ir::OpState;

use super::activation;
use super::context::{OpCx, Stop, affine, quantization, shapes};
use super::rescale;
use super::weighted::{Arithmetic, Weighted};
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::options::{Activation, Options};

pub(super) fn fully_connected(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    let operands = Weighted::new(cx, 0)?;
    let fused = match cx.operator.options {
        Options::FullyConnected(options) if options.shuffled_weights => {
            let message = "its weights are in the shuffled 4x16 order";
            return Err(Finding::new(
                codes::PARAMETER,
                message,
                "convert the model with weights in the default order",
            )
            .into());
        }
        Options::FullyConnected(options) => options.activation,
        _ => Activation::None,
    };
    let (input, filter, output) = (operands.input, operands.filter, operands.output);
    let &[outputs, inputs] = filter.shape.as_slice() else {
        shapes(false, || {
            format!("its filter {:?} has not two dimensions", filter.shape)
        })?;
        return Ok(());
    };
    let (o, i) = (outputs.unsigned_abs(), inputs.unsigned_abs());
    let fits = i > 0
        && input.elements() % i == 0
        && output.shape.last() == Some(&outputs)
        && input.elements() / i * o == output.elements();
    shapes(fits, || {
        format!(
            "its input {:?} and filter {:?} do not give its output {:?}",
            input.shape, filter.shape, output.shape
        )
    })?;
    if operands.arithmetic == Arithmetic::Int8 {
        bias_scale(&operands)?;
        operands.rescale()?;
        rescale::activation_bounds(fused, affine(output)?.0)?;
    }
    let values = operands.values(cx)?;
    let fused = activation::attribute(cx.module(), fused)?;
    cx.emit(
        OpState::new("nn.fully_connected")
            .operands(&values)
            .prop("activation", fused),
    )
}

/// The reference kernel adds the bias as if its scale were the product of input and filter scale, and refuses files
/// where the difference could be seen in the output: more than 0.02 of a step.
fn bias_scale(operands: &Weighted<'_>) -> Result<(), Finding> {
    let filter = quantization(operands.filter)?;
    let Some(bias) = operands.bias.and_then(|bias| bias.quant.as_ref()) else {
        return Ok(());
    };
    let (input, _) = affine(operands.input)?;
    let (output, _) = affine(operands.output)?;
    for (&scale, &filter) in bias.scales.iter().zip(&filter.scales) {
        let product = f64::from(input * filter);
        if (product - f64::from(scale)).abs() / f64::from(output) > 0.02 {
            return Err(Finding::new(
                codes::QUANTIZATION,
                format!("its bias has the scale {scale}, but input and filter give {product}"),
                CONVERT_AGAIN,
            ));
        }
    }
    Ok(())
}
