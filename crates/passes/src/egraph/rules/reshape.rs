//! Reshapes go towards the results, so that what they stood between meets.
//!
//! A reshape is a view and costs nothing; but an op behind one is not seen as the consumer of what is before it.

use super::parts::{BINARY, POINTWISE, int, is_uniform, shaped};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use smallvec::SmallVec;

const RESHAPE: &[&str] = &[nn::ReshapeOp::NAME];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "pointwise-of-reshape",
        family: "reshape",
        equation: "f(reshape(x)) = reshape(f(x))",
        condition: "none",
        soundness: Soundness::Exact,
        roots: POINTWISE,
        inner: RESHAPE,
        when: |g, at| is_uniform(g, &at.root),
        build: |g, at| {
            let mut operands = at.root.operands.clone();
            operands[0] = at.inner().operands[0];
            before(g, &at.root, &operands)
        },
    },
    Rule {
        name: "softmax-of-reshape",
        family: "reshape",
        equation: "softmax(reshape(x)) = reshape(softmax(x))",
        condition: "the last dimension has one extent before and after",
        soundness: Soundness::Exact,
        roots: &[nn::SoftmaxOp::NAME],
        inner: RESHAPE,
        when: |g, at| {
            let (from, to) = (g.shape(at.inner().operands[0]), g.shape(at.root.class));
            from.last() == to.last()
        },
        build: |g, at| before(g, &at.root, &[at.inner().operands[0]]),
    },
    Rule {
        name: "binary-of-reshapes",
        family: "reshape",
        equation: "f(reshape(x), y) = reshape(f(x, reshape(y))), on either side",
        condition: "y is a reshape of what has x's shape, or a constant with as many elements as x, or one",
        soundness: Soundness::Exact,
        roots: BINARY,
        inner: &[],
        when: |g, at| sides(g, &at.root, true).is_some(),
        build: |g, at| {
            let (shape, operands) = match sides(g, &at.root, true) {
                Some(found) => found,
                None => sides(g, &at.root, false)?,
            };
            let mut both: SmallVec<[Id; 3]> = SmallVec::new();
            for x in operands {
                let one = g.shape(x).iter().product::<i64>() == 1;
                both.push(match g.shape(x) == shape {
                    true => x,
                    false if one => g.reshape(x, &[1]),
                    false => g.reshape(x, &shape),
                });
            }
            let to = g.shape(at.root.class);
            let ty = g.ty(at.root.class);
            let ty = shaped(g, ty, &shape)?;
            let sum = g.add_like(&at.root, &both, &[], ty);
            Some(g.reshape(sum, &to))
        },
    },
    Rule {
        name: "concatenation-of-reshapes",
        family: "reshape",
        equation: "concatenation(reshape(x), reshape(y), …; axis = i) = reshape(concatenation(x, y, …; axis = j))",
        condition: "x, y, … agree but for dimension j, and before j there are as many elements as before i",
        soundness: Soundness::Exact,
        roots: &[nn::ConcatenationOp::NAME],
        inner: RESHAPE,
        when: |g, at| joint(g, &at.root, true).is_some(),
        build: |g, at| {
            let (parts, axis) = match joint(g, &at.root, true) {
                Some(found) => found,
                None => joint(g, &at.root, false)?,
            };
            let shapes: Vec<Vec<i64>> = parts.iter().map(|&x| g.shape(x)).collect();
            let shapes: Vec<&[i64]> = shapes.iter().map(Vec::as_slice).collect();
            let shape = nn::joined(&shapes, axis)?;
            let (to, ty) = (g.shape(at.root.class), g.ty(at.root.class));
            let ty = shaped(g, ty, &shape)?;
            let axis = g.module_mut().i64_attr(axis);
            let whole = g.add_like(&at.root, &parts, &[("axis", axis)], ty);
            Some(g.reshape(whole, &to))
        },
    },
];

/// A root as it is on operands of the shape of the first, in its own shape afterwards.
fn before(g: &mut Graph, root: &Node, operands: &[Id]) -> Option<Id> {
    let (shape, to) = (g.shape(operands[0]), g.shape(root.class));
    let ty = g.ty(root.class);
    let ty = shaped(g, ty, &shape)?;
    let inside = g.add_like(root, operands, &[], ty);
    Some(g.reshape(inside, &to))
}

/// What the classes are reshapes of.
fn sources(g: &Graph, class: Id) -> impl Iterator<Item = Id> {
    let all = g.nodes(class).into_iter();
    let reshapes: Vec<Id> = all
        .filter(|n| g.name(n) == nn::ReshapeOp::NAME)
        .map(|n| n.operands[0])
        .collect();
    reshapes.into_iter()
}

/// The shape that an op of two may have instead, and its operands for that: each of the shape, or a constant of as many elements, or of one.
/// Unless `strictly`, any constant.
fn sides(g: &Graph, root: &Node, strictly: bool) -> Option<(Vec<i64>, [Id; 2])> {
    let count = |class: Id| g.shape(class).iter().product::<i64>();
    let whole = count(root.class);
    for (this, other) in [(0, 1), (1, 0)] {
        let y = root.operands[other];
        for x in sources(g, root.operands[this]) {
            let shape = g.shape(x);
            if strictly && count(x) != whole {
                continue;
            }
            let like = sources(g, y).find(|&y| g.shape(y) == shape);
            let constant = g.is_constant(y) && matches!(count(y), n if n == whole || n == 1);
            let y = match like {
                Some(y) => y,
                None if constant || !strictly => y,
                None => continue,
            };
            let mut both = [x; 2];
            both[other] = y;
            return Some((shape, both));
        }
    }
    None
}

/// What the operands of a concatenation are reshapes of, and the dimension along which those are to be put together. Unless `strictly`,
/// any along which they fit.
fn joint(g: &Graph, root: &Node, strictly: bool) -> Option<(Vec<Id>, i64)> {
    let axis = usize::try_from(int(g, root, "axis")?).ok()?;
    let parts: Vec<Id> = root
        .operands
        .iter()
        .map(|&c| sources(g, c).next())
        .collect::<Option<_>>()?;
    let shapes: Vec<Vec<i64>> = parts.iter().map(|&x| g.shape(x)).collect();
    let shapes: Vec<&[i64]> = shapes.iter().map(Vec::as_slice).collect();
    let before = |shape: &[i64], axis: usize| shape[..axis].iter().product::<i64>();
    let outside = before(&g.shape(root.class), axis);
    let fits = |&d: &usize| {
        nn::joined(&shapes, d as i64).is_some() && (!strictly || before(shapes[0], d) == outside)
    };
    // Of several that fit, between which all extents are 1, any will do.
    let found = (0..shapes[0].len()).rev().find(fits)?;
    Some((parts, found as i64))
}
