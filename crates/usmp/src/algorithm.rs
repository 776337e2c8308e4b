//! Planning algorithms and their registered names.

use std::fmt;
use std::sync::Arc;

use crate::best_fit::BestFit;
use crate::exact::Exact;
use crate::greedy_by_conflicts::GreedyByConflicts;
use crate::greedy_by_size::GreedyBySize;
use crate::hill_climb::HillClimb;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::problem::Problem;

/// A planning algorithm.
///
/// Total and deterministic: every problem gets a plan that the checker accepts but for the capacity, whatever the problem
/// [states](crate::problem) beside its buffers, and the plan depends on the problem alone, never on a clock, the machine or an earlier call. A search that may not finish is
/// limited by a count of its own steps.
pub trait Algorithm: Send + Sync {
    /// The registered name, in kebab-case.
    fn name(&self) -> &str;

    /// Gives every buffer of `problem` an offset.
    fn plan(&self, problem: &Problem) -> Plan;

    /// The plan with a proved lower bound: the liveness bound, unless the algorithm knows better.
    fn solve(&self, problem: &Problem) -> Outcome {
        Outcome::of_heuristic(problem, self.plan(problem))
    }
}

/// The algorithms that exist, by name, in the order in which they were registered.
#[derive(Clone, Default)]
pub struct Algorithms {
    algorithms: Vec<Arc<dyn Algorithm>>,
}

impl Algorithms {
    /// The name of the algorithm that is used where none is asked for.
    pub const DEFAULT: &'static str = "exact";

    /// No algorithms.
    pub fn new() -> Algorithms {
        Algorithms::default()
    }

    /// The algorithms of this crate.
    pub fn builtin() -> Algorithms {
        Algorithms {
            algorithms: vec![
                Arc::new(GreedyBySize),
                Arc::new(GreedyByConflicts),
                Arc::new(BestFit),
                Arc::new(HillClimb::default()),
                Arc::new(Exact::default()),
            ],
        }
    }

    /// Adds an algorithm under its own name.
    ///
    /// # Errors
    /// When the name is taken; the registered algorithm stays.
    pub fn register(&mut self, algorithm: Box<dyn Algorithm>) -> Result<(), DuplicateAlgorithm> {
        let name = algorithm.name();
        if self.names().any(|taken| taken == name) {
            return Err(DuplicateAlgorithm {
                name: name.to_owned(),
            });
        }
        self.algorithms.push(algorithm.into());
        Ok(())
    }

    /// The algorithm of that name.
    ///
    /// # Errors
    /// When there is none; the error lists the names that there are.
    pub fn get(&self, name: &str) -> Result<&dyn Algorithm, UnknownAlgorithm> {
        let found = self
            .algorithms
            .iter()
            .find(|algorithm| algorithm.name() == name);
        found.map(Arc::as_ref).ok_or_else(|| UnknownAlgorithm {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })
    }

    /// The names, in the order of registration.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.algorithms.iter().map(|algorithm| algorithm.name())
    }
}

impl fmt::Debug for Algorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// An algorithm's name is not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no planning algorithm `{name}`; there is {}", known.join(", "))]
pub struct UnknownAlgorithm {
    /// The name that was asked for.
    pub name: String,
    /// The registered names.
    pub known: Vec<String>,
}

/// An algorithm's name is already registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a planning algorithm `{name}` is already registered")]
pub struct DuplicateAlgorithm {
    /// The name.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str);

    impl Algorithm for Named {
        fn name(&self) -> &str {
            self.0
        }

        fn plan(&self, problem: &Problem) -> Plan {
            Plan::new(problem, vec![0; problem.buffers().len()])
        }
    }

    #[test]
    fn the_default_is_built_in() {
        assert_eq!(
            Algorithms::builtin()
                .get(Algorithms::DEFAULT)
                .unwrap()
                .name(),
            Algorithms::DEFAULT
        );
    }

    #[test]
    fn third_parties_add_algorithms_but_replace_none() {
        let mut algorithms = Algorithms::builtin();
        algorithms.register(Box::new(Named("acme-best"))).unwrap();
        assert_eq!(
            algorithms.names().collect::<Vec<_>>(),
            [
                "greedy-by-size",
                "greedy-by-conflicts",
                "best-fit",
                "hill-climb",
                "exact",
                "acme-best"
            ]
        );
        let taken = algorithms
            .register(Box::new(Named("greedy-by-size")))
            .unwrap_err();
        assert_eq!(taken.name, "greedy-by-size");
        let unknown = algorithms.get("exakt").err().unwrap();
        assert_eq!(
            unknown.to_string(),
            "there is no planning algorithm `exakt`; there is greedy-by-size, greedy-by-conflicts, best-fit, \
             hill-climb, exact, acme-best"
        );
    }
}
