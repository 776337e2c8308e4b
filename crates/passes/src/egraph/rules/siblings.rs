//! Layers that read one tensor, and whose results are put together, are one layer with more channels.

use super::parts::{bytes, constant, int};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use ir::{QuantType, Type};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "layers-side-by-side",
    family: "siblings",
    equation: "concatenation(op(x, w, b), op(x, v, c), …) = op(x, (w, v, …), (b, c, …)), conv_2d or fully_connected",
    condition: "all read x with one window and activation, channels are put together, and w, v, b, c, … are constants of one zero point, and of one scale if that is not 0",
    soundness: Soundness::Exact,
    roots: &[nn::ConcatenationOp::NAME],
    inner: &[nn::Conv2dOp::NAME, nn::FullyConnectedOp::NAME],
    when: |g, at| at.root.operands.len() > 1 && layers(g, at, true).is_some(),
    build: |g, at| {
        let layers = layers(g, at, true).or_else(|| layers(g, at, false))?;
        one_layer(g, at, &layers)
    },
}];

/// The layer behind each operand, all alike but for their weights; unless `strictly`, any of the same name.
fn layers(g: &mut Graph, at: &Match, strictly: bool) -> Option<Vec<Node>> {
    let first = at.inner();
    let rank = g.shape(at.root.class).len() as i64;
    if strictly && int(g, &at.root, "axis")? != rank - 1 {
        return None;
    }
    let zero = |g: &Graph, n: &Node| {
        g.module()
            .quant_of(g.ty(n.operands[1]))
            .map(|q| q.zero_points[0])
    };
    let elem = |g: &Graph, n: &Node| g.module().type_data(g.ty(n.operands[1])).elem();
    let props = g.props(first);
    let mut layers = Vec::new();
    for &operand in &at.root.operands {
        let layer = g.nodes(operand).into_iter().find(|n| {
            g.name(n) == g.name(first)
                && (!strictly
                    || g.egraph.find(n.operands[0]) == g.egraph.find(first.operands[0])
                        && g.props(n) == props
                        && g.shape(n.operands[1])[1..] == g.shape(first.operands[1])[1..]
                        && zero(g, n) == zero(g, first)
                        // Zero points of several scales do not count.
                        && (zero(g, n).is_none_or(|z| z == 0) || elem(g, n) == elem(g, first))
                        && g.shape(n.class).last() == Some(&channels(g, n)))
        })?;
        for &weights in &layer.operands[1..] {
            g.value(weights)?;
        }
        layers.push(layer);
    }
    Some(layers)
}

/// The channels of a layer.
fn channels(g: &Graph, layer: &Node) -> i64 {
    g.shape(layer.operands[1])[0]
}

fn one_layer(g: &mut Graph, at: &Match, layers: &[Node]) -> Option<Id> {
    let mut filter = Vec::new();
    let mut bias = Vec::new();
    let biased = layers.iter().any(|n| n.operands.len() > 2);
    for layer in layers {
        filter.extend_from_slice(&bytes(g, layer.operands[1])?);
        match layer.operands.get(2) {
            Some(&b) => bias.extend_from_slice(&bytes(g, b)?),
            // Float or i32, 0 is four bytes of 0.
            None => bias.resize(bias.len() + 4 * channels(g, layer) as usize, 0),
        }
    }
    let all: i64 = layers.iter().map(|n| channels(g, n)).sum();
    let mut operands = at.inner().operands.clone();
    operands.truncate(1);
    let ty = filter_type(g, layers, all)?;
    operands.push(constant(g, ty, filter)?);
    if biased {
        let m = g.module_mut();
        let elem = match m.quant_of(ty) {
            Some(_) => m.int(32),
            None => m.f32(),
        };
        let ty = m.tensor(&[all], elem);
        operands.push(constant(g, ty, bias)?);
    }
    let result = g.ty(at.root.class);
    Some(g.add_like(at.inner(), &operands, &[], result))
}

/// The type of all filters one after the other: of one scale if all have the same one, else of one a channel.
fn filter_type(g: &mut Graph, layers: &[Node], all: i64) -> Option<Type> {
    let mut shape = g.shape(layers[0].operands[1]);
    shape[0] = all;
    let elems = layers
        .iter()
        .map(|n| g.module().type_data(g.ty(n.operands[1])).elem());
    let elems: Vec<Type> = elems.collect::<Option<_>>()?;
    if elems
        .iter()
        .all(|&e| e == elems[0] && g.module().quant_of(e).is_none_or(|q| q.axis.is_none()))
    {
        return Some(g.module_mut().tensor(&shape, elems[0]));
    }
    let (mut scales, mut zeros) = (Vec::new(), Vec::new());
    for (layer, &elem) in layers.iter().zip(&elems) {
        let q = g.module().quant_of(elem)?;
        for i in 0..channels(g, layer) as usize {
            scales.push(q.scale(i));
            zeros.push(q.zero_point(i));
        }
    }
    let q = QuantType::per_axis(8, 0, scales, zeros);
    let elem = g.module_mut().quant(q);
    Some(g.module_mut().tensor(&shape, elem))
}
