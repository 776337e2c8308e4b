//! Writing a plug-in in Rust.
//!
//! A plug-in is a crate of type `cdylib` that uses this crate without its default features and calls
//! [`export_plugin!`](crate::export_plugin). This is one in full:
//!
//! ```
//! use plugin::sdk::{Op, PassCx, Registrar, Result};
//!
//! plugin::export_plugin! {
//!     name: "acme",
//!     summary: "Counts operations.",
//!     register: register,
//! }
//!
//! fn register(r: &Registrar<'_>) -> Result<()> {
//!     r.pass("acme-count-ops", "any", "Count the operations inside.", count_ops)
//! }
//!
//! fn count_ops(cx: &PassCx<'_>, op: Op) -> Result<()> {
//!     cx.count("operations", cx.walk(op)?.len() as u64)
//! }
//! # fn main() {}
//! ```
//!
//! Handles ([`Op`], [`Value`], …) are numbers that mean something in their callback only; the host checks each at every call, so a
//! stale one is an [`Error`]. A callback that returns an error, or panics, makes the running pass fail with its message.
//!
//! The crate needs `panic = "unwind"`, the default: with `abort`, a panic ends the compiler.

mod build;
mod context;
mod error;
mod export;
mod interfaces;
mod read;
mod register;
mod schedule;

pub use crate::abi::{
    Attr, Block, Cost, Loc, Op, Region, Status, Type, Value, arity, attr_kind, attr_spec, traits,
    type_kind, value_kind,
};
pub use build::OpBuilder;
pub use context::{Cx, PassCx, Severity};
pub use error::{Error, Result};
#[doc(hidden)]
pub use export::query;
pub use interfaces::{Datum, Effects, Folded};
pub use read::{Definition, Quantisation};
pub use register::{OpDecl, PassDecl, PatternDecl, Registrar};
pub use schedule::{KernelCx, Schedule, ScheduleCx};
