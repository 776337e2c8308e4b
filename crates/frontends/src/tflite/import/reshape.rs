//! RESHAPE, SQUEEZE and EXPAND_DIMS; the output tensor's shape is the new shape, whatever the operand or the option says.

use ir::OpState;

use super::context::{OpCx, Stop, float_or_int8, shapes};
use crate::tflite::model::TensorType;

pub(super) fn reshape(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=2, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    // Indices are moved, too.
    if [input, output].iter().any(|t| t.dtype != TensorType::Int32) {
        float_or_int8(&[input, output])?;
    }
    super::context::same_quantization(input, output)?;
    shapes(input.elements() == output.elements(), || {
        format!(
            "its input {:?} and its output {:?} differ in their number of elements",
            input.shape, output.shape
        )
    })?;
    let value = cx.value(0)?;
    cx.emit(OpState::new("nn.reshape").operands(&[value]))
}
