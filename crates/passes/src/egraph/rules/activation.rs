//! Activations that stand alone go into the op that computes their operand, as its fused activation; and what clamps to all of int8 goes.
//!
//! Where an activation has one type in and out it is a clamp: for int8 it multiplies by 1 at most, which is exact. What it does between two
//! types is a requantisation of its own, whose rounding no fused activation repeats.

use super::parts::{is_float, is_int8};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use interp::numerics::activation::relu6_i8_clamp;
use interp::numerics::{Activation, ClampI8};
use ir::dialects::nn;

const ACTIVATIONS: &[&str] = &[nn::ReluOp::NAME, nn::Relu6Op::NAME];

const PRODUCERS: &[&str] = &[
    nn::Conv2dOp::NAME,
    nn::DepthwiseConv2dOp::NAME,
    nn::FullyConnectedOp::NAME,
    nn::AveragePool2dOp::NAME,
    nn::MaxPool2dOp::NAME,
    nn::AddOp::NAME,
    nn::SubOp::NAME,
    nn::MulOp::NAME,
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "activation-into-producer",
        family: "activation",
        equation: "f(op{activation = g}(x…)) = op{activation = f ∘ g}(x…)",
        condition: "f has one type in and out, and f ∘ g is one of the fused activations",
        soundness: Soundness::Exact,
        roots: ACTIVATIONS,
        inner: PRODUCERS,
        when: |g, at| g.ty(at.inner().class) == g.ty(at.root.class) && composed(g, at).is_some(),
        build,
    },
    Rule {
        name: "idle-fused-activation",
        family: "activation",
        equation: "op{activation = f}(x…) = op{activation = none}(x…)",
        condition: "the result is int8, and f's bounds are those of int8 or beyond",
        soundness: Soundness::Exact,
        roots: PRODUCERS,
        inner: &[],
        when: |g, at| fused(g, &at.root).is_some_and(|f| clamps_nothing(g, f, at.root.class)),
        build: |g, at| {
            let none = g.module_mut().str_attr("none");
            let ty = g.ty(at.root.class);
            Some(g.add_like(&at.root, &at.root.operands, &[("activation", none)], ty))
        },
    },
    Rule {
        name: "idle-activation",
        family: "activation",
        equation: "f(x) = x",
        condition: "x and the result have one int8 type, and f's bounds are those of int8 or beyond",
        soundness: Soundness::Exact,
        roots: ACTIVATIONS,
        inner: &[],
        when: |g, at| {
            let (x, y) = (at.root.operands[0], at.root.class);
            let f = alone(g, &at.root);
            g.ty(x) == g.ty(y) && clamps_nothing(g, f, y) && !is_bound_by_input(g, &at.root)
        },
        build: |_, at| Some(at.root.operands[0]),
    },
    Rule {
        name: "activation-before-quantize",
        family: "activation",
        equation: "quantize(f(x)) = quantize(x)",
        condition: "x is float, the result has one scale, and f's bounds are those of int8 or beyond",
        soundness: Soundness::Exact,
        roots: &[nn::QuantizeOp::NAME],
        inner: ACTIVATIONS,
        when: |g, at| {
            let f = alone(g, at.inner());
            is_float(g, at.inner().operands[0]) && clamps_nothing(g, f, at.root.class)
        },
        build: |g, at| {
            let ty = g.ty(at.root.class);
            Some(g.add_like(&at.root, &[at.inner().operands[0]], &[], ty))
        },
    },
];

/// The fused activation of a node, if it is one of those that clamp.
fn fused(g: &Graph, node: &Node) -> Option<Activation> {
    let name = g.prop(node, "activation")?;
    match g.module().attr_str(name)? {
        "relu" => Some(Activation::Relu),
        "relu6" => Some(Activation::Relu6),
        "relu_n1_to_1" => Some(Activation::ReluN1To1),
        _ => None,
    }
}

/// The activation that an op is.
fn alone(g: &Graph, node: &Node) -> Activation {
    match g.name(node) == nn::Relu6Op::NAME {
        true => Activation::Relu6,
        false => Activation::Relu,
    }
}

/// Scale and zero point of an int8 class of one scale.
fn scale_and_zero(g: &Graph, class: Id) -> Option<(f32, i32)> {
    let q = g
        .module()
        .quant_of(g.ty(class))
        .filter(|_| is_int8(g, class))?;
    Some((q.scale(0) as f32, i32::try_from(q.zero_point(0)).ok()?))
}

/// Whether the bounds of an activation, in units of an int8 class, leave every int8 as it is.
fn clamps_nothing(g: &Graph, f: Activation, class: Id) -> bool {
    let clamp = scale_and_zero(g, class).and_then(|(s, z)| ClampI8::new(f, s, z).ok());
    clamp == Some(ClampI8::FULL)
}

/// Whether an op is a relu6 whose bounds, which it rounds in a way of its own, clamp something.
fn is_bound_by_input(g: &Graph, node: &Node) -> bool {
    let clamp = scale_and_zero(g, node.operands[0]).and_then(|(s, z)| relu6_i8_clamp(s, z).ok());
    g.name(node) == nn::Relu6Op::NAME && clamp != Some(ClampI8::FULL)
}

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
