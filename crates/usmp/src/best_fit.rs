//! Best-fit greedy by decreasing size.

use std::cmp::Reverse;

use crate::algorithm::Algorithm;
use crate::first_fit::{Choice, place_by};
use crate::plan::Plan;
use crate::problem::Problem;

/// `best-fit`: the largest buffers first, each in the smallest gap between placed buffers that takes it.
///
/// A gap is measured from the lowest suitably aligned address in it; of gaps of one size the lowest is taken, and the
/// free end above everything only where there is no gap. Of equal sizes the buffer that starts earlier comes first, then
/// the one with the lower index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BestFit;

impl Algorithm for BestFit {
    fn name(&self) -> &str {
        "best-fit"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        let buffers = problem.buffers();
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&index| (Reverse(buffers[index].size), buffers[index].start, index));
        place_by(problem, &order, Choice::SmallestGap)
    }
}
