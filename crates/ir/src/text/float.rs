//! Float literals in MLIR's normal form: six digits in scientific notation if that is exact, else the shortest sufficient decimal if it
//! has a point, else the bits in hexadecimal.

use crate::FloatKind;

/// A literal of a float given by its bits.
pub(super) fn float_text(bits: u64, kind: FloatKind) -> String {
    let hex = || format!("0x{bits:0width$X}", width = (kind.width() / 4) as usize);
    let (value, digits) = match kind {
        FloatKind::F32 => (f64::from(f32::from_bits(bits as u32)), 9),
        FloatKind::F64 => (f64::from_bits(bits), 17),
        FloatKind::F16 | FloatKind::BF16 => return hex(),
    };
    if !value.is_finite() {
        return hex();
    }
    let exact = |s: &str| match kind {
        FloatKind::F64 => s.parse::<f64>().is_ok_and(|v| v.to_bits() == bits),
        _ => s
            .parse::<f32>()
            .is_ok_and(|v| u64::from(v.to_bits()) == bits),
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
}
