//! An int8 layer with constant weights, as the schedules see it: extents, weights, requantisation.

use super::epilogue::{Epilogue, Sink};
use super::interval::{INT8, Interval};
use super::requantize::{Channel, Requantization};
use super::requantize_vector::VectorRequantization;
use interp::nn::{ConvParams, FullyConnectedParams};
use interp::numerics::fully_connected::FullyConnectedI8Params;
use interp::numerics::{ClampI8, QuantizedMultiplier};
use ir::dialects::nn;
use ir::{OpId, OpRef, ValueId};
use pass::KernelBuilder;

/// Extents of a sliding window over NHWC tensors; pairs are (vertical, horizontal).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extents {
    /// Images.
    pub batches: i64,
    /// Input rows and columns.
    pub input: (i64, i64),
    /// Input channels.
    pub channels: i64,
    /// Output rows and columns.
    pub output: (i64, i64),
    /// Output channels.
    pub out_channels: i64,
    /// Kernel rows and columns.
    pub kernel: (i64, i64),
    /// Strides.
    pub stride: (i64, i64),
    /// Dilations.
    pub dilation: (i64, i64),
    /// Rows above and columns at the left that are padding.
    pub pad: (i64, i64),
}

impl Extents {
    /// Elements of the input.
    pub fn input_len(&self) -> i64 {
        self.batches * self.input.0 * self.input.1 * self.channels
    }

    /// Elements of the output.
    pub fn output_len(&self) -> i64 {
        self.batches * self.output.0 * self.output.1 * self.out_channels
    }

    /// Rows and columns that a window covers, dilation included.
    pub fn reach(&self) -> (i64, i64) {
        (
            (self.kernel.0 - 1) * self.dilation.0 + 1,
            (self.kernel.1 - 1) * self.dilation.1 + 1,
        )
    }

    /// Whether no window leaves the input.
    pub fn is_inside(&self) -> bool {
        let reach = self.reach();
        self.pad == (0, 0)
            && (self.output.0 - 1) * self.stride.0 + reach.0 <= self.input.0
            && (self.output.1 - 1) * self.stride.1 + reach.1 <= self.input.1
    }
}

/// A full convolution (or what is one in other words) of int8 with constant weights.
#[derive(Clone, PartialEq, Debug)]
pub struct Layer {
    /// What kernels are named after.
    pub name: &'static str,
    /// Extents.
    pub extents: Extents,
    /// Zero point of the input.
    pub input_zero_point: i32,
    /// Zero point of the output.
    pub output_zero_point: i32,
    /// Bounds of the output.
    pub clamp: ClampI8,
    /// Which operand of the op that a kernel is built for is the input.
    pub input_operand: usize,
    /// What is done to the output before it is stored.
    pub epilogue: Epilogue,
    multipliers: Vec<QuantizedMultiplier>,
    /// `[out channel][kernel row][kernel column][channel]`, zero point 0; a depthwise filter has one channel.
    weights: Vec<i8>,
    bias: Vec<i32>,
}

/// The bytes of an operand that is a constant.
pub fn constant_operand<'m>(op: OpRef<'m>, i: usize) -> Option<&'m [u8]> {
    let m = op.module;
    let constant = m
        .defining_op(op.operand(i)?)
        .and_then(|c| nn::ConstantOp::cast(m, c))?;
    m.attr_elements(constant.value(m))
        .map(|(_, bytes)| &**bytes)
}

/// The bias of an op with optional operand 2, zeros if there is none; `None` if it is not constant.
pub fn constant_bias(op: OpRef<'_>, channels: usize) -> Option<Vec<i32>> {
    if op.operand_count() < 3 {
        return Some(vec![0; channels]);
    }
    let bytes = constant_operand(op, 2)?;
    let words = bytes.chunks_exact(4);
    Some(
        words
            .map(|c| i32::from_le_bytes([c[0], c[1], c[2], c[3]]))
            .collect(),
    )
}

/// Extents and parameters of an int8 convolution or depthwise convolution.
fn windowed(
    op: OpRef<'_>,
    params: ConvParams,
) -> Result<(Extents, interp::numerics::conv2d::ConvI8Params), String> {
    let (shape, params) = match params {
        ConvParams::I8 { shape, params } | ConvParams::I8Asymmetric { shape, params } => {
            (shape, params)
        }
        ConvParams::F32 { .. } => return Err("is not int8".to_owned()),
    };
    let output = op
        .results()
        .first()
        .map(|&v| nn::shape(op.module, v).to_vec())
        .unwrap_or_default();
    let [_, out_h, out_w, _] = output[..] else {
        return Err("has no output of rank 4".to_owned());
    };
    let w = &shape.window;
    let extents = Extents {
        batches: shape.batches as i64,
        input: (shape.in_h as i64, shape.in_w as i64),
        channels: shape.in_c as i64,
        output: (out_h, out_w),
        out_channels: shape.out_c as i64,
        kernel: (shape.kernel_h as i64, shape.kernel_w as i64),
        stride: (w.stride_h as i64, w.stride_w as i64),
        dilation: (w.dilation_h as i64, w.dilation_w as i64),
        pad: (w.pad_top as i64, w.pad_left as i64),
    };
    check_size(op)?;
    Ok((extents, params))
}

/// Extents and parameters of an int8 `nn.conv_2d`.
///
/// # Errors
/// If it is not int8.
pub fn conv_2d_i8(
    op: OpRef<'_>,
) -> Result<(Extents, interp::numerics::conv2d::ConvI8Params), String> {
    windowed(
        op,
        interp::nn::conv_2d_params(op).map_err(|e| e.to_string())?,
    )
}

/// Extents and parameters of an int8 `nn.depthwise_conv_2d`.
///
/// # Errors
/// If it is not int8.
pub fn depthwise_conv_2d_i8(
    op: OpRef<'_>,
) -> Result<(Extents, interp::numerics::conv2d::ConvI8Params), String> {
    windowed(
        op,
        interp::nn::depthwise_conv_2d_params(op).map_err(|e| e.to_string())?,
    )
}

/// Rows, depth, channels and parameters of an int8 `nn.fully_connected`.
///
/// # Errors
/// If it is not int8.
pub fn fully_connected_i8(op: OpRef<'_>) -> Result<([i64; 3], FullyConnectedI8Params), String> {
    match interp::nn::fully_connected_params(op).map_err(|e| e.to_string())? {
        FullyConnectedParams::I8 { shape, params } => {
            check_size(op)?;
            Ok((
                [
                    shape.batches as i64,
                    shape.depth as i64,
                    shape.channels as i64,
                ],
                params,
            ))
        }
        FullyConnectedParams::F32 { .. } => Err("is not int8".to_owned()),
    }
}

/// Products of a layer at most, so that estimates of cycles fit 64 bits.
const LARGEST_LAYER: u64 = 1 << 52;

/// Elements must be counted in 31 bits, and there must be some.
fn check_size(op: OpRef<'_>) -> Result<(), String> {
    let elements = |ty: Option<ir::Type>| ty.and_then(|t| op.module.num_elements(t)).unwrap_or(0);
    let [input, filter, output] =
        [op.operand_type(0), op.operand_type(1), op.result_type(0)].map(elements);
    if [input, filter, output].iter().any(|&n| n > i32::MAX as u64) {
        return Err("has more elements than 31 bits count".to_owned());
    }
    if input.min(filter).min(output) == 0 {
        return Err("is empty".to_owned());
    }
    // More than the products: every weight is used at most once for every output.
    if output * filter > LARGEST_LAYER {
        return Err("needs more multiplications than any core does".to_owned());
    }
    Ok(())
}

const NOT_CONSTANT: &str = "filter or bias is no constant";

/// Padding is a byte of the input's zero point.
fn byte(zero_point: i32) -> Result<i32, String> {
    i8::try_from(zero_point)
        .map(i32::from)
        .map_err(|_| "the input's zero point is no int8".to_owned())
}

/// Weights without their zero point.
fn symmetric(stored: &[u8], zero_point: i32) -> Result<Vec<i8>, String> {
    let weight = |&b: &u8| i8::try_from(i32::from(b as i8).saturating_sub(zero_point));
    let weights: Result<Vec<i8>, _> = stored.iter().map(weight).collect();
    weights.map_err(|_| "weights without their zero point exceed int8".to_owned())
}

impl Layer {
    /// Of an `nn.conv_2d`.
    ///
    /// # Errors
    /// If it is not int8, filter or bias are no constants, or the weights without their zero point exceed int8.
    pub fn conv_2d(op: OpRef<'_>) -> Result<Layer, String> {
        let (extents, params) = conv_2d_i8(op)?;
        let weights = constant_operand(op, 1).ok_or(NOT_CONSTANT)?;
        let bias = constant_bias(op, extents.out_channels as usize).ok_or(NOT_CONSTANT)?;
        Ok(Layer {
            name: "conv_2d",
            extents,
            input_zero_point: byte(params.input_zero_point)?,
            output_zero_point: params.output_zero_point,
            clamp: params.clamp,
            input_operand: 0,
            epilogue: Epilogue::default(),
            multipliers: params.multipliers,
            weights: symmetric(weights, params.weight_zero_point)?,
            bias,
        })
    }

    /// Of an `nn.depthwise_conv_2d`; a full convolution only if it has one input channel.
    ///
    /// # Errors
    /// As [`conv_2d`](Self::conv_2d).
    pub fn depthwise_conv_2d(op: OpRef<'_>) -> Result<Layer, String> {
        let (extents, params) = depthwise_conv_2d_i8(op)?;
        let stored = constant_operand(op, 1).ok_or(NOT_CONSTANT)?;
        let weights = symmetric(stored, params.weight_zero_point)?;
        let channels = extents.out_channels as usize;
        let bias = constant_bias(op, channels).ok_or(NOT_CONSTANT)?;
        let taps = weights.len() / channels.max(1);
        let weight = |o: usize| move |t: usize| t * channels + o;
        let order = (0..channels).flat_map(|o| (0..taps).map(weight(o)));
        let transposed = order.map(|at| weights[at]).collect();
        Ok(Layer {
            name: "depthwise",
            extents,
            input_zero_point: byte(params.input_zero_point)?,
            output_zero_point: params.output_zero_point,
            clamp: params.clamp,
            input_operand: 0,
            epilogue: Epilogue::default(),
            multipliers: params.multipliers,
            weights: transposed,
            bias,
        })
    }

    /// Of an `nn.fully_connected`, as a 1×1 convolution of a row of pixels.
    ///
    /// # Errors
    /// As [`conv_2d`](Self::conv_2d).
    pub fn fully_connected(op: OpRef<'_>) -> Result<Layer, String> {
        let ([rows, depth, channels], params) = fully_connected_i8(op)?;
        let stored = constant_operand(op, 1).ok_or(NOT_CONSTANT)?;
        let bias = constant_bias(op, channels as usize).ok_or(NOT_CONSTANT)?;
        let weights = symmetric(stored, params.weight_zero_point)?;
        Ok(Layer {
            name: "fully_connected",
            extents: Extents {
                batches: 1,
                input: (1, rows),
                channels: depth,
                output: (1, rows),
                out_channels: channels,
                kernel: (1, 1),
                stride: (1, 1),
                dilation: (1, 1),
                pad: (0, 0),
            },
            input_zero_point: byte(params.input_zero_point)?,
            output_zero_point: params.output_zero_point,
            clamp: params.clamp,
            input_operand: 0,
            epilogue: Epilogue::default(),
            multipliers: params.multipliers,
            weights,
            bias,
        })
    }

    /// The same layer with all pixels in one row, where the kernel is one pixel that visits each in turn.
    #[must_use]
    pub fn flattened(mut self) -> Layer {
        let e = &mut self.extents;
        if e.kernel == (1, 1) && e.stride == (1, 1) && e.pad == (0, 0) && e.input == e.output {
            let pixels = e.batches * e.input.0 * e.input.1;
            (e.batches, e.input, e.output) = (1, (1, pixels), (1, pixels));
        }
        self
    }

    /// What a kernel for it is called: op, kernel, output pixels, channels.
    pub fn kernel_name(&self) -> String {
        let e = &self.extents;
        let (name, (rows, columns)) = (self.name, e.output);
        let channels = format!("{}x{}", e.channels, e.out_channels);
        let name_of_layer = match e.kernel {
            (1, 1) if name == "fully_connected" => format!("{name}_{columns}x{channels}"),
            (1, 1) => format!("{name}_1x1_{}x{channels}", e.batches * rows * columns),
            (kh, kw) => format!("{name}_{kh}x{kw}_{rows}x{columns}x{channels}"),
        };
        name_of_layer + &self.epilogue.name()
    }

    /// The input as an argument of the kernel of an op.
    pub fn declare_input(&self, op: OpId, k: &mut KernelBuilder<'_>) -> ValueId {
        k.input(op, self.input_operand, &[self.extents.input_len()])
    }

    /// The output as an argument of the kernel of an op, with what is done before it is stored.
    pub fn declare_output(&self, op: OpId, k: &mut KernelBuilder<'_>) -> Sink {
        self.epilogue.declare(k, op, self.extents.output_len())
    }

    /// Products of an output.
    pub fn depth(&self) -> i64 {
        self.weights.len() as i64 / self.extents.out_channels
    }

    /// Multiply-accumulates of the layer.
    pub fn macs(&self) -> u64 {
        self.extents.output_len() as u64 * self.depth() as u64
    }

    /// The bias of an output channel, zero points not folded in.
    pub fn bias(&self, channel: usize) -> i64 {
        i64::from(self.bias[channel])
    }

    /// Bytes of the weights.
    pub fn weight_bytes(&self) -> u64 {
        self.weights.len() as u64
    }

    /// The weights of an output channel, `[kernel row][kernel column][channel]`.
    pub fn filter(&self, channel: usize) -> &[i8] {
        let depth = self.depth() as usize;
        &self.weights[channel * depth..][..depth]
    }

    /// Each channel's `Σ x·w` over raw input bytes, padding included.
    fn accumulators(&self) -> impl Iterator<Item = Interval> + '_ {
        (0..self.multipliers.len())
            .map(|o| Interval::of_products(self.filter(o).iter().map(|&w| i32::from(w)), INT8))
    }

    /// Whether 32-bit accumulators of raw bytes cannot overflow.
    ///
    /// # Errors
    /// In words, if one could.
    pub fn fits_i32(&self) -> Result<(), String> {
        if self.accumulators().all(Interval::fits_i32) {
            Ok(())
        } else {
            Err("an accumulator may exceed 32 bits".to_owned())
        }
    }

    /// Whether every accumulator of raw bytes fits `bits` bits, signed: two then fit one 64-bit accumulator.
    ///
    /// # Errors
    /// In words, if one does not.
    pub fn fits_bits(&self, bits: u32) -> Result<(), String> {
        let bound = 1i128 << (bits - 1);
        if self.accumulators().all(|a| a.within(-bound, bound - 1)) {
            Ok(())
        } else {
            Err(format!("an accumulator may exceed {bits} bits"))
        }
    }

    /// The requantisation of accumulators of raw bytes: the input's zero point is folded into the bias, where padding reads as the
    /// zero point.
    pub fn requantization(&self) -> Requantization {
        Requantization::new(&self.channels(), self.output_zero_point, self.clamp)
    }

    /// What is known of the output channels, for accumulators of raw bytes.
    pub fn channels(&self) -> Vec<Channel> {
        self.accumulators()
            .enumerate()
            .map(|(o, accumulator)| {
                let sum: i64 = self.filter(o).iter().map(|&w| i64::from(w)).sum();
                Channel {
                    multiplier: self.multipliers[o],
                    accumulator,
                    bias: i64::from(self.bias[o]) - i64::from(self.input_zero_point) * sum,
                }
            })
            .collect()
    }

    /// The requantisation of accumulators of raw bytes, four channels at a time.
    ///
    /// # Errors
    /// In words, if the sequence is not exact for a channel.
    pub fn vector_requantization(&self) -> Result<VectorRequantization, String> {
        VectorRequantization::new(&self.channels(), self.output_zero_point, self.clamp)
    }

    /// Whether accumulators with their bias keep so far from the ends of 32 bits that a zero point does not lead past them.
    ///
    /// # Errors
    /// In words, if one does not.
    pub fn small_sums(&self) -> Result<(), String> {
        let bound = i128::from(i32::MAX) - 256;
        let fits = |c: &Channel| {
            let sum = c.accumulator.plus(i128::from(c.bias));
            sum.within(-bound, bound)
        };
        if self.channels().iter().all(fits) {
            Ok(())
        } else {
            Err("an accumulator may come near the end of 32 bits".to_owned())
        }
    }

    /// Weights in the order in which blocks of `width` output channels read them, `[block][tap][channel of the block]`; `order` gives
    /// the taps (positions in a filter) in order. The last block ends with the last channel, so that it may overlap the one before.
    pub fn packed(&self, width: i64, order: &[usize]) -> Vec<i8> {
        let channels = self.extents.out_channels;
        let mut packed = Vec::with_capacity(self.weights.len());
        for block in 0..channels.div_euclid(width) + i64::from(channels % width != 0) {
            let first = (block * width).min(channels - width) as usize;
            for &tap in order {
                packed.extend((first..first + width as usize).map(|o| self.filter(o)[tap]));
            }
        }
        packed
    }
}
