//! AVERAGE_POOL_2D and MAX_POOL_2D: padding is left out of the window, never averaged in.

use super::activation::{ClampF32, ClampI8};
use super::error::{NumericsError, check_len};
use super::window::{WindowShape, inside};

/// Folds each window, tap by tap in the reference's order, into one accumulator a channel; `finish`
/// gets it with the number of taps.
fn pool<T: Copy, A: Copy>(
    shape: &WindowShape,
    input: &[T],
    output: &mut [T],
    start: A,
    fold: impl Fn(A, T) -> A,
    finish: impl Fn(A, usize) -> T,
) -> Result<(), NumericsError> {
    let w = &shape.window;
    if shape.out_c != shape.in_c || (w.dilation_h, w.dilation_w) != (1, 1) {
        return Err(NumericsError::Shape(
            "a pool keeps its channels and is not dilated",
        ));
    }
    check_len("input", input.len(), shape.input_len()?)?;
    check_len("output", output.len(), shape.output_len()?)?;
    let (out_h, out_w) = shape.output_size()?;
    let channels = shape.in_c;
    let mut acc = vec![start; channels];
    let mut out = 0;
    for batch in 0..shape.batches {
        for y in 0..out_h {
            let origin_y = w.origin_y(y);
            let rows = inside(origin_y, shape.kernel_h, 1, shape.in_h);
            for x in 0..out_w {
                let origin_x = w.origin_x(x);
                let columns = inside(origin_x, shape.kernel_w, 1, shape.in_w);
                let count = rows.len() * columns.len();
                if count == 0 {
                    return Err(NumericsError::Shape("a pool window lies in the padding"));
                }
                acc.fill(start);
                for ky in rows.clone() {
                    let in_y = (origin_y + ky as i64) as usize;
                    for kx in columns.clone() {
                        let in_x = (origin_x + kx as i64) as usize;
                        let pixel = ((batch * shape.in_h + in_y) * shape.in_w + in_x) * channels;
                        for (acc, &x) in acc.iter_mut().zip(&input[pixel..pixel + channels]) {
                            *acc = fold(*acc, x);
                        }
                    }
                }
                for (out, &acc) in output[out..out + channels].iter_mut().zip(&acc) {
                    *out = finish(acc, count);
                }
                out += channels;
            }
        }
    }
    Ok(())
}

/// Int8 average: the sum divided by the number of taps inside the image, rounded half away from zero.
/// Input and output share scale and zero point.
///
/// # Errors
/// [`NumericsError::Length`] and [`NumericsError::Shape`] when slices and shape do not agree, or a
/// window holds padding only.
pub fn average_pool_i8(
    shape: &WindowShape,
    clamp: ClampI8,
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    pool(
        shape,
        input,
        output,
        0i32,
        |sum, x| sum.wrapping_add(i32::from(x)),
        |sum, count| {
            let count = count as i32;
            let half = if sum > 0 { count / 2 } else { -(count / 2) };
            clamp.apply((sum + half) / count)
        },
    )
}

/// Int8 average that rounds halves up: what the average of unsigned bytes is, which are 128 more.
///
/// # Errors
/// As [`average_pool_i8`].
pub fn average_pool_i8_half_up(
    shape: &WindowShape,
    clamp: ClampI8,
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    pool(
        shape,
        input,
        output,
        0i32,
        |sum, x| sum.wrapping_add(i32::from(x) + 128),
        |sum, count| {
            let count = count as i32;
            clamp.apply((sum + count / 2) / count - 128)
        },
    )
}

/// Float32 average: taps added row by row, divided by their number.
///
/// # Errors
/// As [`average_pool_i8`].
pub fn average_pool_f32(
    shape: &WindowShape,
    clamp: ClampF32,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    pool(
        shape,
        input,
        output,
        0f32,
        |sum, x| sum + x,
        |sum, count| clamp.apply(sum / count as f32),
    )
}

/// Int8 maximum. Input and output share scale and zero point.
///
/// # Errors
/// As [`average_pool_i8`].
pub fn max_pool_i8(
    shape: &WindowShape,
    clamp: ClampI8,
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    pool(shape, input, output, i8::MIN, i8::max, |max, _| {
        clamp.apply(i32::from(max))
    })
}

/// Float32 maximum, from the lowest finite number: `m = m < x ? x : m`, so NaN never wins.
///
/// # Errors
/// As [`average_pool_i8`].
pub fn max_pool_f32(
    shape: &WindowShape,
    clamp: ClampF32,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    pool(
        shape,
        input,
        output,
        f32::MIN,
        |max, x| if max < x { x } else { max },
        |max, _| clamp.apply(max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::activation::Activation;
    use crate::numerics::window::Window;

    fn shape(pad: usize) -> WindowShape {
        WindowShape {
            batches: 1,
            in_h: 2,
            in_w: 2,
            in_c: 2,
            kernel_h: 2,
            kernel_w: 2,
            out_c: 2,
            window: Window {
                stride_h: 2,
                stride_w: 2,
                pad_bottom: pad,
                pad_right: pad,
                pad_top: pad,
                pad_left: pad,
                ..Window::UNIT
            },
        }
    }

    #[test]
    fn average_rounds_half_away_from_zero_and_ignores_padding() {
        let input = [1, -1, 2, -2, 3, -3, 4, -4];
        let mut out = [0; 2];
        average_pool_i8(&shape(0), ClampI8::FULL, &input, &mut out).unwrap();
        // ±10 / 4 = ±2½.
        assert_eq!(out, [3, -3]);
        let mut corners = [0; 8];
        average_pool_i8(&shape(1), ClampI8::FULL, &input, &mut corners).unwrap();
        assert_eq!(corners, input);
        let relu = ClampI8 { min: 0, max: 127 };
        average_pool_i8(&shape(0), relu, &input, &mut out).unwrap();
        assert_eq!(out, [3, 0]);
    }

    #[test]
    fn averages_of_unsigned_bytes_round_half_up() {
        // Of unsigned bytes: 129, 127, 130, 126, … in two channels, of means 130.5 and 125.5.
        let input = [1, -1, 2, -2, 3, -3, 4, -4];
        let mut out = [0; 2];
        average_pool_i8_half_up(&shape(0), ClampI8::FULL, &input, &mut out).unwrap();
        assert_eq!(out.map(|x| i32::from(x) + 128), [131, 126]);
        let mut corners = [0; 8];
        average_pool_i8_half_up(&shape(1), ClampI8::FULL, &input, &mut corners).unwrap();
        assert_eq!(corners, input);
        for value in [-128, 127] {
            average_pool_i8_half_up(&shape(0), ClampI8::FULL, &[value; 8], &mut out).unwrap();
            assert_eq!(out, [value; 2]);
        }
    }

    #[test]
    fn float_average_and_maxima() {
        let input = [1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0, f32::NAN];
        let clamp = ClampF32::new(Activation::None);
        let mut out = [0.0; 2];
        average_pool_f32(&shape(0), clamp, &input, &mut out).unwrap();
        assert_eq!(out[0], 2.5);
        assert!(out[1].is_nan());
        max_pool_f32(&shape(0), clamp, &input, &mut out).unwrap();
        assert_eq!(out, [4.0, -1.0]);
        let mut bytes = [0; 2];
        max_pool_i8(
            &shape(0),
            ClampI8 { min: -128, max: 3 },
            &[1, -1, 2, -2, 3, -3, 4, -4],
            &mut bytes,
        )
        .unwrap();
        assert_eq!(bytes, [3, -1]);
    }

    #[test]
    fn a_window_in_the_padding_is_an_error() {
        let mut s = shape(2);
        let input = [0; 8];
        let mut out = [0; 18];
        assert_eq!(s.output_len(), Ok(18));
        assert!(average_pool_i8(&s, ClampI8::FULL, &input, &mut out).is_err());
        s.out_c = 1;
        assert!(average_pool_i8(&s, ClampI8::FULL, &input, &mut out).is_err());
    }
}
