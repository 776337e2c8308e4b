//! The schedules of float32 layers, pools, addition, softmax, quantisation, activations, transposes and pads: every schedule that applies to an op, on
//! drawn shapes, parameters and values, gives byte for byte what the nn interpreter gives.
#![allow(clippy::unwrap_used, reason = "tests")]

mod add;
mod arg_max;
mod elementwise;
mod harness;
mod layers_f32;
mod layout;
mod pool;
mod softmax;
#[path = "../trace/mod.rs"]
mod trace;
