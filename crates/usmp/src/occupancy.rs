//! Which addresses are occupied when: a segment tree over time whose nodes hold address sets.

use std::ops::Range;

use crate::address_set::{AddressSet, Request, Walk};

/// Addresses occupied over time, between the instants of a fixed grid.
///
/// Time is counted in cells: cell `i` lies between grid instants `i` and `i + 1`. Every node of the tree stands for a
/// stretch of cells and knows the addresses occupied *throughout* by what was inserted at the node itself, and those
/// occupied *anywhere* at or below the node. A stretch of time meets what is occupied throughout the nodes on the way
/// down to it, and what is occupied anywhere in the O(log n) nodes that make it up. As the upper nodes' sets merge into
/// few ranges, an insertion or a query takes about log² n steps in practice; an adversary who keeps many separate holes
/// alive can make a query walk over each of them.
pub(crate) struct Occupancy {
    cells: usize,
    throughout: Vec<AddressSet>,
    anywhere: Vec<AddressSet>,
    least: Request,
}

/// A node with the stretch of cells that it stands for.
#[derive(Clone, Copy)]
struct Node {
    index: usize,
    first: usize,
    last: usize,
}

impl Node {
    fn halves(self) -> [Node; 2] {
        let middle = self.first.midpoint(self.last);
        [
            Node {
                index: 2 * self.index,
                first: self.first,
                last: middle,
            },
            Node {
                index: 2 * self.index + 1,
                first: middle,
                last: self.last,
            },
        ]
    }
}

impl Occupancy {
    /// Nothing is occupied in any of the `cells`; `least` as [`AddressSet`] wants it.
    pub(crate) fn new(cells: usize, least: Request) -> Occupancy {
        let nodes = 2 * cells.next_power_of_two();
        Occupancy {
            cells,
            throughout: vec![AddressSet::default(); nodes],
            anywhere: vec![AddressSet::default(); nodes],
            least,
        }
    }

    /// Occupies the addresses of `range` throughout the cells `first..last`.
    pub(crate) fn insert(&mut self, first: usize, last: usize, range: Range<u64>) {
        let mut pending = vec![self.root()];
        while let Some(node) = pending.pop() {
            if last <= node.first || node.last <= first {
                continue;
            }
            self.anywhere[node.index].insert(range.clone(), self.least);
            if first <= node.first && node.last <= last {
                self.throughout[node.index].insert(range.clone(), self.least);
            } else {
                pending.extend(node.halves());
            }
        }
    }

    /// The lowest address at which the request meets nothing in any of the cells `first..last`.
    pub(crate) fn lowest_fit(&self, first: usize, last: usize, request: Request) -> u64 {
        lowest_common_fit(&mut self.walks(first, last), 0, request)
    }

    /// The lowest suitably aligned address in the smallest hole that takes the request in all of the cells
    /// `first..last`; of holes of one size the lowest, and above everything when there is none.
    pub(crate) fn best_fit(&self, first: usize, last: usize, request: Request) -> u64 {
        let mut walks = self.walks(first, last);
        let mut best = None;
        let mut at = lowest_common_fit(&mut walks, 0, request);
        loop {
            let Some(end) = walks.iter().filter_map(Walk::next_occupied).min() else {
                return best.map_or(at, |(_, address)| address);
            };
            best = best
                .filter(|&(size, _)| size <= end - at)
                .or(Some((end - at, at)));
            at = lowest_common_fit(&mut walks, request.aligned(end), request);
        }
    }

    fn walks(&self, first: usize, last: usize) -> Vec<Walk<'_>> {
        let sets = self.sets_met(first, last);
        sets.into_iter().map(AddressSet::walk).collect()
    }

    /// The sets whose union is what is occupied in the cells `first..last`.
    fn sets_met(&self, first: usize, last: usize) -> Vec<&AddressSet> {
        let mut sets = Vec::new();
        let mut pending = vec![self.root()];
        while let Some(node) = pending.pop() {
            if last <= node.first || node.last <= first || self.anywhere[node.index].is_empty() {
                continue;
            }
            if first <= node.first && node.last <= last {
                sets.push(&self.anywhere[node.index]);
            } else {
                sets.push(&self.throughout[node.index]);
                pending.extend(node.halves());
            }
        }
        sets.retain(|set| !set.is_empty());
        sets
    }

    fn root(&self) -> Node {
        Node {
            index: 1,
            first: 0,
            last: self.cells,
        }
    }
}

/// The lowest address from `from` on that fits every walk's set.
fn lowest_common_fit(walks: &mut [Walk<'_>], from: u64, request: Request) -> u64 {
    let mut at = from;
    loop {
        let raised = walks
            .iter_mut()
            .fold(at, |at, walk| walk.lowest_fit(at, request));
        if raised == at {
            return at;
        }
        at = raised;
    }
}
