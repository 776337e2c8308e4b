//! RESHAPE: the elements stay as they are.

use super::error::{NumericsError, check_len};

/// Copies every element.
///
/// # Errors
/// [`NumericsError::Length`] when the slices differ in length.
pub fn reshape<T: Copy>(input: &[T], output: &mut [T]) -> Result<(), NumericsError> {
    check_len("output", output.len(), input.len())?;
    output.copy_from_slice(input);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_or_errors() {
        let mut out = [0; 3];
        reshape(&[1, 2, 3], &mut out).unwrap();
        assert_eq!(out, [1, 2, 3]);
        assert!(reshape(&[1], &mut out).is_err());
    }
}
