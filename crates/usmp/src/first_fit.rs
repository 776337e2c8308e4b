//! The placement step that the greedy algorithms share: in a given order, each buffer at its lowest free address.
//!
//! The occupied addresses are kept merged by time, not by buffer. A rule about a single pair of buffers therefore needs
//! the pair beside it: a conflict beyond lifetimes is one more set of addresses to avoid, and buffers that may overlap
//! others in part stay out of the merged sets and are compared one by one.

use crate::address_set::Request;
use crate::buffer::Buffer;
use crate::occupancy::Occupancy;
use crate::plan::Plan;
use crate::problem::Problem;

/// Places the buffers in `order`, each at the lowest suitably aligned offset at which it meets no placed buffer that is
/// live at the same time.
///
/// Gaps between placed buffers are used. `order` must hold every index of the problem's buffers once. Takes about
/// n log² n steps while the number of buffers that live at once is bounded (measured in `tests/growth.rs`), up to n²
/// where it grows with n.
///
/// # Panics
/// When `order` is not a permutation of the buffers' indices.
pub fn place_in_order(problem: &Problem, order: &[usize]) -> Plan {
    place_by(problem, order, Occupancy::lowest_fit)
}

/// Places the buffers in `order`, each where `fit` says: given the cells of its life and its request.
pub(crate) fn place_by(
    problem: &Problem,
    order: &[usize],
    fit: impl Fn(&Occupancy, usize, usize, Request) -> u64,
) -> Plan {
    let buffers = problem.buffers();
    assert_eq!(
        order.len(),
        buffers.len(),
        "the order has another number of buffers"
    );
    let instants = instants(buffers);
    let cells = instants.len().saturating_sub(1);
    let mut occupancy = Occupancy::new(cells, least_request(buffers));
    let mut offsets = vec![None; buffers.len()];
    for &index in order {
        let buffer = &buffers[index];
        assert!(offsets[index].is_none(), "the order holds a buffer twice");
        if buffer.size == 0 {
            offsets[index] = Some(0);
            continue;
        }
        let (first, last) = (cell(&instants, buffer.start), cell(&instants, buffer.end));
        let request = Request {
            size: buffer.size,
            align: buffer.align,
        };
        let offset = fit(&occupancy, first, last, request);
        occupancy.insert(first, last, offset..offset + buffer.size);
        offsets[index] = Some(offset);
    }
    let place =
        |offset: Option<u64>| offset.expect("invariant: a permutation reaches every buffer");
    Plan::new(problem, offsets.into_iter().map(place).collect())
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
