//! The placement step for problems that state more than lifetimes: a buffer is compared with every placed one.
//!
//! What is stated of a pair has no place in addresses merged by time. So this takes n² steps for n buffers, where
//! [`first_fit`](crate::first_fit) takes about n log² n for plain problems; for those it gives the same plans.

use crate::first_fit::Choice;
use crate::plan::Plan;
use crate::problem::Problem;

/// Places the buffers of fixed offsets, then the others in `order`, which is a permutation of the indices.
pub(crate) fn place_in_order(problem: &Problem, order: &[usize], choice: Choice) -> Plan {
    let buffers = problem.buffers();
    let stated = stated(problem);
    let mut offsets = vec![0; buffers.len()];
    let mut placed = Vec::with_capacity(buffers.len());
    for (index, offset) in problem.fixed_offsets() {
        offsets[index] = offset;
        placed.push(index);
    }
    for &index in order {
        if problem.fixed_offset(index).is_some() || buffers[index].size == 0 {
            continue;
        }
        let forbidden = forbidden(problem, &stated[index], &placed, &offsets, index);
        offsets[index] = choose(problem, index, forbidden, choice);
        placed.push(index);
    }
    Plan::new(problem, offsets)
}

/// For every buffer those with which something is stated of it, ascending.
fn stated(problem: &Problem) -> Vec<Vec<usize>> {
    let mut stated = vec![Vec::new(); problem.buffers().len()];
    let overlaps = problem.overlaps().map(|o| (o.result, o.operand));
    for (a, b) in overlaps.chain(problem.stated_conflicts()) {
        stated[a].push(b);
        stated[b].push(a);
    }
    for others in &mut stated {
        others.sort_unstable();
        others.dedup();
    }
    stated
}

/// Ranges of offsets at which a buffer is in the way of a placed one, by ascending start.
fn forbidden(
    problem: &Problem,
    stated: &[usize],
    placed: &[usize],
    offsets: &[u64],
    index: usize,
) -> Vec<(u64, u64)> {
    let buffers = problem.buffers();
    let buffer = &buffers[index];
    let mut ranges = Vec::new();
    for &other in placed {
        let beside = &buffers[other];
        let (below, above) = if stated.binary_search(&other).is_ok() {
            if !problem.conflict(index, other) {
                continue;
            }
            (
                problem.distance(index, other),
                problem.distance(other, index),
            )
        } else {
            if beside.size == 0 || buffer.start >= beside.end || beside.start >= buffer.end {
                continue;
            }
            (buffer.size, beside.size)
        };
        let from = (offsets[other] + 1).saturating_sub(below);
        ranges.push((from, offsets[other] + above));
    }
    ranges.sort_unstable();
    ranges
}

/// The lowest aligned offset that is not forbidden, or the lowest one of the smallest gap.
fn choose(problem: &Problem, index: usize, forbidden: Vec<(u64, u64)>, choice: Choice) -> u64 {
    let align = problem.buffers()[index].align;
    let mut at: u64 = 0;
    let mut best: Option<(u64, u64)> = None;
    for (from, to) in forbidden {
        if at < from {
            match choice {
                Choice::Lowest => return at,
                // Gaps differ from one another by how far the buffer can be moved in them.
                Choice::SmallestGap if best.is_none_or(|(gap, _)| from - at < gap) => {
                    best = Some((from - at, at));
                }
                Choice::SmallestGap => {}
            }
        }
        at = at.max(to.next_multiple_of(align));
    }
    best.map_or(at, |(_, offset)| offset)
}
