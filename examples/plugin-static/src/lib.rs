//! What Acme adds to Thumbwright for its cores: an op, a pattern that finds it, a pass that applies the pattern, a schedule that lowers
//! it, a pass that reports, a planning algorithm, and a core.
//!
//! [`register`] is all that others need: it goes into [`Compiler::builder`](thumbwright::Compiler::builder), or into a command, as in
//! this crate's `main.rs`.

mod add_relu;
mod fuse_add_relu;
mod planner;
mod report_channels;
mod schedule;

use pass::{ExtensionPoint, RegistryBuilder, RegistryError};

/// Registers everything.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.target("acme-m4.toml", include_str!("acme-m4.toml"))?;
    add_relu::register(&mut r.dialects)?;
    r.pattern(fuse_add_relu::pattern())?;
    r.pass(fuse_add_relu::info())?;
    r.pass(report_channels::info())?;
    r.schedule(schedule::AddRelu)?;
    r.algorithm(planner::LongestFirst)?;
    r.extend(
        ExtensionPoint::BeforeFusion,
        "func.func(acme-fuse-add-relu)",
    )?;
    Ok(())
}
