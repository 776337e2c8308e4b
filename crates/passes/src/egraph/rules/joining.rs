//! Concatenations and splits meet, cancel, and change places with what works element by element.
//!
//! Where parts are contiguous in the whole, `lower-nn` makes them views; so the fewer joints there are, and the fewer ops between a part
//! and what computes it, the less is copied.

use super::parts::{POINTWISE, int, is_uniform, shaped};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use smallvec::SmallVec;

const CONCATENATION: &[&str] = &[nn::ConcatenationOp::NAME];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "concatenation-of-concatenation",
        family: "joining",
        equation: "concatenation(concatenation(x, y), z) = concatenation(x, y, z), for any operand",
        condition: "both are along one dimension",
        soundness: Soundness::Exact,
        roots: CONCATENATION,
        inner: &[],
        when: |g, at| flat(g, &at.root, true).is_some(),
        build: |g, at| {
            let parts = match flat(g, &at.root, true) {
                Some(parts) => parts,
                None => flat(g, &at.root, false)?,
            };
            let ty = g.ty(at.root.class);
            Some(g.add_like(&at.root, &parts, &[], ty))
        },
    },
    Rule {
        name: "concatenation-of-split",
        family: "joining",
        equation: "concatenation(split(x)[0], split(x)[1], …) = x",
        condition: "the operands are all parts in order, and both are along one dimension",
        soundness: Soundness::Exact,
        roots: CONCATENATION,
        inner: &[],
        when: |g, at| whole(g, &at.root, true).is_some(),
        build: |g, at| whole(g, &at.root, true).or_else(|| whole(g, &at.root, false)),
    },
    Rule {
        name: "split-of-concatenation",
        family: "joining",
        equation: "split(concatenation(x, y, …))[i] = concatenation(y, …), or one operand",
        condition: "both are along one dimension, and the part begins and ends where operands do",
        soundness: Soundness::Exact,
        roots: &[nn::SplitOp::NAME],
        inner: CONCATENATION,
        when: |g, at| {
            let ranges = ranges(g, at);
            ranges.is_some_and(|r| r.iter().any(Option::is_some))
        },
        build: parts_of_concatenation,
    },
    Rule {
        name: "pointwise-of-concatenation",
        family: "joining",
        equation: "f(concatenation(x, y, …)) = concatenation(f(x), f(y), …)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: POINTWISE,
        inner: CONCATENATION,
        when: |g, at| is_uniform(g, &at.root),
        build: |g, at| {
            let root = &at.root;
            let mut parts: SmallVec<[Id; 3]> = SmallVec::new();
            for &x in &at.inner().operands {
                let (ty, shape) = (g.ty(root.class), g.shape(x));
                let ty = shaped(g, ty, &shape)?;
                let mut operands = root.operands.clone();
                operands[0] = x;
                parts.push(g.add_like(root, &operands, &[], ty));
            }
            let ty = g.ty(root.class);
            Some(g.add_like(at.inner(), &parts, &[], ty))
        },
    },
    Rule {
        name: "concatenation-of-pointwise",
        family: "joining",
        equation: "concatenation(f(x), f(y), …) = f(concatenation(x, y, …))",
        condition: "x, y, … have one element type, and f is the same for all",
        soundness: Soundness::Exact,
        roots: CONCATENATION,
        inner: POINTWISE,
        when: |g, at| is_uniform(g, at.inner()) && operands_of(g, at, true).is_some(),
        build: |g, at| {
            let parts = match operands_of(g, at, true) {
                Some(parts) => parts,
                None => operands_of(g, at, false)?,
            };
            let (f, ty) = (at.inner(), g.ty(at.root.class));
            let (from, shape) = (g.ty(f.operands[0]), g.shape(at.root.class));
            let from = shaped(g, from, &shape)?;
            let mut operands = f.operands.clone();
            operands[0] = g.add_like(&at.root, &parts, &[], from);
            Some(g.add_like(f, &operands, &[], ty))
        },
    },
];

/// The operands of a concatenation, with those of concatenations among them in their places; `None` if there is none along the same
/// dimension, or, unless `strictly`, none at all.
fn flat(g: &Graph, root: &Node, strictly: bool) -> Option<SmallVec<[Id; 3]>> {
    let axis = int(g, root, "axis")?;
    let own = g.egraph.find(root.class);
    let mut parts: SmallVec<[Id; 3]> = SmallVec::new();
    let mut found = false;
    for &operand in &root.operands {
        let inner = g.nodes(operand).into_iter().find(|n| {
            g.name(n) == nn::ConcatenationOp::NAME
                && (!strictly || int(g, n, "axis") == Some(axis))
                // What is its own part has others that are empty.
                && n.operands.iter().all(|&x| g.egraph.find(x) != own)
        });
        match inner {
            Some(n) => {
                parts.extend(n.operands);
                found = true;
            }
            None => parts.push(operand),
        }
    }
    found.then_some(parts)
}

/// What the operands of a concatenation are the parts of; unless `strictly`, what one of them is a part of.
fn whole(g: &Graph, root: &Node, strictly: bool) -> Option<Id> {
    let axis = int(g, root, "axis")?;
    g.part_of(root.operands[0])
        .into_iter()
        .find_map(|(class, _)| {
            let split = g.find(class, nn::SplitOp::NAME)?;
            let count = g.egraph[class].data.types.len();
            let is_part = |(i, &operand): (usize, &Id)| {
                let parts = g.part_of(operand);
                parts.contains(&(class, i as u32))
            };
            let all = root.operands.len() == count
                && int(g, &split, "axis") == Some(axis)
                && root.operands.iter().enumerate().all(is_part);
            (all || !strictly).then(|| split.operands[0])
        })
}

/// For each part of a split of a concatenation the operands that it consists of; `None` if they are along different dimensions.
fn ranges(g: &Graph, at: &Match) -> Option<Vec<Option<std::ops::Range<usize>>>> {
    let (split, joint) = (&at.root, at.inner());
    let axis = int(g, split, "axis")?;
    if int(g, joint, "axis")? != axis {
        return None;
    }
    let axis = usize::try_from(axis).ok()?;
    let mut starts = vec![0];
    for &x in &joint.operands {
        starts.push(starts.last()? + g.shape(x).get(axis)?);
    }
    let types = &g.egraph[split.class].data.types;
    let mut at = 0;
    let mut ranges = Vec::new();
    for &ty in types {
        let from = starts.iter().position(|&s| s == at);
        at += g.module().type_data(ty).shape()?.get(axis)?;
        let to = starts.iter().rposition(|&s| s == at);
        ranges.push(from.zip(to).map(|(a, b)| a..b).filter(|r| !r.is_empty()));
    }
    Some(ranges)
}

fn parts_of_concatenation(g: &mut Graph, at: &Match) -> Option<Id> {
    let types = g.egraph[at.root.class].data.types.clone();
    let ranges = ranges(g, at)?;
    let strictly = ranges.iter().any(Option::is_some);
    for (i, (ty, range)) in types.into_iter().zip(ranges).enumerate() {
        let operands = &at.inner().operands;
        // Where the condition does not hold, no part fits; each is then taken for the operand in its place.
        let range = range.or((!strictly).then_some(i..i + 1));
        let operands = range.and_then(|r| operands.get(r)).unwrap_or(&[]);
        let value = match *operands {
            [] => continue,
            [one] => one,
            ref several => g.add_like(at.inner(), several, &[], ty),
        };
        let part = g.part(at.root.class, i as u32);
        g.equate(part, value);
    }
    None
}

/// The operands of the same op behind each operand of a concatenation; unless `strictly`, of an op of the same name.
fn operands_of(g: &Graph, at: &Match, strictly: bool) -> Option<Vec<Id>> {
    let f = at.inner();
    let elem = |class: Id| g.module().type_data(g.ty(class)).elem();
    let same = |n: &Node| {
        g.name(n) == g.name(f)
            && (!strictly
                || elem(n.operands[0]) == elem(f.operands[0])
                    && g.props(n) == g.props(f)
                    && n.operands[1..] == f.operands[1..])
    };
    let part = |&class: &Id| {
        let mut all = g.nodes(class).into_iter();
        all.find(|n| same(n)).map(|n| n.operands[0])
    };
    at.root.operands.iter().map(part).collect()
}
