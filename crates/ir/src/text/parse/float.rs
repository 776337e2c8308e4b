//! Decimal numbers in the binary formats.

use crate::FloatKind;

/// The bits of a value in a format, rounded to nearest, ties to even; as in MLIR the decimal text is read as binary64 first.
pub(super) fn float_bits(value: f64, kind: FloatKind) -> u64 {
    match kind {
        FloatKind::F64 => value.to_bits(),
        FloatKind::F32 => u64::from((value as f32).to_bits()),
        FloatKind::F16 => narrow(value, 5, 10),
        FloatKind::BF16 => narrow(value, 8, 7),
    }
}

/// Rounds to a format of `exponent` and `fraction` bits; overflow gives an infinity, underflow subnormals.
fn narrow(value: f64, exponent: i32, fraction: i32) -> u64 {
    let sign = u64::from(value.is_sign_negative()) << (exponent + fraction);
    let infinity = ((1u64 << exponent) - 1) << fraction;
    if value.is_nan() {
        return sign | infinity | 1 << (fraction - 1);
    }
    if value.is_infinite() {
        return sign | infinity;
    }
    let bias = (1 << (exponent - 1)) - 1;
    let raw = ((value.to_bits() >> 52) & 0x7FF) as i32;
    // Below the least normal exponent, the distance of neighbours stays the same.
    let scale = (raw - 1023).max(1 - bias) - fraction;
    // Both factors are powers of two, and the product has few enough bits: exact up to the rounding.
    let units = (value.abs() * power_of_two(-scale)).round_ties_even() as u64;
    let biased = (scale + fraction + bias) as u64;
    // A carry out of the fraction raises the exponent by itself.
    let bits = (biased << fraction) + units - (1 << fraction);
    let bits = if units < 1 << fraction { units } else { bits };
    sign | bits.min(infinity)
}

fn power_of_two(e: i32) -> f64 {
    2f64.powi(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits from the tables of IEEE 754 and from what `mlir-opt-19` prints for the literals.
    #[test]
    fn narrow_formats_round_to_nearest_even() {
        for (value, half, bfloat) in [
            (0.0, 0x0000, 0x0000),
            (-0.0, 0x8000, 0x8000),
            (1.0, 0x3C00, 0x3F80),
            (-2.0, 0xC000, 0xC000),
            (65504.0, 0x7BFF, 0x4780),
            (65520.0, 0x7C00, 0x4780),
            (65519.0, 0x7BFF, 0x4780),
            (6.103_515_625e-5, 0x0400, 0x3880),
            (5.960_464_477_539_063e-8, 0x0001, 0x3380),
            (2.980_232_238_769_531_3e-8, 0x0000, 0x3300),
            (1.0 + 1.0 / 2048.0, 0x3C00, 0x3F80),
            (1.0 + 3.0 / 2048.0, 0x3C02, 0x3F80),
            (1.0 + 1.0 / 256.0, 0x3C04, 0x3F80),
            (1.0 + 3.0 / 256.0, 0x3C0C, 0x3F82),
            (f64::INFINITY, 0x7C00, 0x7F80),
            (1e300, 0x7C00, 0x7F80),
            (1e-300, 0x0000, 0x0000),
        ] {
            assert_eq!(float_bits(value, FloatKind::F16), half, "{value} as f16");
            assert_eq!(
                float_bits(value, FloatKind::BF16),
                bfloat,
                "{value} as bf16"
            );
        }
    }
}
