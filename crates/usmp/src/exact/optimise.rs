//! From "does it fit?" to "how low can it be?".

use super::component::{Component, components};
use super::order::Order;
use super::pairwise::{self, Rules};
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

/// Part of the remaining nodes that the search at one capacity may spend, one in that many: while every capacity had an
/// answer,
const SHARE: u64 = 2;

/// and when one had none.
const SHARE_AFTER_NONE: u64 = 4;

/// Larger components of which more is stated than lifetimes are left to the heuristics: what holds between their blocks is
/// kept pair by pair, and the search goes as deep as there are blocks.
const MAX_STATED: usize = 1000;

/// How a component is searched.
enum Method {
    Skyline,
    Pairwise(Rules),
    Heuristics,
}

/// A component with the lowest offsets known for it.
struct Part {
    component: Component,
    method: Method,
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
    let lower_bound = Liveness::of(problem).bound();
    if lower_bound > capacity {
        let answer = FitAnswer::Refuted { lower_bound };
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
    let mut parts = parts(problem);
    let mut bound = Liveness::of(problem).bound();
    improve_by_heuristics(problem, &mut parts, bound);
    let mut nodes = budget;
    let mut target = bound;
    // The least capacity that was searched without an answer, and one above the largest such.
    let mut unknown: Option<u64> = None;
    let mut given_up = bound;
    while bound < highest(&parts) && nodes > 0 {
        let share = if unknown.is_none() {
            SHARE
        } else {
            SHARE_AFTER_NONE
        };
        let mut slice = nodes.div_ceil(share);
        nodes -= slice;
        let lowered = lower(&mut parts, target, &mut slice);
        nodes += slice;
        let reached = matches!(lowered, Lowered::Reached);
        match lowered {
            Lowered::Reached => {}
            Lowered::Refuted { at_least } => bound = at_least.min(highest(&parts)),
            Lowered::Exhausted => {
                if target == bound {
                    take_plan(&mut parts, &HillClimb::default().plan(problem));
                }
                unknown = Some(unknown.map_or(target, |unknown| unknown.min(target)));
                given_up = given_up.max(target + 1);
            }
        }
        let height = highest(&parts);
        unknown = unknown.filter(|unknown| (bound..height).contains(unknown));
        target = match unknown {
            None if reached => bound.midpoint(height.saturating_sub(1)),
            // That there is nothing just below the lowest plan proves it.
            None => height.saturating_sub(1),
            Some(unknown) if bound < unknown => bound.midpoint(unknown),
            Some(_) if given_up < height => given_up.midpoint(height - 1),
            Some(_) => break,
        };
    }
    Outcome::of_search(assemble(problem, &parts), bound, budget - nodes)
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
        match decide(part, capacity, nodes) {
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

fn decide(part: &Part, capacity: u64, nodes: &mut u64) -> Verdict {
    match &part.method {
        Method::Skyline => {
            let mut search = Search::new(&part.component);
            try_orders(nodes, |order, nodes| {
                search.set_order(order);
                search.run(capacity, nodes)
            })
        }
        Method::Pairwise(rules) => {
            let mut search = pairwise::Search::new(&part.component, rules);
            try_orders(nodes, |order, nodes| {
                search.set_order(order);
                search.run(capacity, nodes)
            })
        }
        Method::Heuristics => Verdict::Exhausted,
    }
}

/// Searches in every order in turn, as it is with ever more nodes, and blurred in ever other ways.
fn try_orders(nodes: &mut u64, mut run: impl FnMut(Order, &mut u64) -> Verdict) -> Verdict {
    for round in 0..u64::BITS {
        let seed = u64::from(round) + 1;
        let attempts = Order::ALL.into_iter().flat_map(|order| {
            [
                (order, FIRST_ATTEMPT.saturating_mul(1 << round)),
                (order.shaken(seed), FIRST_ATTEMPT),
            ]
        });
        for (order, limit) in attempts {
            let limit = limit.min(*nodes);
            let mut left = limit;
            let verdict = run(order, &mut left);
            *nodes -= limit - left;
            if verdict != Verdict::Exhausted || *nodes == 0 {
                return verdict;
            }
        }
    }
    Verdict::Exhausted
}

fn parts(problem: &Problem) -> Vec<Part> {
    let part = |component: Component| Part {
        method: match component.stated {
            false => Method::Skyline,
            true if component.blocks.len() > MAX_STATED => Method::Heuristics,
            true => Method::Pairwise(Rules::new(problem, &component)),
        },
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

/// The parts' offsets as a plan; buffers of no bytes lie at 0, unless they are fixed.
fn assemble(problem: &Problem, parts: &[Part]) -> Plan {
    let mut offsets = vec![0; problem.buffers().len()];
    for (buffer, offset) in problem.fixed_offsets() {
        offsets[buffer] = offset;
    }
    for part in parts {
        for (block, &offset) in part.component.blocks.iter().zip(&part.offsets) {
            offsets[block.buffer] = offset;
        }
    }
    Plan::new(problem, offsets)
}
