//! The dialects: MLIR's own, in the subset that lowered networks need, and ours.
//!
//! One file a dialect; the dialect `arm` has one for the DSP extension and one for Helium.

pub mod arith;
pub mod arm;
pub mod arm_mve;
pub mod builtin;
pub mod func;
pub mod math;
pub mod mcu;
pub mod memref;
pub mod nn;
pub mod scf;
pub mod vector;

use crate::{DialectRegistryBuilder, RegistryError};

/// Registers every dialect of this crate.
///
/// # Errors
/// If an op of the same name is registered already.
pub fn register_all(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    builtin::register(r)?;
    func::register(r)?;
    arith::register(r)?;
    scf::register(r)?;
    memref::register(r)?;
    vector::register(r)?;
    math::register(r)?;
    nn::register(r)?;
    mcu::register(r)?;
    arm::register(r)?;
    arm_mve::register(r)
}
