//! Does a component fit into so many bytes, where more is stated than lifetimes? Branch and bound over pairs.
//!
//! A skyline says which bytes are free at a time, not for whom. So this search knows no floors; it keeps for every block
//! its *head*, an offset that it cannot start below, and its *tail*, how far the plan reaches at least beyond its start.
//! A branch takes a block whose head is the lowest among the blocks that it conflicts with and asks: does it lie there, or
//! higher? If higher, then because a neighbour that is not placed yet pushes it up, which raises its head.
//!
//! What cuts branches off:
//! - *canonical plans only*: in a plan of the least sum of offsets every block lies as low as all the others let it, so
//!   that a block with nothing to push it up lies at its head; equal blocks lie in the order of their indices,
//! - *pairs*: of two blocks that conflict, one is the lower; where heads and tails leave only one choice, they rise,
//! - *sections*: in a section, blocks that cannot start below an address take up, above it, the sum of their sizes less
//!   what allowances save; the plan reaches that far, and the least tail further,
//! - *decomposition*: unplaced blocks that no chain of conflicts connects are searched one group after the other, and
//!   where one has no solution the others are not tried again; small groups that have none are remembered.
//!
//! Heads and tails are the release dates and delivery times of job-shop scheduling, where rules for pairs are due to
//! J. Carlier and E. Pinson, "An algorithm for solving the job-shop problem", Management Science 35, 1989.

mod inference;
mod rules;

use std::collections::HashSet;

use super::Exact;
use super::component::Component;
use super::order::Order;
use super::search::Verdict;
pub(super) use rules::Rules;

/// Groups of at most this many blocks are remembered when they fail.
const MAX_STATE: usize = 24;

/// Number of failed groups that are remembered.
const MAX_FAILED: usize = 1 << 16;

/// The nodes were used up.
struct Exhausted;

/// A change to the state, with what was there before.
#[derive(Clone, Copy)]
enum Change {
    Head(usize, u64),
    Tail(usize, u64),
    Placed(usize),
}

/// A search for a plan of one component within one capacity.
pub(super) struct Search<'a> {
    component: &'a Component,
    rules: &'a Rules,
    capacity: u64,
    /// Least capacity at which something that was concluded would not follow.
    at_least: u64,
    nodes: u64,
    /// Blocks looked at since the last node.
    touches: u64,
    /// The section that was at fault last.
    conflict: usize,
    /// Position of a block in the static order.
    rank: Vec<u32>,

    head: Vec<u64>,
    tail: Vec<u64>,
    offset: Vec<Option<u64>>,
    changes: Vec<Change>,
    /// Groups that have no solution; looked up only, so that its order does not matter.
    failed: HashSet<Box<[u64]>>,
}

impl<'a> Search<'a> {
    /// A search that has not begun.
    pub(super) fn new(component: &'a Component, rules: &'a Rules) -> Search<'a> {
        let count = component.blocks.len();
        Search {
            component,
            rules,
            capacity: 0,
            at_least: u64::MAX,
            nodes: 0,
            touches: 0,
            conflict: 0,
            rank: Order::ALL[0].ranks(component),
            head: vec![0; count],
            tail: vec![0; count],
            offset: vec![None; count],
            changes: Vec::new(),
            failed: HashSet::new(),
        }
    }

    /// Tries blocks in another order from now on.
    pub(super) fn set_order(&mut self, order: Order) {
        self.rank = order.ranks(self.component);
    }

    /// Whether the component fits into `capacity` bytes; spends at most `nodes` nodes and takes them off.
    pub(super) fn run(&mut self, capacity: u64, nodes: &mut u64) -> Verdict {
        self.capacity = capacity;
        self.at_least = u64::MAX;
        self.nodes = *nodes;
        self.touches = 0;
        self.changes.clear();
        self.failed.clear();
        self.head.fill(0);
        let blocks = &self.component.blocks;
        for (tail, block) in self.tail.iter_mut().zip(blocks) {
            *tail = block.size;
        }
        self.offset.copy_from_slice(&self.rules.fixed);
        let free = |index: &usize| self.rules.fixed[*index].is_none();
        let group: Vec<usize> = (0..blocks.len()).filter(free).collect();
        let solved = if self.fixed_fit() && self.settle(&group) {
            self.solve_parts(group)
        } else {
            Ok(false)
        };
        *nodes = self.nodes;
        match solved {
            Ok(true) => Verdict::Fits(self.offsets()),
            Ok(false) => Verdict::Refuted {
                at_least: self.at_least,
            },
            Err(Exhausted) => Verdict::Exhausted,
        }
    }

    fn offsets(&self) -> Vec<u64> {
        let place = |offset: &Option<u64>| offset.expect("invariant: every group is solved");
        self.offset.iter().map(place).collect()
    }

    /// Whether the blocks of fixed offsets end below the capacity.
    fn fixed_fit(&mut self) -> bool {
        let ends = self.component.blocks.iter().zip(&self.rules.fixed);
        let top = ends.filter_map(|(block, offset)| Some((*offset)? + block.size));
        let top = top.max().unwrap_or(0);
        top <= self.capacity || self.fail(top, 0)
    }

    /// Notes that there is no plan below `needed` bytes, which is above the capacity, by what is known of a section.
    fn fail(&mut self, needed: u64, section: usize) -> bool {
        self.at_least = self.at_least.min(needed);
        self.conflict = section;
        false
    }

    /// Places all blocks of `group`, or none: each part of it that hangs together by itself.
    fn solve_parts(&mut self, group: Vec<usize>) -> Result<bool, Exhausted> {
        let start = self.changes.len();
        let mut parts = self.parts(group);
        parts.sort_by_key(Vec::len);
        for part in parts {
            if !self.solve(&part)? {
                self.undo(start);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The groups of blocks that conflicts connect.
    fn parts(&self, mut group: Vec<usize>) -> Vec<Vec<usize>> {
        let mut outside = vec![true; self.offset.len()];
        for &index in &group {
            outside[index] = false;
        }
        group.reverse();
        let mut parts = Vec::new();
        while let Some(first) = group.pop() {
            if std::mem::replace(&mut outside[first], true) {
                continue;
            }
            let mut part = vec![first];
            let mut reached = 0;
            while let Some(&index) = part.get(reached) {
                reached += 1;
                for neighbour in &self.rules.neighbours[index] {
                    if !std::mem::replace(&mut outside[neighbour.block], true) {
                        part.push(neighbour.block);
                    }
                }
            }
            part.sort_unstable();
            parts.push(part);
        }
        parts
    }

    /// Places all blocks of a group that hangs together, or none.
    fn solve(&mut self, group: &[usize]) -> Result<bool, Exhausted> {
        let start = self.changes.len();
        let state = self.state(group);
        if state
            .as_ref()
            .is_some_and(|state| self.failed.contains(state))
        {
            return Ok(false);
        }
        loop {
            if self.nodes == 0 {
                return Err(Exhausted);
            }
            let spent = 1 + self.touches / Exact::TOUCHES_PER_NODE;
            self.nodes = self.nodes.saturating_sub(spent);
            self.touches = 0;
            let block = self.choose(group);
            let here = self.changes.len();
            self.place(block);
            let rest: Vec<usize> = group.iter().copied().filter(|&b| b != block).collect();
            if self.settle(&rest) && self.solve_parts(rest)? {
                return Ok(true);
            }
            self.undo(here);
            if !(self.lift(block) && self.settle(group)) {
                self.undo(start);
                if self.failed.len() < MAX_FAILED {
                    self.failed.extend(state);
                }
                return Ok(false);
            }
        }
    }

    /// All that the solutions of a group depend on; none when that is too much to remember.
    fn state(&self, group: &[usize]) -> Option<Box<[u64]>> {
        if group.len() > MAX_STATE {
            return None;
        }
        let mut state = Vec::with_capacity(4 * group.len());
        for &index in group {
            state.extend([index as u64, self.head[index]]);
            for neighbour in &self.rules.neighbours[index] {
                let Some(offset) = self.offset[neighbour.block] else {
                    continue;
                };
                if offset + neighbour.up_to_here > self.head[index] {
                    state.extend([u64::MAX, neighbour.block as u64, offset]);
                }
            }
        }
        Some(state.into())
    }

    /// A block of the group whose head is as low as the heads of its unplaced neighbours, from the section that has the
    /// fewest of them or is nearest to the latest conflict; of its blocks the first in the static order.
    fn choose(&mut self, group: &[usize]) -> usize {
        let blocks = &self.component.blocks;
        let is_lowest = |&index: &usize| {
            let mut neighbours = self.rules.neighbours[index].iter();
            neighbours
                .all(|n| self.offset[n.block].is_some() || self.head[index] <= self.head[n.block])
        };
        let candidates: Vec<usize> = group.iter().copied().filter(is_lowest).collect();
        let mut best = None;
        let first = group.iter().map(|&b| blocks[b].first).min().unwrap_or(0);
        let last = group.iter().map(|&b| blocks[b].last).max().unwrap_or(0);
        let mut counts = vec![0u64; last + 1 - first];
        let mut rest = vec![0u64; last + 1 - first];
        for &index in group {
            self.touches += 1;
            for section in blocks[index].first..=blocks[index].last {
                rest[section - first] += self.rules.rounded[index];
            }
        }
        for &index in &candidates {
            for section in blocks[index].first..=blocks[index].last {
                counts[section - first] += 1;
            }
        }
        for &index in &candidates {
            for section in blocks[index].first..=blocks[index].last {
                let end = self.head[index] + rest[section - first];
                let slack = (self.capacity + self.rules.spare[section]).saturating_sub(end);
                let answers = counts[section - first] + u64::from(slack > 0);
                let near = match answers {
                    0 | 1 => 0,
                    _ => 1 + section.abs_diff(self.conflict) as u64,
                };
                let key = (near, answers, slack, self.rank[index]);
                if best.is_none_or(|(least, _)| key < least) {
                    best = Some((key, index));
                }
            }
        }
        best.map_or(group[0], |(_, index)| index)
    }

    /// Places a block at its head.
    fn place(&mut self, index: usize) {
        self.offset[index] = Some(self.head[index]);
        self.changes.push(Change::Placed(index));
    }

    /// Raises the head of a block that lies higher than it; false when nothing can push it up.
    fn lift(&mut self, index: usize) -> bool {
        let at = self.head[index];
        let pushed = |neighbour: &rules::Neighbour| {
            let start = self.offset[neighbour.block];
            let above = start.unwrap_or(self.head[neighbour.block]) + neighbour.up_to_here;
            match start {
                _ if above > at => Some(above),
                // It may come to lie anywhere above its head.
                None => Some(at + 1),
                Some(_) => None,
            }
        };
        let neighbours = self.rules.neighbours[index].iter();
        let Some(next) = neighbours.filter_map(pushed).min() else {
            return false;
        };
        self.raise_head(index, self.component.blocks[index].aligned(next));
        true
    }

    fn raise_head(&mut self, index: usize, head: u64) {
        self.changes.push(Change::Head(index, self.head[index]));
        self.head[index] = head;
    }

    fn raise_tail(&mut self, index: usize, tail: u64) {
        self.changes.push(Change::Tail(index, self.tail[index]));
        self.tail[index] = tail;
    }

    /// Takes back every change but the first `keep`.
    fn undo(&mut self, keep: usize) {
        for change in self.changes.drain(keep..).rev() {
            match change {
                Change::Head(index, head) => self.head[index] = head,
                Change::Tail(index, tail) => self.tail[index] = tail,
                Change::Placed(index) => self.offset[index] = None,
            }
        }
    }
}
