//! ARG_MAX and ARG_MIN.

use super::error::{NumericsError, check_len};
use super::window::product;

/// The index of the element along the middle of three extents that no other is `better` than; of equal ones the first.
///
/// # Errors
/// [`NumericsError::Length`] when slices and extents do not agree; [`NumericsError::Shape`] when there is nothing along the
/// dimension, or more than 31 bits count.
pub fn arg_best<T: Copy>(
    [outer, along, inner]: [usize; 3],
    better: impl Fn(T, T) -> bool,
    input: &[T],
    output: &mut [i32],
) -> Result<(), NumericsError> {
    check_len("input", input.len(), product(&[outer, along, inner])?)?;
    check_len("output", output.len(), product(&[outer, inner])?)?;
    if along == 0 || i32::try_from(along).is_err() {
        return Err(NumericsError::Shape(
            "a dimension whose indices are asked for has 1 to 2^31 - 1 elements",
        ));
    }
    for (i, out) in output.iter_mut().enumerate() {
        let first = i / inner * along * inner + i % inner;
        let mut best = 0;
        for k in 1..along {
            if better(input[first + k * inner], input[first + best * inner]) {
                best = k;
            }
        }
        *out = best as i32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_ones() {
        let input = [3i8, -5, 7, -5, 7, 0, -128, 127, -128, 127, 1, 2];
        let mut out = [0; 4];
        arg_best([2, 3, 2], |a, b| a > b, &input, &mut out).unwrap();
        assert_eq!(out, [1, 2, 2, 0]);
        arg_best([2, 3, 2], |a, b| a < b, &input, &mut out).unwrap();
        assert_eq!(out, [0, 0, 0, 2]);
        let mut last = [0; 3];
        arg_best([3, 4, 1], |a, b| a > b, &input, &mut last).unwrap();
        assert_eq!(last, [2, 3, 1]);
    }

    #[test]
    fn nan_is_never_better() {
        let of = |input: &[f32]| {
            let mut out = [9];
            arg_best([1, input.len(), 1], |a, b| a > b, input, &mut out).unwrap();
            out[0]
        };
        assert_eq!(of(&[1.0, f32::NAN, 2.0]), 2);
        assert_eq!(of(&[f32::NAN, 1.0, 2.0]), 0);
        assert_eq!(of(&[-0.0, 0.0]), 0);
    }

    #[test]
    fn wrong_extents_are_errors() {
        let mut out = [0; 2];
        assert!(arg_best([2, 0, 1], |a: i8, b| a > b, &[], &mut out).is_err());
        assert!(arg_best([1, 2, 2], |a: i8, b| a > b, &[1; 3], &mut out).is_err());
        assert!(arg_best([1, 2, 1], |a: i8, b| a > b, &[1; 2], &mut out).is_err());
    }
}
