//! A set of occupied addresses that answers "where is the lowest hole that takes this request?".

use std::collections::{BTreeMap, btree_map};

/// A request for `size` bytes at a multiple of `align`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Bytes, not zero.
    pub(crate) size: u64,
    /// A power of two.
    pub(crate) align: u64,
}

impl Request {
    /// The lowest address from `address` on that is suitably aligned.
    fn aligned(self, address: u64) -> u64 {
        address.next_multiple_of(self.align)
    }

    /// Whether the bytes `start..end` have room for the request.
    fn fits(self, start: u64, end: u64) -> bool {
        self.aligned(start) + self.size <= end
    }
}

/// Occupied addresses as disjoint ranges.
///
/// Holes that no later request can use are closed: the caller passes the *least request* on every insertion, a request
/// that is at most as large and at most as strictly aligned as any that it will ever ask for. This keeps the set small
/// and changes no answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct AddressSet {
    /// Start of a range → its end.
    ranges: BTreeMap<u64, u64>,
}

impl AddressSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Marks `start..end` as occupied, where it was not already.
    pub(crate) fn insert(&mut self, mut start: u64, mut end: u64, least: Request) {
        let below = self.ranges.range(..=start).next_back();
        if let Some((&below_start, &below_end)) = below
            && !(below_end < start && least.fits(below_end, start))
        {
            start = below_start;
            end = end.max(below_end);
        }
        while let Some((&above_start, &above_end)) = self.ranges.range(start..).next() {
            if above_start > end && least.fits(end, above_start) {
                break;
            }
            end = end.max(above_end);
            self.ranges.remove(&above_start);
        }
        self.ranges.insert(start, end);
    }

    /// A walk over the set's holes, from the lowest address up.
    pub(crate) fn walk(&self) -> Walk<'_> {
        let mut ranges = self.ranges.iter();
        let range = ranges.next();
        Walk { range, ranges }
    }
}

/// A walk over the holes of a set, upwards only.
pub(crate) struct Walk<'a> {
    /// The lowest range that may still be in the way.
    range: Option<(&'a u64, &'a u64)>,
    ranges: btree_map::Iter<'a, u64, u64>,
}

impl Walk<'_> {
    /// The lowest suitably aligned address, not below `from`, at which the request meets no occupied byte of the set.
    ///
    /// `from` is suitably aligned and may not sink from one call to the next.
    pub(crate) fn lowest_fit(&mut self, from: u64, request: Request) -> u64 {
        let mut at = from;
        while let Some((&start, &end)) = self.range {
            if at + request.size <= start {
                break;
            }
            at = at.max(request.aligned(end));
            self.range = self.ranges.next();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BYTE: Request = Request { size: 1, align: 1 };

    fn set(ranges: &[(u64, u64)], least: Request) -> AddressSet {
        let mut set = AddressSet::default();
        for &(start, end) in ranges {
            set.insert(start, end, least);
        }
        set
    }

    #[test]
    fn useless_holes_are_closed() {
        let ranges = [(0, 10), (16, 26), (32, 42)];
        assert_eq!(set(&ranges, BYTE).ranges.len(), 3);
        let least = Request { size: 4, align: 16 };
        assert_eq!(set(&ranges, least).ranges, BTreeMap::from([(0, 42)]));
        assert_eq!(
            set(&[(0, 4), (8, 9), (4, 8)], BYTE).ranges,
            BTreeMap::from([(0, 9)])
        );
    }

    proptest! {
        #[test]
        fn lowest_fit_agrees_with_a_bit_map(
            ranges in prop::collection::vec((0u64..60, 1u64..8), 0..12),
            size in 2u64..10, log_align in 1u32..5, from in 0u64..9,
        ) {
            let least = Request { size: 2, align: 2 };
            let mut taken = [false; 256];
            let mut set = AddressSet::default();
            for (start, length) in ranges {
                set.insert(start, start + length, least);
                taken[start as usize..(start + length) as usize].fill(true);
            }
            let request = Request { size, align: 1 << log_align };
            let fits = |at: &u64| {
                at % request.align == 0 && !taken[*at as usize..(at + size) as usize].contains(&true)
            };
            let mut walk = set.walk();
            let mut from = from * request.align;
            while from < 80 {
                let expected = (from..200).find(fits).unwrap();
                prop_assert_eq!(walk.lowest_fit(from, request), expected);
                from = expected + request.align;
            }
        }
    }
}
