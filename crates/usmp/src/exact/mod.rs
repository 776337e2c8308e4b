//! Branch and bound: the lowest plan with its proof, or the best one found and how far it may be from the lowest.
//!
//! The parts: `component` cuts a problem into buffers that hang together and reduces time to sections, `search` decides
//! whether a component fits into a capacity, `pairwise` does so where more is stated than lifetimes, `order` holds the
//! orders that searches try, `optimise` asks for ever better capacities.
//!
//! Invariant: the only limit is a count of nodes, so that equal problems give equal plans on every machine.

mod component;
mod optimise;
mod order;
mod pairwise;
mod search;

use crate::algorithm::Algorithm;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::problem::Problem;

/// `exact`: the optimum with its proof, unless the nodes are used up first.
///
/// The heuristics go first. Where one of them reaches the liveness bound there is nothing to search; else capacities are
/// tried from the bound up, and when the budget ends what was proved by then is the outcome's lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    /// Nodes that all searches together may spend. A node is a placement that is tried; where it touches many sections
    /// it counts as several, one for every [`Exact::TOUCHES_PER_NODE`] of them.
    pub node_budget: u64,
}

impl Exact {
    /// The budget that [`Exact::default`] sets: more than the eleven public instances of minimalloc need at most.
    pub const DEFAULT_NODE_BUDGET: u64 = 200_000;

    /// How many times a node may look at a section of a buffer before it counts as a further node.
    pub const TOUCHES_PER_NODE: u64 = 1 << 15;

    /// Whether `problem` fits into `capacity` bytes.
    pub fn fit(&self, problem: &Problem, capacity: u64) -> Fit {
        optimise::fit(problem, capacity, self.node_budget)
    }
}

impl Default for Exact {
    fn default() -> Exact {
        Exact {
            node_budget: Exact::DEFAULT_NODE_BUDGET,
        }
    }
}

impl Algorithm for Exact {
    fn name(&self) -> &str {
        "exact"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        self.solve(problem).into_plan()
    }

    fn solve(&self, problem: &Problem) -> Outcome {
        optimise::solve(problem, self.node_budget)
    }
}

/// The answer to the question whether a problem fits into a capacity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fit {
    /// A plan that fits, a proof that there is none, or neither.
    pub answer: FitAnswer,
    /// Nodes spent.
    pub nodes: u64,
}

/// See [`Fit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FitAnswer {
    /// This plan fits.
    Fits(Plan),
    /// No plan's height is below this number of bytes, which is above the capacity.
    Refuted {
        /// The proved lower bound, in bytes.
        lower_bound: u64,
    },
    /// The nodes ended before there was an answer.
    Unknown,
}
