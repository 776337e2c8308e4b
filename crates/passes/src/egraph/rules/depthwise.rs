//! A convolution of one channel is a depthwise convolution, whose multiplier is the number of results.
//!
//! Both add the same products in the same order. The weights change their layout at compile time.

use super::parts::{permuted_constant, shaped_along};
use crate::egraph::graph::Graph;
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "convolution-as-depthwise",
        family: "depthwise",
        equation: "conv_2d(x, w, b) = depthwise_conv_2d(x, permuted w, b)",
        condition: "x has one channel, and w is a constant",
        soundness: Soundness::Exact,
        roots: &[nn::Conv2dOp::NAME],
        inner: &[],
        when: has_one_channel,
        build: |g, at| {
            let &[o, h, w, i] = g.shape(at.root.operands[1]).as_slice() else {
                return None;
            };
            other(
                g,
                at,
                nn::DepthwiseConv2dOp::NAME,
                [o, h * w * i],
                [i, h, w, o],
                3,
            )
        },
    },
    Rule {
        name: "depthwise-as-convolution",
        family: "depthwise",
        equation: "depthwise_conv_2d(x, w, b) = conv_2d(x, permuted w, b)",
        condition: "x has one channel, and w is a constant",
        soundness: Soundness::Exact,
        roots: &[nn::DepthwiseConv2dOp::NAME],
        inner: &[],
        when: has_one_channel,
        build: |g, at| {
            let &[i, h, w, o] = g.shape(at.root.operands[1]).as_slice() else {
                return None;
            };
            other(g, at, nn::Conv2dOp::NAME, [i * h * w, o], [o, h, w, i], 0)
        },
    },
];

fn has_one_channel(g: &mut Graph, at: &Match) -> bool {
    let channels = g.shape(at.root.operands[0]).last().copied();
    channels == Some(1) && g.value(at.root.operands[1]).is_some()
}

/// The other kind of convolution, whose weights are those of a matrix of shape `view`, transposed.
fn other(
    g: &mut Graph,
    at: &Match,
    name: &str,
    view: [i64; 2],
    shape: [i64; 4],
    axis: u32,
) -> Option<Id> {
    let root = &at.root;
    let ty = g.ty(root.operands[1]);
    let ty = shaped_along(g, ty, &shape, axis)?;
    let mut operands = root.operands.clone();
    operands[1] = permuted_constant(g, root.operands[1], &view, &[1, 0], ty)?;
    let props = g.props(root);
    let props: Vec<(&str, ir::Attr)> = props.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let ty = g.ty(root.class);
    Some(g.add(name, &operands, &props, ty))
}
