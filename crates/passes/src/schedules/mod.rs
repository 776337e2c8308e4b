//! Portable schedules: one family a file.

pub mod conv_2d;
pub mod depthwise_conv_2d;
pub mod fully_connected;
pub mod interval;
pub mod layer;
pub mod requantize;
pub mod subscript;

use pass::{RegistryBuilder, RegistryError};

/// Registers every schedule of this crate.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    conv_2d::register(r)?;
    depthwise_conv_2d::register(r)?;
    fully_connected::register(r)?;
    Ok(())
}
