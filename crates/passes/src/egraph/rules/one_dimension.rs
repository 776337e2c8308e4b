//! What moves along one dimension only may move along rows or columns.
//!
//! Where an image has one row or column, swapping the two is a view; then a window of one row or column adds its taps in the same order.
//! Which one is cheaper depends on the schedules: most of them work along a row.

use super::parts::{EXCHANGE, Window, exchanged};
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

fn build(g: &mut Graph, at: &Match) -> Option<Id> {
    let root = &at.root;
    // Single pixels are rows of a matrix product: another form is no news.
    if Window::of(g, root)?.kernel == [1, 1] {
        return None;
    }
    let mut operands: SmallVec<[Id; 3]> = root.operands.clone();
    for operand in operands.iter_mut().take(2) {
        let shape = nn::permuted(&g.shape(*operand), &EXCHANGE)?;
        *operand = g.reshape(*operand, &shape);
    }
    let shape = g.shape(root.class);
    let turned = exchanged(g, root, &operands)?;
    Some(g.reshape(turned, &shape))
}
