//! Rewrite patterns by dialect, for [`canonicalize`](crate::canonicalize).
//!
//! Each states its equation. It holds for every operand for which the left side has a value; where that is undefined (overflow under
//! `nsw` or of `index`, oversized shifts, division by zero), anything goes. No right side is undefined where the left side is not.

mod chains;
mod integers;
pub(crate) mod loops;
mod memref;
mod nn;
mod vector;

use ir::rewrite::Pattern;
use pass::{RegistryBuilder, RegistryError};

/// Registers every pattern.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    integers::register(r)?;
    chains::register(r)?;
    loops::register(r)?;
    memref::register(r)?;
    vector::register(r)?;
    nn::register(r)
}

/// Registers a list of patterns.
fn add<P: Pattern + 'static>(
    r: &mut RegistryBuilder,
    patterns: impl IntoIterator<Item = P>,
) -> Result<(), RegistryError> {
    for p in patterns {
        r.pattern(p)?;
    }
    Ok(())
}
