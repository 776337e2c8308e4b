//! SOFTMAX.

use ir::OpState;

use super::context::{OpCx, Stop, affine, float_or_int8, shapes};
use super::rescale;
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::TensorType;
use crate::tflite::options::Options;

pub(super) fn softmax(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    let dtype = float_or_int8(&[input, output])?;
    shapes(
        !input.shape.is_empty() && input.shape == output.shape,
        || {
            format!(
                "its input has the shape {:?}, its output {:?}",
                input.shape, output.shape
            )
        },
    )?;
    // The reference kernel's table yields probabilities in steps of 1/256.
    if dtype == TensorType::Int8 && affine(output)? != (1.0 / 256.0, -128) {
        return Err(Finding::new(
            codes::QUANTIZATION,
            format!(
                "its output \"{}\" must have the scale 1/256 and the zero point -128",
                output.name
            ),
            CONVERT_AGAIN,
        )
        .into());
    }
    let Options::Softmax(options) = cx.operator.options else {
        return Err(Finding::new(
            codes::OPTIONS_MISSING,
            "its parameters are missing",
            CONVERT_AGAIN,
        )
        .into());
    };
    if dtype == TensorType::Int8 {
        rescale::softmax(options.beta, affine(input)?.0)?;
    }
    let beta = cx.module().f32_attr(options.beta);
    let value = cx.value(0)?;
    cx.emit(
        OpState::new("nn.softmax")
            .operands(&[value])
            .prop("beta", beta),
    )
}
