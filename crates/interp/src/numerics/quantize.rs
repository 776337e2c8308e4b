//! QUANTIZE: float32 to int8, and int8 to int8 with another scale.

use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::{QuantizedMultiplier, round_to_i32};

/// Float32 to int8: `round(x / scale) + zero_point`, half away from zero, clamped to int8.
///
/// Where the reference converts out of range (undefined in C), ours saturates; NaN becomes −128.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Scale`].
pub fn quantize_f32_i8(
    scale: f32,
    zero_point: i32,
    input: &[f32],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    check_scale("output", scale)?;
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        let rounded = round_to_i32(x / scale).saturating_add(zero_point);
        *out = rounded.clamp(-128, 127) as i8;
    }
    Ok(())
}

/// Resolved parameters of a requantisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequantizeParams {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Input scale over output scale.
    pub multiplier: QuantizedMultiplier,
}

impl RequantizeParams {
    /// Derives the parameters from `(scale, zero point)` pairs.
    ///
    /// # Errors
    /// [`NumericsError::Scale`], [`NumericsError::Multiplier`].
    pub fn new(input: (f32, i32), output: (f32, i32)) -> Result<Self, NumericsError> {
        check_scale("input", input.0)?;
        check_scale("output", output.0)?;
        Ok(Self {
            input_zero_point: input.1,
            output_zero_point: output.1,
            multiplier: QuantizedMultiplier::from_real(
                "requantize",
                f64::from(input.0) / f64::from(output.0),
            )?,
        })
    }
}

/// Int8 to int8 with another scale and zero point (`Requantize`).
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn requantize_i8(
    p: &RequantizeParams,
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        let scaled = p.multiplier.apply(i32::from(x) - p.input_zero_point);
        *out = scaled.wrapping_add(p.output_zero_point).clamp(-128, 127) as i8;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero() {
        let input = [0.25, -0.25, 0.75, -0.75, 0.2, 1e30, -1e30, f32::NAN, 63.5];
        let mut out = [0; 9];
        quantize_f32_i8(0.5, 3, &input, &mut out).unwrap();
        assert_eq!(out, [4, 2, 5, 1, 3, 127, -128, -128, 127]);
        assert!(quantize_f32_i8(0.0, 3, &input, &mut out).is_err());
    }

    #[test]
    fn requantize_by_two_and_by_a_half() {
        let mut out = [0; 4];
        let double = RequantizeParams::new((0.5, 1), (0.25, -1)).unwrap();
        requantize_i8(&double, &[1, 2, -128, 127], &mut out).unwrap();
        assert_eq!(out, [-1, 1, -128, 127]);
        let half = RequantizeParams::new((0.25, 0), (0.5, 0)).unwrap();
        // Multiplier ½, shift 0: half up.
        requantize_i8(&half, &[3, -3, 4, -4], &mut out).unwrap();
        assert_eq!(out, [2, -1, 2, -2]);
    }
}
