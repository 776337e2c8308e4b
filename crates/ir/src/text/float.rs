//! Float literals in MLIR's normal form: six digits in scientific notation if that is exact, else the shortest sufficient decimal if it
//! has a point, else the bits in hexadecimal.

use crate::FloatKind;

/// A literal of a float given by its bits.
pub(super) fn float_text(bits: u64, kind: FloatKind) -> String {
    let hex = || format!("0x{bits:0width$X}", width = (kind.width() / 4) as usize);
    let (value, digits) = match kind {
        FloatKind::F32 => (f64::from(f32::from_bits(bits as u32)), 9),
        FloatKind::F64 => (f64::from_bits(bits), 17),
        FloatKind::F16 => (widen(bits, 5, 10), 5),
        FloatKind::BF16 => (widen(bits, 8, 7), 4),
    };
    if !value.is_finite() {
        return hex();
    }
    let exact = |s: &str| match kind {
        FloatKind::F64 => s.parse::<f64>().is_ok_and(|v| v.to_bits() == bits),
        FloatKind::F32 => s
            .parse::<f32>()
            .is_ok_and(|v| u64::from(v.to_bits()) == bits),
        FloatKind::F16 | FloatKind::BF16 => {
            s.parse::<f64>().is_ok_and(|v| float_bits(v, kind) == bits)
        }
    };
    if value == 0.0 {
        return format!(
            "{}0.000000e+00",
            if value.is_sign_negative() { "-" } else { "" }
        );
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let (six, last) = llvm_digits(value.abs(), 6);
    let exponent = last + six.len() as i32 - 1;
    let e = if exponent < 0 { '-' } else { '+' };
    let padded = format!(
        "{sign}{}.{:0<6}e{e}{:02}",
        &six[..1],
        &six[1..],
        exponent.abs()
    );
    if exact(&padded) {
        return padded;
    }
    let (all, last) = llvm_digits(value.abs(), digits);
    let text = format!("{sign}{}", default_form(&all, last, digits));
    if text.contains('.') { text } else { hex() }
}

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

/// The value of a format of `exponent` and `fraction` bits; every one of them is a binary64.
fn widen(bits: u64, exponent: i32, fraction: i32) -> f64 {
    let sign = if bits >> (exponent + fraction) & 1 == 1 {
        -1.0
    } else {
        1.0
    };
    let biased = (bits >> fraction) as i32 & ((1 << exponent) - 1);
    let field = (bits & ((1 << fraction) - 1)) as f64;
    let bias = (1 << (exponent - 1)) - 1;
    let unit = power_of_two(biased.max(1) - bias - fraction);
    sign * match biased {
        0 => field * unit,
        b if b == (1 << exponent) - 1 => f64::NAN,
        _ => (field + power_of_two(fraction)) * unit,
    }
}

/// At most `precision` significant digits of a positive value, no trailing zero, and the decimal exponent of the last one.
///
/// As LLVM does it: the exact integer `significand · 5^t` is first cut, without rounding, to about `precision` digits counted in bits, then
/// rounded half up; so 0.00001 as an f32 (9.99999974…e-6) keeps its nines.
fn llvm_digits(value: f64, precision: usize) -> (String, i32) {
    let bits = value.to_bits();
    let raw = ((bits >> 52) & 0x7FF) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (significand, exponent) = if raw == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, raw - 1075)
    };
    let zeros = significand.trailing_zeros() as i32;
    let t = (-(exponent + zeros)).max(0);
    let exact = format!("{value:.*}", t as usize);
    let integer: String = exact.chars().filter(|c| *c != '.').collect();
    let mut digits: Vec<u8> = integer.trim_start_matches('0').bytes().collect();
    let mut last = -t;
    let active_bits =
        (value.log2() + f64::from(t) * std::f64::consts::LOG2_10).floor() as usize + 1;
    let required = (precision * 196).div_ceil(59);
    let removable = (active_bits.saturating_sub(required) * 59 / 196).min(digits.len() - 1);
    digits.truncate(digits.len() - removable);
    last += removable as i32;
    let strip = |digits: &mut Vec<u8>, last: &mut i32| {
        while digits.len() > 1 && digits.last() == Some(&b'0') {
            digits.pop();
            *last += 1;
        }
    };
    strip(&mut digits, &mut last);
    if digits.len() > precision {
        let up = digits[precision] >= b'5';
        last += (digits.len() - precision) as i32;
        digits.truncate(precision);
        if up {
            while digits.last() == Some(&b'9') {
                digits.pop();
                last += 1;
            }
            match digits.last_mut() {
                Some(d) => *d += 1,
                None => digits.push(b'1'),
            }
        }
        strip(&mut digits, &mut last);
    }
    (digits.into_iter().map(char::from).collect(), last)
}

/// LLVM's `APFloat::toString` of `digits · 10^last`, with three digits of padding.
fn default_form(digits: &str, last: i32, precision: usize) -> String {
    let exponent = last + digits.len() as i32 - 1;
    let scientific = if last >= 0 {
        last > 3 || digits.len() + last as usize > precision
    } else {
        exponent < 0 && -exponent > 3
    };
    if scientific {
        let rest = if digits.len() == 1 { "0" } else { &digits[1..] };
        let e = if exponent < 0 { '-' } else { '+' };
        return format!("{}.{rest}E{e}{}", &digits[..1], exponent.abs());
    }
    if last >= 0 {
        return format!("{digits}{}", "0".repeat(last as usize));
    }
    if exponent >= 0 {
        let point = exponent as usize + 1;
        return format!("{}.{}", &digits[..point], &digits[point..]);
    }
    format!("0.{}{digits}", "0".repeat((-exponent - 1) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair is what `mlir-opt-19` prints for the literal on the left.
    #[test]
    fn as_mlir_opt_prints() {
        for (value, f32_text, f64_text) in [
            (1.0_f64, "1.000000e+00", "1.000000e+00"),
            (0.1, "1.000000e-01", "1.000000e-01"),
            (16_777_216.0, "0x4B800000", "0x4170000000000000"),
            (1.5e10, "1.500000e+10", "1.500000e+10"),
            (123_456.0, "1.234560e+05", "1.234560e+05"),
            (1_234_567.0, "0x4996B438", "0x4132D68700000000"),
            (1.0e-5, "9.99999974E-6", "1.000000e-05"),
            (3.0e-38, "3.000000e-38", "3.000000e-38"),
            (-0.0, "-0.000000e+00", "-0.000000e+00"),
            (2.5e-3, "2.500000e-03", "2.500000e-03"),
            (0.333333333333, "0.333333343", "0.33333333333300003"),
            (1.0e30, "1.000000e+30", "1.000000e+30"),
            (0.00123456789, "0.00123456784", "0.0012345678899999999"),
        ] {
            assert_eq!(
                float_text(u64::from((value as f32).to_bits()), FloatKind::F32),
                f32_text
            );
            assert_eq!(float_text(value.to_bits(), FloatKind::F64), f64_text);
        }
        assert_eq!(float_text(0x7FC0_0000, FloatKind::F32), "0x7FC00000");
    }

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

    /// Each pair is what `mlir-opt-19` prints for the bits on the left.
    #[test]
    fn narrow_formats_are_as_mlir_opt_prints() {
        for (bits, half, bfloat) in NARROW {
            assert_eq!(float_text(*bits, FloatKind::F16), *half, "{bits:#X}");
            assert_eq!(float_text(*bits, FloatKind::BF16), *bfloat, "{bits:#X}");
        }
    }

    #[test]
    fn every_narrow_number_is_its_own_text() {
        for bits in 0..=0xFFFFu64 {
            for kind in [FloatKind::F16, FloatKind::BF16] {
                let text = float_text(bits, kind);
                let again = match text.strip_prefix("0x") {
                    Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
                    None => float_bits(text.parse().unwrap(), kind),
                };
                assert_eq!(again, bits, "{text}");
            }
        }
    }

    const NARROW: &[(u64, &str, &str)] = &[
        (0x0000, "0.000000e+00", "0.000000e+00"),
        (0x8000, "-0.000000e+00", "-0.000000e+00"),
        (0x0001, "5.960460e-08", "9.183550e-41"),
        (0x3C00, "1.000000e+00", "7.812500e-03"),
        (0x3C01, "1.000980e+00", "7.873530e-03"),
        (0x3E00, "1.500000e+00", "1.250000e-01"),
        (0x7BFF, "6.550400e+04", "2.648070e+36"),
        (0x7C00, "0x7C00", "2.658460e+36"),
        (0x7E00, "0x7E00", "4.253530e+37"),
        (0x0400, "6.103520e-05", "1.504630e-36"),
        (0x03FF, "6.097560e-05", "1.498760e-36"),
        (0x2E66, "9.997550e-02", "5.229590e-11"),
        (0x3555, "3.332520e-01", "7.934870e-07"),
        (0x4248, "3.140630e+00", "5.000000e+01"),
        (0xC248, "-3.140630e+00", "-5.000000e+01"),
        (0x3F80, "1.875000e+00", "1.000000e+00"),
        (0x3F81, "1.875980e+00", "1.007810e+00"),
        (0x4049, "2.142580e+00", "3.140630e+00"),
        (0x7F80, "0x7F80", "0x7F80"),
        (0x0080, "7.629390e-06", "1.175490e-38"),
        (0x5640, "1.000000e+02", "5.277660e+13"),
        (0x63D0, "1.000000e+03", "7.673850e+21"),
        (0x1419, "1.000400e-03", "7.724520e-27"),
        (0x4380, "3.750000e+00", "2.560000e+02"),
    ];
}
