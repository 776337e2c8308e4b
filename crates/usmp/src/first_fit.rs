//! The placement step that the greedy algorithms share: in a given order, each buffer at its lowest free address.
//!
//! The occupied addresses of a plain problem are kept merged by time, not by buffer. A rule about a single pair of buffers
//! has no place there: problems that state such rules are placed pair by pair.

use crate::address_set::Request;
use crate::buffer::Buffer;
use crate::occupancy::Occupancy;
use crate::pairwise;
use crate::plan::Plan;
use crate::problem::Problem;

/// Places the buffers in `order`, each at the lowest suitably aligned offset at which it meets no placed buffer that is
/// live at the same time. Buffers of fixed offsets are placed before all others; overlap allowances are used.
///
/// Gaps between placed buffers are used. `order` must hold every index of the problem's buffers once. Takes about
/// n log² n steps while the number of buffers that live at once is bounded (measured in `tests/growth.rs`), up to n²
/// where it grows with n, and n² for a problem that is not [plain](Problem::is_plain).
///
/// # Panics
/// When `order` is not a permutation of the buffers' indices.
pub fn place_in_order(problem: &Problem, order: &[usize]) -> Plan {
    place_by(problem, order, Choice::Lowest)
}

/// Where a buffer goes of all places that are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The lowest one.
    Lowest,
    /// The lowest one in the smallest gap between placed buffers; above them where there is no gap.
    SmallestGap,
}

/// Places the buffers in `order`, each where `choice` says.
pub(crate) fn place_by(problem: &Problem, order: &[usize], choice: Choice) -> Plan {
    let buffers = problem.buffers();
    assert!(
        is_permutation(order, buffers.len()),
        "not an order of the buffers"
    );
    if !problem.is_plain() {
        return pairwise::place_in_order(problem, order, choice);
    }
    let instants = instants(buffers);
    let cells = instants.len().saturating_sub(1);
    let mut occupancy = Occupancy::new(cells, least_request(buffers));
    let mut offsets = vec![0; buffers.len()];
    for &index in order {
        let buffer = &buffers[index];
        if buffer.size == 0 {
            continue;
        }
        let (first, last) = (cell(&instants, buffer.start), cell(&instants, buffer.end));
        let request = Request {
            size: buffer.size,
            align: buffer.align,
        };
        let offset = match choice {
            Choice::Lowest => occupancy.lowest_fit(first, last, request),
            Choice::SmallestGap => occupancy.best_fit(first, last, request),
        };
        occupancy.insert(first, last, offset..offset + buffer.size);
        offsets[index] = offset;
    }
    Plan::new(problem, offsets)
}

fn is_permutation(order: &[usize], count: usize) -> bool {
    let mut seen = vec![false; count];
    let mut is_new = |&index: &usize| !std::mem::replace(&mut seen[index], true);
    order.len() == count && order.iter().all(&mut is_new)
}

/// The times at which a buffer starts or ends, ascending.
fn instants(buffers: &[Buffer]) -> Vec<u32> {
    let mut instants: Vec<u32> = buffers.iter().flat_map(|b| [b.start, b.end]).collect();
    instants.sort_unstable();
    instants.dedup();
    instants
}

fn cell(instants: &[u32], time: u32) -> usize {
    instants
        .binary_search(&time)
        .expect("invariant: every start and end is an instant")
}

/// A request that is at most as large and at most as strictly aligned as that of any buffer with bytes.
fn least_request(buffers: &[Buffer]) -> Request {
    let with_bytes = || buffers.iter().filter(|b| b.size > 0);
    Request {
        size: with_bytes().map(|b| b.size).min().unwrap_or(1),
        align: with_bytes().map(|b| b.align).min().unwrap_or(1),
    }
}
