//! Loading plug-ins.
//!
//! [`load`] opens a shared library, asks it for its head, and has it register what it has. The library stays loaded as long as anything
//! that it registered lives.

mod callbacks;
mod functions;
mod fuzz;
mod handles;
mod incoming;
mod load;
mod refusal;
mod registration;
mod session;
mod table;

pub use fuzz::plugin_handles;
pub use load::{PluginError, PluginInfo, link, load};

/// Every error of plug-ins' callbacks: code and what it means.
pub const CODES: &[(&str, &str)] = &[(
    "K001",
    "a plug-in's pass, pattern, interface or schedule failed",
)];
