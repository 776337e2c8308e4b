//! An op on a given input: its attributes, its constants' types, its result's type.

use super::quantization::{self, Regime};
use super::window::{self, Purpose};
use super::{Activation, Bias, Element, Filter, Kind, Op, Quantization, Tensor};
use crate::choices::Choices;
use crate::values::Spread;
use ir::dialects::nn::{ACTIVATIONS, Picks, broadcast};

/// An op and its results.
pub struct Step {
    pub op: Op,
    pub outputs: Vec<Tensor>,
}

/// An op of one result.
fn one(op: Op, output: Tensor) -> Step {
    Step {
        op,
        outputs: vec![output],
    }
}

/// Products of a convolution at most, so that hundreds of cases run on an emulated core.
const MOST_PRODUCTS: i64 = 40_000;

/// Draws an op of a kind on an input; `regime` is for ops with accumulators. An op on two tensors gets one twice.
pub fn step(c: &mut Choices, kind: Kind, input: &Tensor, regime: Regime) -> Step {
    match kind {
        Kind::Conv2d | Kind::DepthwiseConv2d => convolution(c, kind, input, regime),
        Kind::FullyConnected => fully_connected(c, input, regime),
        Kind::AveragePool2d | Kind::MaxPool2d => pool(c, kind, input),
        Kind::Add | Kind::Sub | Kind::Mul | Kind::Maximum | Kind::Minimum | Kind::Prelu => {
            let of = Operands {
                lhs: input,
                rhs: input,
                constant: None,
                constant_first: false,
            };
            binary(c, kind, of)
        }
        Kind::Logistic | Kind::Tanh | Kind::HardSwish => unary(c, kind, input),
        Kind::LeakyRelu => {
            let element = match input.element {
                Element::I8(q) => Element::I8(requantized(c, q, regime)),
                same => same,
            };
            let alpha = c.of(&[0.1, 0.01, 0.25, 0.0, 1.0, 1.5, -0.5]);
            one(Op::LeakyRelu { alpha }, like(input, element))
        }
        Kind::Reshape => {
            let shape = factors(c, input.len() as i64, 4);
            let element = input.element;
            one(Op::Reshape, Tensor { shape, element })
        }
        Kind::Softmax => softmax(c, input),
        Kind::Mean => mean(c, input, regime),
        Kind::ResizeBilinear => resize(c, input),
        Kind::Quantize | Kind::Relu => {
            let element = match (kind, input.element) {
                (Kind::Relu, Element::F32) => Element::F32,
                (_, Element::F32) => Element::I8(quantization::activation(c)),
                (_, Element::I8(q)) => Element::I8(requantized(c, q, regime)),
                (_, Element::I32) => Element::I32,
            };
            let op = if kind == Kind::Relu {
                Op::Relu
            } else {
                Op::Quantize
            };
            one(op, like(input, element))
        }
        Kind::Dequantize => one(Op::Dequantize, like(input, Element::F32)),
        Kind::Relu6 => {
            // The reference clamps in units of the input and never requantises: another output type changes nothing.
            let element = match input.element {
                Element::I8(_) if c.once_in(6) => Element::I8(quantization::activation(c)),
                same => same,
            };
            one(Op::Relu6, like(input, element))
        }
        Kind::ArgMax | Kind::ArgMin => {
            let axis = c.below(input.shape.len().max(1) as u32) as usize;
            let mut shape = input.shape.clone();
            shape.remove(axis);
            let element = Element::I32;
            one(Op::Arg { kind, axis }, Tensor { shape, element })
        }
        Kind::Concatenation => {
            let axis = c.below(input.shape.len().max(1) as u32) as usize;
            concatenation(&[input, input], axis)
        }
        Kind::Split => split(c, input),
        Kind::Transpose => transpose(c, input),
        Kind::Gather => gather(c, input),
        Kind::Pad => pad(c, input),
        Kind::LookupTable => {
            let element = Element::I8(quantization::activation(c));
            let shape = vec![ir::dialects::nn::TABLE_LENGTH];
            let table = Tensor { shape, element };
            one(Op::LookupTable { table }, like(input, element))
        }
    }
}

/// A function of one element; int8 results are of the scales that the reference demands.
fn unary(c: &mut Choices, kind: Kind, input: &Tensor) -> Step {
    let q = |scale, zero_point| Element::I8(Quantization { scale, zero_point });
    let element = match (input.element, kind) {
        (Element::F32 | Element::I32, _) => input.element,
        (Element::I8(_), Kind::Logistic) => q(1.0 / 256.0, -128),
        (Element::I8(_), Kind::Tanh) => q(1.0 / 128.0, 0),
        // Less than 128 times as fine as the input.
        (Element::I8(from), _) => q(
            from.scale * quantization::scale(c, -5, 5),
            quantization::zero_point(c),
        ),
    };
    one(Op::Unary { kind }, like(input, element))
}

fn like(input: &Tensor, element: Element) -> Tensor {
    Tensor {
        shape: input.shape.clone(),
        element,
    }
}

/// A shape of exactly `n` elements.
pub fn factors(c: &mut Choices, mut n: i64, most: u32) -> Vec<i64> {
    let rank = 1 + c.below(most);
    let mut shape = Vec::new();
    for _ in 1..rank {
        let divisors: Vec<i64> = (1..=n.min(64)).filter(|d| n % d == 0).collect();
        let d = c.of(&divisors);
        shape.push(d);
        n /= d;
    }
    shape.push(n);
    shape
}

fn activation(c: &mut Choices) -> Activation {
    if c.below(3) < 2 {
        "none"
    } else {
        c.of(&ACTIVATIONS)
    }
}

/// Another quantisation to go to: mostly of about the same scale.
fn requantized(c: &mut Choices, from: Quantization, regime: Regime) -> Quantization {
    let factor = match regime {
        Regime::Typical => quantization::scale(c, -2, 1),
        Regime::AboveOne => quantization::scale(c, -6, -1),
        Regime::Tiny => quantization::scale(c, 6, 30),
        Regime::Huge => quantization::scale(c, -20, -7),
    };
    let zero_point = quantization::zero_point(c);
    if regime == Regime::Typical && c.once_in(4) {
        return Quantization { zero_point, ..from };
    }
    Quantization {
        scale: from.scale * factor,
        zero_point,
    }
}

/// Weights of `terms` products an output, and the result's elements.
fn filter(
    c: &mut Choices,
    input: Element,
    (shape, channels, terms): (Vec<i64>, i64, i64),
    regime: Regime,
) -> (Filter, Element) {
    let bias = c.of(&[Bias::None, Bias::Plain, Bias::Quantized, Bias::Quantized]);
    let bias_spread = match c.below(12) {
        0 => Spread::Near,
        1..11 => Spread::Uniform,
        _ => Spread::Extremes,
    };
    let mut filter = Filter {
        shape,
        scales: vec![],
        zero_point: 0,
        per_axis: false,
        bias,
        bias_spread,
    };
    let Element::I8(from) = input else {
        if bias == Bias::Quantized {
            filter.bias = Bias::Plain;
        }
        return (filter, Element::F32);
    };
    let to = quantization::activation(c);
    let real =
        quantization::multiplier(c, regime, terms) * f64::from(to.scale) / f64::from(from.scale);
    filter.per_axis = c.below(3) > 0;
    let count = if filter.per_axis { channels } else { 1 };
    for _ in 0..count {
        let factor = if filter.per_axis {
            f64::from(quantization::scale(c, -2, 1))
        } else {
            1.0
        };
        filter
            .scales
            .push(((real * factor) as f32).max(f32::MIN_POSITIVE));
    }
    if !filter.per_axis && c.once_in(3) {
        filter.zero_point = quantization::zero_point(c);
    }
    (filter, Element::I8(to))
}

fn convolution(c: &mut Choices, kind: Kind, input: &Tensor, regime: Regime) -> Step {
    let [batches, rows, columns, depth] = image(input);
    let (kernel, window, [out_rows, out_columns]) =
        window::draw(c, rows, columns, Purpose::Convolution);
    let taps = kernel[0] * kernel[1];
    let pixels = batches * out_rows * out_columns;
    let activation = activation(c);
    let most = |products_a_channel: i64| (MOST_PRODUCTS / (pixels * products_a_channel)).max(1);
    let (shape, channels, terms) = if kind == Kind::Conv2d {
        let channels = c
            .of(&[1, 2, 4, 3, 8, 5, 6, 16, 7, 12, 17])
            .min(most(taps * depth));
        (
            vec![channels, kernel[0], kernel[1], depth],
            channels,
            taps * depth,
        )
    } else {
        let multiplier = c.of(&[1, 1, 1, 1, 2, 3, 4, 8]).min(most(taps * depth));
        let channels = depth * multiplier;
        (vec![1, kernel[0], kernel[1], channels], channels, taps)
    };
    let (filter, element) = filter(c, input.element, (shape, channels, terms), regime);
    let op = match kind {
        Kind::Conv2d => Op::Conv2d {
            filter,
            window,
            activation,
        },
        _ => Op::DepthwiseConv2d {
            filter,
            window,
            activation,
        },
    };
    let shape = vec![batches, out_rows, out_columns, channels];
    one(op, Tensor { shape, element })
}

fn image(input: &Tensor) -> [i64; 4] {
    <[i64; 4]>::try_from(input.shape.as_slice())
        .expect("invariant: windowed ops are drawn for rank 4")
}

fn fully_connected(c: &mut Choices, input: &Tensor, regime: Regime) -> Step {
    let n = input.len() as i64;
    let (first, last) = (
        input.shape.first().copied().unwrap_or(1),
        input.shape.last().copied().unwrap_or(1),
    );
    let by_batch = n / first;
    let depth = if by_batch <= 512 && c.below(2) == 0 {
        by_batch
    } else {
        last
    };
    let rows = n / depth;
    let channels = c
        .of(&[1, 2, 4, 3, 8, 5, 10, 16, 7, 12])
        .min((MOST_PRODUCTS / n).max(1));
    let activation = activation(c);
    let (filter, element) = filter(
        c,
        input.element,
        (vec![channels, depth], channels, depth),
        regime,
    );
    let mut shape = vec![rows, channels];
    if depth == last && c.once_in(3) {
        shape = input.shape.clone();
        shape.pop();
        shape.push(channels);
    }
    let op = Op::FullyConnected { filter, activation };
    one(op, Tensor { shape, element })
}

fn pool(c: &mut Choices, kind: Kind, input: &Tensor) -> Step {
    let [batches, rows, columns, depth] = image(input);
    let (kernel, window, [out_rows, out_columns]) = window::draw(c, rows, columns, Purpose::Pool);
    let activation = activation(c);
    let op = match kind {
        Kind::AveragePool2d => Op::AveragePool2d {
            kernel,
            window,
            activation,
            half_up: matches!(input.element, Element::I8(_)) && c.once_in(4),
        },
        _ => Op::MaxPool2d {
            kernel,
            window,
            activation,
        },
    };
    let shape = vec![batches, out_rows, out_columns, depth];
    let element = input.element;
    one(op, Tensor { shape, element })
}

fn softmax(c: &mut Choices, input: &Tensor) -> Step {
    let beta = c.of(&[1.0, 1.0, 1.0, 0.5, 2.0, 0.125, 10.0]);
    let element = match input.element {
        Element::F32 | Element::I32 => Element::F32,
        // What the reference demands.
        Element::I8(_) => Element::I8(Quantization {
            scale: 1.0 / 256.0,
            zero_point: -128,
        }),
    };
    one(Op::Softmax { beta }, like(input, element))
}

/// A mean over any dimensions; mostly over rows and columns of images.
fn mean(c: &mut Choices, input: &Tensor, regime: Regime) -> Step {
    let rank = input.shape.len() as i64;
    let axes: Vec<i64> = if rank == 4 && c.once_in(2) {
        vec![1, 2]
    } else {
        (0..rank).filter(|_| c.once_in(2)).collect()
    };
    let element = match input.element {
        Element::I8(q) if !c.once_in(3) => Element::I8(requantized(c, q, regime)),
        same => same,
    };
    let mut output = like(input, element);
    for &axis in &axes {
        output.shape[axis as usize] = 1;
    }
    one(Op::Mean { axes }, output)
}

/// An image of other rows and columns.
fn resize(c: &mut Choices, input: &Tensor) -> Step {
    let [batches, rows, columns, depth] = image(input);
    let small = input.len() <= 1024;
    let mut size = |n: i64| match c.below(4) {
        0 | 1 if small => 2 * n,
        2 => (n + 1) / 2,
        _ => c.between(1, 7),
    };
    let shape = vec![batches, size(rows), size(columns), depth];
    let (align_corners, half_pixel_centers) = c.of(&[(false, true), (true, false), (false, false)]);
    let op = Op::ResizeBilinear {
        align_corners,
        half_pixel_centers,
    };
    let element = input.element;
    one(op, Tensor { shape, element })
}

/// Operands of an op on two tensors.
pub struct Operands<'a> {
    pub lhs: &'a Tensor,
    pub rhs: &'a Tensor,
    /// The one that is a constant, if one is.
    pub constant: Option<Tensor>,
    pub constant_first: bool,
}

/// An op on two tensors whose shapes broadcast.
pub fn binary(c: &mut Choices, kind: Kind, of: Operands<'_>) -> Step {
    let (lhs, rhs) = (of.lhs, of.rhs);
    let shape = broadcast(&lhs.shape, &rhs.shape)
        .expect("invariant: operands of a sum are drawn to broadcast");
    let extremum = matches!(kind, Kind::Maximum | Kind::Minimum);
    let activation = (!extremum && kind != Kind::Prelu).then(|| activation(c));
    let element = match (lhs.element, rhs.element) {
        (Element::I8(_), Element::I8(_)) if extremum => lhs.element,
        (Element::I8(a), Element::I8(_)) if kind == Kind::Prelu => {
            Element::I8(requantized(c, a, Regime::Typical))
        }
        (Element::I8(a), Element::I8(b)) if kind == Kind::Mul => {
            let mut q = quantization::activation(c);
            if !c.once_in(4) {
                // About what the product of two full ranges needs.
                q.scale = a.scale * b.scale * quantization::scale(c, 5, 7);
            }
            Element::I8(q)
        }
        (Element::I8(a), Element::I8(b)) => {
            let mut q = quantization::activation(c);
            let larger = a.scale.max(b.scale);
            // The reference stops at a multiplier of 1, where the output's scale is 2⁻¹⁹ of the inputs'.
            if !c.once_in(3) || q.scale < larger / 262_144.0 {
                // About what the sum of two full ranges needs.
                q.scale = larger * quantization::scale(c, 0, 1);
            }
            Element::I8(q)
        }
        _ => Element::F32,
    };
    let (constant, constant_first) = (of.constant, of.constant_first);
    let op = match (kind, activation) {
        (Kind::Add, Some(activation)) => Op::Add {
            constant,
            constant_first,
            activation,
        },
        _ => Op::Binary {
            kind,
            constant,
            constant_first,
            activation,
        },
    };
    one(op, Tensor { shape, element })
}

/// Tensors one after the other along a dimension.
pub fn concatenation(parts: &[&Tensor], axis: usize) -> Step {
    let mut shape = parts[0].shape.clone();
    shape[axis] = parts.iter().map(|t| t.shape[axis]).sum();
    let element = parts[0].element;
    one(Op::Concatenation { axis }, Tensor { shape, element })
}

/// A tensor in up to four parts along a dimension.
fn split(c: &mut Choices, input: &Tensor) -> Step {
    let axis = c.below(input.shape.len() as u32) as usize;
    let mut rest = input.shape[axis];
    let mut outputs = Vec::new();
    let wanted = c.of(&[2, 2, 3, 4, 1]);
    // Equal parts, or any.
    let equal = (rest % wanted == 0 && !c.once_in(3)).then(|| rest / wanted);
    while rest > 0 {
        let last = outputs.len() as i64 + 1 == wanted;
        let extent = match equal {
            _ if last => rest,
            Some(n) => n,
            None => c.between(1, rest),
        };
        let mut part = like(input, input.element);
        part.shape[axis] = extent;
        outputs.push(part);
        rest -= extent;
    }
    Step {
        op: Op::Split { axis },
        outputs,
    }
}

/// A tensor with its dimensions in any order.
fn transpose(c: &mut Choices, input: &Tensor) -> Step {
    let mut permutation: Vec<i64> = (0..input.shape.len() as i64).collect();
    for i in (1..permutation.len()).rev() {
        permutation.swap(i, c.below(i as u32 + 1) as usize);
    }
    let output = Tensor {
        shape: permutation
            .iter()
            .map(|&p| input.shape[p as usize])
            .collect(),
        element: input.element,
    };
    one(Op::Transpose { permutation }, output)
}

/// A tensor of which every dimension stays, or gives some of its elements: a range, in steps, in reverse, each or all of them several times,
/// or any.
fn gather(c: &mut Choices, input: &Tensor) -> Step {
    let mut picks = Picks::everything(input.shape.len());
    let mut output = like(input, input.element);
    for d in 0..input.shape.len() {
        if c.once_in(2) {
            continue;
        }
        let n = input.shape[d];
        let most = if output.len() <= 1024 { 2 } else { 1 };
        let times = c.between(1, most);
        let list: Vec<i64> = match c.below(6) {
            0 => {
                let first = c.between(0, n - 1);
                (first..c.between(first + 1, n)).collect()
            }
            1 => (0..n).step_by(c.of(&[2, 3])).collect(),
            2 => (0..n).rev().collect(),
            3 => (0..n * times).map(|i| i / times).collect(),
            4 => (0..n * times).map(|i| i % n).collect(),
            _ => {
                let count = c.between(1, n * times);
                (0..count).map(|_| c.between(0, n - 1)).collect()
            }
        };
        output.shape[d] = list.len() as i64;
        picks.along[d] = Some(list);
    }
    one(Op::Gather { picks }, output)
}

/// A tensor with a border: of rows and columns, or around anything.
fn pad(c: &mut Choices, input: &Tensor) -> Step {
    let rank = input.shape.len();
    let image = rank == 4 && !c.once_in(3);
    let mut padding = Vec::with_capacity(2 * rank);
    for d in 0..rank {
        for _ in 0..2 {
            let some = if image {
                d == 1 || d == 2
            } else {
                c.once_in(2)
            };
            padding.push(if some && input.len() <= 2048 {
                c.of(&[1, 0, 2, 1, 4, 3])
            } else {
                0
            });
        }
    }
    let mut output = like(input, input.element);
    for (extent, p) in output.shape.iter_mut().zip(padding.chunks_exact(2)) {
        *extent += p[0] + p[1];
    }
    let value = c.once_in(3).then(|| c.between(-128, 127));
    one(Op::Pad { padding, value }, output)
}
