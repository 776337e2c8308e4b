//! Transposes go towards the results, until one undoes another or the weights take it.
//!
//! A transpose moves every element and computes nothing. Sinking through what works element by element brings it next to the transpose
//! that undoes it, or to a fully connected layer, whose weights are permuted at compile time instead; those of a convolution are, too, where
//! it moves rows to columns. In normal form, without dimensions
//! of extent 1 and with those merged that stay together, what moves nothing is seen to be a reshape, which is a view.

use super::parts::{
    BINARY, EXCHANGE, POINTWISE, exchanged, int, inverse, is_float, is_identity, is_int8,
    is_uniform, permuted_constant, shaped, transpose,
};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use smallvec::SmallVec;

const TRANSPOSE: &[&str] = &[nn::TransposeOp::NAME];

/// What moves a window over rows and columns.
const WINDOWED: &[&str] = &[
    nn::Conv2dOp::NAME,
    nn::DepthwiseConv2dOp::NAME,
    nn::AveragePool2dOp::NAME,
    nn::MaxPool2dOp::NAME,
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "transpose-in-normal-form",
        family: "layout",
        equation: "transpose(x, p) = reshape(transpose(reshape(x), q)), q without extents of 1, and with those merged that stay together",
        condition: "none",
        soundness: Soundness::Exact,
        roots: TRANSPOSE,
        inner: &[],
        when: |_, _| true,
        build: normal_form,
    },
    Rule {
        name: "transpose-of-transpose",
        family: "layout",
        equation: "transpose(transpose(x, p), q) = transpose(x, p ∘ q)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: TRANSPOSE,
        inner: TRANSPOSE,
        when: |_, _| true,
        build: |g, at| {
            let (first, second) = (permutation(g, at.inner()), permutation(g, &at.root));
            let both = second.iter().map(|&p| first.get(p as usize).copied());
            let both: Vec<i64> = both.collect::<Option<_>>()?;
            transpose(g, at.inner().operands[0], &both)
        },
    },
    Rule {
        name: "pointwise-of-transpose",
        family: "layout",
        equation: "f(transpose(x, p)) = transpose(f(x), p)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: POINTWISE,
        inner: TRANSPOSE,
        when: |g, at| is_uniform(g, &at.root),
        build: |g, at| {
            let x = at.inner().operands[0];
            let mut operands = at.root.operands.clone();
            operands[0] = x;
            moved(g, at, &operands, &[], &g.shape(x))
        },
    },
    Rule {
        name: "softmax-of-transpose",
        family: "layout",
        equation: "softmax(transpose(x, p)) = transpose(softmax(x), p)",
        condition: "p leaves the last dimension where it is",
        soundness: Soundness::Exact,
        roots: &[nn::SoftmaxOp::NAME],
        inner: TRANSPOSE,
        when: |g, at| {
            let p = permutation(g, at.inner());
            p.last() == Some(&(p.len() as i64 - 1))
        },
        build: |g, at| {
            let x = at.inner().operands[0];
            moved(g, at, &[x], &[], &g.shape(x))
        },
    },
    Rule {
        name: "pad-of-transpose",
        family: "layout",
        equation: "pad(transpose(x, p), q) = transpose(pad(x, p⁻¹(q)), p)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: &[nn::PadOp::NAME],
        inner: TRANSPOSE,
        when: |_, _| true,
        build: |g, at| {
            let x = at.inner().operands[0];
            let (p, old) = (permutation(g, at.inner()), g.list(&at.root, "padding"));
            let mut padding = vec![0; old.len()];
            for (i, &d) in p.iter().enumerate() {
                padding[2 * d as usize] = old[2 * i];
                padding[2 * d as usize + 1] = old[2 * i + 1];
            }
            let shape = nn::padded(&g.shape(x), &padding)?;
            let padding = g.module_mut().i64s_attr(&padding);
            moved(g, at, &[x], &[("padding", padding)], &shape)
        },
    },
    Rule {
        name: "binary-of-transposes",
        family: "layout",
        equation: "f(transpose(x, p), y) = transpose(f(x, p⁻¹(y)), p), on either side",
        condition: "y is a transpose by p, too, or a constant",
        soundness: Soundness::Exact,
        roots: BINARY,
        inner: &[],
        when: |g, at| sides(g, &at.root, true).is_some(),
        build: binary_of_transposes,
    },
    Rule {
        name: "concatenation-of-transposes",
        family: "layout",
        equation: "concatenation(transpose(x, p), transpose(y, p), …; axis = i) = transpose(concatenation(x, y, …; axis = p[i]), p)",
        condition: "all operands are transposed by the same p",
        soundness: Soundness::Exact,
        roots: &[nn::ConcatenationOp::NAME],
        inner: TRANSPOSE,
        when: |g, at| parts(g, at, true).is_some(),
        build: |g, at| {
            let parts = parts(g, at, true).or_else(|| parts(g, at, false))?;
            let p = permutation(g, at.inner());
            let axis = *p.get(usize::try_from(int(g, &at.root, "axis")?).ok()?)?;
            let shapes: Vec<Vec<i64>> = parts.iter().map(|&x| g.shape(x)).collect();
            let shapes: Vec<&[i64]> = shapes.iter().map(Vec::as_slice).collect();
            let shape = nn::joined(&shapes, axis)?;
            let axis = g.module_mut().i64_attr(axis);
            moved(g, at, &parts, &[("axis", axis)], &shape)
        },
    },
    Rule {
        name: "window-of-transpose",
        family: "layout",
        equation: "op(transpose(x), w, b) = transpose(op(x, transpose(w), b)) with op's rows and columns exchanged, a convolution or pool",
        condition: "the transpose exchanges rows and columns, w is a constant, and all is int8: sums in another order",
        soundness: Soundness::Exact,
        roots: WINDOWED,
        inner: TRANSPOSE,
        when: |g, at| is_int8(g, at.root.class) && permutation(g, at.inner()) == EXCHANGE,
        build: window_of_transpose,
    },
    Rule {
        name: "transpose-into-fully-connected",
        family: "layout",
        equation: "fully_connected(transpose(x, p), w, b) = fully_connected(x, p⁻¹(w), b)",
        condition: "p keeps the rows' elements together, w is a constant, and all is int8: sums in another order",
        soundness: Soundness::Exact,
        roots: &[nn::FullyConnectedOp::NAME],
        inner: &[],
        when: |g, at| !is_float(g, at.root.class) && into_columns(g, &at.root).is_some(),
        build: into_fully_connected,
    },
    Rule {
        name: "transpose-into-float-fully-connected",
        family: "layout",
        equation: "fully_connected(transpose(x, p), w, b) = fully_connected(x, p⁻¹(w), b) up to the order of sums",
        condition: "p keeps the rows' elements together, w is a constant, and all is float",
        soundness: Soundness::Fast,
        roots: &[nn::FullyConnectedOp::NAME],
        inner: &[],
        when: |g, at| is_float(g, at.root.class) && into_columns(g, &at.root).is_some(),
        build: into_fully_connected,
    },
];

fn permutation(g: &Graph, node: &Node) -> Vec<i64> {
    g.list(node, "permutation")
}

/// A root as it is on operands that are not transposed, transposed afterwards as the inner op is.
fn moved(
    g: &mut Graph,
    at: &Match,
    operands: &[Id],
    changed: &[(&str, ir::Attr)],
    shape: &[i64],
) -> Option<Id> {
    let p = permutation(g, at.inner());
    let ty = g.ty(at.root.class);
    let ty = shaped(g, ty, shape)?;
    let before = g.add_like(&at.root, operands, changed, ty);
    transpose(g, before, &p)
}

/// The shape and permutation of a transpose without extents of 1, and with the dimensions merged that stay together.
fn merged(shape: &[i64], permutation: &[i64]) -> (Vec<i64>, Vec<i64>) {
    let kept: Vec<usize> = (0..shape.len()).filter(|&d| shape[d] != 1).collect();
    let position = |d: i64| kept.iter().position(|&k| k as i64 == d);
    let order: Vec<usize> = permutation.iter().filter_map(|&d| position(d)).collect();
    // Runs of dimensions that follow each other before and after.
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for d in order {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|&last| last + 1 == d) => run.push(d),
            _ => runs.push(vec![d]),
        }
    }
    let mut sorted: Vec<&Vec<usize>> = runs.iter().collect();
    sorted.sort();
    let extent = |run: &&Vec<usize>| run.iter().map(|&d| shape[kept[d]]).product();
    let shape: Vec<i64> = sorted.iter().map(extent).collect();
    let place = |run: &Vec<usize>| sorted.iter().position(|&s| s == run);
    let order = runs.iter().filter_map(place).map(|i| i as i64);
    (shape, order.collect())
}

fn normal_form(g: &mut Graph, at: &Match) -> Option<Id> {
    let x = at.root.operands[0];
    let (from, to, p) = (g.shape(x), g.shape(at.root.class), permutation(g, &at.root));
    let (shape, q) = merged(&from, &p);
    if shape == from {
        return None;
    }
    if is_identity(&q) {
        return Some(g.reshape(x, &to));
    }
    let inside = g.reshape(x, &shape);
    let turned = transpose(g, inside, &q)?;
    Some(g.reshape(turned, &to))
}

fn window_of_transpose(g: &mut Graph, at: &Match) -> Option<Id> {
    let mut operands = at.root.operands.clone();
    operands[0] = at.inner().operands[0];
    if let Some(filter) = operands.get(1).copied() {
        let (view, ty) = (g.shape(filter), g.ty(filter));
        let ty = shaped(g, ty, &nn::permuted(&view, &EXCHANGE)?)?;
        operands[1] = permuted_constant(g, filter, &view, &EXCHANGE, ty)?;
    }
    let before = exchanged(g, &at.root, &operands)?;
    transpose(g, before, &EXCHANGE)
}

/// The permutation of an operand of an op of two, and both operands without it; unless `strictly`, whatever the permutation of the other one is.
fn sides(g: &Graph, root: &Node, strictly: bool) -> Option<(Vec<i64>, [Option<Id>; 2])> {
    let rank = g.shape(root.class).len();
    let transposes = |class: Id| {
        let all = g.nodes(class).into_iter();
        all.filter(|n| g.name(n) == nn::TransposeOp::NAME)
    };
    for (this, other) in [(0, 1), (1, 0)] {
        for t in transposes(root.operands[this]) {
            let p = permutation(g, &t);
            let y = root.operands[other];
            if p.len() != rank {
                continue;
            }
            let mut both = [None; 2];
            both[this] = Some(t.operands[0]);
            let same = |n: &Node| !strictly || permutation(g, n) == p;
            if let Some(n) = transposes(y).find(same) {
                both[other] = Some(n.operands[0]);
                return Some((p, both));
            }
            if g.is_constant(y) && g.shape(y).len() <= rank {
                return Some((p, both));
            }
        }
    }
    None
}

fn binary_of_transposes(g: &mut Graph, at: &Match) -> Option<Id> {
    let add = &at.root;
    let (p, both) = match sides(g, add, true) {
        Some(found) => found,
        None => sides(g, add, false)?,
    };
    let mut operands: SmallVec<[Id; 3]> = SmallVec::new();
    for (i, side) in both.into_iter().enumerate() {
        operands.push(match side {
            Some(x) => x,
            None => {
                let shape = g.shape(add.operands[i]);
                let ones = vec![1; p.len() - shape.len()];
                let whole = g.reshape(add.operands[i], &[ones, shape].concat());
                transpose(g, whole, &inverse(&p))?
            }
        });
    }
    let ty = g.ty(add.class);
    let shape = nn::permuted(&g.shape(add.class), &inverse(&p))?;
    let ty = shaped(g, ty, &shape)?;
    let sum = g.add_like(add, &operands, &[], ty);
    transpose(g, sum, &p)
}

/// What the operands of a concatenation are transposes of; unless `strictly`, whatever their permutations are.
fn parts(g: &Graph, at: &Match, strictly: bool) -> Option<Vec<Id>> {
    let p = permutation(g, at.inner());
    let part = |&class: &Id| {
        let mut all = g.nodes(class).into_iter();
        let found = all
            .find(|n| g.name(n) == nn::TransposeOp::NAME && (!strictly || permutation(g, n) == p));
        found.map(|n| n.operands[0])
    };
    at.root.operands.iter().map(part).collect()
}

/// The transpose behind the first operand of a fully connected layer, maybe under another shape, and the number of its result's dimensions
/// that are rows. `None` if the permutation is not one of each row's elements.
fn into_columns(g: &mut Graph, layer: &Node) -> Option<(Node, usize)> {
    g.value(layer.operands[1])?;
    let depth = *g.shape(layer.operands[1]).get(1)?;
    let under = g.find(layer.operands[0], nn::ReshapeOp::NAME);
    let classes = [Some(layer.operands[0]), under.map(|n| n.operands[0])];
    let found = classes.into_iter().flatten().flat_map(|c| g.nodes(c));
    let found: Vec<Node> = found
        .filter(|n| g.name(n) == nn::TransposeOp::NAME)
        .collect();
    found.into_iter().find_map(|t| {
        let (shape, p) = (g.shape(t.class), permutation(g, &t));
        let rows = (0..=shape.len())
            .find(|&k| is_identity(&p[..k]) && shape[k..].iter().product::<i64>() == depth)?;
        Some((t, rows))
    })
}

fn into_fully_connected(g: &mut Graph, at: &Match) -> Option<Id> {
    let layer = &at.root;
    let (t, rows) = match into_columns(g, layer) {
        Some(found) => found,
        // What it would be if all dimensions were columns.
        None => (g.find(layer.operands[0], nn::TransposeOp::NAME)?, 0),
    };
    let (p, shape) = (permutation(g, &t), g.shape(t.class));
    let channels = g.shape(layer.operands[1])[0];
    let view: Vec<i64> = [&[channels], &shape[rows..]].concat();
    let columns: Vec<i64> = p[rows..].iter().map(|&d| d - rows as i64).collect();
    let order: Vec<i64> = std::iter::once(0)
        .chain(inverse(&columns).into_iter().map(|d| d + 1))
        .collect();
    let filter = layer.operands[1];
    let ty = g.ty(filter);
    let mut operands = layer.operands.clone();
    operands[0] = t.operands[0];
    // Rows that are mixed do not fit the filter.
    operands[1] = permuted_constant(g, filter, &view, &order, ty).unwrap_or(filter);
    let result = g.ty(layer.class);
    Some(g.add_like(layer, &operands, &[], result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_together_is_one() {
        let to_channels_last = merged(&[1, 3, 8, 9], &[0, 2, 3, 1]);
        assert_eq!(to_channels_last, (vec![3, 72], vec![1, 0]));
        assert_eq!(
            merged(&[2, 3, 5], &[2, 1, 0]),
            (vec![2, 3, 5], vec![2, 1, 0])
        );
        assert_eq!(merged(&[1, 7, 1, 4], &[2, 1, 0, 3]), (vec![28], vec![0]));
        assert_eq!(merged(&[1, 1], &[1, 0]), (vec![], vec![]));
    }
}
