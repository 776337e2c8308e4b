//! SOFTMAX over the last dimension: int8 in fixed point, and float32 with our own `expf`.

use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::{
    QuantizedMultiplier, rounding_divide_by_pot, saturating_rounding_doubling_high_mul,
};
use super::gemmlowp::{exp_on_negative_values, reciprocal};
use super::math::expf;

/// Integer bits of the scaled difference to the row's maximum (Q5.26).
pub const SCALED_DIFF_INTEGER_BITS: u32 = 5;
/// Integer bits of the sum of exponentials (Q12.19).
pub const ACCUMULATION_INTEGER_BITS: u32 = 12;

/// Resolved parameters of an int8 softmax; its output has scale 1/256 and zero point −128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftmaxI8Params {
    /// From differences of inputs to Q5.26; its shift is to the left.
    pub input_multiplier: QuantizedMultiplier,
    /// Differences below this count as e^−∞.
    pub diff_min: i32,
}

impl SoftmaxI8Params {
    /// Derives the parameters from `beta` and the input's scale (`PreprocessSoftmaxScaling`,
    /// `CalculateInputRadius`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`]; [`NumericsError::Multiplier`] when `beta · scale · 2²⁶` is not above one,
    /// where the reference stops.
    pub fn new(beta: f32, input_scale: f32) -> Result<Self, NumericsError> {
        check_scale("input", input_scale)?;
        let fractional_bits = 31 - SCALED_DIFF_INTEGER_BITS;
        let real = f64::from(beta) * f64::from(input_scale) * f64::from(1 << fractional_bits);
        let error = NumericsError::Multiplier {
            what: "softmax",
            value: real,
        };
        if real.is_nan() || real <= 1.0 {
            return Err(error);
        }
        // At most 2^31 − 1, which would have shift 31: more than 30 cannot be shifted in 32 bits.
        let real = real.min(f64::from(i32::MAX));
        let input_multiplier = if real >= f64::from(1 << 30) {
            QuantizedMultiplier {
                multiplier: real.round() as i32,
                shift: 31,
            }
        } else {
            QuantizedMultiplier::from_real("softmax", real)?
        };
        let left_shift = input_multiplier.shift;
        if left_shift < 0 {
            return Err(error);
        }
        let radius = f64::from((1 << SCALED_DIFF_INTEGER_BITS) - 1)
            * f64::from(1 << fractional_bits)
            / f64::from(1u32 << left_shift);
        Ok(Self {
            input_multiplier,
            diff_min: -(radius.floor() as i32),
        })
    }

    /// e^(x − max) in Q0.31 for a difference of at least [`Self::diff_min`].
    #[must_use]
    pub fn exp(&self, diff: i32) -> i32 {
        let shifted = diff.wrapping_shl(self.input_multiplier.shift as u32);
        let scaled =
            saturating_rounding_doubling_high_mul(shifted, self.input_multiplier.multiplier);
        exp_on_negative_values(scaled, SCALED_DIFF_INTEGER_BITS)
    }
}

/// Int8 softmax of rows of `depth` elements.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ or `depth` does not divide them;
/// [`NumericsError::Shape`] when `depth` is zero or above 4095, whose sum could overflow Q12.19.
pub fn softmax_i8(
    p: &SoftmaxI8Params,
    depth: usize,
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    check_rows(depth, input.len(), output.len())?;
    if depth > 4095 {
        return Err(NumericsError::Shape("softmax over more than 4095 elements"));
    }
    for (row, out) in input
        .chunks_exact(depth)
        .zip(output.chunks_exact_mut(depth))
    {
        let max = i32::from(row.iter().copied().max().unwrap_or(i8::MIN));
        let mut sum = 0i32;
        for &x in row {
            let diff = i32::from(x) - max;
            if diff >= p.diff_min {
                let term = rounding_divide_by_pot(p.exp(diff), ACCUMULATION_INTEGER_BITS);
                sum = sum.wrapping_add(term);
            }
        }
        let (scale, bits_over_unit) = reciprocal(sum, ACCUMULATION_INTEGER_BITS);
        let exponent = (bits_over_unit + 31 - 8).clamp(0, 31) as u32;
        for (out, &x) in out.iter_mut().zip(row) {
            let diff = i32::from(x) - max;
            *out = if diff >= p.diff_min {
                let product = saturating_rounding_doubling_high_mul(scale, p.exp(diff));
                let unsaturated = rounding_divide_by_pot(product, exponent);
                unsaturated.wrapping_sub(128).clamp(-128, 127) as i8
            } else {
                i8::MIN
            };
        }
    }
    Ok(())
}

/// Float32 softmax of rows of `depth` elements: `expf((x − max) · beta)`, added in order, divided.
///
/// The reference calls the C library's `expf`; ours differs by at most an ULP or two.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Shape`] when `depth` is zero or does not divide.
pub fn softmax_f32(
    beta: f32,
    depth: usize,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    check_rows(depth, input.len(), output.len())?;
    for (row, out) in input
        .chunks_exact(depth)
        .zip(output.chunks_exact_mut(depth))
    {
        let max = row.iter().fold(f32::MIN, |m, &x| if m < x { x } else { m });
        let mut sum = 0f32;
        for (out, &x) in out.iter_mut().zip(row) {
            *out = expf((x - max) * beta);
            sum += *out;
        }
        for out in out {
            *out /= sum;
        }
    }
    Ok(())
}

fn check_rows(depth: usize, input: usize, output: usize) -> Result<(), NumericsError> {
    if depth == 0 || input % depth != 0 {
        return Err(NumericsError::Shape(
            "the last dimension does not divide the input",
        ));
    }
    check_len("output", output, input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn int8_is_near_the_real_function() {
        for (beta, scale) in [(1.0f32, 0.1f32), (1.0, 0.003), (0.5, 0.2), (1.0, 7.5)] {
            let p = SoftmaxI8Params::new(beta, scale).unwrap();
            let input: Vec<i8> = (0..12u32).map(|i| (i * 97 % 256) as u8 as i8).collect();
            let mut out = [0; 12];
            softmax_i8(&p, 12, &input, &mut out).unwrap();
            let exps: Vec<f64> = input
                .iter()
                .map(|&x| ((f64::from(x) - 127.0) * f64::from(scale) * f64::from(beta)).exp())
                .collect();
            let sum: f64 = exps.iter().sum();
            for (got, exp) in out.iter().zip(&exps) {
                let steps = (exp / sum * 256.0 - 128.0).min(127.0);
                assert!(
                    (f64::from(*got) - steps).abs() < 0.51,
                    "{scale}: {got} {steps}"
                );
            }
        }
    }

    #[test]
    fn parameters() {
        let p = SoftmaxI8Params::new(1.0, 0.25).unwrap();
        // 0.25 · 2^26 = 2^24 = ½ · 2^25; 31 · 2^26 / 2^25 = 62.
        assert_eq!(
            p.input_multiplier,
            QuantizedMultiplier {
                multiplier: 1 << 30,
                shift: 25
            }
        );
        assert_eq!(p.diff_min, -62);
        assert!(SoftmaxI8Params::new(1.0, 1e-9).is_err());
        assert!(SoftmaxI8Params::new(f32::NAN, 1.0).is_err());
        // Capped at 2^31 − 1.
        let capped = SoftmaxI8Params::new(1.0, 1e6).unwrap();
        assert_eq!(
            capped.input_multiplier,
            QuantizedMultiplier {
                multiplier: i32::MAX,
                shift: 31
            }
        );
        assert_eq!(capped.diff_min, 0);
    }

    #[test]
    fn float_rows_sum_to_one() {
        let input = [1.0, 2.0, 3.0, -50.0, 0.0, 50.0];
        let mut out = [0.0; 6];
        softmax_f32(1.0, 3, &input, &mut out).unwrap();
        for (row, real) in out.chunks(3).zip(input.chunks(3)) {
            let sum: f64 = real.iter().map(|&x| f64::from(x).exp()).sum();
            for (got, x) in row.iter().zip(real) {
                assert!((f64::from(*got) - f64::from(*x).exp() / sum).abs() < 2e-7);
            }
        }
        assert!(softmax_f32(1.0, 4, &input, &mut out).is_err());
        assert!(softmax_f32(1.0, 0, &input, &mut out).is_err());
    }
}
