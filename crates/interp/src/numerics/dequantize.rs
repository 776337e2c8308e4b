//! DEQUANTIZE: int8 and int32 to float32.

use super::error::{NumericsError, check_len, check_scale};

/// Int8 to float32: `scale · (x − zero_point)`.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Scale`].
pub fn dequantize_i8_f32(
    scale: f32,
    zero_point: i32,
    input: &[i8],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    check_scale("input", scale)?;
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        *out = scale * (i32::from(x).wrapping_sub(zero_point)) as f32;
    }
    Ok(())
}

/// Int32 to float32: `scale · (x − zero_point)`, the difference rounded to float once.
///
/// # Errors
/// As [`dequantize_i8_f32`].
pub fn dequantize_i32_f32(
    scale: f32,
    zero_point: i32,
    input: &[i32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    check_scale("input", scale)?;
    check_len("output", output.len(), input.len())?;
    for (out, &x) in output.iter_mut().zip(input) {
        *out = scale * (i64::from(x) - i64::from(zero_point)) as f32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_the_distance_to_the_zero_point() {
        let mut out = [0.0; 3];
        dequantize_i8_f32(0.5, -3, &[-3, -128, 127], &mut out).unwrap();
        assert_eq!(out, [0.0, -62.5, 65.0]);
        assert!(dequantize_i8_f32(-1.0, 0, &[0; 3], &mut out).is_err());
        assert!(dequantize_i8_f32(1.0, 0, &[0; 2], &mut out).is_err());
        dequantize_i32_f32(0.5, 1, &[1, i32::MIN, 1001], &mut out).unwrap();
        assert_eq!(out, [0.0, -1_073_741_824.0, 500.0]);
    }
}
