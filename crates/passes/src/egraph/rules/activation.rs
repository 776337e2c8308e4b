//! Activations that stand alone go into the op that computes their operand, as its fused activation.
//!
//! Where an activation has one type in and out it is a clamp: for int8 it multiplies by 1 at most, which is exact. What it does between two
//! types is a requantisation of its own, whose rounding no fused activation repeats.

use crate::egraph::graph::Graph;
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;

const PRODUCERS: &[&str] = &[
    nn::Conv2dOp::NAME,
    nn::DepthwiseConv2dOp::NAME,
    nn::FullyConnectedOp::NAME,
    nn::AveragePool2dOp::NAME,
    nn::MaxPool2dOp::NAME,
    nn::AddOp::NAME,
];

pub(super) const RULES: &[Rule] = &[Rule {
    name: "activation-into-producer",
    family: "activation",
    equation: "f(op{activation = g}(x…)) = op{activation = f ∘ g}(x…)",
    condition: "f has one type in and out, and f ∘ g is one of the fused activations",
    soundness: Soundness::Exact,
    roots: &[nn::ReluOp::NAME, nn::Relu6Op::NAME],
    inner: PRODUCERS,
    when: |g, at| g.ty(at.inner().class) == g.ty(at.root.class) && composed(g, at).is_some(),
    build,
}];

/// The activation that two in a row are, if it is one of the fused ones.
fn composed(g: &Graph, at: &Match) -> Option<&'static str> {
    let fused = g.prop(at.inner(), "activation")?;
    let six = g.name(&at.root) == nn::Relu6Op::NAME;
    match g.module().attr_str(fused)? {
        "none" | "relu" if six => Some("relu6"),
        "none" | "relu" => Some("relu"),
        "relu6" => Some("relu6"),
        _ => None,
    }
}

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let name = composed(g, at)?;
    let activation = g.module_mut().str_attr(name);
    let inner = at.inner();
    let ty = g.ty(at.root.class);
    Some(g.add_like(inner, &inner.operands, &[("activation", activation)], ty))
}
