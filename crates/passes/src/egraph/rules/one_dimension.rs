//! What moves along one dimension only may move along rows or columns.
//!
//! Where an image has one row or column, swapping the two is a view; then a window of one row or column adds its taps in the same order.
//! Which one is cheaper depends on the schedules: most of them work along a row.

use super::parts::{Window, shaped};
use crate::egraph::graph::Graph;
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use smallvec::SmallVec;

pub(super) const RULES: &[Rule] = &[Rule {
    name: "rows-as-columns",
    family: "one_dimension",
    equation: "op(x, w, b) = reshape(op(reshape(x), reshape(w), b)) with rows and columns exchanged, a convolution or pool",
    condition: "input, window and result have one row or one column each",
    soundness: Soundness::Exact,
    roots: &[
        nn::Conv2dOp::NAME,
        nn::DepthwiseConv2dOp::NAME,
        nn::AveragePool2dOp::NAME,
        nn::MaxPool2dOp::NAME,
    ],
    inner: &[],
    when: |g, at| {
        let thin = |pair: [i64; 2]| pair.contains(&1);
        Window::of(g, &at.root).is_some_and(|w| thin(w.input) && thin(w.kernel) && thin(w.output))
    },
    build,
}];

/// The shape with dimensions 1 and 2 exchanged.
fn exchanged(shape: &[i64]) -> Option<[i64; 4]> {
    match *shape {
        [a, h, w, b] => Some([a, w, h, b]),
        _ => None,
    }
}

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let root = &at.root;
    let window = Window::of(g, root)?;
    // Single pixels are rows of a matrix product: another form is no news.
    if window.kernel == [1, 1] {
        return None;
    }
    let mut operands: SmallVec<[Id; 3]> = root.operands.clone();
    for operand in operands.iter_mut().take(2) {
        let shape = exchanged(&g.shape(*operand))?;
        *operand = g.reshape(*operand, &shape);
    }
    let mut changed = Vec::new();
    for name in ["kernel", "strides", "dilations"] {
        if let &[a, b] = g.list(root, name).as_slice() {
            changed.push((name, g.module_mut().i64s_attr(&[b, a])));
        }
    }
    let [top, bottom, left, right] = window.pads;
    let pads = g.module_mut().i64s_attr(&[left, right, top, bottom]);
    changed.push(("pads", pads));
    let (shape, ty) = (g.shape(root.class), g.ty(root.class));
    let ty = shaped(g, ty, &exchanged(&shape)?)?;
    let turned = g.add_like(root, &operands, &changed, ty);
    Some(g.reshape(turned, &shape))
}
