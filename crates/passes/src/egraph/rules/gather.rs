//! Gathers meet, and stand where there is less to compute.
//!
//! A gather that enlarges (a resize to the nearest element) goes towards the results, one that leaves elements out (a crop, a stride) towards
//! the inputs, past what computes each element or each pixel by itself. So each rule leads one way, and none undoes another.

use super::parts::{POINTWISE, Window, int, inverse, is_uniform, shaped, transpose};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use crate::egraph::term::Operator;
use egg::Id;
use ir::dialects::nn::{self, Picks};
use smallvec::SmallVec;

const GATHER: &[&str] = &[nn::GatherOp::NAME];

/// Operators with weights whose window may be one pixel.
const CONVOLUTIONS: &[&str] = &[nn::Conv2dOp::NAME, nn::DepthwiseConv2dOp::NAME];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "gather-of-everything",
        family: "gather",
        equation: "gather(x; 0, 1, …, n − 1) = x",
        condition: "along every dimension that is gathered, all indices are taken in order",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: &[],
        when: |g, at| {
            let shape = g.shape(at.root.operands[0]);
            picks(g, &at.root).is_some_and(|p| p.is_everything(&shape))
        },
        build: |_, at| Some(at.root.operands[0]),
    },
    Rule {
        name: "gather-of-gather",
        family: "gather",
        equation: "gather(gather(x; p); q) = gather(x; p ∘ q)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: GATHER,
        when: |_, _| true,
        build: |g, at| {
            let (first, second) = (picks(g, at.inner())?, picks(g, &at.root)?);
            gather(g, at.inner().operands[0], &second.of_picked(&first)?)
        },
    },
    Rule {
        name: "gather-of-part",
        family: "gather",
        equation: "gather(split(x)[k]; p) = gather(x; p + where the part starts)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: &[],
        when: |g, at| !g.part_of(at.root.operands[0]).is_empty(),
        build: of_part,
    },
    Rule {
        name: "range-as-part",
        family: "gather",
        equation: "gather(x; i, i + 1, …, j) = split(x)[k], where the part is contiguous, and so a view",
        condition: "one dimension is gathered, by a range",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: &[],
        when: |g, at| range(g, &at.root, true).is_some(),
        build: as_part,
    },
    Rule {
        name: "gather-of-transpose",
        family: "gather",
        equation: "gather(transpose(x, p); q) = transpose(gather(x; p⁻¹(q)), p)",
        condition: "none",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: &[nn::TransposeOp::NAME],
        when: |_, _| true,
        build: |g, at| {
            let (p, q) = (g.list(at.inner(), "permutation"), picks(g, &at.root)?);
            let old = inverse(&p).into_iter();
            let along = old.map(|d| q.along.get(d as usize).cloned());
            let along = along.collect::<Option<_>>()?;
            let inside = gather(g, at.inner().operands[0], &Picks { along })?;
            transpose(g, inside, &p)
        },
    },
    Rule {
        name: "pointwise-of-gather",
        family: "gather",
        equation: "f(gather(x; p)) = gather(f(x); p), if that is no fewer elements than x",
        condition: "none",
        soundness: Soundness::Exact,
        roots: POINTWISE,
        inner: GATHER,
        when: |g, at| is_uniform(g, &at.root),
        build: |g, at| {
            let shape = g.shape(at.inner().operands[0]);
            before(g, at, &shape)
        },
    },
    Rule {
        name: "gather-of-pointwise",
        family: "gather",
        equation: "gather(f(x); p) = f(gather(x; p)), if that is fewer elements than x",
        condition: "none",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: POINTWISE,
        when: |g, at| is_uniform(g, at.inner()),
        build: behind,
    },
    Rule {
        name: "convolution-of-gather",
        family: "gather",
        equation: "f(gather(x; p), w, b) = gather(f(x, w, b); p), conv_2d or depthwise_conv_2d, if that is no fewer elements than x",
        condition: "the window is one pixel in steps of one, unpadded, and no channels are gathered",
        soundness: Soundness::Exact,
        roots: CONVOLUTIONS,
        inner: GATHER,
        when: |g, at| by_pixels(g, &at.root) && keeps_channels(g, at.inner()),
        build: |g, at| {
            let channels = g.shape(at.root.class).last().copied()?;
            let mut shape = g.shape(at.inner().operands[0]);
            *shape.last_mut()? = channels;
            before(g, at, &shape)
        },
    },
    Rule {
        name: "gather-of-convolution",
        family: "gather",
        equation: "gather(f(x, w, b); p) = f(gather(x; p), w, b), conv_2d or depthwise_conv_2d, if that is fewer elements than x",
        condition: "the window is one pixel in steps of one, unpadded, and no channels are gathered",
        soundness: Soundness::Exact,
        roots: GATHER,
        inner: CONVOLUTIONS,
        when: |g, at| by_pixels(g, at.inner()) && keeps_channels(g, &at.root),
        build: behind,
    },
];

fn picks(g: &Graph, node: &Node) -> Option<Picks> {
    let (axes, indices) = (g.prop(node, "axes")?, g.prop(node, "indices")?);
    Picks::read(g.module(), axes, indices, g.shape(node.operands[0]).len())
}

/// These elements of a class.
fn gather(g: &mut Graph, class: Id, picks: &Picks) -> Option<Id> {
    let shape = g.shape(class);
    if picks.is_everything(&shape) {
        return Some(class);
    }
    let (shape, ty) = (picks.shape_of(&shape)?, g.ty(class));
    let ty = shaped(g, ty, &shape)?;
    let attributes = picks.attributes(g.module_mut());
    Some(g.add(nn::GatherOp::NAME, &[class], &attributes, ty))
}

/// Whether a gather has fewer elements than what it gathers.
fn leaves_out(g: &Graph, node: &Node) -> bool {
    let count = |class: Id| g.shape(class).iter().product::<i64>();
    count(node.class) < count(node.operands[0])
}

/// The root on what the inner gather gathers, of this shape, gathered afterwards.
fn before(g: &mut Graph, at: &Match, shape: &[i64]) -> Option<Id> {
    if leaves_out(g, at.inner()) {
        return None;
    }
    let picks = picks(g, at.inner())?;
    let mut operands = at.root.operands.clone();
    operands[0] = at.inner().operands[0];
    let ty = g.ty(at.root.class);
    let ty = shaped(g, ty, shape)?;
    let first = g.add_like(&at.root, &operands, &[], ty);
    gather(g, first, &picks)
}

/// The inner op on what the root gathers of its operand.
fn behind(g: &mut Graph, at: &Match) -> Option<Id> {
    if !leaves_out(g, &at.root) {
        return None;
    }
    let picks = picks(g, &at.root)?;
    let f = at.inner();
    let mut operands = f.operands.clone();
    operands[0] = gather(g, operands[0], &picks)?;
    let ty = g.ty(at.root.class);
    Some(g.add_like(f, &operands, &[], ty))
}

/// Whether each pixel of a convolution's result depends on the pixel in its place alone.
fn by_pixels(g: &Graph, node: &Node) -> bool {
    Window::of(g, node)
        .is_some_and(|w| w.kernel == [1, 1] && w.strides == [1, 1] && w.pads == [0; 4])
}

fn keeps_channels(g: &Graph, node: &Node) -> bool {
    picks(g, node).is_some_and(|p| matches!(p.along.last(), Some(None)))
}

fn of_part(g: &mut Graph, at: &Match) -> Option<Id> {
    let picks = picks(g, &at.root)?;
    let (class, index) = g.part_of(at.root.operands[0]).into_iter().next()?;
    let split = g.find(class, nn::SplitOp::NAME)?;
    let axis = usize::try_from(int(g, &split, "axis")?).ok()?;
    let types = &g.egraph[class].data.types[..=index as usize];
    let extents = types.iter().map(|&t| {
        let shape = g.module().type_data(t).shape()?;
        shape.get(axis).copied()
    });
    let extents: Vec<i64> = extents.collect::<Option<_>>()?;
    let (last, before) = extents.split_last()?;
    let start: i64 = before.iter().sum();
    let mut moved = picks;
    let list = moved.along.get_mut(axis)?;
    let own = list.take().unwrap_or_else(|| (0..*last).collect());
    *list = Some(own.into_iter().map(|i| i + start).collect());
    gather(g, split.operands[0], &moved)
}

/// The dimension that a gather works on, if it is one, and the indices if they are a range; unless `strictly`, the first one, and as many
/// from the first on.
fn range(g: &Graph, node: &Node, strictly: bool) -> Option<(usize, std::ops::Range<i64>)> {
    let picks = picks(g, node)?;
    let listed = picks.along.iter().enumerate();
    let mut lists = listed.filter_map(|(d, l)| Some((d, l.as_ref()?)));
    let (d, list) = lists.next()?;
    let range = list[0]..list[0] + list.len() as i64;
    let only = lists.next().is_none() && list.iter().copied().eq(range.clone());
    (only || !strictly).then_some((d, range))
}

fn as_part(g: &mut Graph, at: &Match) -> Option<Id> {
    let x = at.root.operands[0];
    let shape = g.shape(x);
    let (axis, range) = range(g, &at.root, true).or_else(|| range(g, &at.root, false))?;
    let rest = shape[axis] - range.end;
    if rest < 0 || shape[..axis].iter().any(|&n| n != 1) {
        return None;
    }
    let extents = [range.start, range.end - range.start, rest];
    let mut results = SmallVec::new();
    for n in extents.into_iter().filter(|&n| n > 0) {
        let (mut part, ty) = (shape.clone(), g.ty(x));
        part[axis] = n;
        results.push(shaped(g, ty, &part)?);
    }
    if results.len() < 2 {
        return None;
    }
    let m = g.module_mut();
    let (name, key) = (m.str(nn::SplitOp::NAME), m.str("axis"));
    let props = vec![(key, m.i64_attr(axis as i64))];
    let split = Operator {
        name,
        props,
        results,
    };
    let split = g.add_op(split, &[x]);
    Some(g.part(split, u32::from(range.start > 0)))
}
