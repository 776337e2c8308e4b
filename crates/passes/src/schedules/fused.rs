//! `nn.fused` of an int8 layer and what is done to its result: the layer's own kernels, with an [`Epilogue`].
//!
//! Every [`LayerKernel`] takes part: it stores by way of the layer's sink. Another kind of region, a chain of layers that is computed strip by
//! strip say, is another family of schedules of the same op.

use super::conv_2d::block::Arithmetic;
use super::conv_2d::dual_mac::DualMac;
use super::conv_2d::kernel::{LayerKernel, OfOp};
use super::conv_2d::pointwise::PointwisePairs;
use super::conv_2d::rows::Rows;
use super::conv_2d::tile_pairs::TilePairs;
use super::depthwise_conv_2d::quads::Quads;
use super::depthwise_conv_2d::strip::Strip;
use super::epilogue::Stage;
use super::fully_connected::WordPairs;
use super::layer::{Layer, constant_operand};
use interp::nn::add_params;
use ir::dialects::nn::{self, FusedOp};
use ir::{BlockId, Module, OpId, OpRef, ValueDef, ValueId};
use pass::{RegistryBuilder, RegistryError};

fn conv_2d(op: OpRef<'_>) -> Result<Layer, String> {
    layer(op, nn::Conv2dOp::NAME, |op| {
        Layer::conv_2d(op).map(Layer::flattened)
    })
}

fn depthwise_conv_2d(op: OpRef<'_>) -> Result<Layer, String> {
    layer(op, nn::DepthwiseConv2dOp::NAME, Layer::depthwise_conv_2d)
}

fn fully_connected(op: OpRef<'_>) -> Result<Layer, String> {
    layer(op, nn::FullyConnectedOp::NAME, Layer::fully_connected)
}

/// The layer that a region begins with, and what the rest of the region does to its result.
fn layer(
    op: OpRef<'_>,
    name: &str,
    of: fn(OpRef<'_>) -> Result<Layer, String>,
) -> Result<Layer, String> {
    let m = op.module;
    let block = FusedOp::cast(m, op.id).and_then(|f| f.block(m));
    let block = block.ok_or("has no region")?;
    let computes = |&o: &OpId| ![nn::ConstantOp::NAME, nn::YieldOp::NAME].contains(&m.op_name(o));
    let mut ops = m.ops(block).filter(computes);
    let first = ops.next().ok_or("its region is empty")?;
    if m.op_name(first) != name {
        return Err(format!("its region does not begin with `{name}`"));
    }
    let mut layer = of(m.op(first))?;
    layer.input_operand = argument(m, block, m.operand(first, 0))
        .ok_or("the layer's input is computed in the region")?;
    let mut value = m.result(first, 0);
    for op in ops {
        let stage = stage(m.op(op), block, value)?;
        layer.epilogue.0.push(stage);
        value = m.result(op, 0);
    }
    let end = m.last_op(block);
    let yielded: Vec<ValueId> = end.into_iter().flat_map(|end| m.operands(end)).collect();
    match yielded == [value] {
        true => Ok(layer),
        false => Err("its region yields something else than the last op's result".to_owned()),
    }
}

/// The argument of a region that a value is.
fn argument(m: &Module, block: BlockId, v: ValueId) -> Option<usize> {
    match m.value_def(v) {
        ValueDef::Argument(b, i) if b == block => Some(i),
        _ => None,
    }
}

/// What an op does to each element of a value.
fn stage(op: OpRef<'_>, block: BlockId, value: ValueId) -> Result<Stage, String> {
    let m = op.module;
    let operand = |i| op.operand(i);
    let name = op.name();
    match name {
        nn::AddOp::NAME => {
            let is_left = operand(0) == Some(value);
            let other = operand(usize::from(is_left)).ok_or("a sum lacks an operand")?;
            let operand = argument(m, block, other).filter(|_| other != value);
            let operand = operand.ok_or("a sum has another operand than an input")?;
            let uses_it = is_left || op.operand(1) == Some(value);
            let sizes = [other, value].map(|v| nn::shape(m, v));
            if !uses_it || sizes[0] != sizes[1] {
                return Err("a sum is not with a tensor of the layer's shape".to_owned());
            }
            let params = add_params(op).map_err(|e| e.to_string())?;
            super::add::check(&params)?;
            Ok(Stage::Sum {
                operand,
                is_left,
                params,
            })
        }
        nn::LookupTableOp::NAME if operand(0) == Some(value) => {
            let table = constant_operand(op, 1).ok_or("a table is not constant")?;
            Ok(Stage::Table(table.iter().map(|&b| b as i8).collect()))
        }
        _ => Err(format!("`{name}` is nothing that is done while storing")),
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    fn add(
        r: &mut RegistryBuilder,
        name: &'static str,
        layer: fn(OpRef<'_>) -> Result<Layer, String>,
        kernel: impl LayerKernel + 'static,
    ) -> Result<(), RegistryError> {
        let op = FusedOp::NAME;
        r.schedule(OfOp {
            name,
            op,
            layer,
            kernel,
        })?;
        Ok(())
    }
    let pairs = || Rows(Arithmetic::Pairs);
    let single = || Rows(Arithmetic::Single);
    add(r, "fused-conv-2d-dual-mac", conv_2d, DualMac)?;
    add(r, "fused-conv-2d-pointwise-pairs", conv_2d, PointwisePairs)?;
    add(r, "fused-conv-2d-tile-pairs", conv_2d, TilePairs)?;
    add(r, "fused-conv-2d-row-pairs", conv_2d, pairs())?;
    add(r, "fused-conv-2d-rows", conv_2d, single())?;
    add(r, "fused-depthwise-quads", depthwise_conv_2d, Quads)?;
    add(r, "fused-depthwise-strip", depthwise_conv_2d, Strip)?;
    add(r, "fused-dense-dual-mac", fully_connected, DualMac)?;
    add(r, "fused-dense-word-pairs", fully_connected, WordPairs)?;
    add(
        r,
        "fused-dense-pixel-pairs",
        fully_connected,
        PointwisePairs,
    )?;
    add(r, "fused-dense-row-pairs", fully_connected, pairs())?;
    add(r, "fused-dense-rows", fully_connected, single())
}
