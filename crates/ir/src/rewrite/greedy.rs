//! The greedy driver.

use super::{Fuel, PatternSet, fold};
use crate::module::Change;
use crate::{Module, OpId, WalkOrder};
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

/// The driver stops after so many rewrites for each op that there was at the start, and 1,000 more: patterns that undo each other, or
/// make ops without end, would never stop.
pub const MAX_REWRITES_PER_OP: u64 = 32;

/// The counter of erased dead ops.
const DEAD: &str = "erase-dead";
/// The counter of folded ops.
const FOLDED: &str = "fold";

/// What the driver did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewrites {
    /// How often each pattern was applied, by name; `erase-dead` and `fold` stand for the driver's own.
    pub applied: IndexMap<String, u64, FxBuildHasher>,
    /// Whether it ended because nothing applied any more; otherwise the last pattern that was applied is the suspect.
    pub converged: bool,
    /// The last pattern that was applied.
    pub last: Option<String>,
}

impl Rewrites {
    /// How many rewrites there were.
    pub fn total(&self) -> u64 {
        self.applied.values().sum()
    }
}

/// Applies patterns to the ops inside `root` until none applies; also erases dead ops and folds. Each rewrite takes a unit of fuel.
///
/// Linear in the number of ops and rewrites. `root` itself stays.
pub fn apply_patterns(
    m: &mut Module,
    root: OpId,
    patterns: &PatternSet,
    fuel: &mut Fuel,
) -> Rewrites {
    m.start_journal();
    let mut driver = Driver::new(m, root, fuel);
    while let Some(op) = driver.next() {
        driver.visit(op, patterns);
    }
    let rewrites = driver.rewrites;
    m.stop_journal();
    rewrites
}

struct Driver<'a> {
    m: &'a mut Module,
    root: OpId,
    fuel: &'a mut Fuel,
    /// Ops to look at, the next one last.
    worklist: Vec<OpId>,
    waiting: FxHashSet<OpId>,
    left: u64,
    rewrites: Rewrites,
}

impl<'a> Driver<'a> {
    fn new(m: &'a mut Module, root: OpId, fuel: &'a mut Fuel) -> Driver<'a> {
        let mut worklist = m.walk(root, WalkOrder::Pre);
        worklist.retain(|&op| op != root);
        let left = MAX_REWRITES_PER_OP * worklist.len() as u64 + 1000;
        let waiting = worklist.iter().copied().collect();
        worklist.reverse();
        Driver {
            m,
            root,
            fuel,
            worklist,
            waiting,
            left,
            rewrites: Rewrites {
                applied: IndexMap::default(),
                converged: true,
                last: None,
            },
        }
    }

    fn next(&mut self) -> Option<OpId> {
        while let Some(op) = self.worklist.pop() {
            if self.waiting.remove(&op) && self.m.contains(op) && self.m.op_block(op).is_some() {
                return Some(op);
            }
        }
        None
    }

    fn push(&mut self, op: OpId) {
        if op != self.root && self.m.contains(op) && self.waiting.insert(op) {
            self.worklist.push(op);
        }
    }

    fn visit(&mut self, op: OpId, patterns: &PatternSet) {
        if !self.fuel.is_left() || self.left == 0 {
            self.rewrites.converged &= self.left > 0;
            self.worklist.clear();
            return;
        }
        if is_dead(self.m, op) {
            self.m.erase(op);
            self.applied(DEAD);
            return;
        }
        if fold::fold(self.m, op) {
            self.applied(FOLDED);
            return;
        }
        // What folding only looked at is no change.
        self.m.take_journal();
        for p in patterns.of(self.m.op_name(op)).to_vec() {
            let _ = p.apply(self.m, op);
            // What was recorded is the truth: a match that changes nothing would match for ever.
            let changes = self.m.take_journal();
            if !changes.is_empty() {
                self.record(p.name(), &changes);
                return;
            }
        }
    }

    fn applied(&mut self, name: &str) {
        let changes = self.m.take_journal();
        self.record(name, &changes);
    }

    fn record(&mut self, name: &str, changes: &[Change]) {
        self.fuel.take();
        self.left -= 1;
        match self.rewrites.applied.get_mut(name) {
            Some(n) => *n += 1,
            None => {
                self.rewrites.applied.insert(name.to_owned(), 1);
            }
        }
        if self.rewrites.last.as_deref() != Some(name) {
            self.rewrites.last = Some(name.to_owned());
        }
        // The first change is looked at first.
        for c in changes.iter().rev() {
            if let Change::Created(op) | Change::Modified(op) = *c {
                self.push(op);
            }
        }
    }
}

/// Whether nobody would miss an op: no effects, no uses, and no end of a block.
pub(super) fn is_dead(m: &Module, op: OpId) -> bool {
    m.results(op).iter().all(|&v| m.uses(v).is_empty())
        && m.op_info(op)
            .is_some_and(|i| !i.traits.terminator && !i.traits.symbol)
        && m.is_pure(op)
}
