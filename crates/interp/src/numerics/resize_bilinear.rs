//! RESIZE_BILINEAR: an image of other rows and columns, each element the mean of four by its distances to them.

use super::error::{NumericsError, check_len};
use super::window::product;

/// Fractional bits of an int8 image's positions.
const FRACTION: u32 = 10;

/// How the elements of one image lie on those of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The first on the first, the others by the ratio of the sizes.
    Asymmetric,
    /// The first on the first and the last on the last.
    AlignCorners,
    /// By their middles.
    HalfPixelCenters,
}

/// Extents of a resize of NHWC images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResizeShape {
    /// Images.
    pub batches: usize,
    /// Rows and columns of the input.
    pub input: [usize; 2],
    /// Rows and columns of the output.
    pub output: [usize; 2],
    /// Channels.
    pub channels: usize,
    /// How they lie on each other.
    pub placement: Placement,
}

/// Where an element of the output is along a dimension: between two of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position<T> {
    /// The one before.
    pub first: usize,
    /// The one behind.
    pub second: usize,
    /// What it takes of the one before.
    pub of_first: T,
    /// What it takes of the one behind.
    pub of_second: T,
}

/// Positions along a dimension, the weights in 1/1024 (`ComputeInterpolationValuesInteger`).
///
/// # Errors
/// [`NumericsError::Shape`] where rounded positions leave the input by an element or more, so that the reference reads what is not there.
pub fn positions_i32(
    from: usize,
    to: usize,
    placement: Placement,
) -> Result<Vec<Position<i32>>, NumericsError> {
    if from == 0 || to == 0 {
        return Err(NumericsError::Shape("an extent is zero"));
    }
    let one = 1i64 << FRACTION;
    let (old, new) = (from as i64, to as i64);
    let step = match placement {
        Placement::AlignCorners if new > 1 => (one * (old - 1) + (new - 1) / 2) / (new - 1),
        _ => (one * old + new / 2) / new,
    };
    (0..new)
        .map(|i| {
            let at = match placement {
                Placement::HalfPixelCenters => i * step + step / 2 - one / 2,
                _ => i * step,
            };
            // Toward zero, as C divides.
            let first = (at / one).max(0);
            let second = ((at + one - 1) / one).min(old - 1);
            if first >= old || second < 0 {
                return Err(NumericsError::Shape("a rounded position is outside"));
            }
            let of_second = at - one * first;
            Ok(Position {
                first: first as usize,
                second: second as usize,
                of_first: (one - of_second) as i32,
                of_second: of_second as i32,
            })
        })
        .collect()
}

/// Positions along a dimension, in single precision (`ComputeInterpolationValues`).
///
/// # Errors
/// As [`positions_i32`].
pub fn positions_f32(
    from: usize,
    to: usize,
    placement: Placement,
) -> Result<Vec<Position<f32>>, NumericsError> {
    let step = match placement {
        Placement::AlignCorners if to > 1 => (from as f32 - 1.0) / (to as f32 - 1.0),
        _ => from as f32 / to as f32,
    };
    (0..to)
        .map(|i| {
            let at = match placement {
                Placement::HalfPixelCenters => (i as f32 + 0.5) * step - 0.5,
                _ => i as f32 * step,
            };
            let first = (at.floor() as i64).max(0);
            let second = (at.ceil() as i64).min(from as i64 - 1);
            if first >= from as i64 || second < 0 {
                return Err(NumericsError::Shape("a rounded position is outside"));
            }
            let of_second = at - first as f32;
            Ok(Position {
                first: first as usize,
                second: second as usize,
                of_first: 1.0 - of_second,
                of_second,
            })
        })
        .collect()
}

/// Calls `element` for each element of the output, with the four elements around it: of the rows before and behind, each of the columns
/// before and behind.
fn each<T: Copy, P: Copy>(
    s: &ResizeShape,
    (rows, columns): (&[Position<P>], &[Position<P>]),
    input: &[T],
    output: &mut [T],
    element: impl Fn(Position<P>, Position<P>, [T; 4]) -> T,
) -> Result<(), NumericsError> {
    let [h, w] = s.input;
    check_len(
        "input",
        input.len(),
        product(&[s.batches, h, w, s.channels])?,
    )?;
    check_len(
        "output",
        output.len(),
        product(&[s.batches, rows.len(), columns.len(), s.channels])?,
    )?;
    let mut out = output.iter_mut();
    for n in 0..s.batches {
        for &y in rows {
            for &x in columns {
                for c in 0..s.channels {
                    let at = |row: usize, column: usize| {
                        input[((n * h + row) * w + column) * s.channels + c]
                    };
                    let four = [
                        at(y.first, x.first),
                        at(y.second, x.first),
                        at(y.first, x.second),
                        at(y.second, x.second),
                    ];
                    if let Some(out) = out.next() {
                        *out = element(y, x, four);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Of floats: four products, each by the row's weight first, added in the order of the rows of each column.
///
/// # Errors
/// [`NumericsError::Length`], [`NumericsError::Shape`].
pub fn resize_bilinear_f32(
    s: &ResizeShape,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NumericsError> {
    let rows = positions_f32(s.input[0], s.output[0], s.placement)?;
    let columns = positions_f32(s.input[1], s.output[1], s.placement)?;
    each(s, (&rows, &columns), input, output, |y, x, [a, b, c, d]| {
        a * y.of_first * x.of_first
            + b * y.of_second * x.of_first
            + c * y.of_first * x.of_second
            + d * y.of_second * x.of_second
    })
}

/// Of int8: products with ten fractional bits in each direction, rounded half away from zero.
///
/// # Errors
/// As [`resize_bilinear_f32`].
pub fn resize_bilinear_i8(
    s: &ResizeShape,
    input: &[i8],
    output: &mut [i8],
) -> Result<(), NumericsError> {
    let rows = positions_i32(s.input[0], s.output[0], s.placement)?;
    let columns = positions_i32(s.input[1], s.output[1], s.placement)?;
    each(s, (&rows, &columns), input, output, |y, x, [a, b, c, d]| {
        let product =
            |v: i8, row: i32, column: i32| i64::from(v) * i64::from(row) * i64::from(column);
        let sum = product(a, y.of_first, x.of_first)
            + product(b, y.of_second, x.of_first)
            + product(c, y.of_first, x.of_second)
            + product(d, y.of_second, x.of_second);
        let half = 1i64 << (2 * FRACTION - 1);
        let half = if sum > 0 { half } else { -half };
        ((sum + half) / (1 << (2 * FRACTION))) as i8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(input: [usize; 2], output: [usize; 2], placement: Placement) -> ResizeShape {
        ResizeShape {
            batches: 1,
            input,
            output,
            channels: 1,
            placement,
        }
    }

    #[test]
    fn rows_of_two_become_rows_of_four() {
        let of = |placement| {
            let mut out = [0.0; 4];
            resize_bilinear_f32(&shape([1, 2], [1, 4], placement), &[0.0, 12.0], &mut out).unwrap();
            let mut bytes = [0; 4];
            resize_bilinear_i8(&shape([1, 2], [1, 4], placement), &[0, 12], &mut bytes).unwrap();
            assert_eq!(out.map(|x| x.round() as i8), bytes);
            out
        };
        assert_eq!(of(Placement::Asymmetric), [0.0, 6.0, 12.0, 12.0]);
        assert_eq!(of(Placement::HalfPixelCenters), [0.0, 3.0, 9.0, 12.0]);
        assert_eq!(of(Placement::AlignCorners), [0.0, 4.0, 8.0, 12.0]);
    }

    #[test]
    fn halves_round_away_from_zero() {
        let mut out = [0; 2];
        let s = shape([1, 2], [1, 4], Placement::Asymmetric);
        let mut row = [0; 4];
        for (pair, expected) in [([0, 1], 1), ([0, -1], -1), ([-3, -2], -3), ([2, 3], 3)] {
            resize_bilinear_i8(&s, &pair, &mut row).unwrap();
            assert_eq!(row[1], expected, "{pair:?}");
        }
        assert!(resize_bilinear_i8(&s, &[0, 1], &mut out).is_err());
    }

    /// Weights sum to one, and what is before the first element takes all of it.
    #[test]
    fn weights_sum_to_one() {
        for from in 1..20 {
            for to in 1..40 {
                for placement in [
                    Placement::Asymmetric,
                    Placement::AlignCorners,
                    Placement::HalfPixelCenters,
                ] {
                    for p in positions_i32(from, to, placement).unwrap() {
                        assert_eq!(p.of_first + p.of_second, 1024);
                        let inside = (0..=1024).contains(&p.of_second);
                        assert!(inside || p.first == p.second, "{p:?}");
                    }
                    for p in positions_f32(from, to, placement).unwrap() {
                        assert!((p.of_first + p.of_second - 1.0).abs() < 1e-6);
                    }
                }
            }
        }
        assert!(positions_i32(3, 0, Placement::Asymmetric).is_err());
        assert!(positions_i32(0, 3, Placement::AlignCorners).is_err());
        // A step that ten bits round up leads past the end.
        assert!(positions_i32(1, 1500, Placement::Asymmetric).is_err());
    }
}
