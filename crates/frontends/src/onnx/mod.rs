//! ONNX files.
//!
//! [`read`] turns bytes into a checked [`Model`]: a walk over the messages finds false lengths and keeps what decoding allocates near the
//! file's size (`wire`), prost decodes what is read of them ([`proto`]), then the graph's names, the constants' shapes and data, and the
//! version of the operators are checked. [`mod@import`] brings it into the `nn` dialect. All defects of a file are reported at once, with the
//! codes of [`codes`].

pub mod codes;
pub mod import;
pub mod limits;
pub mod model;
pub mod proto;

mod external;
mod read;
mod wire;

pub use import::{ImportOptions, InputLayout, import};
pub use model::Model;
pub use read::read;

/// The oldest version of ONNX's operators that is read.
pub const MIN_OPSET: i64 = 11;

/// The newest one.
pub const MAX_OPSET: i64 = 28;
