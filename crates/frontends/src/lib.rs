//! Validated import of trained networks.
//!
//! A model file is hostile until validated: every size, offset, count and shape is checked before anything is
//! allocated from it, and every defect becomes an [`ImportError`] that names the file, the operator, its index and
//! its layer. Nothing here panics on a file.
//!
//! * [`tflite`]: TensorFlow Lite flatbuffers.
//! * [`onnx`]: ONNX files.

pub mod error;
pub mod onnx;
pub mod tflite;

mod finding;
mod imported;
mod transposed;
mod unsupported;

pub use error::{ImportError, ImportErrors, OperatorRef};
pub use imported::Imported;
