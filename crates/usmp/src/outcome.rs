//! A plan together with what its algorithm knows of the optimum.

use crate::liveness::Liveness;
use crate::plan::Plan;
use crate::problem::Problem;

/// A plan, and a height that no plan for the same problem can be below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    plan: Plan,
    lower_bound: u64,
    nodes: u64,
}

impl Outcome {
    /// A plan that was made without a search: all that is known of the optimum is the liveness bound.
    pub fn of_heuristic(problem: &Problem, plan: Plan) -> Outcome {
        Outcome::of_search(plan, Liveness::of(problem).bound(), 0)
    }

    /// A plan found by a search of that many nodes, which proved that no plan's height is below `lower_bound` bytes.
    pub fn of_search(plan: Plan, lower_bound: u64, nodes: u64) -> Outcome {
        Outcome {
            plan,
            lower_bound,
            nodes,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan alone.
    pub fn into_plan(self) -> Plan {
        self.plan
    }

    /// A height in bytes that no plan can be below: the liveness bound, or more where a search proved more.
    pub fn lower_bound(&self) -> u64 {
        self.lower_bound
    }

    /// Bytes by which the plan's height may be above the optimum; 0 for a plan that is proved optimal.
    pub fn gap(&self) -> u64 {
        self.plan.height().saturating_sub(self.lower_bound)
    }

    /// Whether no plan is lower.
    pub fn is_optimal(&self) -> bool {
        self.gap() == 0
    }

    /// Nodes that the search spent of its budget; 0 without a search.
    pub fn nodes(&self) -> u64 {
        self.nodes
    }
}
