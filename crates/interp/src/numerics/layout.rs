//! TRANSPOSE, PAD and GATHER: elements of any size go elsewhere, their bytes as they are.

use super::error::{NumericsError, check_len};

/// Dimension `i` of the output is dimension `permutation[i]` of the input, which has `shape`; an element has `size` bytes.
///
/// # Errors
/// [`NumericsError::Shape`] when `permutation` does not order the dimensions, [`NumericsError::Length`] when a slice is not of the shape.
pub fn transpose(
    shape: &[usize],
    permutation: &[usize],
    size: usize,
    input: &[u8],
    output: &mut [u8],
) -> Result<(), NumericsError> {
    let mut sorted = permutation.to_vec();
    sorted.sort_unstable();
    if !sorted.into_iter().eq(0..shape.len()) {
        return Err(NumericsError::Shape("no order of the dimensions"));
    }
    let bytes = size * shape.iter().product::<usize>();
    check_len("input", input.len(), bytes)?;
    check_len("output", output.len(), bytes)?;
    let strides = strides(shape);
    let extents: Vec<usize> = permutation.iter().map(|&p| shape[p]).collect();
    let steps: Vec<usize> = permutation.iter().map(|&p| strides[p]).collect();
    for (i, to) in output.chunks_exact_mut(size.max(1)).enumerate() {
        let from: usize = subscripts(i, &extents)
            .zip(steps.iter().rev())
            .map(|(at, step)| at * step)
            .sum();
        to.copy_from_slice(&input[from * size..(from + 1) * size]);
    }
    Ok(())
}

/// The input, of `shape`, with `padding[2·d]` elements before dimension `d` and `padding[2·d + 1]` behind it, each the bytes `value`.
///
/// # Errors
/// [`NumericsError::Shape`] when `padding` is not two numbers a dimension, [`NumericsError::Length`] when a slice is not of its shape.
pub fn pad(
    shape: &[usize],
    padding: &[usize],
    value: &[u8],
    input: &[u8],
    output: &mut [u8],
) -> Result<(), NumericsError> {
    if padding.len() != 2 * shape.len() {
        return Err(NumericsError::Shape("padding is two numbers a dimension"));
    }
    let both = || shape.iter().zip(padding.chunks_exact(2));
    let extents: Vec<usize> = both().map(|(n, p)| n + p[0] + p[1]).collect();
    let size = value.len();
    check_len("input", input.len(), size * shape.iter().product::<usize>())?;
    check_len(
        "output",
        output.len(),
        size * extents.iter().product::<usize>(),
    )?;
    let strides = strides(shape);
    for (i, to) in output.chunks_exact_mut(size.max(1)).enumerate() {
        let from = subscripts(i, &extents)
            .zip(both().rev())
            .zip(strides.iter().rev())
            .try_fold(0, |sum, ((at, (n, p)), step)| {
                let inside = at.checked_sub(p[0]).filter(|at| at < n)?;
                Some(sum + inside * step)
            });
        to.copy_from_slice(match from {
            Some(from) => &input[from * size..(from + 1) * size],
            None => value,
        });
    }
    Ok(())
}

/// Index `i` along dimension `d` of the output is index `picks[d][i]` of the input, which has `shape`, or `i` where `picks[d]` is `None`; an
/// element has `size` bytes.
///
/// # Errors
/// [`NumericsError::Shape`] when `picks` is not of the shape or has an index outside of it, [`NumericsError::Length`] when a slice is not of
/// its shape.
pub fn gather(
    shape: &[usize],
    picks: &[Option<Vec<usize>>],
    size: usize,
    input: &[u8],
    output: &mut [u8],
) -> Result<(), NumericsError> {
    let inside = |(list, &n): (&Option<Vec<usize>>, &usize)| {
        list.as_ref().is_none_or(|l| l.iter().all(|&i| i < n))
    };
    if picks.len() != shape.len() || !picks.iter().zip(shape).all(inside) {
        return Err(NumericsError::Shape("indices outside of the input"));
    }
    let both = || picks.iter().zip(shape);
    let extents: Vec<usize> = both()
        .map(|(list, &n)| list.as_ref().map_or(n, Vec::len))
        .collect();
    check_len("input", input.len(), size * shape.iter().product::<usize>())?;
    check_len(
        "output",
        output.len(),
        size * extents.iter().product::<usize>(),
    )?;
    let strides = strides(shape);
    for (i, to) in output.chunks_exact_mut(size.max(1)).enumerate() {
        let from: usize = subscripts(i, &extents)
            .zip(picks.iter().rev())
            .zip(strides.iter().rev())
            .map(|((at, list), step)| list.as_ref().map_or(at, |l| l[at]) * step)
            .sum();
        to.copy_from_slice(&input[from * size..(from + 1) * size]);
    }
    Ok(())
}

/// Elements from one index of each dimension to the next.
fn strides(shape: &[usize]) -> Vec<usize> {
    (0..shape.len())
        .map(|i| shape[i + 1..].iter().product())
        .collect()
}

/// Where an element is in each dimension, the last one first.
fn subscripts(mut element: usize, extents: &[usize]) -> impl Iterator<Item = usize> + '_ {
    extents.iter().rev().map(move |&n| {
        let at = element % n;
        element /= n;
        at
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_is_transposed() {
        let mut out = [0; 6];
        transpose(&[2, 3], &[1, 0], 1, &[1, 2, 3, 4, 5, 6], &mut out).unwrap();
        assert_eq!(out, [1, 4, 2, 5, 3, 6]);
        let mut out = [0; 8];
        transpose(&[2, 2], &[1, 0], 2, &[1, 1, 2, 2, 3, 3, 4, 4], &mut out).unwrap();
        assert_eq!(out, [1, 1, 3, 3, 2, 2, 4, 4]);
    }

    #[test]
    fn dimensions_are_rotated() {
        // Element (i, j, k) of a 2·3·2 is 100·i + 10·j + k; the output is indexed (k, i, j).
        let input: Vec<u8> = (0..12)
            .map(|n| (n / 6) * 100 + (n / 2 % 3) * 10 + n % 2)
            .collect();
        let mut out = [0; 12];
        transpose(&[2, 3, 2], &[2, 0, 1], 1, &input, &mut out).unwrap();
        assert_eq!(out, [0, 10, 20, 100, 110, 120, 1, 11, 21, 101, 111, 121]);
    }

    #[test]
    fn borders_are_filled() {
        let mut out = [0; 12];
        pad(&[1, 2], &[1, 1, 0, 2], &[9], &[1, 2], &mut out).unwrap();
        assert_eq!(out, [9, 9, 9, 9, 1, 2, 9, 9, 9, 9, 9, 9]);
    }

    #[test]
    fn elements_are_picked() {
        let mut out = [0; 8];
        let columns = [None, Some(vec![2, 0, 0, 1])];
        gather(&[2, 3], &columns, 1, &[1, 2, 3, 4, 5, 6], &mut out).unwrap();
        assert_eq!(out, [3, 1, 1, 2, 6, 4, 4, 5]);
        let mut out = [0; 4];
        let both = [Some(vec![1]), Some(vec![1, 0])];
        gather(&[2, 2], &both, 2, &[1, 1, 2, 2, 3, 3, 4, 4], &mut out).unwrap();
        assert_eq!(out, [4, 4, 3, 3]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let mut out = [0; 2];
        assert!(gather(&[2], &[Some(vec![0, 2])], 1, &[1, 2], &mut out).is_err());
        assert!(gather(&[2], &[Some(vec![0])], 1, &[1, 2], &mut out).is_err());
        assert!(gather(&[2], &[], 1, &[1, 2], &mut out).is_err());
        assert!(transpose(&[2], &[1], 1, &[1, 2], &mut out).is_err());
        assert!(transpose(&[2], &[0], 1, &[1], &mut out).is_err());
        assert!(pad(&[2], &[0], &[0], &[1, 2], &mut out).is_err());
        assert!(pad(&[2], &[0, 1], &[0], &[1, 2], &mut out).is_err());
    }
}
