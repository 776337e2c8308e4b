//! Fused activations as clamps, and the stand-alone RELU and RELU6.

use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::{QuantizedMultiplier, round_to_i32};

/// A fused activation of the TensorFlow Lite schema that is a clamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Activation {
    /// No clamp beyond the type's range.
    #[default]
    None,
    /// At least 0.
    Relu,
    /// Between 0 and 6.
    Relu6,
    /// Between −1 and 1.
    ReluN1To1,
}

impl Activation {
    /// The real bounds, `None` where the type's own range holds.
    #[must_use]
    pub fn bounds(self) -> (Option<f32>, Option<f32>) {
        match self {
            Self::None => (None, None),
            Self::Relu => (Some(0.0), None),
            Self::Relu6 => (Some(0.0), Some(6.0)),
            Self::ReluN1To1 => (Some(-1.0), Some(1.0)),
        }
    }
}

/// An inclusive range of int8 results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClampI8 {
    /// Smallest result; may exceed `max` when the output's range lies outside the activation's.
    pub min: i32,
    /// Largest result.
    pub max: i32,
}

impl ClampI8 {
    /// The whole range of int8.
    pub const FULL: Self = Self {
        min: -128,
        max: 127,
    };

    /// The activation's bounds in units of an int8 output (`CalculateActivationRangeQuantized`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`]; [`NumericsError::ActivationRange`] when a bound does not fit 32 bits.
    pub fn new(
        activation: Activation,
        output_scale: f32,
        output_zero_point: i32,
    ) -> Result<Self, NumericsError> {
        check_scale("output", output_scale)?;
        let quantize = |bound: f32| -> Result<i32, NumericsError> {
            let rounded = (bound / output_scale).round();
            // The reference compares with f32 bounds; 2^31 itself would overflow.
            if !(-2_147_483_648.0..2_147_483_648.0).contains(&rounded) {
                return Err(NumericsError::ActivationRange {
                    bound,
                    scale: output_scale,
                });
            }
            Ok(output_zero_point.saturating_add(rounded as i32))
        };
        let (lower, upper) = activation.bounds();
        Ok(Self {
            min: lower
                .map(quantize)
                .transpose()?
                .map_or(-128, |q| q.max(-128)),
            max: upper.map(quantize).transpose()?.map_or(127, |q| q.min(127)),
        })
    }

    /// Lower bound first, then upper, as the reference.
    #[inline]
    #[must_use]
    pub fn apply(self, x: i32) -> i8 {
        x.max(self.min).min(self.max) as i8
    }
}

/// An inclusive range of float32 results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClampF32 {
    /// Smallest result.
    pub min: f32,
    /// Largest result.
    pub max: f32,
}

impl ClampF32 {
    /// The activation's bounds; without one the largest finite numbers, so infinities are clamped, as
    /// in the reference (`CalculateActivationRange`).
    #[must_use]
    pub fn new(activation: Activation) -> Self {
        let (lower, upper) = activation.bounds();
        Self {
            min: lower.unwrap_or(f32::MIN),
            max: upper.unwrap_or(f32::MAX),
        }
    }

    /// `t = x < min ? min : x`, then `max < t ? max : t`: NaN passes, −0 is kept.
    #[inline]
    #[must_use]
    pub fn apply(self, x: f32) -> f32 {
        let x = if x < self.min { self.min } else { x };
        if self.max < x { self.max } else { x }
    }
}

/// Parameters of the stand-alone int8 RELU, which may requantise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReluI8Params {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Input scale over output scale.
    pub multiplier: QuantizedMultiplier,
    /// Bounds of the result.
    pub clamp: ClampI8,
}

impl ReluI8Params {
    /// Derives the parameters from the scales.
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`].
    pub fn new(
        input_scale: f32,
        input_zero_point: i32,
        output_scale: f32,
        output_zero_point: i32,
    ) -> Result<Self, NumericsError> {
        check_scale("input", input_scale)?;
        check_scale("output", output_scale)?;
        Ok(Self {
            input_zero_point,
            output_zero_point,
            multiplier: QuantizedMultiplier::from_real(
                "relu",
                f64::from(input_scale) / f64::from(output_scale),
            )?,
            clamp: ClampI8 {
                min: output_zero_point.max(-128),
                max: 127,
            },
        })
    }
}

/// Int8 RELU: requantise, then clamp at the output's zero point.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn relu_i8(p: &ReluI8Params, input: &[i8], output: &mut [i8]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        let scaled = p.multiplier.apply(i32::from(x) - p.input_zero_point);
        *out = p.clamp.apply(scaled.wrapping_add(p.output_zero_point));
    }
    Ok(())
}

/// The clamp of the stand-alone int8 RELU6, in units of the *input*: the reference does not requantise.
///
/// # Errors
/// [`NumericsError::Scale`].
pub fn relu6_i8_clamp(input_scale: f32, input_zero_point: i32) -> Result<ClampI8, NumericsError> {
    check_scale("input", input_scale)?;
    let six = round_to_i32(6.0 / input_scale).saturating_add(input_zero_point);
    Ok(ClampI8 {
        min: input_zero_point,
        max: six.clamp(-128, 127),
    })
}

/// Int8 clamp of every element, the upper bound tested first, as the reference's RELU6.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn clamp_i8(clamp: ClampI8, input: &[i8], output: &mut [i8]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        let value = i32::from(x);
        *out = if value > clamp.max {
            clamp.max as i8
        } else if value < clamp.min {
            clamp.min as i8
        } else {
            x
        };
    }
    Ok(())
}

/// Float clamp of every element, for stand-alone activations.
///
/// Unlike [`ClampF32::new`] for a fused one, an absent bound does not clamp infinities.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn activation_f32(
    activation: Activation,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    let (lower, upper) = activation.bounds();
    for (out, &x) in output.iter_mut().zip(input) {
        *out = match (lower, upper) {
            (_, Some(upper)) if x > upper => upper,
            (Some(lower), _) if x < lower => lower,
            _ => x,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int8_bounds_round_half_away_from_zero() {
        let of = |a, s, z| ClampI8::new(a, s, z).map(|c| (c.min, c.max));
        assert_eq!(of(Activation::None, 0.1, 5), Ok((-128, 127)));
        assert_eq!(of(Activation::Relu, 0.1, 5), Ok((5, 127)));
        assert_eq!(of(Activation::Relu6, 0.1, 5), Ok((5, 65)));
        assert_eq!(of(Activation::ReluN1To1, 0.4, 0), Ok((-3, 3)));
        // 6 / 0.0235… is above 255: the type's bound wins.
        assert_eq!(of(Activation::Relu6, 0.01, -128), Ok((-128, 127)));
        assert!(of(Activation::Relu6, 1e-12, 0).is_err());
        assert!(of(Activation::Relu, 0.0, 0).is_err());
        assert!(of(Activation::Relu, f32::NAN, 0).is_err());
    }

    #[test]
    fn float_clamps() {
        let none = ClampF32::new(Activation::None);
        assert_eq!(none.apply(f32::INFINITY), f32::MAX);
        assert!(none.apply(f32::NAN).is_nan());
        let relu = ClampF32::new(Activation::Relu);
        assert_eq!(relu.apply(-3.0), 0.0);
        assert_eq!(relu.apply(-0.0).to_bits(), (-0.0f32).to_bits());
        let mut out = [0.0; 3];
        activation_f32(Activation::Relu6, &[-1.0, 7.0, 3.5], &mut out).unwrap();
        assert_eq!(out, [0.0, 6.0, 3.5]);
        activation_f32(Activation::Relu, &[-1.0, f32::INFINITY, 3.5], &mut out).unwrap();
        assert_eq!(out, [0.0, f32::INFINITY, 3.5]);
    }

    #[test]
    fn int8_relu_requantises_and_relu6_does_not() {
        let p = ReluI8Params::new(0.5, 10, 0.25, -20).unwrap();
        let mut out = [0; 4];
        relu_i8(&p, &[10, 12, 0, 127], &mut out).unwrap();
        assert_eq!(out, [-20, -16, -20, 127]);
        let clamp = relu6_i8_clamp(0.5, 10).unwrap();
        clamp_i8(clamp, &[9, 10, 22, 23], &mut out).unwrap();
        assert_eq!(out, [10, 10, 22, 22]);
    }

    #[test]
    fn lengths_are_checked() {
        let mut out = [0.0; 2];
        assert!(activation_f32(Activation::Relu, &[1.0], &mut out).is_err());
    }
}
