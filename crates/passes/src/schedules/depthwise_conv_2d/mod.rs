//! Schedules of `nn.depthwise_conv_2d` on int8.

pub mod direct;
pub mod helium;
pub mod helium_columns;
pub mod quads;
pub mod strip;

use super::conv_2d::block::Arithmetic;
use super::conv_2d::helium::Helium;
use super::conv_2d::kernel::OfOp;
use super::conv_2d::rows::Rows;
use super::conv_2d::tile_pairs::TilePairs;
use super::layer::Layer;
use ir::OpRef;
use pass::{RegistryBuilder, RegistryError};

/// With one input channel, a depthwise convolution is a full one.
fn full(op: OpRef<'_>) -> Result<Layer, String> {
    let layer = Layer::depthwise_conv_2d(op)?;
    if layer.extents.channels == 1 {
        Ok(layer.flattened())
    } else {
        Err("has more than one input channel".to_owned())
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let op = "nn.depthwise_conv_2d";
    r.schedule(direct::Direct)?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-columns-helium",
        op,
        layer: Layer::depthwise_conv_2d,
        kernel: helium_columns::HeliumColumns,
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-helium",
        op,
        layer: Layer::depthwise_conv_2d,
        kernel: helium::Helium,
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-full-helium",
        op,
        layer: full,
        kernel: Helium,
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-quads",
        op,
        layer: Layer::depthwise_conv_2d,
        kernel: quads::Quads,
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-strip",
        op,
        layer: Layer::depthwise_conv_2d,
        kernel: strip::Strip,
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-tile-pairs",
        op,
        layer: full,
        kernel: TilePairs,
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-row-pairs",
        op,
        layer: full,
        kernel: Rows(Arithmetic::Pairs),
    })?;
    r.schedule(OfOp {
        name: "depthwise-conv-2d-rows",
        op,
        layer: full,
        kernel: Rows(Arithmetic::Single),
    })?;
    Ok(())
}
