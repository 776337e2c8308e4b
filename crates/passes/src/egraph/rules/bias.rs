//! Constants that are added to what a layer computes go into its bias, and those that it is multiplied by into its weights.
//!
//! Such are batch normalisations that an exporter left apart, and biases that it writes as sums. For int8 the sum rounds once more than the
//! bias does, so it stays.

use super::parts::{bytes, has_activation, is_float};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;

const LAYERS: &[&str] = &[
    nn::Conv2dOp::NAME,
    nn::DepthwiseConv2dOp::NAME,
    nn::FullyConnectedOp::NAME,
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "sum-as-bias",
        family: "bias",
        equation: "add(op(x, w), c) = op(x, w, c), on either side",
        condition: "all is float, op has no activation, and c is a constant of one element a channel, of which none is above 10³⁰",
        soundness: Soundness::Exact,
        roots: &[nn::AddOp::NAME],
        inner: &[],
        when: |g, at| {
            let found = operands(g, &at.root, 2, true);
            found.is_some_and(|(_, c)| is_small(g, c))
        },
        build: |g, at| {
            let (layer, c) =
                operands(g, &at.root, 2, true).or_else(|| operands(g, &at.root, 2, false))?;
            let channels = g.shape(layer.class).last().copied()?;
            let bias = g.reshape(c, &[channels]);
            with_bias(g, at, &layer, bias)
        },
    },
    Rule {
        name: "sum-into-bias",
        family: "bias",
        equation: "add(op(x, w, b), c) = op(x, w, b + c), on either side, up to the order of sums",
        condition: "all is float, op has no activation, and c is a constant of one element a channel",
        soundness: Soundness::Fast,
        roots: &[nn::AddOp::NAME],
        inner: &[],
        when: |g, at| operands(g, &at.root, 3, true).is_some(),
        build: |g, at| {
            let (layer, c) =
                operands(g, &at.root, 3, true).or_else(|| operands(g, &at.root, 3, false))?;
            let channels = g.shape(layer.class).last().copied()?;
            let more = g.reshape(c, &[channels]);
            let none = g.module_mut().str_attr("none");
            let (b, ty) = (layer.operands[2], g.ty(layer.operands[2]));
            let sum = g.add(nn::AddOp::NAME, &[b, more], &[("activation", none)], ty);
            with_bias(g, at, &layer, sum)
        },
    },
    Rule {
        name: "difference-into-bias",
        family: "bias",
        equation: "sub(op(x, w, b), c) = op(x, w, b − c) up to the order of sums",
        condition: "all is float, op has no activation, and c is a constant of one element a channel",
        soundness: Soundness::Fast,
        roots: &[nn::SubOp::NAME],
        inner: LAYERS,
        when: |g, at| layer_behind(g, at, 3, true).is_some(),
        build: |g, at| {
            let found = layer_behind(g, at, 3, true).or_else(|| layer_behind(g, at, 3, false));
            let (layer, c) = found?;
            let channels = g.shape(layer.class).last().copied()?;
            let less = g.reshape(c, &[channels]);
            let none = g.module_mut().str_attr("none");
            let (b, ty) = (layer.operands[2], g.ty(layer.operands[2]));
            let bias = g.add(nn::SubOp::NAME, &[b, less], &[("activation", none)], ty);
            with_bias(g, at, &layer, bias)
        },
    },
    Rule {
        name: "scale-into-weights",
        family: "bias",
        equation: "mul(op(x, w, b), c) = op(x, w·c, b·c), on either side, up to rounding",
        condition: "all is float, op has no activation, and w, b and c are constants, c of one element a channel",
        soundness: Soundness::Fast,
        roots: &[nn::MulOp::NAME],
        inner: &[],
        when: |g, at| scaled(g, &at.root, true).is_some(),
        build: |g, at| {
            let (layer, c) = scaled(g, &at.root, true).or_else(|| scaled(g, &at.root, false))?;
            let channels = g.shape(layer.class).last().copied()?;
            let none = g.module_mut().str_attr("none");
            let mut operands = layer.operands.clone();
            for (i, weights) in operands.iter_mut().enumerate().skip(1) {
                // Channels are the last dimension of a bias and of a depthwise filter, the first of other filters.
                let last = i > 1 || g.name(&layer) == nn::DepthwiseConv2dOp::NAME;
                let behind = if last { 0 } else { g.shape(*weights).len() - 1 };
                let shape = [vec![channels], vec![1; behind]].concat();
                let (by, ty) = (g.reshape(c, &shape), g.ty(*weights));
                *weights = g.add(
                    nn::MulOp::NAME,
                    &[*weights, by],
                    &[("activation", none)],
                    ty,
                );
            }
            let activation = g.prop(&at.root, "activation")?;
            let ty = g.ty(at.root.class);
            Some(g.add_like(&layer, &operands, &[("activation", activation)], ty))
        },
    },
];

/// The layer of a product with constant weights, and what it is multiplied by; `strictly` as for [`operands`].
fn scaled(g: &Graph, root: &Node, strictly: bool) -> Option<(Node, Id)> {
    let found = operands(g, root, 2, strictly).or_else(|| operands(g, root, 3, strictly));
    found.filter(|(layer, _)| layer.operands[1..].iter().all(|&w| g.is_constant(w)))
}

/// The layer of a difference, and what is taken from it; not the other way round.
fn layer_behind(g: &Graph, at: &Match, count: usize, strictly: bool) -> Option<(Node, Id)> {
    let found = operands(g, &at.root, count, strictly);
    found.filter(|(_, c)| g.egraph.find(*c) == g.egraph.find(at.root.operands[1]))
}

/// The layer of a sum, difference or product with so many operands, and what is added to it, taken from it, or multiplied by it. Unless `strictly`, any constant is, to a layer with any activation.
fn operands(g: &Graph, root: &Node, count: usize, strictly: bool) -> Option<(Node, Id)> {
    let both = [(0, 1), (1, 0)];
    both.into_iter().find_map(|(this, other)| {
        let c = root.operands[other];
        let layers = g.nodes(root.operands[this]).into_iter();
        let mut layers =
            layers.filter(|n| LAYERS.contains(&g.name(n)) && n.operands.len() == count);
        let shape = g.shape(c);
        let channels = *g.shape(root.class).last()?;
        let channelwise =
            shape.last() == Some(&channels) && shape.iter().product::<i64>() == channels;
        let fits = |n: &Node| {
            !strictly
                || (has_activation(g, n, "none")
                    && is_float(g, root.class)
                    && channelwise
                    && filter_channels(g, n) == Some(channels)
                    && g.shape(n.class) == g.shape(root.class))
        };
        let layer = g.is_constant(c).then(|| layers.find(fits))??;
        Some((layer, c))
    })
}

/// The channels that a layer computes.
fn filter_channels(g: &Graph, layer: &Node) -> Option<i64> {
    let shape = g.shape(layer.operands[1]);
    match g.name(layer) == nn::DepthwiseConv2dOp::NAME {
        true => shape.last().copied(),
        false => shape.first().copied(),
    }
}

/// Whether no element changes what is beyond the largest finite number: a layer without an activation clamps there.
fn is_small(g: &mut Graph, c: Id) -> bool {
    let float = |b: &[u8]| b.try_into().map(f32::from_le_bytes);
    bytes(g, c).is_some_and(|b| {
        b.chunks_exact(4)
            .all(|b| float(b).is_ok_and(|x| x.abs() <= 1e30))
    })
}

/// The layer with a bias, and with the activation of the sum.
fn with_bias(g: &mut Graph, at: &Match, layer: &Node, bias: Id) -> Option<Id> {
    let activation = g.prop(&at.root, "activation")?;
    let mut operands = layer.operands.clone();
    operands.truncate(2);
    operands.push(bias);
    let ty = g.ty(at.root.class);
    Some(g.add_like(layer, &operands, &[("activation", activation)], ty))
}
