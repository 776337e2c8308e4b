//! The int8 schedules of layers with weights, against the nn interpreter, byte for byte.
#![allow(clippy::unwrap_used, reason = "tests")]

mod bounds;
mod layer;
mod requantize;
#[path = "../trace/mod.rs"]
mod trace;
mod windows;
