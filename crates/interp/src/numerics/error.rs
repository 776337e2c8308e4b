use thiserror::Error;

/// Why parameters could not be derived or a kernel could not run.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum NumericsError {
    /// A scale is zero, negative, infinite or not a number.
    #[error("{what} scale {scale} is not a positive finite number")]
    Scale {
        /// Which tensor's scale.
        what: &'static str,
        /// The value found.
        scale: f32,
    },
    /// A real multiplier lies outside what the reference kernels represent.
    #[error("{what} multiplier {value} is out of range")]
    Multiplier {
        /// Which multiplier.
        what: &'static str,
        /// The value found.
        value: f64,
    },
    /// A clamp bound, divided by the output scale, does not fit 32 bits.
    #[error("activation bound {bound} at output scale {scale} does not fit 32 bits")]
    ActivationRange {
        /// The real bound (0, 6, 1 or −1).
        bound: f32,
        /// The output scale.
        scale: f32,
    },
    /// A slice's length does not match the shape.
    #[error("{what} has {found} elements, the shape needs {expected}")]
    Length {
        /// Which slice.
        what: &'static str,
        /// Elements that the shape needs.
        expected: usize,
        /// Elements found.
        found: usize,
    },
    /// Shapes that do not fit together, or that overflow.
    #[error("{0}")]
    Shape(&'static str),
}

/// Errors unless `found` elements are exactly `expected`.
pub(crate) fn check_len(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), NumericsError> {
    if found == expected {
        Ok(())
    } else {
        Err(NumericsError::Length {
            what,
            expected,
            found,
        })
    }
}

/// Errors unless `scale` is positive and finite.
pub(crate) fn check_scale(what: &'static str, scale: f32) -> Result<(), NumericsError> {
    if scale.is_finite() && scale > 0.0 {
        Ok(())
    } else {
        Err(NumericsError::Scale { what, scale })
    }
}
