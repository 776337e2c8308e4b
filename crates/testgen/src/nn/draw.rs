//! Drawing one case: an input, then an op on it.

use super::select::{self, Step};
use super::{Case, Element, ElementKind, Kind, Op, Quantization, Tensor, quantization};
use crate::choices::Choices;
use crate::nn::quantization::Regime;
use crate::values::Spread;

/// A case of an op.
pub fn case(c: &mut Choices, kind: Kind, element: ElementKind) -> Case {
    let element = match element {
        ElementKind::F32 => Element::F32,
        ElementKind::I8 => Element::I8(quantization::activation(c)),
        ElementKind::I32 => Element::I32,
    };
    let regime = quantization::regime(c);
    let (inputs, operands, step) = match kind {
        Kind::Add | Kind::Sub | Kind::Mul | Kind::Maximum | Kind::Minimum | Kind::Prelu => {
            binary(c, kind, element)
        }
        Kind::Concatenation => concatenation(c, element),
        _ => {
            let input = input(c, kind, element);
            let step = select::step(c, kind, &input, regime);
            (vec![input], vec![0], step)
        }
    };
    let (mut constants, mut values) = (Spread::draw(c), Spread::draw(c));
    if regime == Regime::AboveOne && !c.once_in(4) {
        // Small accumulators, so that not every result saturates.
        (constants, values) = (Spread::Near, Spread::Near);
    }
    let Step { op, outputs } = step;
    let seed = c.seed();
    Case {
        inputs,
        operands,
        op,
        outputs,
        seed,
        constants,
        values,
    }
}

fn input(c: &mut Choices, kind: Kind, element: Element) -> Tensor {
    let shape = match kind {
        Kind::Conv2d
        | Kind::DepthwiseConv2d
        | Kind::AveragePool2d
        | Kind::MaxPool2d
        | Kind::ResizeBilinear => image(c),
        Kind::FullyConnected => {
            let (rows, depth) = (
                c.of(&[1, 1, 1, 2, 3]),
                c.of(&[1, 4, 3, 8, 5, 10, 16, 17, 24, 32, 49, 64]),
            );
            match c.below(3) {
                0 => vec![rows, depth],
                1 => vec![1, rows, depth],
                _ => select::factors(c, rows * depth, 4),
            }
        }
        _ => shape(c, 4),
    };
    let element = match (kind, element) {
        // Scales far below those of real logits, down to where the reference stops, and far above.
        (Kind::Softmax, Element::I8(q)) if c.once_in(6) => Element::I8(Quantization {
            scale: quantization::scale(c, -20, 5),
            ..q
        }),
        _ => element,
    };
    Tensor { shape, element }
}

/// Batches, rows, columns, channels.
fn image(c: &mut Choices) -> Vec<i64> {
    let rows = c.of(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let columns = c.of(&[1, 2, 3, 4, 5, 6, 7, 8, 10]);
    let channels = c.of(&[1, 2, 3, 4, 4, 5, 7, 8, 8, 12, 16]);
    vec![c.of(&[1, 1, 1, 1, 1, 2, 3]), rows, columns, channels]
}

/// Any shape of at most some rank, of at most 432 elements.
fn shape(c: &mut Choices, most: u32) -> Vec<i64> {
    let rank = 1 + c.below(most) as usize;
    let mut room = 432;
    let mut shape = Vec::with_capacity(rank);
    for _ in 0..rank {
        let d = c.of(&[1, 2, 3, 4, 5, 8, 10, 17]).min(room);
        shape.push(d);
        room /= d;
    }
    shape
}

/// Two operands whose shapes broadcast: both inputs, one a constant, or one input twice.
fn binary(c: &mut Choices, kind: Kind, element: Element) -> (Vec<Tensor>, Vec<usize>, Step) {
    let whole = shape(c, 4);
    let (mut left, mut right) = (whole.clone(), whole.clone());
    let constant = c.below(3) == 2;
    match c.below(6) {
        0 | 1 => {}
        2 => {
            right = if constant && c.once_in(2) {
                vec![]
            } else {
                vec![1]
            }
        }
        3 => right = vec![whole[whole.len() - 1]],
        4 => right = whole[c.below(whole.len() as u32) as usize..].to_vec(),
        // The slope broadcasts to the input, never the other way.
        _ if kind == Kind::Prelu => {
            for extent in &mut right {
                if c.once_in(2) {
                    *extent = 1;
                }
            }
        }
        _ => {
            for i in 0..whole.len() {
                match c.below(4) {
                    0 | 1 => {}
                    2 => left[i] = 1,
                    _ => right[i] = 1,
                }
            }
        }
    }
    if !constant && kind != Kind::Prelu && c.once_in(2) {
        std::mem::swap(&mut left, &mut right);
    }
    let other = match element {
        Element::I8(_) if !matches!(kind, Kind::Maximum | Kind::Minimum) => {
            Element::I8(quantization::activation(c))
        }
        same => same,
    };
    let lhs = Tensor {
        shape: left,
        element,
    };
    let operands = |c: &mut Choices, lhs: &Tensor, rhs: &Tensor, constant, constant_first| {
        let of = select::Operands {
            lhs,
            rhs,
            constant,
            constant_first,
        };
        select::binary(c, kind, of)
    };
    if !constant && lhs.shape == right && c.once_in(4) {
        let step = operands(c, &lhs, &lhs, None, false);
        return (vec![lhs], vec![0, 0], step);
    }
    let rhs = Tensor {
        shape: right,
        element: other,
    };
    if constant {
        let first = kind != Kind::Prelu && c.once_in(2);
        let step = operands(c, &lhs, &rhs, Some(rhs.clone()), first);
        return (vec![lhs], vec![0], step);
    }
    let step = operands(c, &lhs, &rhs, None, false);
    (vec![lhs, rhs], vec![0, 1], step)
}

/// Up to four operands that differ along one dimension at most; some are one input twice.
fn concatenation(c: &mut Choices, element: Element) -> (Vec<Tensor>, Vec<usize>, Step) {
    let shape = shape(c, 4);
    let axis = c.below(shape.len() as u32) as usize;
    let (mut inputs, mut operands) = (Vec::<Tensor>::new(), Vec::new());
    for _ in 0..c.of(&[2, 2, 3, 4, 1]) {
        if !inputs.is_empty() && c.once_in(6) {
            operands.push(c.below(inputs.len() as u32) as usize);
            continue;
        }
        let mut shape = shape.clone();
        if !c.once_in(3) {
            shape[axis] = c.of(&[1, 2, 3, 4, 8]);
        }
        operands.push(inputs.len());
        inputs.push(Tensor { shape, element });
    }
    let parts: Vec<&Tensor> = operands.iter().map(|&i| &inputs[i]).collect();
    let step = select::concatenation(&parts, axis);
    (inputs, operands, step)
}

impl Op {
    /// Terms of an accumulator; 1 for ops without weights.
    pub(crate) fn terms(&self) -> i64 {
        let product = |s: &[i64]| s.iter().product();
        match self {
            Op::Conv2d { filter, .. } | Op::FullyConnected { filter, .. } => {
                product(&filter.shape[1..])
            }
            Op::DepthwiseConv2d { filter, .. } => product(&filter.shape[1..3]),
            _ => 1,
        }
    }
}
