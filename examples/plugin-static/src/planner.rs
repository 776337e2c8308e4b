//! `acme-longest-first`: a planning algorithm, and how little one takes.

use std::cmp::Reverse;
use usmp::{Algorithm, Plan, Problem};

/// Places the buffers that live longest first, each at its lowest free address: what stays long lies low, in the banks that Acme's cores
/// never switch off.
pub struct LongestFirst;

impl Algorithm for LongestFirst {
    fn name(&self) -> &str {
        "acme-longest-first"
    }

    fn plan(&self, problem: &Problem) -> Plan {
        let buffers = problem.buffers();
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&i| {
            let length = buffers[i].end - buffers[i].start;
            (Reverse(length), Reverse(buffers[i].size), i)
        });
        // Takes care of alignments, overlap allowances and fixed offsets.
        usmp::first_fit::place_in_order(problem, &order)
    }
}
