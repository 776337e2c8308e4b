//! Buffers that hang together in time, with time reduced to the moments that matter.

use crate::problem::Problem;

/// A buffer as the search sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Index of the buffer in the problem.
    pub(super) buffer: usize,
    /// Size in bytes, not zero.
    pub(super) size: u64,
    /// Alignment in bytes.
    pub(super) align: u64,
    /// First section in which the buffer is live.
    pub(super) first: usize,
    /// Last section in which it is live.
    pub(super) last: usize,
    /// First time at which the buffer is live.
    pub(super) start: u32,
    /// First time at which it is no longer live.
    pub(super) end: u32,
}

impl Block {
    /// The lowest address from `address` on at which the block may start.
    pub(super) fn aligned(&self, address: u64) -> u64 {
        (address + (self.align - 1)) & !(self.align - 1)
    }

    /// Whether both are live in exactly the same sections.
    pub(super) fn same_life(&self, other: &Block) -> bool {
        (self.first, self.last) == (other.first, other.last)
    }
}

/// Buffers whose lifetimes overlap one another, directly or through others, and no buffer outside.
///
/// A *section* is a time at which a maximal set of buffers is live: what is live at any other time is also live together
/// in some section. Two buffers conflict if and only if they have a common section, so that sections are all the time
/// that the search needs; a buffer is live in a contiguous range of them. Where conflicts are stated beyond lifetimes,
/// components that they connect are one, and lifetimes alone no longer tell which blocks conflict.
#[derive(Clone, Debug, Default)]
pub(super) struct Component {
    /// Ordered by first section.
    pub(super) blocks: Vec<Block>,
    /// Number of sections.
    pub(super) sections: usize,
    /// Whether more is stated of the blocks than their lifetimes.
    pub(super) stated: bool,
}

impl Component {
    /// Adds a component whose sections come after all of these.
    fn append(&mut self, later: Component) {
        let shifted = later.blocks.into_iter().map(|block| Block {
            first: block.first + self.sections,
            last: block.last + self.sections,
            ..block
        });
        self.blocks.extend(shifted);
        self.sections += later.sections;
    }
}

/// The components of `problem`, in order of time; buffers of no bytes are in none.
pub(super) fn components(problem: &Problem) -> Vec<Component> {
    let components = components_in_time(problem);
    if problem.is_plain() {
        return components;
    }
    join(problem, components)
}

/// Joins components that stated conflicts connect, and marks those of which something is stated.
fn join(problem: &Problem, components: Vec<Component>) -> Vec<Component> {
    let mut group: Vec<usize> = (0..components.len()).collect();
    let mut of_buffer = vec![None; problem.buffers().len()];
    for (index, component) in components.iter().enumerate() {
        for block in &component.blocks {
            of_buffer[block.buffer] = Some(index);
        }
    }
    for (a, b) in problem.stated_conflicts() {
        if let (Some(a), Some(b)) = (of_buffer[a], of_buffer[b]) {
            let (from, to) = (group[a].max(group[b]), group[a].min(group[b]));
            for member in group.iter_mut().filter(|member| **member == from) {
                *member = to;
            }
        }
    }
    let mut joined: Vec<Component> = vec![Component::default(); components.len()];
    for (component, &to) in components.into_iter().zip(&group) {
        joined[to].append(component);
    }
    let overlaps = problem.overlaps().map(|o| o.result);
    let conflicts = problem.stated_conflicts().map(|(a, _)| a);
    let fixed = problem.fixed_offsets().map(|(buffer, _)| buffer);
    for buffer in overlaps.chain(conflicts).chain(fixed) {
        if let Some(component) = of_buffer[buffer] {
            joined[group[component]].stated = true;
        }
    }
    joined.retain(|component| !component.blocks.is_empty());
    joined
}

fn components_in_time(problem: &Problem) -> Vec<Component> {
    let buffers = problem.buffers();
    // At equal times what ends comes before what starts.
    let mut events: Vec<(u32, bool, usize)> = Vec::with_capacity(2 * buffers.len());
    for (index, buffer) in buffers.iter().enumerate() {
        if buffer.size > 0 {
            events.push((buffer.start, true, index));
            events.push((buffer.end, false, index));
        }
    }
    events.sort_unstable();

    let mut components = Vec::new();
    let mut current = Component::default();
    let mut position = vec![0; buffers.len()];
    let (mut live, mut grown) = (0usize, false);
    for (_, starts, index) in events {
        let buffer = &buffers[index];
        if starts {
            position[index] = current.blocks.len();
            current.blocks.push(Block {
                buffer: index,
                size: buffer.size,
                align: buffer.align,
                first: current.sections,
                last: current.sections,
                start: buffer.start,
                end: buffer.end,
            });
            live += 1;
            grown = true;
        } else {
            if grown {
                current.sections += 1;
                grown = false;
            }
            current.blocks[position[index]].last = current.sections - 1;
            live -= 1;
            if live == 0 {
                components.push(std::mem::take(&mut current));
            }
        }
    }
    components
}
