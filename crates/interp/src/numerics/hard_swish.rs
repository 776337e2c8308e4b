//! HARD_SWISH: `x · min(6, max(0, x + 3)) / 6`. Of int8 it is a product of two 16-bit numbers, x and a gate from 0 to 1.

use super::error::{NumericsError, check_len, check_scale};
use super::fixed_point::QuantizedMultiplier;

/// Bits that an input is shifted left before it is scaled.
const HEADROOM: u32 = 7;

/// Where 3.0 lies among 16-bit numbers: at their end.
const GATE_SCALE: f32 = 3.0 / 32768.0;

/// A multiplier of 15 fractional bits and its exponent, positive to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiplier16 {
    /// The significand.
    pub multiplier: i16,
    /// The exponent.
    pub shift: i32,
}

impl Multiplier16 {
    /// The nearest one to a multiplier of 31 fractional bits.
    fn new(q: QuantizedMultiplier) -> Self {
        let multiplier = q.multiplier.saturating_add(1 << 15) >> 16;
        Self {
            multiplier: multiplier as i16,
            shift: q.shift,
        }
    }
}

/// Resolved parameters of an int8 HARD_SWISH.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HardSwishI8Params {
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// From the input, shifted, to steps of the output; its exponent is applied to the result.
    pub output: Multiplier16,
    /// From the input, shifted, to 16-bit numbers of which the largest is 3.
    pub gate: Multiplier16,
}

impl HardSwishI8Params {
    /// Derives the parameters from `(scale, zero point)` pairs (`HardSwishPrepare`).
    ///
    /// # Errors
    /// [`NumericsError::Scale`]; [`NumericsError::Multiplier`] if the input's scale is 128 times the output's or more, which the reference
    /// refuses, or too large.
    pub fn new(input: (f32, i32), output: (f32, i32)) -> Result<Self, NumericsError> {
        check_scale("input", input.0)?;
        check_scale("output", output.0)?;
        let fine = (1.0 / f32::from(1u8 << HEADROOM)) * input.0;
        let real = f64::from(fine / output.0);
        let to_output = QuantizedMultiplier::from_real("hard swish", real)?;
        if to_output.shift > 0 {
            return Err(NumericsError::Multiplier {
                what: "hard swish",
                value: real,
            });
        }
        let gate = QuantizedMultiplier::from_real("gate", f64::from(fine / GATE_SCALE))?;
        Ok(Self {
            input_zero_point: input.1,
            output_zero_point: output.1,
            output: Multiplier16::new(to_output),
            gate: Multiplier16::new(gate),
        })
    }

    /// The function of an element, in 16 bits throughout: sums wrap at them, as the reference's.
    #[must_use]
    pub fn apply(&self, x: i8) -> i8 {
        let steps = i32::from(x).wrapping_sub(self.input_zero_point) as i16;
        let fine = steps.wrapping_mul(1 << HEADROOM);
        let value = rounding_high_mul(fine, self.output.multiplier);
        let mut gate = fine;
        let shift = self.gate.shift;
        // All but the last bit of a left shift come first, where saturation changes nothing that the last bit leaves.
        if shift > 0 {
            gate = saturating_shift_left(gate, shift.unsigned_abs() - 1);
        }
        gate = rounding_high_mul(gate, self.gate.multiplier);
        if shift > 0 {
            gate = saturating_shift_left(gate, 1);
        } else {
            gate = rounding_divide_by_pot(gate, shift.unsigned_abs());
        }
        // From −1..1 to 0..1.
        let gate = (i32::from(gate) + (1 << 15)) >> 1;
        // Toward zero, against the bias of the roundings before.
        let product = (gate * i32::from(value) / (1 << 15)) as i16;
        let y = rounding_divide_by_pot(product, self.output.shift.unsigned_abs());
        y.wrapping_add(self.output_zero_point as i16)
            .clamp(-128, 127) as i8
    }
}

/// `a · b / 2¹⁵`, rounded to nearest; both in Q0.15, `b` above −1.
fn rounding_high_mul(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b) + (1 << 14)) >> 15) as i16
}

fn saturating_shift_left(x: i16, by: u32) -> i16 {
    let shifted = i64::from(x) << by.min(32);
    shifted.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// `x / 2^exponent`, rounded to nearest, ties away from zero; gemmlowp's function with masks of 16 bits, so that from 16 on it is 1 for
/// all that is not negative.
fn rounding_divide_by_pot(x: i16, exponent: u32) -> i16 {
    let exponent = exponent.min(31);
    let mask = ((1i64 << exponent) - 1) as i16;
    let remainder = x & mask;
    let threshold = (mask >> 1) + i16::from(x < 0);
    ((i32::from(x) >> exponent) as i16) + i16::from(remainder > threshold)
}

/// `x · min(6, max(0, x + 3)) / 6`, the product first.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn hard_swish_f32(input: &[f32], output: &mut [f32]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        let gate = x + 3.0;
        let gate = if 0.0 < gate { gate } else { 0.0 };
        let gate = if gate < 6.0 { gate } else { 6.0 };
        *out = x * gate / 6.0;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        let mut out = [0.0; 6];
        hard_swish_f32(&[-4.0, -3.0, -1.5, 0.0, 3.0, 5.0], &mut out).unwrap();
        assert_eq!(out, [0.0, 0.0, -0.375, 0.0, 3.0, 5.0]);
    }

    /// Within a step of the real function where a step of the output is no finer than the input's 16 bits tell apart.
    #[test]
    fn int8_is_near_the_real_function() {
        for (scale, zero, to, to_zero) in [
            (0.05f32, 0, 0.05f32, -121),
            (0.02, 3, 0.02, 3),
            (0.1, -128, 0.2, -128),
            (0.0005, 0, 0.0005, 0),
            (1.0, 0, 0.8, -100),
        ] {
            let p = HardSwishI8Params::new((scale, zero), (to, to_zero)).unwrap();
            for x in i8::MIN..=i8::MAX {
                let real = f64::from(scale) * f64::from(i32::from(x) - zero);
                let y = real * (real + 3.0).clamp(0.0, 6.0) / 6.0 / f64::from(to);
                let y = (y + f64::from(to_zero)).clamp(-128.0, 127.0);
                assert!((f64::from(p.apply(x)) - y).abs() <= 1.0, "{scale} {x} {y}");
            }
        }
        assert!(HardSwishI8Params::new((1.0, 0), (1.0 / 128.0, 0)).is_err());
        assert!(HardSwishI8Params::new((f32::MAX, 0), (1.0, 0)).is_err());
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(
            [3, -3, 2, -2].map(|x| rounding_divide_by_pot(x, 1)),
            [2, -2, 1, -1]
        );
        assert_eq!([7, -7].map(|x| rounding_divide_by_pot(x, 0)), [7, -7]);
        assert_eq!(
            [9, 0, -9].map(|x| rounding_divide_by_pot(x, 20)),
            [1, 1, -1]
        );
    }
}
