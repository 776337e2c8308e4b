//! First-gap greedy by decreasing size.

use std::cmp::Reverse;

use crate::algorithm::Algorithm;
use crate::first_fit::place_in_order;
use crate::plan::Plan;
use crate::problem::Problem;

/// `greedy-by-size`: the largest buffers first, each at its lowest free address, gaps included.
///
/// Of equal sizes the buffer that starts earlier comes first, then the one with the lower index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GreedyBySize;

impl Algorithm for GreedyBySize {
    fn name(&self) -> &str {
        "greedy-by-size"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        let buffers = problem.buffers();
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&index| (Reverse(buffers[index].size), buffers[index].start, index));
        place_in_order(problem, &order)
    }
}
