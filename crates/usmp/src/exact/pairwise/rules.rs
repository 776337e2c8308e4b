//! What holds between the blocks of a component, pair by pair.

use crate::exact::component::Component;
use crate::problem::Problem;

/// A block that another one conflicts with.
#[derive(Clone, Copy, Debug)]
pub(in crate::exact) struct Neighbour {
    /// Index of the neighbour in the component.
    pub(super) block: usize,
    /// Least distance in bytes up to the neighbour's start where the neighbour is the upper one.
    pub(super) up_from_here: u64,
    /// Least distance in bytes up from the neighbour's start where the neighbour is the lower one.
    pub(super) up_to_here: u64,
}

/// The rules of a component; everything is by block, unless it is by section.
#[derive(Clone, Debug)]
pub(in crate::exact) struct Rules {
    /// Ascending.
    pub(super) neighbours: Vec<Vec<Neighbour>>,
    /// The offset, in bytes, where it is fixed.
    pub(super) fixed: Vec<Option<u64>>,
    /// The equal block of the same life that goes below it.
    pub(super) twin: Vec<Option<usize>>,
    /// The neighbours with which it may share bytes, and how many at most, in whole steps of the least alignment.
    pub(super) savings: Vec<Vec<(usize, u64)>>,
    /// Size rounded up to the least alignment of the component.
    pub(super) rounded: Vec<u64>,
    /// By section: what the topmost block may lack to its rounded size.
    pub(super) spare: Vec<u64>,
    /// By section: the blocks that live in it, ascending.
    pub(super) live: Vec<Vec<usize>>,
}

impl Rules {
    /// The rules of a component of `problem`: O(n²) for n blocks.
    pub(in crate::exact) fn new(problem: &Problem, component: &Component) -> Rules {
        let blocks = &component.blocks;
        let step = blocks.iter().map(|b| b.align).min().unwrap_or(1);
        let round = |size: u64| size.next_multiple_of(step);
        let mut rules = Rules {
            neighbours: vec![Vec::new(); blocks.len()],
            fixed: blocks
                .iter()
                .map(|b| problem.fixed_offset(b.buffer))
                .collect(),
            twin: vec![None; blocks.len()],
            savings: vec![Vec::new(); blocks.len()],
            rounded: blocks.iter().map(|b| round(b.size)).collect(),
            spare: vec![0; component.sections],
            live: vec![Vec::new(); component.sections],
        };
        for (index, block) in blocks.iter().enumerate() {
            for section in block.first..=block.last {
                rules.live[section].push(index);
                let spare = &mut rules.spare[section];
                *spare = (*spare).max(rules.rounded[index] - block.size);
            }
            for (other, beside) in blocks.iter().enumerate() {
                if index == other || !problem.conflict(block.buffer, beside.buffer) {
                    continue;
                }
                let neighbour = Neighbour {
                    block: other,
                    up_from_here: problem.distance(block.buffer, beside.buffer),
                    up_to_here: problem.distance(beside.buffer, block.buffer),
                };
                rules.neighbours[index].push(neighbour);
                let below = round(block.size) - round(neighbour.up_from_here);
                let above = round(beside.size) - round(neighbour.up_to_here);
                let saving = below.max(above);
                if saving > 0 {
                    let most = saving.min(round(block.size)).min(round(beside.size));
                    rules.savings[index].push((other, most));
                }
            }
        }
        rules.find_twins(problem, component);
        rules
    }

    /// Twins are equal in all that a plan depends on, so nothing is stated of them.
    fn find_twins(&mut self, problem: &Problem, component: &Component) {
        let mut stated = vec![false; problem.buffers().len()];
        let overlaps = problem.overlaps().map(|o| (o.result, o.operand));
        for (a, b) in overlaps.chain(problem.stated_conflicts()) {
            (stated[a], stated[b]) = (true, true);
        }
        let blocks = &component.blocks;
        let mut sorted: Vec<usize> = (0..blocks.len())
            .filter(|&i| self.fixed[i].is_none() && !stated[blocks[i].buffer])
            .collect();
        let key = |i: usize| {
            (
                blocks[i].first,
                blocks[i].last,
                blocks[i].size,
                blocks[i].align,
            )
        };
        sorted.sort_unstable_by_key(|&i| (key(i), i));
        for pair in sorted.windows(2) {
            if key(pair[0]) == key(pair[1]) {
                self.twin[pair[1]] = Some(pair[0]);
            }
        }
    }
}
