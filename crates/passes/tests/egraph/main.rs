//! Rewriting by the e-graph: every rule's equation, that its side condition is needed, and what becomes of whole networks.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../registry/mod.rs"]
mod registry;

mod draw;
mod fused;
mod laws;
mod networks;
mod registered;

use registry::registry;
