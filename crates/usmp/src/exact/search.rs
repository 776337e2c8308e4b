//! Does a component fit into so many bytes? Branch and bound over skylines.
//!
//! Blocks are placed from the bottom up. The state of a search is, for every section, a *floor* that no unplaced block
//! can start below, and the blocks that are still unplaced. A *valley* is a run of sections of equal floor between
//! higher ones: a block that lives within it and may start at its floor is a candidate, every other block of its
//! sections starts higher. A branch takes one section of one valley and asks what lies on its floor: one of the
//! candidates, or nothing, in which case the floor rises to the next address at which something can start. The answers
//! exclude one another, so that no plan is met twice.
//!
//! What cuts branches off:
//! - *section inference*: the floor of a section plus all that is still to be placed in it exceeds the capacity,
//! - *decomposition*: sections that no unplaced block connects are solved one after the other, and when one of the parts
//!   has no solution none of the decisions within the others is tried again,
//! - *canonical plans only*: if there is a plan, then there is one that has the least sum of `size² · offset`. In
//!   that plan every block lies on the ground or on another block, as it could sink otherwise; of two blocks with the
//!   same life one directly above the other the larger is below; and equal blocks lie in the order of their indices.
//!
//! Small parts that have no solution are remembered together with all that this depended on.
//!
//! Section inference, canonical plans, and decomposition during the search follow M. D. Moffitt, "MiniMalloc: A
//! Lightweight Memory Allocator for Hardware-Accelerated Machine Learning", ASPLOS 2023; branching on the floor of a
//! valley is that of skyline methods for strip packing.

mod inference;
mod trail;

use std::collections::HashSet;

use super::Exact;
use super::component::{Block, Component};
use super::order::Order;

/// What a search found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The blocks fit at these offsets, one a block.
    Fits(Vec<u64>),
    /// They do not fit, nor into any capacity below `at_least` bytes.
    Refuted {
        /// Larger than the capacity that was asked for.
        at_least: u64,
    },
    /// The nodes were used up.
    Exhausted,
}

/// No block, branch or task.
const NONE: u32 = u32::MAX;

/// States of at most this many unplaced blocks, and of as many sections, are remembered when they fail.
const MAX_STATE: usize = 24;

/// Number of failed states that are remembered.
const MAX_FAILED: usize = 1 << 16;

/// Above every address of every plan.
const ADDRESS_END: u64 = 1 << 63;

/// A change to the state, with what was there before.
#[derive(Clone, Copy)]
enum Change {
    Floor(u32, u64),
    Surface(u32, u64, u32),
    Placed(u32),
}

/// One answer to the question what lies on the floor of a section.
#[derive(Clone, Copy)]
enum Answer {
    Block(u32),
    Nothing { rises_to: u64 },
}

/// Sections to be solved, in a linked list.
#[derive(Clone, Copy)]
struct Pending {
    first: usize,
    last: usize,
    /// The branch whose answer led to it.
    parent: u32,
    next: u32,
}

/// A branch: a section and the answers that are still to be tried.
struct Branch {
    section: usize,
    first: usize,
    last: usize,
    parent: u32,
    /// Pending work beside the branch's own sections.
    beside: u32,
    pending: usize,
    changes: usize,
    /// The answers, of which those before `next` have been tried.
    answers: usize,
    next: usize,
    end: usize,
    /// What the search is to remember when all answers fail.
    state: Option<Box<[u64]>>,
}

/// A search for a plan of one component within one capacity.
pub(super) struct Search<'a> {
    component: &'a Component,
    /// The section that was at fault last.
    conflict: usize,
    capacity: u64,
    /// Sections of blocks looked at since the last node.
    touches: u64,
    /// Least capacity at which something that was cut off would not be.
    at_least: u64,
    /// Blocks by first section: those of section `s` are `starts[s]..starts[s + 1]`.
    starts: Vec<usize>,
    /// Position of a block in the static order.
    rank: Vec<u32>,
    /// The equal block that goes below this one.
    twin: Vec<u32>,
    /// Sizes rounded up to the least alignment of the component.
    rounded: Vec<u64>,
    /// What the topmost block of a section may lack to its rounded size.
    spare: Vec<u64>,

    floor: Vec<u64>,
    /// End of the topmost placed block and that block, by section.
    surface: Vec<u64>,
    topmost: Vec<u32>,
    /// Rounded bytes and number of the unplaced blocks of a section.
    rest: Vec<u64>,
    count: Vec<u32>,
    /// Number of unplaced blocks that live both in a section and the one after it.
    across: Vec<u32>,
    offset: Vec<Option<u64>>,

    changes: Vec<Change>,
    pending: Vec<Pending>,
    head: u32,
    branches: Vec<Branch>,
    answers: Vec<Answer>,
    /// States that have no solution; looked up only, so that its order does not matter.
    failed: HashSet<Box<[u64]>>,

    /// Of the sections at hand: lowest start of every unplaced block, lowest of these in a section, candidates.
    lowest: Vec<u64>,
    least: Vec<u64>,
    candidates: Vec<u32>,
    ends_below: Vec<u64>,
    falling: Vec<(u64, u32)>,
}

impl<'a> Search<'a> {
    /// A search that has not begun.
    pub(super) fn new(component: &'a Component) -> Search<'a> {
        let blocks = &component.blocks;
        let sections = component.sections;
        let step = blocks.iter().map(|b| b.align).min().unwrap_or(1);
        let rounded: Vec<u64> = blocks
            .iter()
            .map(|b| b.size.next_multiple_of(step))
            .collect();
        let mut search = Search {
            component,
            conflict: 0,
            capacity: 0,
            touches: 0,
            at_least: u64::MAX,
            starts: vec![0; sections + 1],
            rank: Order::ALL[0].ranks(component),
            twin: twins(blocks),
            spare: vec![0; sections],
            floor: vec![0; sections],
            surface: vec![0; sections],
            topmost: vec![NONE; sections],
            rest: vec![0; sections],
            count: vec![0; sections],
            across: vec![0; sections],
            offset: vec![None; blocks.len()],
            changes: Vec::new(),
            pending: Vec::new(),
            head: NONE,
            branches: Vec::new(),
            answers: Vec::new(),
            failed: HashSet::new(),
            lowest: vec![0; blocks.len()],
            least: vec![0; sections],
            candidates: vec![0; sections],
            ends_below: vec![0; sections],
            falling: Vec::new(),
            rounded,
        };
        for (index, block) in blocks.iter().enumerate() {
            search.starts[block.first + 1] += 1;
            for section in block.first..=block.last {
                search.rest[section] += search.rounded[index];
                search.count[section] += 1;
                let spare = &mut search.spare[section];
                *spare = (*spare).max(search.rounded[index] - block.size);
            }
            for section in block.first..block.last {
                search.across[section] += 1;
            }
        }
        for section in 0..sections {
            search.starts[section + 1] += search.starts[section];
        }
        search
    }

    /// Tries candidates in another order from now on.
    pub(super) fn set_order(&mut self, order: Order) {
        self.rank = order.ranks(self.component);
    }

    /// Whether the component fits into `capacity` bytes; spends at most `nodes` nodes and takes them off.
    pub(super) fn run(&mut self, capacity: u64, nodes: &mut u64) -> Verdict {
        self.undo(0);
        self.capacity = capacity;
        self.at_least = u64::MAX;
        self.pending.clear();
        self.branches.clear();
        self.answers.clear();
        self.failed.clear();
        self.head = NONE;
        self.push_pending(0, self.component.sections - 1, NONE);
        for section in 0..self.component.sections {
            if !self.may_rise(section, 0) {
                return Verdict::Refuted {
                    at_least: self.at_least,
                };
            }
        }
        loop {
            let Some(&task) = self.pending.get(self.head as usize) else {
                return Verdict::Fits(self.offsets());
            };
            self.head = task.next;
            let (first, last, parent) = (task.first, task.last, task.parent);
            let fits = self.settle(first, last);
            if fits && self.split(first, last, parent) {
                continue;
            }
            let state = if fits { self.state(first, last) } else { None };
            let fits = fits
                && state
                    .as_ref()
                    .is_none_or(|state| !self.failed.contains(state));
            if fits {
                self.branch(first, last, parent, state);
            }
            let from = if fits {
                self.branches.len() as u32 - 1
            } else {
                parent
            };
            if *nodes == 0 {
                return Verdict::Exhausted;
            }
            *nodes = nodes.saturating_sub(1 + self.touches / Exact::TOUCHES_PER_NODE);
            self.touches = 0;
            if !self.next_answer(from) {
                return Verdict::Refuted {
                    at_least: self.at_least,
                };
            }
        }
    }

    fn offsets(&self) -> Vec<u64> {
        let place =
            |offset: &Option<u64>| offset.expect("invariant: no section has unplaced blocks");
        self.offset.iter().map(place).collect()
    }

    fn push_pending(&mut self, first: usize, last: usize, parent: u32) {
        self.pending.push(Pending {
            first,
            last,
            parent,
            next: self.head,
        });
        self.head = self.pending.len() as u32 - 1;
    }

    /// Makes separate tasks of parts that no unplaced block connects; false when there is one part only.
    fn split(&mut self, first: usize, last: usize, parent: u32) -> bool {
        let connected = (first..last).all(|s| self.across[s] > 0) && self.count[first] > 0;
        if connected {
            return false;
        }
        let mut start = first;
        for section in first..=last {
            if section == last || self.across[section] == 0 {
                if self.count[section] > 0 {
                    self.push_pending(start, section, parent);
                }
                start = section + 1;
            }
        }
        true
    }

    /// All that the answers within these sections depend on; none when that is too much to remember.
    fn state(&self, first: usize, last: usize) -> Option<Box<[u64]>> {
        if last - first >= MAX_STATE
            || self.count[first..=last]
                .iter()
                .any(|&c| c as usize > MAX_STATE)
        {
            return None;
        }
        let unplaced =
            (self.starts[first]..self.starts[last + 1]).filter(|&i| self.offset[i].is_none());
        let mut state = vec![first as u64, last as u64];
        for index in unplaced {
            if state.len() > MAX_STATE + 1 {
                return None;
            }
            state.push(2 * index as u64 + u64::from(self.belongs_below(index)));
        }
        state.extend_from_slice(&self.floor[first..=last]);
        state.extend_from_slice(&self.surface[first..=last]);
        Some(state.into())
    }

    /// Chooses a section to branch on and lists the answers.
    fn branch(&mut self, first: usize, last: usize, parent: u32, state: Option<Box<[u64]>>) {
        let section = self.choose(first, last);
        let answers = self.answers.len();
        let floor = self.floor[section];
        let component = self.component;
        for index in self.starts[first]..self.starts[section + 1] {
            if component.blocks[index].last >= section && self.is_candidate(index, floor) {
                self.answers.push(Answer::Block(index as u32));
            }
        }
        let rank = &self.rank;
        self.answers[answers..].sort_unstable_by_key(|answer| match answer {
            Answer::Block(index) => rank[*index as usize],
            Answer::Nothing { .. } => NONE,
        });
        let rises_to = self.next_floor(first, last, section);
        if self.may_rise(section, rises_to) {
            self.answers.push(Answer::Nothing { rises_to });
        }
        self.branches.push(Branch {
            section,
            first,
            last,
            parent,
            beside: self.head,
            pending: self.pending.len(),
            changes: self.changes.len(),
            answers,
            next: answers,
            state,
            end: self.answers.len(),
        });
    }

    /// Whether an unplaced block may lie on the floor of its sections in a canonical plan.
    fn is_candidate(&self, index: usize, floor: u64) -> bool {
        if self.offset[index].is_some() || self.lowest[index] != floor {
            return false;
        }
        let block = &self.component.blocks[index];
        let twin = self.twin[index];
        if twin != NONE && self.offset[twin as usize].is_none() {
            return false;
        }
        let surfaces = &self.surface[block.first..=block.last];
        if block.aligned(surfaces.iter().copied().max().unwrap_or(0)) != floor {
            return false;
        }
        !(self.surface[block.first] == floor && self.belongs_below(index))
    }

    /// Whether the block on which an unplaced block would come to lie has the same life and is smaller.
    fn belongs_below(&self, index: usize) -> bool {
        let block = &self.component.blocks[index];
        let Some(below) = self
            .component
            .blocks
            .get(self.topmost[block.first] as usize)
        else {
            return false;
        };
        let steps = |b: &Block| b.size % block.align == 0;
        below.same_life(block)
            && below.align == block.align
            && below.size < block.size
            && steps(below)
            && steps(block)
    }

    /// The section of a valley that has at most one answer, else the one that is nearest to the latest conflict.
    ///
    /// Going on where the latest failure was finds out at once whether a decision that was taken back had to do with it,
    /// which spares most of what backjumping does (C. Lecoutre et al., "Reasoning from last conflict(s) in constraint
    /// programming", Artificial Intelligence 173, 2009).
    fn choose(&mut self, first: usize, last: usize) -> usize {
        let component = self.component;
        self.candidates[first..=last].fill(0);
        for index in self.starts[first]..self.starts[last + 1] {
            let block = &component.blocks[index];
            if self.offset[index].is_some() || self.floor[block.first] != self.lowest[index] {
                continue;
            }
            if self.is_candidate(index, self.lowest[index]) {
                for count in &mut self.candidates[block.first..=block.last] {
                    *count += 1;
                }
            }
        }
        let mut best = (u64::MAX, u64::MAX, u64::MAX);
        let mut chosen = first;
        let mut start = first;
        while start <= last {
            let floor = self.floor[start];
            let mut end = start;
            while end < last && self.floor[end + 1] == floor {
                end += 1;
            }
            let walled = |neighbour: Option<usize>| neighbour.is_none_or(|s| self.floor[s] > floor);
            let left = (start > first).then(|| start - 1);
            let right = (end < last).then_some(end + 1);
            if walled(left) && walled(right) {
                for section in start..=end {
                    let slack = (self.capacity + self.spare[section])
                        .saturating_sub(floor + self.rest[section]);
                    let answers = u64::from(self.candidates[section]) + u64::from(slack > 0);
                    let near = match answers {
                        0 | 1 => 0,
                        _ => 1 + section.abs_diff(self.conflict) as u64,
                    };
                    let key = (near, answers, slack);
                    if key < best {
                        best = key;
                        chosen = section;
                    }
                }
            }
            start = end + 1;
        }
        chosen
    }

    /// The lowest address at which something can start in a section on whose floor nothing lies.
    ///
    /// A block that could lie on the floor but does not lies on another block that does not live in the section.
    fn next_floor(&mut self, first: usize, last: usize, section: usize) -> u64 {
        let component = self.component;
        let floor = self.floor[section];
        // By the section in which they are nearest: the lowest end of a block to the left, and to the right.
        self.ends_below[first..=last].fill(u64::MAX);
        for index in self.starts[first]..self.starts[last + 1] {
            let block = &component.blocks[index];
            if self.offset[index].is_some() || (block.first <= section && section <= block.last) {
                continue;
            }
            let nearest = if block.last < section {
                block.last
            } else {
                block.first
            };
            let end = self.lowest[index] + block.size;
            self.ends_below[nearest] = self.ends_below[nearest].min(end);
        }
        for s in (first..section.saturating_sub(1)).rev() {
            self.ends_below[s] = self.ends_below[s].min(self.ends_below[s + 1]);
        }
        for s in section + 2..=last {
            self.ends_below[s] = self.ends_below[s].min(self.ends_below[s - 1]);
        }
        let mut next = u64::MAX;
        for index in self.starts[first]..self.starts[section + 1] {
            let block = &component.blocks[index];
            if self.offset[index].is_some() || block.last < section {
                continue;
            }
            let mut lowest = self.lowest[index];
            if lowest == floor {
                let left = if block.first < section {
                    self.ends_below[block.first]
                } else {
                    u64::MAX
                };
                let right = if block.last > section {
                    self.ends_below[block.last]
                } else {
                    u64::MAX
                };
                lowest = match left.min(right) {
                    u64::MAX => continue,
                    end => block.aligned(end),
                };
            }
            next = next.min(lowest);
        }
        next.min(ADDRESS_END)
    }

    /// Takes the next answer of branch `from`, or of the nearest branch that led to it; false when there is none.
    fn next_answer(&mut self, mut from: u32) -> bool {
        loop {
            if from == NONE {
                return false;
            }
            self.branches.truncate(from as usize + 1);
            let branch = &mut self.branches[from as usize];
            let (section, first, last) = (branch.section, branch.first, branch.last);
            let (changes, pending) = (branch.changes, branch.pending);
            let (beside, parent) = (branch.beside, branch.parent);
            let (answers, next, end) = (branch.answers, branch.next, branch.end);
            branch.next += 1;
            self.undo(changes);
            self.pending.truncate(pending);
            self.head = beside;
            if next >= end {
                self.conflict = section;
                let state = self.branches.pop().and_then(|branch| branch.state);
                if self.failed.len() < MAX_FAILED {
                    self.failed.extend(state);
                }
                self.answers.truncate(answers);
                from = parent;
                continue;
            }
            self.answers.truncate(end);
            match self.answers[next] {
                Answer::Block(index) => self.place(index as usize, self.floor[section]),
                Answer::Nothing { rises_to } => self.raise(section, rises_to),
            }
            self.push_pending(first, last, from);
            return true;
        }
    }
}

/// For every block the nearest earlier one of the same life, size and alignment.
fn twins(blocks: &[Block]) -> Vec<u32> {
    let mut sorted: Vec<usize> = (0..blocks.len()).collect();
    let key = |&i: &usize| {
        (
            blocks[i].first,
            blocks[i].last,
            blocks[i].size,
            blocks[i].align,
            i,
        )
    };
    sorted.sort_unstable_by_key(key);
    let mut twins = vec![NONE; blocks.len()];
    for pair in sorted.windows(2) {
        let (a, b) = (&blocks[pair[0]], &blocks[pair[1]]);
        if a.same_life(b) && (a.size, a.align) == (b.size, b.align) {
            twins[pair[1]] = pair[0] as u32;
        }
    }
    twins
}
