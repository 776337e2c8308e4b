//! Fully connected layers are convolutions whose window is one pixel, or the whole image.
//!
//! Both sides add the same products in the same order and requantise by the same multipliers.

use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "fully-connected-as-convolution",
        family: "fully_connected",
        equation: "fully_connected(x, w, b) = reshape(conv_2d(reshape(x), reshape(w), b)), window 1×1",
        condition: "none",
        soundness: Soundness::Exact,
        roots: &[nn::FullyConnectedOp::NAME],
        inner: &[],
        when: |_, _| true,
        build: as_convolution,
    },
    Rule {
        name: "convolution-as-fully-connected",
        family: "fully_connected",
        equation: "conv_2d(x, w, b) = reshape(fully_connected(reshape(x), reshape(w), b))",
        condition: "nothing is padded, and the window is one pixel that moves by one, or the whole image",
        soundness: Soundness::Exact,
        roots: &[nn::Conv2dOp::NAME],
        inner: &[],
        when: |g, at| is_matrix_product(g, &at.root),
        build: as_fully_connected,
    },
];

fn as_convolution(g: &mut Graph, at: &Match) -> Option<Id> {
    let root = &at.root;
    let &[o, i] = g.shape(root.operands[1]).as_slice() else {
        return None;
    };
    let rows = g.module().num_elements(g.ty(root.operands[0]))? as i64 / i.max(1);
    let input = g.reshape(root.operands[0], &[1, 1, rows, i]);
    let filter = g.reshape(root.operands[1], &[o, 1, 1, i]);
    let mut operands = root.operands.clone();
    (operands[0], operands[1]) = (input, filter);
    let result = g.ty(root.class);
    let shape = g.shape(root.class);
    let activation = g.prop(root, "activation")?;
    let m = g.module_mut();
    let elem = m.type_data(result).elem()?;
    let ty = m.tensor(&[1, 1, rows, o], elem);
    let (one, none) = (m.i64s_attr(&[1, 1]), m.i64s_attr(&[0; 4]));
    let props = [
        ("activation", activation),
        ("dilations", one),
        ("pads", none),
        ("strides", one),
    ];
    let conv = g.add(nn::Conv2dOp::NAME, &operands, &props, ty);
    Some(g.reshape(conv, &shape))
}

/// Whether every output pixel is a product of the filter with elements that are contiguous in the input.
fn is_matrix_product(g: &Graph, conv: &Node) -> bool {
    let (input, filter) = (g.shape(conv.operands[0]), g.shape(conv.operands[1]));
    let ([_, h, w, _], [_, kh, kw, _]) = (input.as_slice(), filter.as_slice()) else {
        return false;
    };
    let unpadded = g.list(conv, "pads").iter().all(|&p| p == 0);
    let is_one = |name| g.list(conv, name) == [1, 1];
    let pixel = (*kh, *kw) == (1, 1) && is_one("strides");
    let image = (kh, kw) == (h, w) && is_one("dilations");
    unpadded && (pixel || image)
}

fn as_fully_connected(g: &mut Graph, at: &Match) -> Option<Id> {
    let root = &at.root;
    let &[o, kh, kw, c] = g.shape(root.operands[1]).as_slice() else {
        return None;
    };
    let depth = kh * kw * c;
    let elements = g.module().num_elements(g.ty(root.operands[0]))? as i64;
    if depth == 0 || elements % depth != 0 {
        return None;
    }
    let rows = elements / depth;
    let input = g.reshape(root.operands[0], &[rows, depth]);
    let filter = g.reshape(root.operands[1], &[o, depth]);
    let mut operands = root.operands.clone();
    (operands[0], operands[1]) = (input, filter);
    let shape = g.shape(root.class);
    let activation = g.prop(root, "activation")?;
    let result = g.ty(root.class);
    let m = g.module_mut();
    let elem = m.type_data(result).elem()?;
    let ty = m.tensor(&[rows, o], elem);
    let props = [("activation", activation)];
    let product = g.add(nn::FullyConnectedOp::NAME, &operands, &props, ty);
    (shape.iter().product::<i64>() == rows * o).then(|| g.reshape(product, &shape))
}
