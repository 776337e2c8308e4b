//! Whether a segment has an order of at most so many bytes.

use super::bound::Needs;
use super::state::State;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::ops::Range;

/// What a search has left to spend: one node for each operator that it tries to run.
pub(super) struct Nodes {
    pub(super) spent: u64,
    pub(super) budget: u64,
}

impl Nodes {
    pub(super) fn are_spent(&self) -> bool {
        self.spent >= self.budget
    }
}

/// What a search found.
pub(super) enum Answer {
    /// An order whose peak is not above the threshold.
    Found(Vec<usize>),
    /// There is none, and none below this peak either; `u64::MAX` if there is no order at all.
    Refuted { below: u64 },
    /// The nodes were spent before that was known.
    OutOfNodes,
}

/// Which of the operators that are ready is tried first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Preference {
    /// The one behind which fewest bytes are live.
    LeastLive,
    /// The first in the order given.
    First,
    /// The one whose chain falls furthest from its peak to its lowest place behind: of independent chains behind which more bytes are
    /// live than before, this order has the least peak (Liu, "An application of generalized tree pebbling to sparse matrix
    /// factorization", 1987).
    LargestDrop,
    /// The last in the order given.
    Last,
}

/// Searches for an order of the operators in `range` whose peak is at most `threshold`; `state` is where the range starts, and is
/// left there.
///
/// Depth first over the sets of operators that have run, none of them twice, and none from which an operator that is still to run
/// needs more than the threshold.
///
/// # Free moves
/// Let f(S) be the bytes that are live after the set S. Running an operator adds the buffers that it is the first to write, and frees
/// those that it is the last to touch; of the former there are no more in a larger set, of the latter no fewer. So
/// f(S ∪ T) + f(S ∩ T) ≤ f(S) + f(T). For the same reasons an operator's own peak is, for equal bytes before it, no larger in a larger
/// set (an in-place credit, too, depends on which operand dies).
///
/// Let C = c₁ … cₙ be a chain, each directly behind the one before, that can run from S within the threshold, with f(S ∪ C) ≤ f(S) < f of
/// S and each proper part c₁ … cᵢ. Then, if there is any order from S within the threshold, there is one that starts with C: take the
/// order and move C to the front. Another operator that ran after the set T now runs after T ∪ C. T holds of C some c₁ … cᵢ, so
/// f(T ∪ C) − f(T) ≤ f(S ∪ C) − f(S ∪ {c₁ … cᵢ}) ≤ 0: its peak is no larger than before. A chain of one is an operator that frees no
/// less than it makes.
///
/// # What a refusal proves
/// Let p be the least peak of an operator that was ready and not run for being above the threshold, and the least need for which a set
/// was given up. An order of a peak below p would be found by the argument above, applied to it at every set: no set that it goes
/// through was given up, and each of its operators is run.
pub(super) fn search(
    state: &mut State<'_>,
    needs: &Needs,
    range: &Range<usize>,
    threshold: u64,
    preference: Preference,
    nodes: &mut Nodes,
) -> Answer {
    let mut search = Threshold {
        state,
        needs,
        need: needs.start(),
        threshold,
        preference,
        nodes,
        end: range.end,
        path: Vec::new(),
        drops: Vec::new(),
        refused: u64::MAX,
    };
    let answer = search.run(range);
    let path = std::mem::take(&mut search.path);
    state.undo_all(&path);
    answer
}

/// A set whose ways on are tried one after the other.
struct Frame {
    /// Length of the path to it.
    depth: usize,
    /// Operators still to try, the next one at the end.
    candidates: Vec<usize>,
}

struct Threshold<'s, 'g> {
    state: &'s mut State<'g>,
    needs: &'s Needs,
    /// What each operator of the range needs at least, given what was written.
    need: Vec<u64>,
    threshold: u64,
    preference: Preference,
    nodes: &'s mut Nodes,
    end: usize,
    /// Operators that have run since the start of the range.
    path: Vec<usize>,
    /// For each operator that was ready when no chain was free: how far its chain falls from its peak to its lowest place behind.
    drops: Vec<(usize, u64)>,
    /// Least peak for which an operator was not run, or a set given up.
    refused: u64,
}

impl Threshold<'_, '_> {
    fn run(&mut self, range: &Range<usize>) -> Answer {
        let mut seen = HashSet::new();
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            let mut can_go_on = self.can_go_on();
            while can_go_on && self.free_move() {
                can_go_on = self.can_go_on();
            }
            if self.state.count() == self.end {
                return Answer::Found(self.path.clone());
            }
            if self.nodes.are_spent() {
                return Answer::OutOfNodes;
            }
            let candidates = if can_go_on && seen.insert(self.state.key(range)) {
                self.candidates()
            } else {
                Vec::new()
            };
            frames.push(Frame {
                depth: self.path.len(),
                candidates,
            });
            loop {
                let Some(frame) = frames.last_mut() else {
                    return Answer::Refuted {
                        below: self.refused,
                    };
                };
                let (depth, next) = (frame.depth, frame.candidates.pop());
                self.back_to(depth);
                match next {
                    Some(operator) => {
                        self.step(operator);
                        break;
                    }
                    None => frames.pop(),
                };
            }
        }
    }

    fn step(&mut self, operator: usize) {
        self.nodes.spent += 1;
        let (needs, need) = (self.needs, &mut self.need);
        for &b in &self.state.graph.operators()[operator].writes {
            if self.state.is_unwritten(b) {
                let size = self.state.graph.buffers()[b].size;
                needs.for_written(b, |i| need[i] += size);
            }
        }
        self.state.run(operator);
        self.path.push(operator);
    }

    fn back_to(&mut self, depth: usize) {
        let (needs, need) = (self.needs, &mut self.need);
        for operator in self.path.drain(depth..).rev() {
            self.state.undo(operator);
            for &b in &self.state.graph.operators()[operator].writes {
                if self.state.is_unwritten(b) {
                    let size = self.state.graph.buffers()[b].size;
                    needs.for_written(b, |i| need[i] -= size);
                }
            }
        }
    }

    /// Whether no operator that is still to run needs more than the threshold.
    fn can_go_on(&mut self) -> bool {
        let ahead = self.needs.ahead(&self.need, self.state);
        if ahead > self.threshold {
            self.refused = self.refused.min(ahead);
        }
        ahead <= self.threshold
    }

    /// Runs a chain that costs nothing, if there is one.
    fn free_move(&mut self) -> bool {
        self.drops.clear();
        if self.state.count() == self.end {
            return false;
        }
        let ready = self.state.ready().to_vec();
        let last_first = self.preference == Preference::Last;
        (0..ready.len()).any(|i| {
            let at = if last_first { ready.len() - 1 - i } else { i };
            self.free_chain(ready[at])
        })
    }

    /// Runs the chain from an operator to where no more bytes are live than before it; if it does not get there, nothing, and notes how
    /// far the chain falls behind its peak.
    fn free_chain(&mut self, first: usize) -> bool {
        let (live, depth) = (self.state.live(), self.path.len());
        let (mut peak, mut lowest, mut drop) = (0, u64::MAX, 0);
        let mut next = Some(first);
        while let Some(operator) = next {
            let (during, after) = self.state.effect(operator);
            if during > self.threshold || self.nodes.are_spent() {
                break;
            }
            self.step(operator);
            if after <= live {
                return true;
            }
            peak = during.max(peak);
            if after < lowest {
                (lowest, drop) = (after, peak.saturating_sub(after));
            }
            let state = &*self.state;
            let behind = state.graph.behind(operator).iter().copied();
            let ready = behind.filter(|&i| i < self.end && state.is_ready(i));
            next = ready.min_by_key(|&i| (state.effect(i).1, i));
        }
        self.back_to(depth);
        self.drops.push((first, drop));
        false
    }

    /// The operators to try, the first at the end.
    fn candidates(&mut self) -> Vec<usize> {
        let mut found: Vec<(u64, usize)> = Vec::new();
        for &operator in self.state.ready() {
            let (peak, after) = self.state.effect(operator);
            if peak > self.threshold {
                self.refused = self.refused.min(peak);
            } else {
                found.push((after, operator));
            }
        }
        let drop = |operator: usize| {
            let noted = self.drops.iter().find(|d| d.0 == operator);
            noted.map_or(0, |d| d.1)
        };
        match self.preference {
            Preference::LeastLive => found.sort_unstable(),
            Preference::LargestDrop => found.sort_by_cached_key(|c| (Reverse(drop(c.1)), *c)),
            Preference::First => {}
            Preference::Last => found.reverse(),
        }
        found.iter().rev().map(|c| c.1).collect()
    }
}
