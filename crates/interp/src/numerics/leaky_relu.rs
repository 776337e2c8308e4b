//! LEAKY_RELU: x where it is positive, else `alpha · x`.

use super::activation::ClampI8;
use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::QuantizedMultiplier;

/// Resolved parameters of an int8 LEAKY_RELU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeakyReluI8Params {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Input scale over output scale.
    pub identity: QuantizedMultiplier,
    /// `alpha` times that; negative if it is.
    pub slope: QuantizedMultiplier,
}

impl LeakyReluI8Params {
    /// Derives the parameters from `(scale, zero point)` pairs, in single precision, as the reference (`CalculateOpDataLeakyRelu`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`].
    pub fn new(input: (f32, i32), output: (f32, i32), alpha: f32) -> Result<Self, NumericsError> {
        check_scale("input", input.0)?;
        check_scale("output", output.0)?;
        let identity = f64::from(input.0 / output.0);
        let slope = f64::from(input.0 * alpha / output.0);
        Ok(Self {
            input_zero_point: input.1,
            output_zero_point: output.1,
            identity: QuantizedMultiplier::from_real("leaky relu", identity)?,
            slope: QuantizedMultiplier::signed("leaky relu", slope)?,
        })
    }

    /// The function of an element.
    #[must_use]
    pub fn apply(&self, x: i8) -> i8 {
        let x = i32::from(x).wrapping_sub(self.input_zero_point);
        let multiplier = if x >= 0 { self.identity } else { self.slope };
        let y = multiplier.apply(x).wrapping_add(self.output_zero_point);
        ClampI8::FULL.apply(y)
    }
}

/// x where it is positive, else `alpha · x`.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn leaky_relu_f32(alpha: f32, input: &[f32], output: &mut [f32]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        *out = if x > 0.0 { x } else { x * alpha };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_of_either_sign() {
        let mut out = [0.0; 3];
        leaky_relu_f32(0.25, &[-8.0, 0.0, 8.0], &mut out).unwrap();
        assert_eq!(out, [-2.0, 0.0, 8.0]);
        let p = LeakyReluI8Params::new((0.5, 1), (0.25, -1), 0.25).unwrap();
        assert_eq!([p.apply(1), p.apply(5), p.apply(-7)], [-1, 7, -5]);
        let p = LeakyReluI8Params::new((0.5, 0), (0.5, 0), -0.5).unwrap();
        assert_eq!([p.apply(-100), p.apply(100), p.apply(-128)], [50, 100, 64]);
        assert!(LeakyReluI8Params::new((1.0, 0), (1.0, 0), f32::INFINITY).is_err());
    }
}
