//! What a planning algorithm returns.

use crate::problem::Problem;

/// An offset for every buffer of a problem, by the buffer's index.
///
/// A plan is a claim, not a proof: [`check`](crate::check) judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    offsets: Vec<u64>,
    height: u64,
}

impl Plan {
    /// The plan that gives the buffers of `problem` these byte offsets, in the order of the buffers.
    ///
    /// Nothing is checked: a list that is too short, too long or wrong makes a plan that the checker refuses. A height
    /// above `u64::MAX` is cut to it.
    pub fn new(problem: &Problem, offsets: Vec<u64>) -> Plan {
        let height = offsets
            .iter()
            .zip(problem.buffers())
            .map(|(offset, buffer)| offset.saturating_add(buffer.size))
            .max()
            .unwrap_or(0);
        Plan { offsets, height }
    }

    /// The byte offset of every buffer, by index.
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// The largest `offset + size`: the number of bytes that the memory must have. Not rounded to any alignment.
    pub fn height(&self) -> u64 {
        self.height
    }
}
