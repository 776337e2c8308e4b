//! Schedules of `nn.conv_2d` on int8.

pub mod block;
pub mod direct;
pub mod dual_mac;
pub mod helium;
pub mod kernel;
pub mod patch;
pub mod pointwise;
pub mod rows;
pub mod tile_pairs;

use super::layer::Layer;
use block::Arithmetic;
use ir::OpRef;
use kernel::OfOp;
use pass::{RegistryBuilder, RegistryError};

fn layer(op: OpRef<'_>) -> Result<Layer, String> {
    Layer::conv_2d(op).map(Layer::flattened)
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let op = "nn.conv_2d";
    r.schedule(direct::Direct)?;
    r.schedule(OfOp {
        name: "conv-2d-helium",
        op,
        layer,
        kernel: helium::Helium,
    })?;
    r.schedule(OfOp {
        name: "conv-2d-dual-mac",
        op,
        layer,
        kernel: dual_mac::DualMac,
    })?;
    r.schedule(OfOp {
        name: "conv-2d-pointwise-pairs",
        op,
        layer,
        kernel: pointwise::PointwisePairs,
    })?;
    r.schedule(OfOp {
        name: "conv-2d-tile-pairs",
        op,
        layer,
        kernel: tile_pairs::TilePairs,
    })?;
    r.schedule(OfOp {
        name: "conv-2d-row-pairs",
        op,
        layer,
        kernel: rows::Rows(Arithmetic::Pairs),
    })?;
    r.schedule(OfOp {
        name: "conv-2d-rows",
        op,
        layer,
        kernel: rows::Rows(Arithmetic::Single),
    })?;
    Ok(())
}
