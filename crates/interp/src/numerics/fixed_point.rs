//! Fixed-point requantisation: gemmlowp's double rounding, as TensorFlow Lite Micro uses it by default
//! (`TFLITE_SINGLE_ROUNDING` off).

use super::error::NumericsError;

/// The high 32 bits of `2·a·b`, rounded half up; saturates the one overflow, `MIN · MIN`.
///
/// Equal to `floor((2·a·b + 2³¹) / 2³²)` otherwise.
#[inline]
#[must_use]
pub fn saturating_rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    ((i64::from(a) * i64::from(b) + (1 << 30)) >> 31) as i32
}

/// `x / 2^exponent`, rounded to nearest, ties away from zero.
///
/// `exponent` must be in 0..=31; larger ones count as 31.
#[inline]
#[must_use]
pub fn rounding_divide_by_pot(x: i32, exponent: u32) -> i32 {
    let exponent = exponent.min(31);
    let mask = ((1i64 << exponent) - 1) as i32;
    let remainder = x & mask;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from(remainder > threshold)
}

/// A real multiplier as `multiplier · 2^(shift − 31)`.
///
/// `multiplier` is 0 or of a magnitude in 2³⁰..2³¹; `shift` is in −31..=30, positive to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct QuantizedMultiplier {
    /// The significand, with 31 fractional bits.
    pub multiplier: i32,
    /// The exponent: left when positive, right when negative.
    pub shift: i32,
}

impl QuantizedMultiplier {
    /// Rounds `real` to a 31-bit significand (half away from zero); below about 2⁻³² it becomes 0.
    ///
    /// # Errors
    /// [`NumericsError::Multiplier`] when `real` is negative, not finite, or 2³⁰ or more (where the
    /// reference shifts out of range).
    pub fn from_real(what: &'static str, real: f64) -> Result<Self, NumericsError> {
        let out_of_range = NumericsError::Multiplier { what, value: real };
        if !real.is_finite() || real < 0.0 {
            return Err(out_of_range);
        }
        if real == 0.0 {
            return Ok(Self {
                multiplier: 0,
                shift: 0,
            });
        }
        let (fraction, mut shift) = frexp(real);
        // At most 2^31, and exact in f64: fraction has 53 bits, the product only moves the exponent.
        let mut significand = (fraction * f64::from(1u32 << 31)).round() as i64;
        if significand == 1 << 31 {
            significand /= 2;
            shift += 1;
        }
        if shift < -31 {
            return Ok(Self {
                multiplier: 0,
                shift: 0,
            });
        }
        if shift > 30 {
            return Err(out_of_range);
        }
        Ok(Self {
            multiplier: significand as i32,
            shift,
        })
    }

    /// As [`Self::from_real`], for multipliers that the reference requires to be below one.
    ///
    /// # Errors
    /// [`NumericsError::Multiplier`] when `real` is not in (0, 1), or rounds up to one.
    pub fn below_one(what: &'static str, real: f64) -> Result<Self, NumericsError> {
        let quantized = Self::from_real(what, real)?;
        if real > 0.0 && real < 1.0 && quantized.shift <= 0 {
            Ok(quantized)
        } else {
            Err(NumericsError::Multiplier { what, value: real })
        }
    }

    /// As [`Self::from_real`], of either sign: a negative multiplier is the other's significand, negated.
    ///
    /// # Errors
    /// [`NumericsError::Multiplier`] when the magnitude is not finite, or 2³⁰ or more.
    pub fn signed(what: &'static str, real: f64) -> Result<Self, NumericsError> {
        let mut quantized = Self::from_real(what, real.abs())
            .map_err(|_| NumericsError::Multiplier { what, value: real })?;
        if real < 0.0 {
            quantized.multiplier = -quantized.multiplier;
        }
        Ok(quantized)
    }

    /// `x` times the multiplier, rounded twice (`MultiplyByQuantizedMultiplier`).
    #[inline]
    #[must_use]
    pub fn apply(self, x: i32) -> i32 {
        let left = self.shift.max(0) as u32;
        let right = (-self.shift).max(0) as u32;
        let shifted = x.wrapping_mul(1i32.wrapping_shl(left));
        rounding_divide_by_pot(
            saturating_rounding_doubling_high_mul(shifted, self.multiplier),
            right,
        )
    }
}

/// `x = f · 2^e` with `f` in [0.5, 1), for positive finite `x`.
fn frexp(x: f64) -> (f64, i32) {
    let (x, bias) = if x < f64::MIN_POSITIVE {
        (x * f64::from_bits((1023 + 54) << 52), -54)
    } else {
        (x, 0)
    };
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32 - 1022;
    let fraction = f64::from_bits((bits & ((1 << 52) - 1)) | (1022 << 52));
    (fraction, exponent + bias)
}

/// Rounds half away from zero (`TfLiteRound`), then saturates at 32 bits; NaN becomes `i32::MIN`.
#[inline]
#[must_use]
pub fn round_to_i32(x: f32) -> i32 {
    if x.is_nan() {
        i32::MIN
    } else {
        x.round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EDGES: [i32; 13] = [
        i32::MIN,
        i32::MIN + 1,
        -(1 << 30) - 1,
        -(1 << 30),
        -2,
        -1,
        0,
        1,
        2,
        1 << 30,
        (1 << 30) + 1,
        i32::MAX - 1,
        i32::MAX,
    ];

    fn exact_high_mul(a: i32, b: i32) -> i32 {
        let exact = (2 * i128::from(a) * i128::from(b) + (1 << 31)).div_euclid(1 << 32);
        exact.clamp(i128::from(i32::MIN), i128::from(i32::MAX)) as i32
    }

    /// Nearest, ties away from zero, in rational arithmetic.
    fn exact_divide(x: i32, exponent: u32) -> i32 {
        let (x, divisor) = (i128::from(x), 1i128 << exponent);
        let magnitude = (2 * x.abs() + divisor) / (2 * divisor);
        (magnitude * x.signum()) as i32
    }

    #[test]
    fn high_mul_and_divide_at_the_edges() {
        for a in EDGES {
            for b in EDGES {
                assert_eq!(
                    saturating_rounding_doubling_high_mul(a, b),
                    exact_high_mul(a, b),
                    "{a} {b}"
                );
            }
            for exponent in 0..=31 {
                assert_eq!(
                    rounding_divide_by_pot(a, exponent),
                    exact_divide(a, exponent),
                    "{a} {exponent}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn high_mul_is_the_equation(a: i32, b: i32) {
            prop_assert_eq!(saturating_rounding_doubling_high_mul(a, b), exact_high_mul(a, b));
        }

        #[test]
        fn divide_is_the_equation(x: i32, exponent in 0u32..=31) {
            prop_assert_eq!(rounding_divide_by_pot(x, exponent), exact_divide(x, exponent));
        }

        /// The significand is within half a unit of the real number, in exact binary arithmetic.
        #[test]
        fn from_real_is_nearest(mantissa in (1u64 << 52)..(1u64 << 53), exponent in -80i32..=-24) {
            let real = mantissa as f64 * 2f64.powi(exponent);
            let q = QuantizedMultiplier::from_real("test", real).unwrap();

            if q.multiplier != 0 {
                prop_assert!(q.multiplier >= 1 << 30);
                let base = exponent.min(q.shift - 31);
                let exact = i128::from(mantissa) << (exponent - base);
                let got = i128::from(q.multiplier) << (q.shift - 31 - base);
                let half = 1i128 << (q.shift - 32 - base).max(0);
                prop_assert!((exact - got).abs() <= half);
            } else {
                prop_assert!(real < 2f64.powi(-31));
            }
        }
    }

    #[test]
    fn from_real_at_the_edges() {
        let of =
            |real| QuantizedMultiplier::from_real("test", real).map(|q| (q.multiplier, q.shift));
        assert_eq!(of(0.0), Ok((0, 0)));
        assert_eq!(of(0.5), Ok((1 << 30, 0)));
        assert_eq!(of(1.0), Ok((1 << 30, 1)));
        // Rounds up to 2^31, which becomes 2^30 with one more shift.
        assert_eq!(of(1.0 - 2f64.powi(-40)), Ok((1 << 30, 1)));
        assert_eq!(of(2f64.powi(-32)), Ok((1 << 30, -31)));
        assert_eq!(of(2f64.powi(-33)), Ok((0, 0)));
        assert_eq!(of(f64::from_bits(1)), Ok((0, 0)));
        assert_eq!(of(2f64.powi(29)), Ok((1 << 30, 30)));
        assert!(of(2f64.powi(30)).is_err());
        assert!(of(-1.0).is_err());
        assert!(of(f64::NAN).is_err());
        assert!(of(f64::INFINITY).is_err());
        assert!(QuantizedMultiplier::below_one("test", 1.0).is_err());
        assert!(QuantizedMultiplier::below_one("test", 0.75).is_ok());
    }

    #[test]
    fn apply_shifts_left_before_and_right_after() {
        let left = QuantizedMultiplier {
            multiplier: 1 << 30,
            shift: 4,
        };
        assert_eq!(left.apply(-5), -40);
        let right = QuantizedMultiplier {
            multiplier: 1 << 30,
            shift: -1,
        };
        // 6 · ½ = 3 exactly, then 3 / 2 rounds away from zero.
        assert_eq!(right.apply(6), 2);
        assert_eq!(right.apply(-6), -2);
        // 5 · ½ rounds half up to 3, then 3 / 2 to 2: the second rounding sees the first.
        assert_eq!(right.apply(5), 2);
    }

    #[test]
    fn negative_multipliers_mirror_positive_ones() {
        for real in [0.3, 0.5, 1.75, 1e-3] {
            let (up, down) = (
                QuantizedMultiplier::signed("test", real).unwrap(),
                QuantizedMultiplier::signed("test", -real).unwrap(),
            );
            assert_eq!((up.multiplier, up.shift), (-down.multiplier, down.shift));
            // A tie of the first rounding goes up for either sign, so the mirror is off by one unit there at most.
            for x in -300..=300 {
                assert!((up.apply(x) + down.apply(x)).abs() <= 1, "{real} {x}");
            }
        }
        assert!(QuantizedMultiplier::signed("test", -2f64.powi(30)).is_err());
        assert!(QuantizedMultiplier::signed("test", f64::NAN).is_err());
    }

    #[test]
    fn rounding_to_integers() {
        let cases = [
            (0.5, 1),
            (-0.5, -1),
            (0.499_999_97, 0),
            (2.5, 3),
            (-2.5, -3),
            (8_388_607.5, 8_388_608),
            (1e10, i32::MAX),
            (-1e10, i32::MIN),
            (f32::INFINITY, i32::MAX),
            (f32::NAN, i32::MIN),
        ];
        for (x, expected) in cases {
            assert_eq!(round_to_i32(x), expected, "{x}");
        }
    }
}
