//! First-gap greedy by decreasing number of conflicts.

use std::cmp::Reverse;

use crate::algorithm::Algorithm;
use crate::first_fit::place_in_order;
use crate::plan::Plan;
use crate::problem::Problem;

/// `greedy-by-conflicts`: the buffers that are live together with the most others first, each at its lowest free
/// address, gaps included.
///
/// Of equal numbers of conflicts the larger buffer comes first, then the one that starts earlier, then the one with the
/// lower index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GreedyByConflicts;

impl Algorithm for GreedyByConflicts {
    fn name(&self) -> &str {
        "greedy-by-conflicts"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        let buffers = problem.buffers();
        let conflicts = conflicts(problem);
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&index| {
            let buffer = &buffers[index];
            (
                Reverse(conflicts[index]),
                Reverse(buffer.size),
                buffer.start,
                index,
            )
        });
        place_in_order(problem, &order)
    }
}

/// With how many buffers each buffer conflicts: O(n log n) for n buffers, lifetimes alone.
///
/// A buffer is live together with all but those that end before it starts and those that start after it ends. Stated
/// conflicts of buffers that are never live together count as well.
pub fn conflicts(problem: &Problem) -> Vec<usize> {
    let with_bytes = || problem.buffers().iter().filter(|b| b.size > 0);
    let mut starts: Vec<u32> = with_bytes().map(|b| b.start).collect();
    let mut ends: Vec<u32> = with_bytes().map(|b| b.end).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let of_buffer = |buffer: &crate::buffer::Buffer| {
        if buffer.size == 0 {
            return 0;
        }
        let started = starts.partition_point(|&start| start < buffer.end);
        let ended = ends.partition_point(|&end| end <= buffer.start);
        started - ended - 1
    };
    let mut conflicts: Vec<usize> = problem.buffers().iter().map(of_buffer).collect();
    for (a, b) in problem.stated_conflicts() {
        let (first, second) = (&problem.buffers()[a], &problem.buffers()[b]);
        let live_together = first.start < second.end && second.start < first.end;
        if !live_together && problem.conflict(a, b) {
            conflicts[a] += 1;
            conflicts[b] += 1;
        }
    }
    conflicts
}
