//! Pools: what commutes with a maximum, and what a pool of pools is.

use super::parts::{Window, bytes, has_activation, is_int8, shaped};
use crate::egraph::graph::{Graph, Node};
use crate::egraph::rule::{Match, Rule, Soundness};
use egg::Id;
use ir::dialects::nn;
use ir::interfaces::Datum;
use smallvec::SmallVec;
use std::sync::Arc;

const MAX_POOL: &[&str] = &[nn::MaxPool2dOp::NAME];

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "max-pool-of-monotone",
        family: "pool",
        equation: "max_pool_2d(f(x)) = f(max_pool_2d(x))",
        condition: "x is int8, f never falls from one of the 256 values to the next, and the pool has no activation",
        soundness: Soundness::Exact,
        roots: MAX_POOL,
        inner: &[
            nn::QuantizeOp::NAME,
            nn::DequantizeOp::NAME,
            nn::ReluOp::NAME,
            nn::Relu6Op::NAME,
            nn::LookupTableOp::NAME,
            nn::LogisticOp::NAME,
            nn::TanhOp::NAME,
            nn::HardSwishOp::NAME,
            nn::LeakyReluOp::NAME,
        ],
        when: |g, at| has_activation(g, &at.root, "none") && is_monotone(g, at.inner()),
        build: |g, at| {
            let (f, ty) = (at.inner(), g.ty(at.root.class));
            let (from, shape) = (g.ty(f.operands[0]), g.shape(at.root.class));
            let from = shaped(g, from, &shape)?;
            let mut operands = f.operands.clone();
            operands[0] = g.add_like(&at.root, &[f.operands[0]], &[], from);
            Some(g.add_like(f, &operands, &[], ty))
        },
    },
    Rule {
        name: "max-pool-of-max-pool",
        family: "pool",
        equation: "max_pool_2d{l, t}(max_pool_2d{k, s}(x)) = max_pool_2d{kernel = k + (l − 1)·s, strides = s·t}(x)",
        condition: "x is int8, neither pads, and the inner one has no activation and leaves nothing out: s ≤ k",
        soundness: Soundness::Exact,
        roots: MAX_POOL,
        inner: MAX_POOL,
        when: |g, at| {
            let unpadded = |n: &Node| g.list(n, "pads").iter().all(|&p| p == 0);
            is_int8(g, at.root.class)
                && has_activation(g, at.inner(), "none")
                && unpadded(&at.root)
                && unpadded(at.inner())
                && Window::of(g, at.inner())
                    .is_some_and(|w| (0..2).all(|d| w.strides[d] <= w.kernel[d]))
        },
        build: pool_of_pool,
    },
    Rule {
        name: "pool-of-image-as-row",
        family: "pool",
        equation: "pool(x) = reshape(pool(reshape(x))), of one row of all pixels, average_pool_2d or max_pool_2d",
        condition: "the window is the whole image",
        soundness: Soundness::Exact,
        roots: &[nn::AveragePool2dOp::NAME, nn::MaxPool2dOp::NAME],
        inner: &[],
        when: |g, at| {
            Window::of(g, &at.root)
                .is_some_and(|w| w.kernel == w.input && w.output == [1, 1] && w.pads == [0; 4])
        },
        build: as_row,
    },
];

/// Whether an op of one int8 element each never falls where its operand rises, and gives equal results equal bits.
fn is_monotone(g: &mut Graph, f: &Node) -> bool {
    if !is_int8(g, f.operands[0]) {
        return false;
    }
    let rising: Arc<[u8]> = (-128i8..=127).map(|x| x as u8).collect();
    let mut args: SmallVec<[Datum; 2]> = SmallVec::new();
    args.push(Datum::Bytes(rising));
    for &table in &f.operands[1..] {
        match bytes(g, table) {
            Some(bytes) => args.push(Datum::Bytes(bytes)),
            None => return false,
        }
    }
    match g.interpret_as(f, &[Some(&[256])], &[256], &args) {
        Some(Datum::Bytes(b)) if b.len() == 256 => b.windows(2).all(|w| w[0] as i8 <= w[1] as i8),
        Some(Datum::Bytes(b)) if b.len() == 1024 => {
            let each = b.chunks_exact(4);
            let floats: Vec<f32> = each
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect();
            let rises = |w: &[f32]| w[0] < w[1] || w[0].to_bits() == w[1].to_bits();
            floats.iter().all(|x| x.is_finite()) && floats.windows(2).all(rises)
        }
        _ => false,
    }
}

fn pool_of_pool(g: &mut Graph, at: &Match) -> Option<Id> {
    let (inner, outer) = (Window::of(g, at.inner())?, Window::of(g, &at.root)?);
    let reach = |d: usize| {
        let more = (outer.kernel[d] - 1).checked_mul(inner.strides[d])?;
        inner.kernel[d].checked_add(more)
    };
    let step = |d: usize| inner.strides[d].checked_mul(outer.strides[d]);
    let m = g.module_mut();
    let kernel = m.i64s_attr(&[reach(0)?, reach(1)?]);
    let strides = m.i64s_attr(&[step(0)?, step(1)?]);
    let ty = g.ty(at.root.class);
    let changed = [("kernel", kernel), ("strides", strides)];
    Some(g.add_like(&at.root, &[at.inner().operands[0]], &changed, ty))
}

fn as_row(g: &mut Graph, at: &Match) -> Option<Id> {
    let root = &at.root;
    let &[n, h, w, c] = g.shape(root.operands[0]).as_slice() else {
        return None;
    };
    if h == 1 {
        return None;
    }
    let row = g.reshape(root.operands[0], &[n, 1, h * w, c]);
    let m = g.module_mut();
    let kernel = m.i64s_attr(&[1, h * w]);
    let ty = g.ty(root.class);
    Some(g.add_like(root, &[row], &[("kernel", kernel)], ty))
}
