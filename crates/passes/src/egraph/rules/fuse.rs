//! What follows an int8 layer is done while the layer stores its output: sums with other tensors of its shape, and tables.
//!
//! Both sides compute the same by definition, since an `nn.fused` is what its region computes. The side condition is what the kernels of
//! layers can do: without it there would be ops that nothing lowers.

use super::parts::bytes;
use crate::egraph::body::{Cut, fused};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::matching::{Matched, Operand};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn::{self, Element, element};

const LAYERS: [&str; 3] = [
    nn::Conv2dOp::NAME,
    nn::DepthwiseConv2dOp::NAME,
    nn::FullyConnectedOp::NAME,
];

/// Ops behind a layer at most.
const LONGEST: usize = 3;

/// Ways in which a value is computed that are looked at, at most.
const MOST: usize = 8;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "sum-while-storing",
        family: "fuse",
        equation: "layer(x…) + r = fused(x…, r), also r + layer(x…), and behind other steps",
        condition: "all is int8, r has the layer's shape, and the layer's weights are constant, of int8 without their zero point",
        soundness: Soundness::Exact,
        roots: &[nn::AddOp::NAME],
        inner: &[],
        when: |g, at| !fitting(g, at).is_empty(),
        build,
    },
    Rule {
        name: "table-while-storing",
        family: "fuse",
        equation: "lookup_table(layer(x…), t) = fused(x…), also behind other steps",
        condition: "all is int8, and the table and the layer's weights are constant, of int8 without their zero point",
        soundness: Soundness::Exact,
        roots: &[nn::LookupTableOp::NAME],
        inner: &[],
        when: |g, at| !fitting(g, at).is_empty(),
        build,
    },
];

/// The positions of the operand that the layer may be behind.
fn positions(g: &Graph, node: &Node) -> &'static [usize] {
    match g.name(node) {
        nn::AddOp::NAME => &[0, 1],
        nn::LookupTableOp::NAME => &[0],
        _ => &[],
    }
}

/// A step with the layer behind it, in all ways.
fn steps(g: &Graph, node: &Node, longest: usize) -> Vec<Matched> {
    let mut all = Vec::new();
    for &at in positions(g, node) {
        for inner in behind(g, node.operands[at], longest - 1) {
            let mut operands: Vec<Operand> =
                node.operands.iter().map(|&c| Operand::Leaf(c)).collect();
            operands[at] = Operand::Inner(Box::new(inner));
            all.push(Matched {
                node: node.clone(),
                operands,
            });
        }
    }
    all.truncate(MOST);
    all
}

/// The layers that compute a class, and the steps behind layers.
fn behind(g: &Graph, class: Id, longest: usize) -> Vec<Matched> {
    let mut all = Vec::new();
    for node in g.nodes(class) {
        if LAYERS.contains(&g.name(&node)) {
            let operands = node.operands.iter().map(|&c| Operand::Leaf(c)).collect();
            all.push(Matched { node, operands });
        } else if longest > 0 {
            all.extend(steps(g, &node, longest));
        }
    }
    all
}

/// Whether the kernels of layers can do it.
fn fits(g: &mut Graph, matched: &Matched) -> bool {
    let int8 = |g: &Graph, class: Id| element(g.module(), g.ty(class)) == Element::QuantI8;
    let shape = g.shape(matched.node.class);
    let leaves = matched.operands.iter().filter_map(|o| match o {
        Operand::Leaf(class) => Some(*class),
        Operand::Inner(_) => None,
    });
    let leaves: Vec<Id> = leaves.collect();
    let own = match g.name(&matched.node) {
        nn::AddOp::NAME => {
            let fits = |&c: &Id| int8(g, c) && g.shape(c) == shape && !g.is_constant(c);
            leaves.iter().all(fits)
        }
        nn::LookupTableOp::NAME => leaves.iter().all(|&c| g.is_constant(c)),
        _ => {
            let [input, weights @ ..] = &leaves[..] else {
                return false;
            };
            int8(g, *input)
                && !g.is_constant(*input)
                && weights.iter().all(|&c| g.is_constant(c))
                && weights.first().is_none_or(|&c| fits_symmetric(g, c))
        }
    };
    let inner = matched.operands.iter().all(|o| match o {
        Operand::Inner(inner) => fits(g, inner) && g.shape(inner.node.class) == shape,
        Operand::Leaf(_) => true,
    });
    int8(g, matched.node.class) && own && inner
}

/// Whether a constant filter is of int8 also without its zero point; one of several scales has none.
fn fits_symmetric(g: &mut Graph, filter: Id) -> bool {
    let ty = g.ty(filter);
    let zero_point = match g.module().quant_of(ty) {
        Some(q) if q.axis.is_none() => q.zero_point(0),
        _ => 0,
    };
    let fits = |&b: &u8| i8::try_from(i64::from(b as i8) - zero_point).is_ok();
    zero_point == 0 || bytes(g, filter).is_some_and(|b| b.iter().all(fits))
}

fn fitting(g: &mut Graph, at: &Match) -> Vec<Matched> {
    let mut all = steps(g, &at.root, LONGEST);
    all.retain(|m| fits(g, m));
    all
}

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let mut all = fitting(g, at);
    if all.is_empty() {
        all = steps(g, &at.root, LONGEST);
    }
    let result = g.ty(at.root.class);
    let mut one = None;
    for matched in &all {
        let cut = Cut::of(g, matched);
        let operator = fused(g, cut.body, result);
        g.adding_for(&matched.nodes());
        let class = g.add_op(operator, &cut.inputs);
        if let Some(other) = one.replace(class) {
            g.equate(other, class);
        }
    }
    one
}
