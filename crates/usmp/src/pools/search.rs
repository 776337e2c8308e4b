//! Branch and bound over assignments of buffers to pools.

use std::cmp::Reverse;

use super::part::{Part, Planner, members};

/// The best assignment that a search found, and whether it saw all of them.
pub(super) struct Found {
    /// The cheapest assignment that fits, of equal ones that of the fewest pools; none if none is better than what was known.
    pub pools: Option<Vec<usize>>,
    /// Whether every assignment was tried, or proved not to fit or to be no better.
    pub complete: bool,
}

/// Looks for an assignment that is cheaper than `known`, within that many nodes.
///
/// Buffers come in the order of what a wrong pool would cost, larger ones first among equals, each with its cheapest pool first. A pool's
/// buffers are given up as soon as the algorithm *proves* that they need more than the pool has; a plan that is merely too high decides
/// only when all buffers are assigned.
pub(super) fn search(planner: &Planner<'_>, known: Option<u128>, nodes: u64) -> Found {
    let problem = planner.problem;
    let count = problem.buffers().len();
    let ranked: Vec<Vec<usize>> = (0..count).map(|b| planner.ranked(b)).collect();
    let cheapest: Vec<u128> = (0..count).map(|b| problem.cost(b, ranked[b][0])).collect();
    let dearest = |b: usize| problem.cost(b, *ranked[b].last().unwrap_or(&0));
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&b| {
        let size = problem.problem().buffers()[b].size;
        (Reverse(dearest(b) - cheapest[b]), Reverse(size), b)
    });
    // What the buffers from each position on cost at least.
    let mut rest = vec![0u128; count + 1];
    for position in (0..count).rev() {
        rest[position] = rest[position + 1] + cheapest[order[position]];
    }
    let mut search = Search {
        planner,
        ranked,
        order,
        rest,
        pools: vec![usize::MAX; count],
        best: known.map(|cost| (cost, 0)),
        found: None,
        nodes,
        unsure: false,
    };
    let ended = search.descend(0, 0);
    Found {
        complete: ended && !search.unsure,
        pools: search.found,
    }
}

struct Search<'a> {
    planner: &'a Planner<'a>,
    ranked: Vec<Vec<usize>>,
    order: Vec<usize>,
    rest: Vec<u128>,
    /// The pool of every assigned buffer; `usize::MAX` for the others.
    pools: Vec<usize>,
    /// Cost and number of pools of the best assignment; only what is less is of interest.
    best: Option<(u128, usize)>,
    found: Option<Vec<usize>>,
    nodes: u64,
    /// Whether an assignment was given up because of a plan that is too high without a proof that a lower one is impossible.
    unsure: bool,
}

impl Search<'_> {
    /// Assigns the buffers from `position` on; false if the nodes ended.
    fn descend(&mut self, position: usize, cost: u128) -> bool {
        let floor = (cost + self.rest[position], self.used());
        if self.best.is_some_and(|best| floor >= best) {
            return true;
        }
        if position == self.order.len() {
            if self.leaf_fits() {
                self.best = Some((cost, self.used()));
                self.found = Some(self.pools.clone());
            }
            return true;
        }
        let buffer = self.order[position];
        for pool in self.ranked[buffer].clone() {
            let Some(left) = self.nodes.checked_sub(1) else {
                return false;
            };
            self.nodes = left;
            self.pools[buffer] = pool;
            let extra = self.planner.problem.cost(buffer, pool);
            let complete = self.refuted(pool) || self.descend(position + 1, cost + extra);
            self.pools[buffer] = usize::MAX;
            if !complete {
                return false;
            }
        }
        true
    }

    fn used(&self) -> usize {
        let count = self.planner.problem.pools().len();
        (0..count).filter(|pool| self.pools.contains(pool)).count()
    }

    /// Whether no plan of what is in a pool now fits into it.
    fn refuted(&self, pool: usize) -> bool {
        match self.planner.ask(pool, &members(&self.pools, pool)) {
            Part::Fits(_) => false,
            Part::TooHigh { outcome, .. } => self.is_above(pool, outcome.lower_bound()),
            Part::Refuted { .. } => true,
        }
    }

    fn is_above(&self, pool: usize, bytes: u64) -> bool {
        let size = self.planner.problem.pools()[pool].size;
        size.is_some_and(|size| bytes > size)
    }

    fn leaf_fits(&mut self) -> bool {
        for pool in 0..self.planner.problem.pools().len() {
            match self.planner.ask(pool, &members(&self.pools, pool)) {
                Part::Fits(_) => {}
                Part::Refuted { .. } => return false,
                Part::TooHigh { outcome, .. } => {
                    self.unsure |= !self.is_above(pool, outcome.lower_bound());
                    return false;
                }
            }
        }
        true
    }
}
