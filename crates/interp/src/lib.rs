//! Reference interpreter of every dialect.
//!
//! * [`numerics`]: the arithmetic of the `nn` operators as pure functions on slices; int8 is bit for bit
//!   that of TensorFlow Lite Micro's reference kernels, float32 the same operations in the same order. It
//!   knows nothing of the IR.
//! * [`nn`], [`arith`], [`arm`], [`helium`], [`vector`]: the [`Interpret`](ir::interfaces::Interpret) implementations of the
//!   pure ops, attached by [`register`].
//! * [`network`]: evaluates a function on tensors op by op.
//! * [`loops`]: executes functions on buffers, flattened to a register code.
//! * [`evaluate`]: runs the public functions of any module on inputs from a seed, and compares two modules.

pub mod arith;
pub mod arm;
pub mod evaluate;
pub mod helium;
pub mod loops;
pub mod network;
pub mod nn;
pub mod numerics;
pub mod scalar;
pub mod vector;

pub use loops::{LoopError, Program};
pub use network::{Network, NetworkError, run_nn};

/// Attaches the interpretation of every pure op of our dialects.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut ir::DialectRegistryBuilder) -> Result<(), ir::RegistryError> {
    nn::register(r)?;
    arith::register(r)?;
    vector::register(r)?;
    arm::register(r)?;
    helium::register(r)
}
