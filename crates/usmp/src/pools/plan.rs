//! A plan over several pools.

use crate::outcome::Outcome;

use super::problem::PoolProblem;

/// A pool and an offset for every buffer, by the buffer's index.
///
/// Like a [`Plan`](crate::Plan) it is a claim: [`check_pools`](super::check_pools) judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolPlan {
    pools: Vec<usize>,
    offsets: Vec<u64>,
    heights: Vec<u64>,
    lower_bounds: Vec<u64>,
    cost: u128,
    optimal: bool,
}

impl PoolPlan {
    /// The plan that puts the buffers into these pools at these offsets, in the order of the buffers. Nothing is checked but that indices
    /// of pools exist; a buffer in a pool that there is not counts for no height.
    pub fn new(problem: &PoolProblem, pools: Vec<usize>, offsets: Vec<u64>) -> PoolPlan {
        let count = problem.pools().len();
        let mut heights = vec![0u64; count];
        let placed = pools.iter().zip(&offsets);
        for ((&pool, &offset), buffer) in placed.zip(problem.problem().buffers()) {
            if let Some(height) = heights.get_mut(pool) {
                *height = (*height).max(offset.saturating_add(buffer.size));
            }
        }
        let known = pools.iter().enumerate().take(problem.buffers().len());
        let known = known.filter(|&(_, &pool)| pool < count);
        let cost = known.map(|(b, &pool)| problem.cost(b, pool)).sum();
        PoolPlan {
            lower_bounds: vec![0; count],
            pools,
            offsets,
            heights,
            cost,
            optimal: false,
        }
    }

    /// Of an assignment and what the algorithm made of each pool's part, with the indices of its buffers.
    pub(super) fn of_parts(
        problem: &PoolProblem,
        pools: Vec<usize>,
        parts: Vec<(Vec<usize>, Outcome)>,
        optimal: bool,
    ) -> PoolPlan {
        let mut offsets = vec![0; pools.len()];
        for (which, outcome) in &parts {
            for (&buffer, &offset) in which.iter().zip(outcome.plan().offsets()) {
                offsets[buffer] = offset;
            }
        }
        PoolPlan {
            lower_bounds: parts.iter().map(|p| p.1.lower_bound()).collect(),
            optimal,
            ..PoolPlan::new(problem, pools, offsets)
        }
    }

    /// The index of every buffer's pool.
    pub fn pools(&self) -> &[usize] {
        &self.pools
    }

    /// The byte offset of every buffer in its pool.
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// The largest `offset + size` in each pool, in bytes.
    pub fn heights(&self) -> &[u64] {
        &self.heights
    }

    /// For each pool a height that no plan of the same buffers in it can be below; 0 where nothing is known.
    pub fn lower_bounds(&self) -> &[u64] {
        &self.lower_bounds
    }

    /// Wait cycles of all accesses in one run, beyond the cheapest memory's.
    pub fn cost(&self) -> u128 {
        self.cost
    }

    /// Whether no plan is cheaper, as far as the algorithm's own plans go: every buffer is where it costs least, or all assignments
    /// were searched.
    pub fn is_optimal(&self) -> bool {
        self.optimal
    }
}
