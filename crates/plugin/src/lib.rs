//! Plug-ins.
//!
//! * [`abi`] is the interface: C types, versioned and append-only; `include/thumbwright/plugin.h` is generated from it.
//! * `host` (feature `host`, on by default) loads shared libraries and registers what they have.
//! * [`sdk`] is the safe Rust side to write one; without the feature `host` it uses no other crate.

pub mod abi;
#[cfg(feature = "host")]
pub mod host;
pub mod sdk;

#[cfg(feature = "host")]
pub use host::{CODES, PluginError, PluginInfo, load};

/// The page's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugin-c-abi.md")]
mod page {}
