//! CONCATENATION and SPLIT: tensors put together and taken apart along one dimension.
//!
//! A tensor is `repeats` runs, one for each index of the dimensions before the axis. A run of the whole is the parts' runs one after the
//! other. The reference kernels copy int8 as it is, whatever the scales; so the ops have one quantisation.

use super::error::{NumericsError, check_len};

/// Writes the parts' runs one after the other, `repeats` times.
///
/// # Errors
/// [`NumericsError::Length`] when the output is not as long as all parts, or a part is not `repeats` equal runs.
pub fn concatenation<T: Copy>(
    repeats: usize,
    parts: &[&[T]],
    output: &mut [T],
) -> Result<(), NumericsError> {
    let runs = runs(repeats, parts.iter().map(|p| p.len()), output.len())?;
    let mut rest = output;
    for i in 0..repeats {
        for (part, &run) in parts.iter().zip(&runs) {
            let (to, behind) = rest.split_at_mut(run);
            to.copy_from_slice(&part[i * run..(i + 1) * run]);
            rest = behind;
        }
    }
    Ok(())
}

/// Reads the parts' runs one after the other, `repeats` times.
///
/// # Errors
/// As [`concatenation`].
pub fn split<T: Copy>(
    repeats: usize,
    input: &[T],
    parts: &mut [Vec<T>],
) -> Result<(), NumericsError> {
    let runs = runs(repeats, parts.iter().map(Vec::len), input.len())?;
    let mut rest = input;
    for i in 0..repeats {
        for (part, &run) in parts.iter_mut().zip(&runs) {
            let (from, behind) = rest.split_at(run);
            part[i * run..(i + 1) * run].copy_from_slice(from);
            rest = behind;
        }
    }
    Ok(())
}

/// Length of a run of each part.
fn runs(
    repeats: usize,
    parts: impl Iterator<Item = usize>,
    whole: usize,
) -> Result<Vec<usize>, NumericsError> {
    let runs: Vec<usize> = parts.map(|len| len / repeats.max(1)).collect();
    check_len("whole", whole, repeats * runs.iter().sum::<usize>())?;
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_alternate() {
        let mut out = [0; 6];
        concatenation(2, &[&[1, 2, 3, 4], &[5, 6]], &mut out).unwrap();
        assert_eq!(out, [1, 2, 5, 3, 4, 6]);
        let mut parts = vec![vec![0; 4], vec![0; 2]];
        split(2, &out, &mut parts).unwrap();
        assert_eq!(parts, [vec![1, 2, 3, 4], vec![5, 6]]);
    }

    #[test]
    fn lengths_are_checked() {
        assert!(concatenation(1, &[&[1, 2]], &mut [0]).is_err());
        assert!(concatenation(2, &[&[1, 2, 3]], &mut [0; 3]).is_err());
        assert!(split(1, &[1], &mut [vec![0; 2]]).is_err());
    }
}
