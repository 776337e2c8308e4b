//! Arithmetic of the network operators, as pure functions on slices.
//!
//! Each file holds one operator family: a parameter struct with everything resolved (multipliers,
//! zero points, clamps, pads), the function that derives it from scales as TensorFlow Lite Micro's
//! `Prepare` does, and the kernel. Sources of the formulas: `tensorflow/tflite-micro`
//! (`tensorflow/lite/kernels/internal/reference`, `tensorflow/lite/micro/kernels`) and
//! `google/gemmlowp` (`fixedpoint/fixedpoint.h`).
//!
//! Layouts are those of TensorFlow Lite: activations NHWC, convolution weights OHWI, depthwise
//! weights 1HWO, fully connected weights OI. Every kernel checks the lengths of its slices first and
//! returns [`NumericsError::Length`] instead of panicking.
//!
//! [`helium`] is apart: what single instructions compute, for schedules that are made of them.
//!
//! Integer accumulators wrap at 32 bits; the reference leaves that case undefined.

pub mod activation;
pub mod add;
pub mod arg_max;
pub mod concatenation;
pub mod conv2d;
pub mod depthwise_conv2d;
pub mod dequantize;
pub mod elementwise;
mod error;
pub mod fixed_point;
pub mod fully_connected;
pub mod gemmlowp;
pub mod hard_swish;
pub mod helium;
pub mod layout;
pub mod leaky_relu;
pub mod math;
pub mod mean;
pub mod pool;
pub mod prelu;
pub mod quantize;
pub mod reshape;
pub mod resize_bilinear;
pub mod sigmoid;
pub mod softmax;
pub mod window;

pub use activation::{Activation, ClampF32, ClampI8};
pub use error::NumericsError;
pub use fixed_point::QuantizedMultiplier;
pub use window::{Window, WindowShape};
