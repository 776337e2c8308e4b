//! Reference interpreter of every dialect.
//!
//! [`numerics`] holds the arithmetic of the `nn` operators as pure functions on slices: for int8 bit
//! for bit that of TensorFlow Lite Micro's reference kernels, for float32 the same operations in the
//! same order. It knows nothing of the IR; the interpreters of the dialects are built on it.

pub mod numerics;
