//! The built-in example: a small network that reads 8×8 images of handwritten digits. `models/README.md` says where it comes from.

/// The model's file name.
pub const FILE: &str = "digits_int8.tflite";

/// The model: one int8 input of 1×8×8×1, one int8 output of ten probabilities.
pub const MODEL: &[u8] = include_bytes!("../../../models/digits_int8.tflite");
