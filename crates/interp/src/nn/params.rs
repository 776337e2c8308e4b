//! The resolved parameters of each `nn` op: what a kernel and a schedule both compute from the types and
//! attributes.

use super::tensor::{dims, element, filter_quantisation, quantisation, unsupported};
use crate::numerics::activation::{ReluI8Params, relu6_i8_clamp};
use crate::numerics::add::AddI8Params;
use crate::numerics::conv2d::ConvI8Params;
use crate::numerics::elementwise::MulI8Params;
use crate::numerics::fully_connected::{FullyConnectedI8Params, FullyConnectedShape};
use crate::numerics::hard_swish::HardSwishI8Params;
use crate::numerics::leaky_relu::LeakyReluI8Params;
use crate::numerics::mean::{MeanI8Params, terms};
use crate::numerics::prelu::PreluI8Params;
use crate::numerics::quantize::RequantizeParams;
use crate::numerics::resize_bilinear::{Placement, ResizeShape};
use crate::numerics::sigmoid::{LOGISTIC_OUTPUT, SigmoidI8Params, TANH_OUTPUT};
use crate::numerics::softmax::SoftmaxI8Params;
use crate::numerics::{Activation, ClampF32, ClampI8, Window, WindowShape};
use ir::OpRef;
use ir::dialects::nn::{Element, HALF_UP, HardSwishOp, LeakyReluOp, LogisticOp, TanhOp};
use ir::interfaces::EvalError;

/// A convolution, full or depthwise.
#[derive(Clone, PartialEq, Debug)]
pub enum ConvParams {
    /// Float32.
    F32 {
        /// Extents.
        shape: WindowShape,
        /// Bounds of the result.
        clamp: ClampF32,
    },
    /// Int8, filter with zero point 0.
    I8 {
        /// Extents.
        shape: WindowShape,
        /// Zero points, multipliers, bounds.
        params: ConvI8Params,
    },
    /// Int8, filter with another zero point, as files of unsigned bytes have it. Most kernels do not know it, so it is a form of
    /// its own.
    I8Asymmetric {
        /// Extents.
        shape: WindowShape,
        /// Zero points, multipliers, bounds.
        params: ConvI8Params,
    },
}

/// A fully connected layer.
#[derive(Clone, PartialEq, Debug)]
pub enum FullyConnectedParams {
    /// Float32.
    F32 {
        /// Extents.
        shape: FullyConnectedShape,
        /// Bounds of the result.
        clamp: ClampF32,
    },
    /// Int8.
    I8 {
        /// Extents.
        shape: FullyConnectedShape,
        /// Zero points, multipliers, bounds.
        params: FullyConnectedI8Params,
    },
}

/// A pool.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum PoolParams {
    /// Float32.
    F32 {
        /// Extents.
        shape: WindowShape,
        /// Bounds of the result.
        clamp: ClampF32,
    },
    /// Int8.
    I8 {
        /// Extents.
        shape: WindowShape,
        /// Bounds of the result.
        clamp: ClampI8,
    },
    /// A mean of int8 that rounds halves up. Most kernels round otherwise, so it is a form of its own.
    I8HalfUp {
        /// Extents.
        shape: WindowShape,
        /// Bounds of the result.
        clamp: ClampI8,
    },
}

/// The fused activation of an op.
///
/// # Errors
/// If the op has none, or an unknown one.
pub fn activation_of(op: OpRef<'_>) -> Result<Activation, EvalError> {
    match op.prop("activation").and_then(|a| op.module.attr_str(a)) {
        Some("none") => Ok(Activation::None),
        Some("relu") => Ok(Activation::Relu),
        Some("relu6") => Ok(Activation::Relu6),
        Some("relu_n1_to_1") => Ok(Activation::ReluN1To1),
        _ => Err(unsupported(op, "unknown activation")),
    }
}

/// A list of N non-negative numbers.
fn list<const N: usize>(op: OpRef<'_>, name: &str) -> Result<[usize; N], EvalError> {
    let values = op.prop(name).and_then(|a| op.module.attr_i64s(a));
    values
        .and_then(|v| <[i64; N]>::try_from(v).ok())
        .filter(|v| v.iter().all(|&x| (0..=i64::from(i32::MAX)).contains(&x)))
        .map(|v| v.map(|x| x as usize))
        .ok_or_else(|| unsupported(op, &format!("attribute `{name}` is malformed")))
}

fn window(op: OpRef<'_>, dilated: bool) -> Result<Window, EvalError> {
    let [stride_h, stride_w] = list(op, "strides")?;
    let [dilation_h, dilation_w] = if dilated {
        list(op, "dilations")?
    } else {
        [1, 1]
    };
    let [pad_top, pad_bottom, pad_left, pad_right] = list(op, "pads")?;
    Ok(Window {
        stride_h,
        stride_w,
        dilation_h,
        dilation_w,
        pad_top,
        pad_left,
        pad_bottom,
        pad_right,
    })
}

fn rank<const N: usize>(op: OpRef<'_>, operand: usize) -> Result<[usize; N], EvalError> {
    let shape = dims(op, op.operand_type(operand))?;
    <[usize; N]>::try_from(shape)
        .map_err(|_| unsupported(op, &format!("operand {operand} wants rank {N}")))
}

fn conv(op: OpRef<'_>, shape: WindowShape) -> Result<ConvParams, EvalError> {
    let activation = activation_of(op)?;
    if element(op, op.operand_type(0)) == Element::F32 {
        let clamp = ClampF32::new(activation);
        return Ok(ConvParams::F32 { shape, clamp });
    }
    let (scales, zero_point) = filter_quantisation(op, op.operand_type(1))?;
    let params = ConvI8Params::new(
        quantisation(op, op.operand_type(0))?,
        (&scales, zero_point),
        quantisation(op, op.result_type(0))?,
        shape.out_c,
        activation,
    )?;
    Ok(match params.weight_zero_point {
        0 => ConvParams::I8 { shape, params },
        _ => ConvParams::I8Asymmetric { shape, params },
    })
}

/// Parameters of `nn.conv_2d`.
///
/// # Errors
/// If attributes or types are malformed, or a multiplier is out of range.
pub fn conv_2d_params(op: OpRef<'_>) -> Result<ConvParams, EvalError> {
    let [batches, in_h, in_w, in_c] = rank(op, 0)?;
    let [out_c, kernel_h, kernel_w, _] = rank(op, 1)?;
    let window = window(op, true)?;
    conv(
        op,
        WindowShape {
            batches,
            in_h,
            in_w,
            in_c,
            kernel_h,
            kernel_w,
            out_c,
            window,
        },
    )
}

/// Parameters of `nn.depthwise_conv_2d`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn depthwise_conv_2d_params(op: OpRef<'_>) -> Result<ConvParams, EvalError> {
    let [batches, in_h, in_w, in_c] = rank(op, 0)?;
    let [_, kernel_h, kernel_w, out_c] = rank(op, 1)?;
    let window = window(op, true)?;
    conv(
        op,
        WindowShape {
            batches,
            in_h,
            in_w,
            in_c,
            kernel_h,
            kernel_w,
            out_c,
            window,
        },
    )
}

/// Parameters of `nn.fully_connected`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn fully_connected_params(op: OpRef<'_>) -> Result<FullyConnectedParams, EvalError> {
    let [channels, depth] = rank(op, 1)?;
    let inputs = op
        .operand_type(0)
        .and_then(|t| op.module.num_elements(t))
        .unwrap_or(0) as usize;
    if depth == 0 {
        return Err(unsupported(op, "the filter is empty"));
    }
    let shape = FullyConnectedShape {
        batches: inputs / depth,
        depth,
        channels,
    };
    let activation = activation_of(op)?;
    if element(op, op.operand_type(0)) == Element::F32 {
        let clamp = ClampF32::new(activation);
        return Ok(FullyConnectedParams::F32 { shape, clamp });
    }
    let (scales, zero_point) = filter_quantisation(op, op.operand_type(1))?;
    let scales: Vec<f32> = scales.into_iter().map(|s| s as f32).collect();
    let params = FullyConnectedI8Params::new(
        quantisation(op, op.operand_type(0))?,
        (&scales, zero_point),
        quantisation(op, op.result_type(0))?,
        channels,
        activation,
    )?;
    Ok(FullyConnectedParams::I8 { shape, params })
}

/// Parameters of `nn.average_pool_2d` and `nn.max_pool_2d`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn pool_params(op: OpRef<'_>) -> Result<PoolParams, EvalError> {
    let [batches, in_h, in_w, in_c] = rank(op, 0)?;
    let [kernel_h, kernel_w] = list(op, "kernel")?;
    let shape = WindowShape {
        batches,
        in_h,
        in_w,
        in_c,
        kernel_h,
        kernel_w,
        out_c: in_c,
        window: window(op, false)?,
    };
    let activation = activation_of(op)?;
    if element(op, op.operand_type(0)) == Element::F32 {
        let clamp = ClampF32::new(activation);
        return Ok(PoolParams::F32 { shape, clamp });
    }
    let (scale, zero_point) = quantisation(op, op.result_type(0))?;
    let clamp = ClampI8::new(activation, scale, zero_point)?;
    let half_up = op.prop("rounding").and_then(|a| op.module.attr_str(a)) == Some(HALF_UP);
    Ok(match half_up {
        false => PoolParams::I8 { shape, clamp },
        true => PoolParams::I8HalfUp { shape, clamp },
    })
}

/// Parameters of an int8 `nn.add` or `nn.sub`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn add_params(op: OpRef<'_>) -> Result<AddI8Params, EvalError> {
    Ok(AddI8Params::new(
        quantisation(op, op.operand_type(0))?,
        quantisation(op, op.operand_type(1))?,
        quantisation(op, op.result_type(0))?,
        activation_of(op)?,
    )?)
}

/// Parameters of an int8 `nn.mul`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn mul_params(op: OpRef<'_>) -> Result<MulI8Params, EvalError> {
    Ok(MulI8Params::new(
        quantisation(op, op.operand_type(0))?,
        quantisation(op, op.operand_type(1))?,
        quantisation(op, op.result_type(0))?,
        activation_of(op)?,
    )?)
}

/// Parameters of an int8 `nn.prelu`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn prelu_params(op: OpRef<'_>) -> Result<PreluI8Params, EvalError> {
    Ok(PreluI8Params::new(
        quantisation(op, op.operand_type(0))?,
        quantisation(op, op.operand_type(1))?,
        quantisation(op, op.result_type(0))?,
    )?)
}

/// Parameters of an int8 `nn.mean`.
///
/// # Errors
/// As [`conv_2d_params`]; also if a mean is of no elements, or of too many.
pub fn mean_params(op: OpRef<'_>) -> Result<MeanI8Params, EvalError> {
    let shape = dims(op, op.operand_type(0))?;
    Ok(MeanI8Params::new(
        quantisation(op, op.operand_type(0))?,
        quantisation(op, op.result_type(0))?,
        terms(&shape, &mean_axes(op)?)?,
    )?)
}

/// The dimensions that `nn.mean` reduces.
pub(super) fn mean_axes(op: OpRef<'_>) -> Result<Vec<usize>, EvalError> {
    let axes = op.prop("axes").and_then(|a| op.module.attr_i64s(a));
    axes.and_then(|l| l.iter().map(|&n| usize::try_from(n).ok()).collect())
        .ok_or_else(|| unsupported(op, "attribute `axes` is malformed"))
}

/// Extents of `nn.resize_bilinear`.
///
/// # Errors
/// If attributes or types are malformed.
pub fn resize_bilinear_params(op: OpRef<'_>) -> Result<ResizeShape, EvalError> {
    let [batches, in_h, in_w, channels] = rank(op, 0)?;
    let output = dims(op, op.result_type(0))?;
    let [_, out_h, out_w, _] = output[..] else {
        return Err(unsupported(op, "the result wants rank 4"));
    };
    let is = |name: &str| op.prop(name).and_then(|a| op.module.attr_int(a));
    let placement = match (is("align_corners"), is("half_pixel_centers")) {
        (Some(0), Some(0)) => Placement::Asymmetric,
        (Some(_), Some(0)) => Placement::AlignCorners,
        (Some(0), Some(_)) => Placement::HalfPixelCenters,
        _ => {
            return Err(unsupported(
                op,
                "how the images lie on each other is malformed",
            ));
        }
    };
    Ok(ResizeShape {
        batches,
        input: [in_h, in_w],
        output: [out_h, out_w],
        channels,
        placement,
    })
}

/// The factor of `nn.softmax`.
pub(super) fn beta(op: OpRef<'_>) -> Result<f32, EvalError> {
    let beta = op.prop("beta").and_then(|a| op.module.attr_float(a));
    beta.map(|b| b as f32)
        .ok_or_else(|| unsupported(op, "attribute `beta` is malformed"))
}

/// Parameters of an int8 `nn.softmax`.
///
/// # Errors
/// As [`conv_2d_params`]; also when the output is not of scale 1/256 and zero point −128, as the reference
/// demands.
pub fn softmax_params(op: OpRef<'_>) -> Result<SoftmaxI8Params, EvalError> {
    if quantisation(op, op.result_type(0))? != (1.0 / 256.0, -128) {
        return Err(unsupported(
            op,
            "the output wants scale 1/256, zero point -128",
        ));
    }
    let (scale, _) = quantisation(op, op.operand_type(0))?;
    Ok(SoftmaxI8Params::new(beta(op)?, scale)?)
}

/// Parameters of `nn.quantize` from int8.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn requantize_params(op: OpRef<'_>) -> Result<RequantizeParams, EvalError> {
    Ok(RequantizeParams::new(
        quantisation(op, op.operand_type(0))?,
        quantisation(op, op.result_type(0))?,
    )?)
}

/// Parameters of an int8 `nn.relu`.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn relu_params(op: OpRef<'_>) -> Result<ReluI8Params, EvalError> {
    let (in_scale, in_zero) = quantisation(op, op.operand_type(0))?;
    let (out_scale, out_zero) = quantisation(op, op.result_type(0))?;
    Ok(ReluI8Params::new(in_scale, in_zero, out_scale, out_zero)?)
}

/// The clamp of an int8 `nn.relu6`, in units of its input.
///
/// # Errors
/// As [`conv_2d_params`].
pub fn relu6_clamp(op: OpRef<'_>) -> Result<ClampI8, EvalError> {
    let (scale, zero_point) = quantisation(op, op.operand_type(0))?;
    Ok(relu6_i8_clamp(scale, zero_point)?)
}

/// A function of one int8 with an arithmetic of its own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum UnaryI8 {
    /// `nn.logistic`
    Logistic(SigmoidI8Params),
    /// `nn.tanh`
    Tanh(SigmoidI8Params),
    /// `nn.hard_swish`
    HardSwish(HardSwishI8Params),
    /// `nn.leaky_relu`
    LeakyRelu(LeakyReluI8Params),
}

impl UnaryI8 {
    /// The function of an element.
    #[must_use]
    pub fn apply(&self, x: i8) -> i8 {
        match self {
            Self::Logistic(p) => p.logistic(x),
            Self::Tanh(p) => p.tanh(x),
            Self::HardSwish(p) => p.apply(x),
            Self::LeakyRelu(p) => p.apply(x),
        }
    }
}

/// Parameters of an int8 `nn.logistic`, `nn.tanh`, `nn.hard_swish` or `nn.leaky_relu`.
///
/// # Errors
/// As [`conv_2d_params`]; also when the output of the first two is not of the scale and zero point that their kernels' bits mean.
pub fn unary_i8_params(op: OpRef<'_>) -> Result<UnaryI8, EvalError> {
    let (input, output) = (
        quantisation(op, op.operand_type(0))?,
        quantisation(op, op.result_type(0))?,
    );
    let sigmoid = |expected: (f32, i32)| -> Result<SigmoidI8Params, EvalError> {
        if output != expected {
            let (scale, zero_point) = expected;
            let why = format!("the output wants scale {scale}, zero point {zero_point}");
            return Err(unsupported(op, &why));
        }
        Ok(SigmoidI8Params::new(input.0, input.1)?)
    };
    Ok(match op.name() {
        LogisticOp::NAME => UnaryI8::Logistic(sigmoid(LOGISTIC_OUTPUT)?),
        TanhOp::NAME => UnaryI8::Tanh(sigmoid(TANH_OUTPUT)?),
        HardSwishOp::NAME => UnaryI8::HardSwish(HardSwishI8Params::new(input, output)?),
        LeakyReluOp::NAME => UnaryI8::LeakyRelu(LeakyReluI8Params::new(input, output, alpha(op)?)?),
        _ => return Err(unsupported(op, "is no function of one int8")),
    })
}

/// The slope of `nn.leaky_relu`.
///
/// # Errors
/// If it has none.
pub fn alpha(op: OpRef<'_>) -> Result<f32, EvalError> {
    let alpha = op.prop("alpha").and_then(|a| op.module.attr_float(a));
    alpha
        .map(|a| a as f32)
        .ok_or_else(|| unsupported(op, "attribute `alpha` is malformed"))
}
