//! From "does it fit?" to "how low can it be?".

use super::component::{Component, components};
use super::order::Order;
use super::search::{Search, Verdict};
use super::{Fit, FitAnswer};
use crate::algorithm::Algorithm;
use crate::best_fit::BestFit;
use crate::greedy_by_conflicts::GreedyByConflicts;
use crate::greedy_by_size::GreedyBySize;
use crate::hill_climb::HillClimb;
use crate::liveness::Liveness;
use crate::outcome::Outcome;
use crate::plan::Plan;
use crate::problem::Problem;

/// Nodes of the first attempt of every order, twice as many in the next round, and so on; and of every blurred attempt.
///
/// Plans that are found at all are mostly found within a few hundred nodes, proofs of absence take what they take.
const FIRST_ATTEMPT: u64 = 600;

/// Part of the remaining nodes that the search for a plan at the lower bound may spend: one in that many.
const SHARE_AT_BOUND: u64 = 2;

/// Part of the remaining nodes that is spent on each capacity between the lower bound and the best plan.
const SHARE_BETWEEN: u64 = 4;

/// A component with the lowest offsets known for it.
struct Part {
    component: Component,
    offsets: Vec<u64>,
    height: u64,
}

impl Part {
    fn take(&mut self, offsets: Vec<u64>) {
        let height = height(&self.component, &offsets);
        if self.offsets.is_empty() || height < self.height {
            (self.offsets, self.height) = (offsets, height);
        }
    }
}

/// Whether `problem` fits into `capacity` bytes, within `budget` nodes.
pub(super) fn fit(problem: &Problem, capacity: u64, budget: u64) -> Fit {
    if !problem.is_plain() {
        let outcome = best_of_heuristics(problem);
        let lower_bound = outcome.lower_bound();
        let answer = match outcome.into_plan() {
            plan if plan.height() <= capacity => FitAnswer::Fits(plan),
            _ if lower_bound > capacity => FitAnswer::Refuted { lower_bound },
            _ => FitAnswer::Unknown,
        };
        return Fit { answer, nodes: 0 };
    }
    let mut parts = parts(problem);
    improve_by_heuristics(problem, &mut parts, capacity);
    let mut nodes = budget;
    let answer = match lower(&mut parts, capacity, &mut nodes) {
        Lowered::Reached => FitAnswer::Fits(assemble(problem, &parts)),
        Lowered::Refuted { at_least } => FitAnswer::Refuted {
            lower_bound: at_least,
        },
        Lowered::Exhausted => FitAnswer::Unknown,
    };
    Fit {
        answer,
        nodes: budget - nodes,
    }
}

/// The lowest plan that `budget` nodes find, and the lower bound that they prove.
pub(super) fn solve(problem: &Problem, budget: u64) -> Outcome {
    if !problem.is_plain() {
        return best_of_heuristics(problem);
    }
    let mut parts = parts(problem);
    let mut bound = Liveness::of(problem).bound();
    improve_by_heuristics(problem, &mut parts, bound);
    let mut nodes = budget;
    // Capacities up to here are refuted or were given up.
    let mut given_up = bound;
    while given_up < highest(&parts) && nodes > 0 {
        let at_bound = given_up == bound;
        let (target, share) = if at_bound {
            (bound, SHARE_AT_BOUND)
        } else {
            (given_up.midpoint(highest(&parts) - 1), SHARE_BETWEEN)
        };
        let mut slice = nodes.div_ceil(share);
        nodes -= slice;
        let lowered = lower(&mut parts, target, &mut slice);
        nodes += slice;
        match lowered {
            Lowered::Reached => {}
            Lowered::Refuted { at_least } => {
                let proved = at_least.min(highest(&parts));
                given_up = if at_bound {
                    proved
                } else {
                    given_up.max(proved)
                };
                bound = bound.max(proved);
            }
            Lowered::Exhausted => {
                if at_bound {
                    take_plan(&mut parts, &HillClimb::default().plan(problem));
                }
                given_up = target + 1;
            }
        }
    }
    Outcome::of_search(assemble(problem, &parts), bound, budget - nodes)
}

/// The lowest plan of all heuristics.
fn best_of_heuristics(problem: &Problem) -> Outcome {
    let heuristics: [&dyn Algorithm; 4] = [
        &GreedyBySize,
        &BestFit,
        &GreedyByConflicts,
        &HillClimb::default(),
    ];
    let mut best = GreedyBySize.plan(problem);
    for heuristic in heuristics {
        let plan = heuristic.plan(problem);
        if plan.height() < best.height() {
            best = plan;
        }
    }
    Outcome::of_heuristic(problem, best)
}

enum Lowered {
    Reached,
    Refuted { at_least: u64 },
    Exhausted,
}

/// Brings every part down to the capacity; takes what is spent off `nodes`.
fn lower(parts: &mut [Part], capacity: u64, nodes: &mut u64) -> Lowered {
    let mut exhausted = false;
    for part in parts.iter_mut().filter(|part| part.height > capacity) {
        match decide(&part.component, capacity, nodes) {
            Verdict::Fits(offsets) => part.take(offsets),
            Verdict::Refuted { at_least } => return Lowered::Refuted { at_least },
            Verdict::Exhausted => exhausted = true,
        }
    }
    if exhausted {
        Lowered::Exhausted
    } else {
        Lowered::Reached
    }
}

/// Searches in every order in turn, as it is with ever more nodes, and blurred in ever other ways.
fn decide(component: &Component, capacity: u64, nodes: &mut u64) -> Verdict {
    let mut search = Search::new(component);
    for round in 0..u64::BITS {
        let seed = u64::from(round) + 1;
        let attempts = Order::ALL.into_iter().flat_map(|order| {
            [
                (order, FIRST_ATTEMPT.saturating_mul(1 << round)),
                (order.shaken(seed), FIRST_ATTEMPT),
            ]
        });
        for (order, limit) in attempts {
            search.set_order(order);
            let limit = limit.min(*nodes);
            let mut left = limit;
            let verdict = search.run(capacity, &mut left);
            *nodes -= limit - left;
            if verdict != Verdict::Exhausted || *nodes == 0 {
                return verdict;
            }
        }
    }
    Verdict::Exhausted
}

fn parts(problem: &Problem) -> Vec<Part> {
    let part = |component| Part {
        component,
        offsets: Vec::new(),
        height: u64::MAX,
    };
    let mut parts: Vec<Part> = components(problem).into_iter().map(part).collect();
    // Small ones first, so that a large one does not use up their nodes.
    parts.sort_by_key(|part| part.component.blocks.len());
    parts
}

/// Lets the heuristics plan, the cheapest first, until every part is down at `enough` bytes.
fn improve_by_heuristics(problem: &Problem, parts: &mut [Part], enough: u64) {
    let heuristics: [&dyn Algorithm; 3] = [&GreedyBySize, &BestFit, &GreedyByConflicts];
    for heuristic in heuristics {
        if parts.iter().all(|part| part.height <= enough) {
            break;
        }
        take_plan(parts, &heuristic.plan(problem));
    }
}

/// Keeps of a plan what is lower than what is known, part by part.
fn take_plan(parts: &mut [Part], plan: &Plan) {
    for part in parts {
        let blocks = &part.component.blocks;
        part.take(blocks.iter().map(|b| plan.offsets()[b.buffer]).collect());
    }
}

fn height(component: &Component, offsets: &[u64]) -> u64 {
    let ends = component.blocks.iter().zip(offsets);
    ends.map(|(block, offset)| offset + block.size)
        .max()
        .unwrap_or(0)
}

fn highest(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.height).max().unwrap_or(0)
}

/// The parts' offsets as a plan; buffers of no bytes lie at 0.
fn assemble(problem: &Problem, parts: &[Part]) -> Plan {
    let mut offsets = vec![0; problem.buffers().len()];
    for part in parts {
        for (block, &offset) in part.component.blocks.iter().zip(&part.offsets) {
            offsets[block.buffer] = offset;
        }
    }
    Plan::new(problem, offsets)
}
