//! `cse`: of equal pure ops the first one that dominates the others computes for all.
//!
//! Equal are ops of one name, with the same operands (in any order if the op is commutative), attributes and result types. Ops with
//! regions and ops that read memory are left alone. An op inside a region may be replaced by an equal one from outside of it, unless the
//! region's op is isolated or not registered. Linear: every op is hashed once.
//!
//! The op that stays is located at all the places that it now computes for; constants, which compute nothing, keep their own.

use indexmap::IndexMap;
use ir::{BlockId, Loc, LocData, Module, OpId, ValueId};
use pass::{ANY, Failed, Pass, PassCx, PassInfo};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHasher};
use smallvec::SmallVec;
use std::hash::{Hash, Hasher};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new("cse", ANY, "Compute equal pure expressions once.", Cse).idempotent()
}

#[derive(Clone)]
struct Cse;

impl Pass for Cse {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let mut scopes = Scopes::default();
        let mut merged: IndexMap<OpId, Vec<Loc>, FxBuildHasher> = IndexMap::default();
        let mut next = Vec::new();
        push_regions(m, root, true, &mut next);
        while let Some(step) = next.pop() {
            let op = match step {
                Step::Open(isolated) => {
                    scopes.open(isolated);
                    continue;
                }
                Step::Close => {
                    scopes.close();
                    continue;
                }
                Step::Block(block) => {
                    push_ops(m, block, &mut next);
                    continue;
                }
                Step::Op(op) => op,
            };
            if !m.regions(op).is_empty() {
                let info = m.op_info(op);
                push_regions(m, op, info.is_none_or(|i| i.traits.isolated), &mut next);
                continue;
            }
            if !is_candidate(m, op) {
                continue;
            }
            let Some(first) = scopes.find_or_insert(m, op) else {
                continue;
            };
            if !cx.fuel.take() {
                break;
            }
            if !m.op_info(op).is_some_and(|i| i.traits.constant) {
                merged.entry(first).or_default().push(m.op_loc(op));
            }
            let values = m.results(first).to_vec();
            m.replace_op(op, &values);
            cx.count("merged", 1);
        }
        for (op, locs) in merged {
            let loc = fuse(m, m.op_loc(op), &locs);
            if loc != m.op_loc(op) {
                m.set_loc(op, loc);
            }
        }
        Ok(())
    }
}

/// What to do next, in an order that needs no recursion.
enum Step {
    Open(bool),
    Close,
    Block(BlockId),
    Op(OpId),
}

/// The regions of an op, each a scope; the first block of a region dominates the others.
fn push_regions(m: &Module, op: OpId, isolated: bool, next: &mut Vec<Step>) {
    for &r in m.regions(op).iter().rev() {
        let Some((&entry, others)) = m.blocks(r).split_first() else {
            continue;
        };
        next.push(Step::Close);
        for &b in others.iter().rev() {
            next.extend([Step::Close, Step::Block(b), Step::Open(false)]);
        }
        next.extend([Step::Block(entry), Step::Open(isolated)]);
    }
}

fn push_ops(m: &Module, block: BlockId, next: &mut Vec<Step>) {
    let backwards = std::iter::successors(m.last_op(block), |&o| m.prev_op(o));
    next.extend(backwards.map(Step::Op));
}

fn is_candidate(m: &Module, op: OpId) -> bool {
    !m.results(op).is_empty()
        && m.op_info(op)
            .is_some_and(|i| i.traits.pure && !i.traits.terminator && !i.traits.symbol)
}

/// The ops that dominate the place where we are, by hash.
#[derive(Default)]
struct Scopes {
    /// By hash, with the depth of its scope.
    ops: FxHashMap<u64, SmallVec<[(OpId, usize); 1]>>,
    /// The hashes inserted, in order.
    inserted: Vec<u64>,
    /// For each open scope, how many were inserted before, and the depth below which nothing is visible.
    open: Vec<(usize, usize)>,
}

impl Scopes {
    fn open(&mut self, isolated: bool) {
        let depth = self.open.len() + 1;
        let barrier = match (isolated, self.open.last()) {
            (true, _) => depth,
            (false, Some(&(_, barrier))) => barrier,
            (false, None) => 0,
        };
        self.open.push((self.inserted.len(), barrier));
    }

    fn close(&mut self) {
        let Some((length, _)) = self.open.pop() else {
            return;
        };
        for hash in self.inserted.drain(length..) {
            if let Some(list) = self.ops.get_mut(&hash) {
                list.pop();
            }
        }
    }

    /// An op equal to this one that dominates it; if there is none, this one is it from now on.
    fn find_or_insert(&mut self, m: &Module, op: OpId) -> Option<OpId> {
        let hash = hash(m, op);
        let (depth, barrier) = (self.open.len(), self.open.last().map_or(0, |s| s.1));
        let list = self.ops.entry(hash).or_default();
        let visible = list.iter().filter(|&&(_, d)| d >= barrier);
        if let Some(&(first, _)) = visible.into_iter().find(|&&(o, _)| equal(m, o, op)) {
            return Some(first);
        }
        list.push((op, depth));
        self.inserted.push(hash);
        None
    }
}

/// The operands in an order that does not matter for commutative ops.
fn operands(m: &Module, op: OpId) -> SmallVec<[ValueId; 3]> {
    let mut all: SmallVec<[ValueId; 3]> = m.operands(op).collect();
    if m.op_info(op).is_some_and(|i| i.traits.commutative) {
        all.sort_unstable();
    }
    all
}

fn hash(m: &Module, op: OpId) -> u64 {
    let mut h = FxHasher::default();
    m.op_name(op).hash(&mut h);
    operands(m, op).hash(&mut h);
    m.props(op).hash(&mut h);
    m.discardables(op).hash(&mut h);
    for &v in m.results(op) {
        m.value_type(v).hash(&mut h);
    }
    h.finish()
}

fn equal(m: &Module, a: OpId, b: OpId) -> bool {
    let types = |op| m.results(op).iter().map(|&v| m.value_type(v));
    m.op_name(a) == m.op_name(b)
        && m.props(a) == m.props(b)
        && m.discardables(a) == m.discardables(b)
        && operands(m, a) == operands(m, b)
        && types(a).eq(types(b))
}

/// All different places in one.
fn fuse(m: &mut Module, own: Loc, others: &[Loc]) -> Loc {
    let mut parts: indexmap::IndexSet<Loc, FxBuildHasher> = indexmap::IndexSet::default();
    for &loc in [own].iter().chain(others) {
        match m.loc_data(loc) {
            LocData::Unknown => {}
            LocData::Fused {
                tag: None,
                parts: p,
            } => parts.extend(p.iter().copied()),
            _ => {
                parts.insert(loc);
            }
        }
    }
    match parts.len() {
        0 => own,
        1 => parts[0],
        _ => m.loc(LocData::Fused {
            tag: None,
            parts: parts.into_iter().collect(),
        }),
    }
}
