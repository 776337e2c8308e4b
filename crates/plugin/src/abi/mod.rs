//! The interface between host and plug-in: C types and functions, the same on both sides.
//!
//! The header `include/thumbwright/plugin.h` is generated from here ([`header`]); a test compares the two, and has a C compiler say
//! where it puts every field.
//!
//! Invariant: append-only. A field, function or constant that was released keeps its place, type and meaning; what is new goes to the
//! end of its list and raises [`VERSION`]. Structs that grow begin with their size in bytes.

#[macro_use]
mod declare;
mod constants;
mod functions;
pub mod header;
mod structs;
mod values;

pub use constants::*;
pub use functions::*;
pub use header::CType;
pub use structs::*;
pub use values::*;

/// The version of the interface.
pub const VERSION: u32 = 2;

/// The name of the one function that a plug-in exports, of type [`QueryFn`].
pub const ENTRY: &str = "tw_plugin_query";
