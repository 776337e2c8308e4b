//! One pool's part of a problem, as the algorithm sees it.

use std::cell::Cell;

use crate::algorithm::Algorithm;
use crate::greedy_by_size::GreedyBySize;
use crate::liveness::Liveness;
use crate::outcome::Outcome;
use crate::problem::Problem;

use super::problem::PoolProblem;

/// Nodes that the algorithm's searches may spend while buffers are assigned. Beyond, a greedy plan answers whether a part fits; a search
/// that has to answer that often would take too long, and its plan would hardly ever be lower.
const SEARCH_NODES: u64 = 200_000;

/// A problem with several pools and the algorithm that places into one.
pub(super) struct Planner<'a> {
    pub problem: &'a PoolProblem,
    algorithm: &'a dyn Algorithm,
    /// Nodes that the algorithm has spent.
    spent: Cell<u64>,
}

/// What is known of a set of buffers in one pool.
pub(super) enum Part {
    /// They fit, as placed here.
    Fits(Outcome),
    /// The algorithm's plan is too high by so many bytes; another one might fit.
    TooHigh { outcome: Outcome, excess: u64 },
    /// More bytes are live at once than the pool has.
    Refuted { bound: u64, excess: u64 },
}

impl<'a> Planner<'a> {
    pub(super) fn new(problem: &'a PoolProblem, algorithm: &'a dyn Algorithm) -> Planner<'a> {
        Planner {
            problem,
            algorithm,
            spent: Cell::new(0),
        }
    }

    /// The buffers of a pool as an ordinary problem, with the pool's size as the capacity.
    pub(super) fn part(&self, pool: usize, which: &[usize]) -> Problem {
        let described = &self.problem.pools()[pool];
        let part = self
            .problem
            .problem()
            .part(which, described.align)
            .expect("invariant: a pool's part was validated");
        match described.size {
            Some(size) => part.with_capacity(size),
            None => part,
        }
    }

    /// Whether these buffers fit into a pool: asks the algorithm, as long as it does not search too much for that.
    pub(super) fn ask(&self, pool: usize, which: &[usize]) -> Part {
        match self.spent.get() < SEARCH_NODES {
            true => self.ask_of(self.algorithm, pool, which),
            false => self.ask_of(&GreedyBySize, pool, which),
        }
    }

    /// As [`ask`](Self::ask), of the algorithm in any case: its plan is the one that is used.
    pub(super) fn place(&self, pool: usize, which: &[usize]) -> Part {
        self.ask_of(self.algorithm, pool, which)
    }

    fn ask_of(&self, algorithm: &dyn Algorithm, pool: usize, which: &[usize]) -> Part {
        let part = self.part(pool, which);
        let over = |height: u64| {
            let size = part.capacity()?;
            height.checked_sub(size).filter(|&excess| excess > 0)
        };
        let bound = Liveness::of(&part).bound();
        if let Some(excess) = over(bound) {
            return Part::Refuted { bound, excess };
        }
        let outcome = algorithm.solve(&part);
        self.spent
            .set(self.spent.get().saturating_add(outcome.nodes()));
        match over(outcome.plan().height()) {
            Some(excess) => Part::TooHigh { outcome, excess },
            None => Part::Fits(outcome),
        }
    }

    /// Pools that may hold a buffer, cheapest first; of equal cost in the pools' order.
    pub(super) fn ranked(&self, buffer: usize) -> Vec<usize> {
        let mut pools = self.problem.buffers()[buffer].pools.clone();
        pools.sort_by_key(|&pool| (self.problem.cost(buffer, pool), pool));
        pools
    }

    /// The sum of what the buffers cost where they are.
    pub(super) fn total(&self, pools: &[usize]) -> u128 {
        let costs = pools.iter().enumerate();
        costs.map(|(b, &pool)| self.problem.cost(b, pool)).sum()
    }
}

/// Indices of the buffers that an assignment puts into a pool, ascending.
pub(super) fn members(pools: &[usize], pool: usize) -> Vec<usize> {
    (0..pools.len()).filter(|&b| pools[b] == pool).collect()
}
