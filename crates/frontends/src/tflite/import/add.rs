//! ADD.

use ir::OpState;
use ir::dialects::nn;

use super::activation;
use super::context::{OpCx, Stop, affine, float_or_int8, shapes};
use super::rescale;
use crate::tflite::model::TensorType;
use crate::tflite::options::{Activation, Options};

pub(super) fn add(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (lhs, rhs, output) = (cx.input(0)?, cx.input(1)?, cx.output()?);
    let dtype = float_or_int8(&[lhs, rhs, output])?;
    let broadcast = nn::broadcast(&lhs.shape, &rhs.shape);
    shapes(broadcast.as_ref() == Some(&output.shape), || {
        format!(
            "its inputs {:?} and {:?} do not give its output {:?}",
            lhs.shape, rhs.shape, output.shape
        )
    })?;
    let fused = match cx.operator.options {
        Options::Add(options) => options.activation,
        _ => Activation::None,
    };
    if dtype == TensorType::Int8 {
        let (to, _) = affine(output)?;
        rescale::addition(affine(lhs)?.0, affine(rhs)?.0, to)?;
        rescale::activation_bounds(fused, to)?;
    }
    let fused = activation::attribute(cx.module(), fused)?;
    let operands = [cx.value(0)?, cx.value(1)?];
    cx.emit(
        OpState::new("nn.add")
            .operands(&operands)
            .prop("activation", fused),
    )
}
