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
/// that the search needs; a buffer is live in a contiguous range of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Component {
    /// Ordered by first section.
    pub(super) blocks: Vec<Block>,
    /// Number of sections.
    pub(super) sections: usize,
}

/// The components of `problem`, in order of time; buffers of no bytes are in none.
pub(super) fn components(problem: &Problem) -> Vec<Component> {
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
