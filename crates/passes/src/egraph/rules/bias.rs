//! Constants that are added to what a layer computes go into its bias.
//!
//! This is what is left of a batch normalisation once its scale is in the weights, and of exporters that write a bias as a sum. For int8
//! the sum rounds once more than the bias does, so it stays.

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
];

/// The layer of a sum with so many operands, and what is added to it. Unless `strictly`, any constant is, to a layer with any activation.
fn operands(g: &Graph, add: &Node, count: usize, strictly: bool) -> Option<(Node, Id)> {
    let both = [(0, 1), (1, 0)];
    both.into_iter().find_map(|(this, other)| {
        let c = add.operands[other];
        let layers = g.nodes(add.operands[this]).into_iter();
        let mut layers =
            layers.filter(|n| LAYERS.contains(&g.name(n)) && n.operands.len() == count);
        let shape = g.shape(c);
        let channels = *g.shape(add.class).last()?;
        let channelwise =
            shape.last() == Some(&channels) && shape.iter().product::<i64>() == channels;
        let fits = |n: &Node| {
            !strictly
                || (has_activation(g, n, "none")
                    && is_float(g, add.class)
                    && channelwise
                    && filter_channels(g, n) == Some(channels)
                    && g.shape(n.class) == g.shape(add.class))
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
