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
    /// Ops around what changed, to look at when all else is done: looking at an op with regions costs more.
    around: Vec<OpId>,
    waiting: FxHashSet<OpId>,
    /// Whether anything was rewritten since all ops were last put on the list.
    changed: bool,
    left: u64,
    rewrites: Rewrites,
}

impl<'a> Driver<'a> {
    fn new(m: &'a mut Module, root: OpId, fuel: &'a mut Fuel) -> Driver<'a> {
        let mut driver = Driver {
            m,
            root,
            fuel,
            worklist: Vec::new(),
            around: Vec::new(),
            waiting: FxHashSet::default(),
            changed: false,
            left: 0,
            rewrites: Rewrites {
                applied: IndexMap::default(),
                converged: true,
                last: None,
            },
        };
        driver.push_all();
        driver.left = MAX_REWRITES_PER_OP * driver.worklist.len() as u64 + 1000;
        driver
    }

    /// Puts every op on the list.
    fn push_all(&mut self) {
        self.worklist = self.m.walk(self.root, WalkOrder::Pre);
        self.worklist.retain(|&op| op != self.root);
        self.waiting = self.worklist.iter().copied().collect();
        self.worklist.reverse();
        self.changed = false;
    }

    fn next(&mut self) -> Option<OpId> {
        loop {
            // A pattern may look further than to what changed: the end is when all ops were looked at in vain.
            if self.worklist.is_empty() && self.around.is_empty() && self.changed {
                self.push_all();
            }
            if self.worklist.is_empty() {
                std::mem::swap(&mut self.worklist, &mut self.around);
                self.worklist.reverse();
            }
            let op = self.worklist.pop()?;
            if self.waiting.remove(&op) && self.m.contains(op) && self.m.op_block(op).is_some() {
                return Some(op);
            }
        }
    }

    fn push(&mut self, op: OpId) {
        if op == self.root || !self.m.contains(op) {
            return;
        }
        let has_regions = !self.m.regions(op).is_empty();
        if self.waiting.insert(op) {
            match has_regions {
                true => self.around.push(op),
                false => self.worklist.push(op),
            }
        }
        // What a block hands on is a fact about the op around it.
        if let Some(block) = self.m.op_block(op)
            && self.m.last_op(block) == Some(op)
        {
            let parent = self.m.region_op(self.m.block_region(block));
            if parent != self.root && self.waiting.insert(parent) {
                self.around.push(parent);
            }
        }
    }

    fn visit(&mut self, op: OpId, patterns: &PatternSet) {
        if !self.fuel.is_left() || self.left == 0 {
            self.rewrites.converged &= self.left > 0;
            self.worklist.clear();
            self.around.clear();
            self.changed = false;
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
        for p in patterns.of(self.m.op_name(op)) {
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
        self.changed = true;
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
