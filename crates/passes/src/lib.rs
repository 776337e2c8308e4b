//! Thumbwright's own passes and schedules: one file a pass, one family of schedules a file.
//!
//! The way of a module: `nn` on tensors → [`order_operators`] → [`lower_nn`] (kernels and buffers) → [`share_kernels`] →
//! [`propagate_constants`] → [`plan_memory`] (buffers get addresses) → [`mark_noalias`]. [`check_placement`] checks the result,
//! sharing no code with the planner.

pub mod check_placement;
pub mod dce;
mod default_pipeline;
pub mod fingerprint;
pub mod lower_nn;
pub mod mark_noalias;
pub mod memory_map;
pub mod order_operators;
pub mod plan_memory;
pub mod propagate_constants;
pub mod schedules;
pub mod share_kernels;

pub use default_pipeline::default_pipeline;

use pass::{RegistryBuilder, RegistryError};

/// Registers every pass and schedule of this crate.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.pass(dce::info())?;
    r.pass(order_operators::info())?;
    r.pass(lower_nn::info())?;
    r.pass(share_kernels::info())?;
    r.pass(propagate_constants::info())?;
    r.pass(plan_memory::info())?;
    r.pass(mark_noalias::info())?;
    r.pass(check_placement::info())?;
    schedules::register(r)
}
