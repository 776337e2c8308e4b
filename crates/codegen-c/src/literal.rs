//! Constants as C text: integers that have their value with a 16-bit `int`, floats with every bit.

use crate::ctype::CType;
use crate::expr::{Expr, PRIMARY, UNARY};
use crate::range::Range;

/// A signed integer constant.
pub(crate) fn int(value: i64) -> Expr {
    let (text, ty) = if i64::from(i16::MIN) < value && value <= i64::from(i16::MAX) {
        (value.to_string(), CType::Int)
    } else if value == i64::from(i32::MIN) {
        ("INT32_MIN".to_owned(), CType::I32)
    } else if i32::try_from(value).is_ok() {
        (value.to_string(), CType::I32)
    } else if value == i64::MIN {
        ("INT64_MIN".to_owned(), CType::I64)
    } else {
        (
            if value < 0 {
                format!("-INT64_C({})", value.unsigned_abs())
            } else {
                format!("INT64_C({value})")
            },
            CType::I64,
        )
    };
    let prec = if value < 0 && text.starts_with('-') {
        UNARY
    } else {
        PRIMARY
    };
    Expr {
        literal: Some(value),
        range: Range::of(value),
        ..Expr::new(text, prec, ty)
    }
}

/// An unsigned constant of a type of so many bits, whatever the width of `int`.
pub(crate) fn unsigned(value: u64, bits: u32) -> String {
    match bits {
        64 => format!("UINT64_C({value})"),
        32 => format!("UINT32_C({value})"),
        _ => format!("{value}u"),
    }
}

/// A non-negative constant beside an operand of an unsigned type that has the value: it takes that type.
pub(crate) fn beside_unsigned(value: i64) -> String {
    match value {
        0..=0xffff => format!("{value}u"),
        0x1_0000..=0xffff_ffff => format!("UINT32_C({value})"),
        _ => format!("UINT64_C({value})"),
    }
}

/// A non-negative mask, in hexadecimal from ten on; signed, whatever the width of `int`.
pub(crate) fn mask(value: i64) -> String {
    match value {
        0..=9 => value.to_string(),
        10..=0x7fff | 0x1_0000..=0x7fff_ffff => format!("{value:#x}"),
        0x8000..=0xffff => format!("INT32_C({value:#x})"),
        _ => format!("INT64_C({value:#x})"),
    }
}

/// A binary32 constant: hexadecimal, so that every bit is said.
pub(crate) fn f32_text(value: f32) -> String {
    if value.is_nan() {
        return "(0.0f / 0.0f)".to_owned();
    }
    if value.is_infinite() {
        return (if value > 0.0 {
            "(1.0f / 0.0f)"
        } else {
            "(-1.0f / 0.0f)"
        })
        .to_owned();
    }
    let plain = format!("{value:?}");
    let short = !plain.contains('e') && plain.len() <= 6 && value.abs() < 1e6;
    if value == 0.0 || (short && f64::from(value) == plain.parse::<f64>().unwrap_or(f64::NAN)) {
        return format!("{plain}f");
    }
    let bits = value.to_bits();
    format!(
        "{}f",
        hex_float(
            bits >> 31 != 0,
            i64::from(bits >> 23 & 0xff),
            u64::from(bits & 0x7f_ffff),
            23,
            127
        )
    )
}

/// A binary64 constant.
pub(crate) fn f64_text(value: f64) -> String {
    if value.is_nan() {
        return "(0.0 / 0.0)".to_owned();
    }
    if value.is_infinite() {
        return (if value > 0.0 {
            "(1.0 / 0.0)"
        } else {
            "(-1.0 / 0.0)"
        })
        .to_owned();
    }
    if value == 0.0 {
        return format!("{value:?}");
    }
    let bits = value.to_bits();
    hex_float(
        bits >> 63 != 0,
        (bits >> 52 & 0x7ff) as i64,
        bits & ((1 << 52) - 1),
        52,
        1023,
    )
}

fn hex_float(negative: bool, biased: i64, mantissa: u64, width: u32, bias: i64) -> String {
    let (lead, exponent) = if biased == 0 {
        (0, 1 - bias)
    } else {
        (1, biased - bias)
    };
    let digits = (width as usize).div_ceil(4);
    let shifted = mantissa << (digits as u32 * 4 - width);
    let fraction = format!("{shifted:0digits$x}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() {
        String::new()
    } else {
        format!(".{fraction}")
    };
    format!(
        "{}0x{lead}{point}p{exponent:+}",
        if negative { "-" } else { "" }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        for (v, want) in [
            (0, "0"),
            (-1, "-1"),
            (32767, "32767"),
            (-32768, "-32768"),
            (40000, "40000"),
            (i64::from(i32::MIN), "INT32_MIN"),
            (1 << 40, "INT64_C(1099511627776)"),
            (-(1 << 40), "-INT64_C(1099511627776)"),
            (i64::MIN, "INT64_MIN"),
        ] {
            assert_eq!(int(v).text, want);
        }
        assert_eq!(int(-32768).ty, CType::I32);
        assert_eq!(mask(0xff00), "INT32_C(0xff00)");
        assert_eq!(mask(0x7f_ffff), "0x7fffff");
    }

    #[test]
    fn floats() {
        assert_eq!(f32_text(0.5), "0.5f");
        assert_eq!(f32_text(-0.0), "-0.0f");
        assert_eq!(f32_text(0.1), "0x1.99999ap-4f");
        assert_eq!(f32_text(f32::from_bits(1)), "0x0.000002p-126f");
        assert_eq!(f32_text(f32::MAX), "0x1.fffffep+127f");
        assert_eq!(f64_text(0.1), "0x1.999999999999ap-4");
    }
}
