//! Schedules: one family a file.

pub mod activation;
pub mod add;
mod affine;
mod affine_sum;
pub mod arg_max;
pub mod binary;
mod broadcast;
mod byte_map;
mod clamp;
pub mod concatenation;
pub mod conv_2d;
pub mod conv_2d_f32;
pub mod depthwise_conv_2d;
pub mod depthwise_conv_2d_f32;
mod elementwise;
pub mod epilogue;
mod factor;
pub mod fully_connected;
pub mod fully_connected_f32;
mod fused;
pub mod gather;
pub mod high_word;
pub mod interval;
pub mod layer;
pub mod lookup_table;
pub mod mean;
pub mod pad;
mod parameters;
pub mod pool;
pub mod prelu;
pub mod quantize;
pub mod requantize;
pub mod requantize_vector;
pub mod resize_bilinear;
mod runs;
pub mod softmax;
pub mod subscript;
mod taps;
pub mod transpose;
pub mod unary;
mod walk;

use pass::{RegistryBuilder, RegistryError};

/// Registers every schedule of this crate.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    conv_2d::register(r)?;
    depthwise_conv_2d::register(r)?;
    fully_connected::register(r)?;
    activation::register(r)?;
    add::register(r)?;
    arg_max::register(r)?;
    binary::register(r)?;
    concatenation::register(r)?;
    conv_2d_f32::register(r)?;
    depthwise_conv_2d_f32::register(r)?;
    fully_connected_f32::register(r)?;
    pool::register(r)?;
    quantize::register(r)?;
    softmax::register(r)?;
    transpose::register(r)?;
    gather::register(r)?;
    pad::register(r)?;
    unary::register(r)?;
    prelu::register(r)?;
    mean::register(r)?;
    resize_bilinear::register(r)?;
    lookup_table::register(r)?;
    fused::register(r)?;
    Ok(())
}
