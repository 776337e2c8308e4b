//! Local search over the order of first-gap placement.

use std::cmp::Reverse;

use crate::algorithm::Algorithm;
use crate::first_fit::place_in_order;
use crate::liveness::Liveness;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::random::Random;

/// `hill-climb`: starts from the order of `greedy-by-size`, moves one buffer of the order at a time and keeps what does
/// not make the plan higher.
///
/// A move takes a buffer that reaches the plan's height and puts it at a random earlier place, or swaps two random
/// buffers. Ends when the liveness bound is reached or the attempts are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HillClimb {
    /// Where the sequence of random numbers starts; equal seeds give equal plans.
    pub seed: u64,
    /// Upper limit of buffers placed over all attempts, so that large problems take no longer than small ones; the first
    /// plan is always made.
    pub placements: u64,
}

impl HillClimb {
    /// The limit that [`HillClimb::default`] sets.
    pub const DEFAULT_PLACEMENTS: u64 = 20_000;
}

impl Default for HillClimb {
    fn default() -> HillClimb {
        HillClimb {
            seed: 1,
            placements: HillClimb::DEFAULT_PLACEMENTS,
        }
    }
}

impl Algorithm for HillClimb {
    fn name(&self) -> &str {
        "hill-climb"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        let buffers = problem.buffers();
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&index| (Reverse(buffers[index].size), buffers[index].start, index));
        let mut plan = place_in_order(problem, &order);
        let bound = Liveness::of(problem).bound();
        let mut random = Random::new(self.seed);
        let attempts = self.placements / (buffers.len() as u64).max(1);
        for _ in 1..attempts {
            if plan.height() == bound || buffers.len() < 2 {
                break;
            }
            let mut moved = order.clone();
            if random.below(2) == 0 {
                let highest = topmost(problem, &plan, &mut random);
                let from = moved
                    .iter()
                    .position(|&index| index == highest)
                    .expect("invariant: the order holds every buffer");
                let to = random.below(from as u64 + 1) as usize;
                moved[to..=from].rotate_right(1);
            } else {
                let a = random.below(moved.len() as u64) as usize;
                let b = random.below(moved.len() as u64) as usize;
                moved.swap(a, b);
            }
            let next = place_in_order(problem, &moved);
            if next.height() <= plan.height() {
                (order, plan) = (moved, next);
            }
        }
        plan
    }
}

/// One of the buffers that reach the plan's height.
fn topmost(problem: &Problem, plan: &Plan, random: &mut Random) -> usize {
    let reaches =
        |index: &usize| plan.offsets()[*index] + problem.buffers()[*index].size == plan.height();
    let topmost: Vec<usize> = (0..problem.buffers().len()).filter(reaches).collect();
    topmost[random.below(topmost.len() as u64) as usize]
}
