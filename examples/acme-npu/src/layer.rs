//! What the NPU is asked to do: the ops of a claim as layers that it knows.

use interp::nn::{ConvParams, PoolParams, conv_2d_params, pool_params};
use interp::numerics::{ClampI8, WindowShape};
use ir::dialects::nn::{self, OffloadOp};
use ir::{Module, OpId, OpRef, ValueId};

/// What a layer computes.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// A convolution, with requantisation.
    Convolution {
        /// Filter, OHWI.
        filter: Vec<i8>,
        /// One for every output channel.
        bias: Vec<i32>,
        /// Multiplier and shift of every output channel.
        factors: Vec<(i32, i32)>,
        /// Zero point of the input.
        input_zero_point: i32,
        /// Zero point of the output.
        output_zero_point: i32,
    },
    /// The greatest of a window.
    MaxPool,
    /// The mean of a window.
    AveragePool,
}

/// A layer.
#[derive(Clone, PartialEq, Debug)]
pub struct Layer {
    /// What it computes.
    pub kind: Kind,
    /// What it reads.
    pub source: ValueId,
    /// What it writes.
    pub target: ValueId,
    /// Extents and window.
    pub shape: WindowShape,
    /// Rows and columns of the output.
    pub output: (usize, usize),
    /// Bounds of the result.
    pub clamp: ClampI8,
}

/// The largest window, in either direction.
const MAX_WINDOW: usize = 15;
/// The most channels.
const MAX_CHANNELS: usize = 4096;

/// The layers of a claim, in order.
///
/// # Errors
/// What the NPU cannot do, in words.
pub fn layers(m: &Module, claim: OpId) -> Result<Vec<Layer>, String> {
    let block = OffloadOp(claim).block(m).ok_or("it is empty")?;
    let ops = m.ops(block).map(|op| m.op(op));
    let computing = ops.filter(|op| !matches!(op.name(), nn::ConstantOp::NAME | nn::YieldOp::NAME));
    computing.map(layer).collect()
}

fn layer(op: OpRef<'_>) -> Result<Layer, String> {
    let (kind, shape, clamp) = match op.name() {
        nn::Conv2dOp::NAME => convolution(op)?,
        nn::MaxPool2dOp::NAME => pool(op, Kind::MaxPool)?,
        nn::AveragePool2dOp::NAME => pool(op, Kind::AveragePool)?,
        other => return Err(format!("it does not compute `{other}`")),
    };
    let window = shape.window;
    if shape.batches != 1 {
        return Err(format!("it takes one image, not {}", shape.batches));
    }
    if shape.kernel_h.max(shape.kernel_w) > MAX_WINDOW {
        return Err(format!(
            "windows have at most {MAX_WINDOW} rows and columns"
        ));
    }
    if shape.in_c.max(shape.out_c) > MAX_CHANNELS {
        return Err(format!("there are at most {MAX_CHANNELS} channels"));
    }
    if window.stride_h.max(window.stride_w) > MAX_WINDOW {
        return Err(format!("strides are at most {MAX_WINDOW}"));
    }
    Ok(Layer {
        kind,
        source: op.operand(0).ok_or("it has no input")?,
        target: op.results()[0],
        output: shape.output_size().map_err(|e| e.to_string())?,
        shape,
        clamp,
    })
}

type Parts = (Kind, WindowShape, ClampI8);

fn convolution(op: OpRef<'_>) -> Result<Parts, String> {
    let ConvParams::I8 { shape, params } = conv_2d_params(op).map_err(|e| e.to_string())? else {
        return Err("it computes in int8".to_owned());
    };
    let filter = constant(op, 1).ok_or("the filter is no constant")?;
    let bias: Vec<i32> = match op.operand_count() {
        2 => vec![0; shape.out_c],
        _ => constant(op, 2)
            .ok_or("the bias is no constant")?
            .chunks_exact(4)
            .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
    };
    let factors = params.multipliers.iter();
    let kind = Kind::Convolution {
        filter: filter.iter().map(|&b| b as i8).collect(),
        bias,
        factors: factors.map(|f| (f.multiplier, f.shift)).collect(),
        input_zero_point: params.input_zero_point,
        output_zero_point: params.output_zero_point,
    };
    Ok((kind, shape, params.clamp))
}

fn pool(op: OpRef<'_>, kind: Kind) -> Result<Parts, String> {
    match pool_params(op).map_err(|e| e.to_string())? {
        PoolParams::I8 { shape, clamp } => Ok((kind, shape, clamp)),
        PoolParams::I8HalfUp { .. } => Err("it rounds means away from zero".to_owned()),
        PoolParams::F32 { .. } => Err("it computes in int8".to_owned()),
    }
}

/// The bytes of an operand, if it is a constant of the claim.
fn constant(op: OpRef<'_>, operand: usize) -> Option<Vec<u8>> {
    let m = op.module;
    let made_by = m.defining_op(op.operand(operand)?)?;
    let value = nn::ConstantOp::cast(m, made_by)?.value(m);
    m.attr_elements(value).map(|(_, bytes)| bytes.to_vec())
}
