//! The factors between scales that the reference kernels can represent in fixed point.

use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::options::Activation;

/// Factors from here on need a left shift of more than 30 bits of a 31-bit significand.
const TOO_LARGE: f64 = (1u64 << 30) as f64;

/// Softmax inputs are differences with 26 fractional bits.
const SOFTMAX_FRACTION: f64 = (1u64 << 26) as f64;

/// Addition shifts its operands left by 20 bits first.
const ADD_FRACTION: f64 = (1u64 << 20) as f64;

/// Sigmoids are computed of numbers with 27 fractional bits.
const SIGMOID_FRACTION: f32 = (1u64 << 27) as f32;

/// HARD_SWISH shifts its input left by 7 bits first.
const HARD_SWISH_FRACTION: f32 = 128.0;

/// Where HARD_SWISH has the number 3 among those of 16 bits.
const HARD_SWISH_GATE: f32 = 3.0 / 32768.0;

fn refused(what: &str, value: f64) -> Finding {
    Finding::new(
        codes::QUANTIZATION,
        format!(
            "its scales give {what} of {value:e}, which fixed-point arithmetic cannot represent"
        ),
        CONVERT_AGAIN,
    )
}

/// Refuses a factor that is not below 2³⁰ once its significand is rounded to 31 bits.
pub(super) fn factor(value: f64) -> Result<(), Finding> {
    if value < TOO_LARGE * (1.0 - f64::from(f32::EPSILON)) {
        Ok(())
    } else {
        Err(refused("a factor", value))
    }
}

/// Refuses the bounds of an activation that do not fit 32 bits at the output's scale.
pub(super) fn activation_bounds(activation: Activation, scale: f32) -> Result<(), Finding> {
    let bound = match activation {
        Activation::Relu6 => 6.0,
        Activation::ReluN1To1 => 1.0,
        _ => return Ok(()),
    };
    let steps = f64::from(bound / scale);
    if steps < f64::from(1u32 << 31) {
        Ok(())
    } else {
        Err(refused("an activation bound", steps))
    }
}

/// Refuses an addition whose operands or result need a factor of one or more.
pub(super) fn addition(lhs: f32, rhs: f32, output: f32) -> Result<(), Finding> {
    let value = 2.0 * f64::from(lhs.max(rhs)) / (ADD_FRACTION * f64::from(output));
    // Rounded to 31 bits it must stay below one.
    if value < 1.0 - f64::from(f32::EPSILON) {
        Ok(())
    } else {
        Err(refused("a factor after the sum", value))
    }
}

/// Refuses a softmax whose input scale times beta is too small for its table.
pub(super) fn softmax(beta: f32, scale: f32) -> Result<(), Finding> {
    let value = f64::from(beta) * f64::from(scale) * SOFTMAX_FRACTION;
    if value > 1.0 {
        Ok(())
    } else {
        Err(refused("a softmax factor", value))
    }
}

/// Refuses a scale of LOGISTIC or TANH that is too fine for their fixed point.
pub(super) fn sigmoid(scale: f32) -> Result<(), Finding> {
    // Both are powers of two away from the scale: the product is exact.
    let value = scale * SIGMOID_FRACTION;
    if value >= 0.5 {
        Ok(())
    } else {
        Err(refused("a factor", value.into()))
    }
}

/// Refuses a HARD_SWISH whose output is 128 times as fine as its input, or finer, or whose input is too coarse.
pub(super) fn hard_swish(input: f32, output: f32) -> Result<(), Finding> {
    let fine = (1.0 / HARD_SWISH_FRACTION) * input;
    let value = f64::from(fine / output);
    if value >= 1.0 {
        return Err(refused("a factor", value));
    }
    factor(f64::from(fine / HARD_SWISH_GATE))
}
