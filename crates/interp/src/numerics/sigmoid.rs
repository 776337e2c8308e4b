//! LOGISTIC and TANH: of floats by our own [`expf`], of int8 by gemmlowp's fixed-point functions on Q4.27.

use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::{QuantizedMultiplier, rounding_divide_by_pot};
use super::gemmlowp;
use super::math::{expf, tanhf};

/// Integer bits of the number that the functions are computed of.
const INTEGER_BITS: u32 = 4;

/// Scale and zero point that int8 results of LOGISTIC have: the kernel's bits mean that, whatever the tensor's type says.
pub const LOGISTIC_OUTPUT: (f32, i32) = (1.0 / 256.0, -128);

/// Scale and zero point that int8 results of TANH have.
pub const TANH_OUTPUT: (f32, i32) = (1.0 / 128.0, 0);

/// Resolved parameters of an int8 LOGISTIC or TANH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigmoidI8Params {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// From steps of the input to Q4.27.
    pub multiplier: QuantizedMultiplier,
    /// Steps from the zero point, either way, from which on the result is the end of its range.
    pub radius: i32,
}

impl SigmoidI8Params {
    /// Derives the parameters from the input's scale and zero point.
    ///
    /// # Errors
    /// [`NumericsError::Scale`]; [`NumericsError::Multiplier`] for scales below 2⁻²⁸, for which the reference shifts out of range.
    pub fn new(scale: f32, zero_point: i32) -> Result<Self, NumericsError> {
        check_scale("input", scale)?;
        let real = f64::from(scale) * f64::from(1u32 << (31 - INTEGER_BITS));
        if real >= f64::from(1u32 << 30) {
            // A step is more than the range of Q4: there is nothing between the ends.
            let multiplier = QuantizedMultiplier {
                multiplier: 0,
                shift: 0,
            };
            return Ok(Self {
                input_zero_point: zero_point,
                multiplier,
                radius: 0,
            });
        }
        let multiplier = QuantizedMultiplier::from_real("input", real)?;
        if multiplier.shift < 0 {
            return Err(NumericsError::Multiplier {
                what: "input",
                value: real,
            });
        }
        Ok(Self {
            input_zero_point: zero_point,
            multiplier,
            radius: (15 << 27) >> multiplier.shift,
        })
    }

    /// The input as Q4.27, or the end of the result's range.
    fn fixed(&self, x: i8) -> Result<i32, i8> {
        let steps = i32::from(x).wrapping_sub(self.input_zero_point);
        if steps <= -self.radius {
            Err(i8::MIN)
        } else if steps >= self.radius {
            Err(i8::MAX)
        } else {
            Ok(self.multiplier.apply(steps))
        }
    }

    /// The logistic function of an element, in steps of 1/256 from −128 on.
    #[must_use]
    pub fn logistic(&self, x: i8) -> i8 {
        match self.fixed(x) {
            Err(end) => end,
            Ok(x) => {
                let y = rounding_divide_by_pot(gemmlowp::logistic(x, INTEGER_BITS), 23);
                (y - 128).clamp(-128, 127) as i8
            }
        }
    }

    /// The hyperbolic tangent of an element, in steps of 1/128.
    #[must_use]
    pub fn tanh(&self, x: i8) -> i8 {
        match self.fixed(x) {
            Err(end) => end,
            Ok(x) => {
                let y = rounding_divide_by_pot(gemmlowp::tanh(x, INTEGER_BITS), 24);
                y.clamp(-128, 127) as i8
            }
        }
    }
}

/// `1 / (1 + e^−x)`.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn logistic_f32(input: &[f32], output: &mut [f32]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        *out = 1.0 / (1.0 + expf(-x));
    }
    Ok(())
}

/// tanh x, by [`tanhf`].
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn tanh_f32(input: &[f32], output: &mut [f32]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        *out = tanhf(x);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logistic_function_has_its_limits() {
        let input = [0.0, 200.0, -200.0, 1.0, -1.0];
        let mut out = [0.0; 5];
        logistic_f32(&input, &mut out).unwrap();
        assert_eq!(out[..3], [0.5, 1.0, 0.0]);
        assert!((out[3] - 0.731_058_6).abs() < 1e-7 && (out[4] - 0.268_941_43).abs() < 1e-7);
    }

    /// Within a step of the real functions, at scales as networks have them.
    #[test]
    fn int8_is_near_the_real_functions() {
        for (scale, zero) in [(0.003, 0), (0.05, -20), (0.1, 127), (0.7, -128)] {
            let p = SigmoidI8Params::new(scale, zero).unwrap();
            for x in i8::MIN..=i8::MAX {
                let real = f64::from(scale) * f64::from(i32::from(x) - zero);
                let l = 256.0 / (1.0 + (-real).exp()) - 128.0;
                let t = 128.0 * real.tanh();
                assert!((f64::from(p.logistic(x)) - l).abs() <= 1.0, "{scale} {x}");
                assert!((f64::from(p.tanh(x)) - t).abs() <= 1.0, "{scale} {x}");
            }
        }
    }

    #[test]
    fn coarse_scales_have_nothing_between_the_ends() {
        let p = SigmoidI8Params::new(8.0, 5).unwrap();
        let of = |x| (p.logistic(x), p.tanh(x));
        assert_eq!(
            [of(4), of(5), of(6)],
            [(-128, -128), (-128, -128), (127, 127)]
        );
        assert!(SigmoidI8Params::new(2f32.powi(-29), 0).is_err());
        assert!(SigmoidI8Params::new(2f32.powi(-28), 0).is_ok());
        assert!(SigmoidI8Params::new(f32::MAX, 0).is_ok());
    }
}
