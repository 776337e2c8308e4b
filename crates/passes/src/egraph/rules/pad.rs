//! Explicit padding goes into the window that reads it.
//!
//! Exporters write padding as an op of its own, which costs a second copy of the tensor. A window has `pads`, but what it does there is its
//! own: a convolution multiplies what means 0 there, a pool leaves it out.

use super::parts::{POINTWISE, Window, bytes, is_float, is_int8, is_uniform, shaped};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use ir::interfaces::Datum;
use smallvec::SmallVec;

/// Pads of a window at most, as the verifier has it.
const MOST_PADS: i64 = 1 << 20;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "pad-into-convolution",
        family: "pad",
        equation: "conv{pads = q}(pad(x, p), w, b) = conv{pads = q + p}(x, w, b), conv_2d or depthwise_conv_2d",
        condition: "p is of rows and columns, what it adds means 0, and a float filter is finite",
        soundness: Soundness::Exact,
        roots: &[nn::Conv2dOp::NAME, nn::DepthwiseConv2dOp::NAME],
        inner: &[nn::PadOp::NAME],
        when: |g, at| {
            is_of_images(g, at.inner())
                && means_zero(g, at.inner())
                && (!is_float(g, at.root.class) || is_finite(g, at.root.operands[1]))
        },
        build,
    },
    Rule {
        name: "pad-into-max-pool",
        family: "pad",
        equation: "max_pool_2d{pads = q}(pad(x, p)) = max_pool_2d{pads = q + p}(x)",
        condition: "p is of rows and columns, what it adds is never above x, and the sum is smaller than the window, so that every window has a tap in x",
        soundness: Soundness::Exact,
        roots: &[nn::MaxPool2dOp::NAME],
        inner: &[nn::PadOp::NAME],
        when: |g, at| {
            is_of_images(g, at.inner())
                && is_never_above(g, at.inner())
                && windows(g, at)
                    .is_some_and(|(w, image, border)| is_within_taps(&w, image, border))
        },
        build,
    },
    Rule {
        name: "pad-into-average-pool",
        family: "pad",
        equation: "average_pool_2d{pads = q}(pad(x, p)) = average_pool_2d{pads = q + p}(x)",
        condition: "p is of rows and columns, and no window has a tap in it: what it adds would count",
        soundness: Soundness::Exact,
        roots: &[nn::AveragePool2dOp::NAME],
        inner: &[nn::PadOp::NAME],
        when: |g, at| {
            is_of_images(g, at.inner())
                && windows(g, at).is_some_and(|(w, image, border)| {
                    w.none_touches_border(image, border) && is_within_taps(&w, image, border)
                })
        },
        build,
    },
    Rule {
        name: "pad-of-pad",
        family: "pad",
        equation: "pad(pad(x, p, v), q, v) = pad(x, p + q, v)",
        condition: "both add the same element",
        soundness: Soundness::Exact,
        roots: &[nn::PadOp::NAME],
        inner: &[nn::PadOp::NAME],
        when: |g, at| {
            let (inner, outer) = (element(g, at.inner()), element(g, &at.root));
            inner.is_some() && inner == outer
        },
        build: |g, at| {
            let (inner, outer) = (g.list(at.inner(), "padding"), g.list(&at.root, "padding"));
            let sum: Vec<i64> = inner.iter().zip(&outer).map(|(p, q)| p + q).collect();
            nn::padded(&g.shape(at.inner().operands[0]), &sum)?;
            let sum = g.module_mut().i64s_attr(&sum);
            let (ty, x) = (g.ty(at.root.class), at.inner().operands[0]);
            Some(g.add_like(&at.root, &[x], &[("padding", sum)], ty))
        },
    },
    Rule {
        name: "pointwise-of-pad",
        family: "pad",
        equation: "f(pad(x, p, v)) = pad(f(x), p, f(v))",
        condition: "none",
        soundness: Soundness::Exact,
        roots: POINTWISE,
        inner: &[nn::PadOp::NAME],
        when: |g, at| is_uniform(g, &at.root),
        build: pad_behind,
    },
    Rule {
        name: "pad-of-reshape",
        family: "pad",
        equation: "pad(reshape(x), p) = reshape(pad(x, p)), p without or with zeros for the dimensions that come or go",
        condition: "only dimensions of extent 1 come or go, and nothing is added to those",
        soundness: Soundness::Exact,
        roots: &[nn::PadOp::NAME],
        inner: &[nn::ReshapeOp::NAME],
        when: |g, at| behind_units(g, at, true).is_some(),
        build: |g, at| {
            let padding = match behind_units(g, at, true) {
                Some(padding) => padding,
                None => behind_units(g, at, false)?,
            };
            let (x, to) = (at.inner().operands[0], g.shape(at.root.class));
            let shape = nn::padded(&g.shape(x), &padding)?;
            let ty = g.ty(at.root.class);
            let ty = shaped(g, ty, &shape)?;
            let padding = g.module_mut().i64s_attr(&padding);
            let inside = g.add_like(&at.root, &[x], &[("padding", padding)], ty);
            Some(g.reshape(inside, &to))
        },
    },
];

/// A pad of what the root makes of the pad's operand, by what it makes of the element that is added.
fn pad_behind(g: &mut Graph, at: &Match) -> Option<Id> {
    let (f, pad) = (&at.root, at.inner());
    let mut args: SmallVec<[Datum; 2]> = SmallVec::new();
    args.push(Datum::Bytes(element(g, pad)?.into()));
    for &table in &f.operands[1..] {
        args.push(Datum::Bytes(bytes(g, table)?));
    }
    let Datum::Bytes(added) = g.interpret_as(f, &[Some(&[1])], &[1], &args)? else {
        return None;
    };
    let (x, ty) = (pad.operands[0], g.ty(f.class));
    let shape = g.shape(x);
    let inside = shaped(g, ty, &shape)?;
    let mut operands = f.operands.clone();
    operands[0] = x;
    let value = match added[..] {
        [b] => {
            let i8 = g.module_mut().i8();
            g.module_mut().int_attr(i64::from(b as i8), i8)
        }
        [a, b, c, d] => g.module_mut().f32_attr(f32::from_le_bytes([a, b, c, d])),
        _ => return None,
    };
    let padded = g.add_like(f, &operands, &[], inside);
    Some(g.add_like(pad, &[padded], &[("value", value)], ty))
}

/// The padding of a reshape's operand instead of its result; unless `strictly`, whatever shape it has of as many dimensions.
fn behind_units(g: &Graph, at: &Match, strictly: bool) -> Option<Vec<i64>> {
    let (from, to) = (g.shape(at.inner().operands[0]), g.shape(at.inner().class));
    let padding = g.list(&at.root, "padding");
    let pairs: Vec<&[i64]> = padding.chunks_exact(2).collect();
    if !strictly {
        return (from.len() == to.len()).then_some(padding.clone());
    }
    let wide =
        |shape: &[i64]| -> Vec<usize> { (0..shape.len()).filter(|&d| shape[d] != 1).collect() };
    let (old, new) = (wide(&from), wide(&to));
    let same = old.len() == new.len() && old.iter().zip(&new).all(|(&a, &b)| from[a] == to[b]);
    let units = (0..to.len()).filter(|d| !new.contains(d));
    if !same
        || !units
            .into_iter()
            .all(|d| pairs.get(d) == Some(&&[0, 0][..]))
    {
        return None;
    }
    let mut moved = vec![0; 2 * from.len()];
    for (&a, &b) in old.iter().zip(&new) {
        moved[2 * a..2 * a + 2].copy_from_slice(pairs.get(b)?);
    }
    Some(moved)
}

/// Rows before and behind, columns before and behind that a pad adds.
fn border(g: &Graph, pad: &Node) -> Option<[i64; 4]> {
    match g.list(pad, "padding")[..] {
        [_, _, top, bottom, left, right, _, _] => Some([top, bottom, left, right]),
        _ => None,
    }
}

/// Whether a pad adds to rows and columns of images only.
fn is_of_images(g: &Graph, pad: &Node) -> bool {
    matches!(g.list(pad, "padding")[..], [0, 0, _, _, _, _, 0, 0])
}

/// The stored bytes of what a pad adds.
fn element(g: &mut Graph, pad: &Node) -> Option<Vec<u8>> {
    let op = g.probe(pad, false);
    let element = nn::pad_element(g.module().op(op));
    g.end_probe(op);
    element
}

/// Whether what a pad adds means 0.
fn means_zero(g: &mut Graph, pad: &Node) -> bool {
    let Some(element) = element(g, pad) else {
        return false;
    };
    let ty = g.ty(pad.class);
    match (g.module().quant_of(ty), &element[..]) {
        (Some(q), &[b]) => q.axis.is_none() && q.zero_point(0) == i64::from(b as i8),
        (None, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]) == 0.0,
        _ => false,
    }
}

/// Whether all elements of a constant are numbers: 0 times another is 0.
fn is_finite(g: &mut Graph, filter: Id) -> bool {
    let float = |b: &[u8]| b.try_into().map(f32::from_le_bytes);
    bytes(g, filter).is_some_and(|b| {
        b.chunks_exact(4)
            .all(|b| float(b).is_ok_and(f32::is_finite))
    })
}

/// Whether what a pad adds is below or equal to everything that can be in its operand.
fn is_never_above(g: &mut Graph, pad: &Node) -> bool {
    let Some(element) = element(g, pad) else {
        return false;
    };
    let x = pad.operands[0];
    match element[..] {
        [b] if is_int8(g, x) => i64::from(b as i8) <= least(g, x),
        // A pool starts from the lowest finite number, so that nothing below it counts.
        [a, b, c, d] if is_float(g, x) => f32::from_le_bytes([a, b, c, d]) <= f32::MIN,
        _ => false,
    }
}

/// A stored number that no element of an int8 class is below: the zero point, if some op of it keeps to what is not negative.
fn least(g: &Graph, class: Id) -> i64 {
    let zero = g.module().quant_of(g.ty(class)).map(|q| q.zero_point(0));
    let is_positive = |n: &Node| {
        let fused = g.prop(n, "activation");
        let fused = fused.and_then(|a| g.module().attr_str(a));
        let relu6 = g.name(n) == nn::Relu6Op::NAME && g.ty(n.operands[0]) == g.ty(class);
        matches!(fused, Some("relu" | "relu6")) || g.name(n) == nn::ReluOp::NAME || relu6
    };
    match zero {
        Some(zero) if g.nodes(class).iter().any(is_positive) => zero.max(-128),
        _ => -128,
    }
}

/// The window of a root, rows and columns of what is padded, and the border around it.
fn windows(g: &Graph, at: &Match) -> Option<(Window, [i64; 2], [i64; 4])> {
    let window = Window::of(g, &at.root)?;
    match g.shape(at.inner().operands[0])[..] {
        [_, h, w, _] => Some((window, [h, w], border(g, at.inner())?)),
        _ => None,
    }
}

/// Whether the pads of a pool are smaller than its kernel, so that each of its windows has a tap in the image.
fn is_within_taps(window: &Window, image: [i64; 2], border: [i64; 4]) -> bool {
    let sum = sum(window, image, border);
    (0..4).all(|i| sum[i] < window.kernel[i / 2])
}

/// The pads of the window if it reads what is padded, with no more behind than it reaches.
fn sum(window: &Window, image: [i64; 2], border: [i64; 4]) -> [i64; 4] {
    let mut sum = [0; 4];
    for d in 0..2 {
        let before = window.pads[2 * d] + border[2 * d];
        let last = (window.output[d] - 1) * window.strides[d];
        let reach = last + (window.kernel[d] - 1) * window.dilations[d] + 1;
        sum[2 * d] = before;
        sum[2 * d + 1] = (reach - before - image[d]).max(0);
    }
    sum
}

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let (window, image, border) = windows(g, at)?;
    let sum = sum(&window, image, border);
    if sum.iter().any(|&p| p > MOST_PADS) {
        return None;
    }
    let pads = g.module_mut().i64s_attr(&sum);
    let mut operands = at.root.operands.clone();
    operands[0] = at.inner().operands[0];
    let ty = g.ty(at.root.class);
    Some(g.add_like(&at.root, &operands, &[("pads", pads)], ty))
}
