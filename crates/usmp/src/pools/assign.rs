//! Buffers to pools by what it saves, with the planner inside.

use crate::algorithm::Algorithm;
use crate::liveness::{Liveness, live_at};
use crate::outcome::Outcome;

use super::does_not_fit::{DoesNotFit, PoolNeed};
use super::part::{Part, Planner, members};
use super::plan::PoolPlan;
use super::problem::PoolProblem;
use super::search::search;

/// Up to so many buffers all assignments are searched, unless the nodes end.
const SEARCHED_BUFFERS: usize = 16;

/// Nodes of that search; a node asks the algorithm once.
const SEARCH_NODES: u64 = 20_000;

/// Nodes of the last attempt to fit a larger problem at all.
const LAST_NODES: u64 = 2_000;

/// How often improvements of an assignment may ask the algorithm.
const IMPROVEMENT_QUESTIONS: usize = 500;

/// Above so many buffers only whole pools and spills are tried, without improvements.
const IMPROVED_BUFFERS: usize = 2_000;

/// Up to so many buffers a pool that is too small gives up one at a time, and is asked again; above, as many as the moment asks for.
const SINGLY_SPILLED_BUFFERS: usize = 200;

/// Buffers that are moved about to find out how many bytes are missing, and how often all of them are looked at.
const SETTLED_BUFFERS: usize = 500;
const SETTLING_ROUNDS: usize = 8;

/// Assigns buffers to pools and places each pool's part by `algorithm`.
///
/// Deterministic, and limited by counts. It looks for the plan of least [cost](PoolPlan::cost); of equal cost it prefers one pool
/// that holds everything to several, and earlier pools to later ones.
///
/// Everything starts in its cheapest pool. A pool that is too small gives up the buffers that are live at its peak and lose least for every
/// byte that is gained; they go to their next pool. Then single buffers move and pairs swap while that lowers the cost. Small
/// problems are searched in full, so that for them the cost is the least there is and "does not fit" is a proof, as far as the algorithm
/// proves the heights of its plans.
///
/// # Errors
/// No assignment that fits was found.
pub fn plan_pools(
    problem: &PoolProblem,
    algorithm: &dyn Algorithm,
) -> Result<PoolPlan, Box<DoesNotFit>> {
    let planner = Planner::new(problem, algorithm);
    let count = problem.buffers().len();
    let least: u128 = (0..count)
        .map(|b| problem.cost(b, planner.ranked(b)[0]))
        .sum();
    let mut best = single_pool(&planner);
    let mut complete = best.as_ref().is_some_and(|b| b.cost == least);
    let mut nearest = None;
    if !complete {
        match spill(&planner) {
            Ok(pools) => best = better(&planner, best, improve(&planner, pools)),
            Err(attempt) => nearest = Some(attempt),
        }
        if best.is_none()
            && let Some(pools) = by_size(&planner)
        {
            best = better(&planner, best, improve(&planner, pools));
        }
        complete = best.as_ref().is_some_and(|b| b.cost == least);
    }
    let nodes = match &best {
        _ if complete => 0,
        _ if count <= SEARCHED_BUFFERS => SEARCH_NODES,
        Some(_) => 0,
        None => LAST_NODES,
    };
    if nodes > 0 {
        let found = search(&planner, best.as_ref().map(|b| b.cost), nodes);
        complete = found.complete;
        if let Some(pools) = found.pools {
            best = better(&planner, best, pools);
        }
    }
    match best {
        Some(best) => {
            let pools = best.pools;
            Ok(PoolPlan::of_parts(problem, pools, best.parts, complete))
        }
        None => Err(Box::new(does_not_fit(&planner, nearest, complete))),
    }
}

/// An assignment that fits, with the plan of each pool.
struct Fitting {
    cost: u128,
    pools: Vec<usize>,
    parts: Vec<(Vec<usize>, Outcome)>,
}

/// The assignment as a plan, if every pool's part fits.
fn fitting(planner: &Planner<'_>, pools: Vec<usize>) -> Option<Fitting> {
    let count = planner.problem.pools().len();
    let mut parts = Vec::with_capacity(count);
    for pool in 0..count {
        let which = members(&pools, pool);
        let Part::Fits(outcome) = planner.place(pool, &which) else {
            return None;
        };
        parts.push((which, outcome));
    }
    let cost = planner.total(&pools);
    Some(Fitting { cost, pools, parts })
}

/// The cheaper of what is known and an assignment that may fit; what is known if they are equal.
fn better(planner: &Planner<'_>, known: Option<Fitting>, pools: Vec<usize>) -> Option<Fitting> {
    let cost = planner.total(&pools);
    if known.as_ref().is_some_and(|known| known.cost <= cost) {
        return known;
    }
    fitting(planner, pools).or(known)
}

/// Everything in the cheapest pool that holds all of it.
fn single_pool(planner: &Planner<'_>) -> Option<Fitting> {
    let problem = planner.problem;
    let count = problem.buffers().len();
    let mut best = None;
    for pool in 0..problem.pools().len() {
        if problem.buffers().iter().all(|b| b.pools.contains(&pool)) {
            best = better(planner, best, vec![pool; count]);
        }
    }
    best
}

/// Where an assignment stopped: everything that fits nowhere is in the largest of its pools.
struct Attempt {
    pools: Vec<usize>,
}

/// Everything starts in its cheapest pool; pools that are too small pass buffers on.
fn spill(planner: &Planner<'_>) -> Result<Vec<usize>, Attempt> {
    let problem = planner.problem;
    let count = problem.buffers().len();
    let ranked: Vec<Vec<usize>> = (0..count).map(|b| planner.ranked(b)).collect();
    let mut position = vec![0usize; count];
    // Buffers that no pool had room for when it was their turn; they wait outside.
    let mut outside: Vec<usize> = Vec::new();
    let mut pools: Vec<usize> = ranked.iter().map(|r| r[0]).collect();
    let pool_count = problem.pools().len();
    let mut changed = vec![true; pool_count];
    while let Some(pool) = changed.iter().position(|&c| c) {
        changed[pool] = false;
        loop {
            let which: Vec<usize> = members(&pools, pool);
            let part = planner.ask(pool, &which);
            let loss = |b: usize| {
                let next = ranked[b].get(position[b] + 1);
                next.map(|&next| problem.cost(b, next) - problem.cost(b, pool))
            };
            let mut victims = victims(planner, pool, &which, &part, loss);
            if count <= SINGLY_SPILLED_BUFFERS {
                victims.truncate(1);
            }
            if victims.is_empty() {
                break;
            }
            for victim in victims {
                position[victim] += 1;
                match ranked[victim].get(position[victim]) {
                    Some(&next) => {
                        pools[victim] = next;
                        changed[next] = true;
                    }
                    None => {
                        pools[victim] = usize::MAX;
                        outside.push(victim);
                    }
                }
            }
        }
    }
    outside.sort_unstable();
    // What passed by a pool early may fit there now.
    outside.retain(|&b| {
        let place = ranked[b]
            .iter()
            .find(|&&pool| fits_with(planner, &pools, pool, b));
        place.map(|&pool| pools[b] = pool).is_none()
    });
    if outside.is_empty() {
        return Ok(pools);
    }
    for b in outside {
        pools[b] = largest(planner, b);
    }
    Err(Attempt { pools })
}

/// The pool of most bytes that may hold a buffer; of equal ones the first.
fn largest(planner: &Planner<'_>, buffer: usize) -> usize {
    let mut pools = planner.problem.buffers()[buffer].pools.clone();
    let size = |pool: usize| planner.problem.pools()[pool].size.unwrap_or(u64::MAX);
    pools.sort_by_key(|&pool| (std::cmp::Reverse(size(pool)), pool));
    pools[0]
}

fn fits_with(planner: &Planner<'_>, pools: &[usize], pool: usize, extra: usize) -> bool {
    let mut which = members(pools, pool);
    let at = which.partition_point(|&b| b < extra);
    if which.get(at) != Some(&extra) {
        which.insert(at, extra);
    }
    matches!(planner.ask(pool, &which), Part::Fits(_))
}

/// The buffers that a pool gives up if it is too small for its part: of those in the way, those whose leaving costs least for every byte
/// that is gained, until enough is gained. `loss` is what a buffer costs more in its next pool; `None` if it has none, which counts as
/// the highest.
fn victims(
    planner: &Planner<'_>,
    pool: usize,
    which: &[usize],
    part: &Part,
    loss: impl Fn(usize) -> Option<u128>,
) -> Vec<usize> {
    let problem = planner.part(pool, which);
    let (in_the_way, excess) = match part {
        Part::Fits(_) => return Vec::new(),
        Part::Refuted { excess, .. } => (Liveness::of(&problem).live_at_peak().to_vec(), *excess),
        Part::TooHigh { outcome, excess } => {
            let size = problem.capacity().unwrap_or(u64::MAX);
            let ends = |i: usize| outcome.plan().offsets()[i] + problem.buffers()[i].size;
            let over: Vec<usize> = (0..which.len()).filter(|&i| ends(i) > size).collect();
            let beside = |i: usize| over.iter().any(|&o| o == i || problem.conflict(o, i));
            ((0..which.len()).filter(|&i| beside(i)).collect(), *excess)
        }
    };
    let gained = |i: usize| problem.buffers()[i].size.min(excess);
    // Cycles lost a byte gained; then the most bytes gained, then the smallest buffer that gains them.
    let lost = |i: usize| loss(which[i]).map_or(f64::INFINITY, |n| n as f64 / gained(i) as f64);
    let ties = |i: usize| (std::cmp::Reverse(gained(i)), problem.buffers()[i].size, i);
    let mut order: Vec<usize> = in_the_way.into_iter().filter(|&i| gained(i) > 0).collect();
    order.sort_by(|&a, &b| {
        lost(a)
            .total_cmp(&lost(b))
            .then_with(|| ties(a).cmp(&ties(b)))
    });
    let mut sum = 0u64;
    let enough = order.iter().position(|&i| {
        sum = sum.saturating_add(gained(i));
        sum >= excess
    });
    order.truncate(enough.map_or(order.len(), |last| last + 1));
    order.into_iter().map(|i| which[i]).collect()
}

/// Larger buffers first, each in the cheapest pool that still has room for it.
fn by_size(planner: &Planner<'_>) -> Option<Vec<usize>> {
    let problem = planner.problem;
    let count = problem.buffers().len();
    if count > IMPROVED_BUFFERS {
        return None;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|&b| (std::cmp::Reverse(problem.problem().buffers()[b].size), b));
    let mut pools = vec![usize::MAX; count];
    for b in order {
        let ranked = planner.ranked(b);
        let place = ranked
            .iter()
            .find(|&&pool| fits_with(planner, &pools, pool, b));
        pools[b] = *place?;
    }
    Some(pools)
}

/// Moves single buffers to cheaper pools and swaps pairs, as long as the cost falls.
fn improve(planner: &Planner<'_>, mut pools: Vec<usize>) -> Vec<usize> {
    let problem = planner.problem;
    let count = problem.buffers().len();
    if count > IMPROVED_BUFFERS {
        return pools;
    }
    let mut questions = IMPROVEMENT_QUESTIONS;
    loop {
        let before = planner.total(&pools);
        // What gains most first.
        let gain =
            |b: usize, at: usize| problem.cost(b, at) - problem.cost(b, planner.ranked(b)[0]);
        let mut order: Vec<usize> = (0..count).filter(|&b| gain(b, pools[b]) > 0).collect();
        order.sort_by_key(|&b| (std::cmp::Reverse(gain(b, pools[b])), b));
        for b in order {
            if !move_up(planner, &mut pools, b, &mut questions) {
                swap_up(planner, &mut pools, b, &mut questions);
            }
        }
        if questions == 0 || planner.total(&pools) >= before {
            return pools;
        }
    }
}

/// Whether one more question may be asked.
fn may_ask(questions: &mut usize) -> bool {
    let left = questions.checked_sub(1);
    *questions = left.unwrap_or(0);
    left.is_some()
}

/// Moves a buffer into the cheapest pool that has room for it, if that is cheaper than where it is.
fn move_up(
    planner: &Planner<'_>,
    pools: &mut [usize],
    buffer: usize,
    questions: &mut usize,
) -> bool {
    let cost = |pool: usize| planner.problem.cost(buffer, pool);
    let ranked = planner.ranked(buffer);
    let cheaper = ranked
        .iter()
        .copied()
        .take_while(|&p| cost(p) < cost(pools[buffer]));
    for pool in cheaper.collect::<Vec<_>>() {
        if !may_ask(questions) {
            return false;
        }
        if fits_with(planner, pools, pool, buffer) {
            pools[buffer] = pool;
            return true;
        }
    }
    false
}

/// Moves a buffer into a cheaper pool in exchange for one that loses less.
fn swap_up(
    planner: &Planner<'_>,
    pools: &mut [usize],
    buffer: usize,
    questions: &mut usize,
) -> bool {
    let problem = planner.problem;
    let here = pools[buffer];
    let gain = |to: usize| {
        problem
            .cost(buffer, here)
            .checked_sub(problem.cost(buffer, to))
    };
    for to in planner.ranked(buffer) {
        let Some(gain) = gain(to).filter(|&gain| gain > 0) else {
            break;
        };
        for other in members(pools, to) {
            // Only a buffer that is there at the same time makes room, and only if it loses less.
            let may_leave = problem.buffers()[other].pools.contains(&here);
            let loss = problem
                .cost(other, here)
                .saturating_sub(problem.cost(other, to));
            if !may_leave || loss >= gain || !problem.problem().conflict(buffer, other) {
                continue;
            }
            if !may_ask(questions) {
                return false;
            }
            let mut swapped = pools.to_vec();
            swapped.swap(buffer, other);
            let fits =
                |pool: usize| matches!(planner.ask(pool, &members(&swapped, pool)), Part::Fits(_));
            if fits(to) && fits(here) {
                pools.copy_from_slice(&swapped);
                return true;
            }
        }
    }
    false
}

/// Moves buffers of an attempt that does not fit to where fewer bytes are missing, judged by the bytes that are live at once.
fn settle(planner: &Planner<'_>, pools: &mut [usize]) {
    let excess = |pools: &[usize], pool: usize| {
        let part = planner.part(pool, &members(pools, pool));
        let bound = Liveness::of(&part).bound();
        bound.saturating_sub(part.capacity().unwrap_or(u64::MAX))
    };
    for _ in 0..SETTLING_ROUNDS {
        let mut moved = false;
        for buffer in 0..pools.len().min(SETTLED_BUFFERS) {
            for &to in &planner.problem.buffers()[buffer].pools {
                let from = pools[buffer];
                let before = excess(pools, from).saturating_add(excess(pools, to));
                if to == from || before == 0 {
                    continue;
                }
                pools[buffer] = to;
                let after = excess(pools, from).saturating_add(excess(pools, to));
                if after < before {
                    moved = true;
                } else {
                    pools[buffer] = from;
                }
            }
        }
        if !moved {
            return;
        }
    }
}

fn does_not_fit(planner: &Planner<'_>, nearest: Option<Attempt>, proved: bool) -> DoesNotFit {
    let problem = planner.problem;
    let count = problem.buffers().len();
    // Of everything in one pool, where that may be, and where the spill stopped: what misses fewest bytes.
    let single = (0..problem.pools().len())
        .filter(|pool| problem.buffers().iter().all(|b| b.pools.contains(pool)))
        .map(|pool| vec![pool; count]);
    let attempts = nearest.map(|a| a.pools).into_iter().chain(single);
    let needs = attempts.map(|mut pools| {
        settle(planner, &mut pools);
        let of_pool = |pool: usize| {
            let height = match planner.ask(pool, &members(&pools, pool)) {
                Part::Fits(outcome) | Part::TooHigh { outcome, .. } => outcome.plan().height(),
                Part::Refuted { bound, .. } => bound,
            };
            PoolNeed {
                name: problem.pools()[pool].name.clone(),
                size: problem.pools()[pool].size,
                height,
            }
        };
        let needs: Vec<PoolNeed> = (0..problem.pools().len()).map(of_pool).collect();
        let missing = needs
            .iter()
            .map(PoolNeed::missing)
            .fold(0, u64::saturating_add);
        (missing, needs, pools)
    });
    let nearest = needs.min_by_key(|(missing, ..)| *missing);
    let (missing, needs, pools) = nearest.unwrap_or_default();
    let tight = needs.iter().position(|n| n.missing() > 0);
    let part = tight.map(|pool| planner.part(pool, &members(&pools, pool)));
    let peak = part.and_then(|part| Liveness::of(&part).peak().map(|m| m.start));
    let peak = peak.unwrap_or(0);
    let mut live = live_at(problem.problem(), peak);
    live.sort_by_key(|&b| (std::cmp::Reverse(problem.problem().buffers()[b].size), b));
    DoesNotFit {
        pools: needs,
        peak,
        live,
        missing,
        proved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::{Buffer, BufferKind};
    use crate::exact::Exact;
    use crate::pools::{Access, Pool, PoolBuffer};
    use crate::problem::Problem;
    use crate::random::Random;

    /// Up to eight buffers and two or three pools, of which at least one is tight.
    fn instance(seed: u64) -> PoolProblem {
        let mut random = Random::new(seed);
        let count = 3 + random.below(6);
        let buffers = (0..count).map(|index| {
            let start = random.below(5) as u32;
            Buffer {
                name: index.to_string(),
                size: 1 + random.below(60),
                align: 1 << random.below(3),
                start,
                end: start + 1 + random.below(3) as u32,
                kind: BufferKind::Activation,
            }
        });
        let problem = Problem::new(buffers.collect()).unwrap();
        let pools = (0..2 + random.below(2)).map(|index| Pool {
            name: index.to_string(),
            size: Some(20 + random.below(100)),
            align: 1,
            read_cost: random.below(4) as u32,
            write_cost: random.below(4) as u32,
        });
        let pools: Vec<Pool> = pools.collect();
        let all: Vec<usize> = (0..pools.len()).collect();
        let described = (0..count).map(|_| PoolBuffer {
            pools: all.clone(),
            access: Access {
                reads: random.below(100),
                writes: random.below(30),
            },
        });
        PoolProblem::new(problem, pools, described.collect()).unwrap()
    }

    /// The heuristic on its own, as larger problems get it, against all assignments.
    #[test]
    fn the_heuristic_is_near_the_best_assignment() {
        let (mut feasible, mut found, mut equal) = (0, 0, 0);
        let mut worst = 1.0f64;
        for seed in 0..1000 {
            let problem = instance(seed);
            let algorithm = Exact::default();
            let planner = Planner::new(&problem, &algorithm);
            let all = search(&planner, None, u64::MAX);
            assert!(all.complete);
            let Some(best) = all.pools else { continue };
            feasible += 1;
            let spilled = spill(&planner).ok().or_else(|| by_size(&planner));
            let Some(pools) = spilled.filter(|p| fitting(&planner, p.clone()).is_some()) else {
                continue;
            };
            let pools = improve(&planner, pools);
            assert!(fitting(&planner, pools.clone()).is_some());
            let (cost, least) = (planner.total(&pools), planner.total(&best));
            found += 1;
            equal += usize::from(cost == least);
            worst = worst.max((cost + 1) as f64 / (least + 1) as f64);
        }
        println!(
            "{feasible} feasible, {found} found, {equal} of least cost, worst ratio {worst:.2}"
        );
    }
}
