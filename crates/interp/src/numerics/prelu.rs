//! PRELU: x where it is not negative, else `slope · x`, with a slope that broadcasts.

use super::activation::ClampI8;
use super::error::{NumericsError, check_scale};
use super::fixed_point::QuantizedMultiplier;

/// Resolved parameters of an int8 PRELU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreluI8Params {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the slope.
    pub slope_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Input scale over output scale.
    pub identity: QuantizedMultiplier,
    /// The product of the scales of input and slope over the output's.
    pub product: QuantizedMultiplier,
}

impl PreluI8Params {
    /// Derives the parameters from `(scale, zero point)` pairs (`CalculatePreluParams`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`].
    pub fn new(
        input: (f32, i32),
        slope: (f32, i32),
        output: (f32, i32),
    ) -> Result<Self, NumericsError> {
        check_scale("input", input.0)?;
        check_scale("slope", slope.0)?;
        check_scale("output", output.0)?;
        let [from, by, to] = [input.0, slope.0, output.0].map(f64::from);
        Ok(Self {
            input_zero_point: input.1,
            slope_zero_point: slope.1,
            output_zero_point: output.1,
            identity: QuantizedMultiplier::from_real("prelu", from / to)?,
            product: QuantizedMultiplier::from_real("prelu", from * by / to)?,
        })
    }

    /// The function of an element and its slope.
    #[must_use]
    pub fn apply(&self, x: i8, slope: i8) -> i8 {
        let x = i32::from(x).wrapping_sub(self.input_zero_point);
        let y = if x >= 0 {
            self.identity.apply(x)
        } else {
            let slope = i32::from(slope).wrapping_sub(self.slope_zero_point);
            self.product.apply(x.wrapping_mul(slope))
        };
        ClampI8::FULL.apply(y.wrapping_add(self.output_zero_point))
    }
}

/// The function of a float and its slope.
#[inline]
#[must_use]
pub fn prelu_f32(x: f32, slope: f32) -> f32 {
    if x >= 0.0 { x } else { x * slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_for_what_is_negative() {
        assert_eq!([prelu_f32(2.0, 0.5), prelu_f32(-2.0, 0.5)], [2.0, -1.0]);
        let p = PreluI8Params::new((0.5, 1), (0.25, -1), (0.25, 2)).unwrap();
        // 0.5 · 3 in steps of 0.25; 0.5 · −3 times 0.25 · 4.
        assert_eq!(p.apply(4, 3), 2 + 6);
        assert_eq!(p.apply(-2, 3), 2 - 6);
    }
}
