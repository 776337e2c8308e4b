//! Random scales and zero points.

use super::Quantization;
use crate::choices::Choices;

/// A power of two, exactly.
fn power(exponent: i64) -> f32 {
    let exponent = exponent.clamp(-126, 127);
    f32::from_bits(((exponent + 127) as u32) << 23)
}

/// A scale between `2^low` and `2^(high + 1)`, often a power of two.
pub fn scale(c: &mut Choices, low: i64, high: i64) -> f32 {
    // From the middle outwards: a scale near 1 is the simplest that a person reads.
    let exponent = high - c.between(0, high - low);
    let mantissa = if c.once_in(4) {
        0.0
    } else {
        c.between(0, (1 << 20) - 1) as f32
    };
    power(exponent) * (1.0 + mantissa / 1_048_576.0)
}

/// A zero point, often an extreme.
pub fn zero_point(c: &mut Choices) -> i64 {
    match c.below(6) {
        0 => 0,
        1 => -128,
        2 => 127,
        _ => c.between(-128, 127),
    }
}

/// Scale and zero point of an activation, in the range that networks have.
pub fn activation(c: &mut Choices) -> Quantization {
    Quantization {
        scale: scale(c, -8, 0),
        zero_point: zero_point(c),
    }
}

/// How the multiplier of a requantisation relates to the accumulators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Regime {
    /// Accumulators fill the range of int8.
    Typical,
    /// Above 1: a left shift.
    AboveOne,
    /// So small that most results are the zero point; below about 2⁻³² the multiplier is 0.
    Tiny,
    /// Up to 2²⁰: every accumulator saturates, and the left shift wraps.
    Huge,
}

/// A multiplier for accumulators of `terms` products.
pub fn multiplier(c: &mut Choices, regime: Regime, terms: i64) -> f64 {
    match regime {
        Regime::Typical => {
            // Products of two uniform int8s have a standard deviation of about 74².
            let deviation = 5476.0 * f64::from(terms.max(1) as i32).sqrt();
            let width = 16.0 * f64::from(scale(c, 0, 2));
            width / deviation
        }
        Regime::AboveOne => f64::from(scale(c, 0, 5)),
        Regime::Tiny if c.once_in(3) => f64::from(scale(c, -40, -34)),
        Regime::Tiny => f64::from(scale(c, -33, -20)),
        Regime::Huge => f64::from(scale(c, 6, 19)),
    }
}

/// Mostly typical.
pub fn regime(c: &mut Choices) -> Regime {
    match c.below(16) {
        0..12 => Regime::Typical,
        12 | 13 => Regime::AboveOne,
        14 => Regime::Tiny,
        _ => Regime::Huge,
    }
}
