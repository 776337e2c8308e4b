//! A set of occupied addresses that answers "where is the lowest hole that takes this request?".

use std::ops::Range;

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
    pub(crate) fn aligned(self, address: u64) -> u64 {
        (address + (self.align - 1)) & !(self.align - 1)
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
    /// Disjoint, ascending. A vector, since walking it is what takes the time.
    ranges: Vec<Range<u64>>,
}

impl AddressSet {
    pub(crate) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Marks `range` as occupied, where it was not already.
    pub(crate) fn insert(&mut self, mut range: Range<u64>, least: Request) {
        let hole = |start: u64, end: u64| start < end && least.fits(start, end);
        let mut first = self.ranges.partition_point(|r| r.start < range.start);
        if first > 0 && !hole(self.ranges[first - 1].end, range.start) {
            first -= 1;
            range.start = self.ranges[first].start;
        }
        let mut last = first;
        while last < self.ranges.len() && !hole(range.end, self.ranges[last].start) {
            range.end = range.end.max(self.ranges[last].end);
            last += 1;
        }
        self.ranges.splice(first..last, [range]);
    }

    /// A walk over the set's holes, from the lowest address up.
    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk {
            above: &self.ranges,
        }
    }
}

/// A walk over the holes of a set, upwards only.
pub(crate) struct Walk<'a> {
    /// The ranges that may still be in the way.
    above: &'a [Range<u64>],
}

impl Walk<'_> {
    /// The lowest suitably aligned address, not below `from`, at which the request meets no occupied byte of the set.
    ///
    /// `from` is suitably aligned and may not sink from one call to the next.
    pub(crate) fn lowest_fit(&mut self, from: u64, request: Request) -> u64 {
        let mut at = from;
        while let Some((range, above)) = self.above.split_first() {
            if at + request.size <= range.start {
                break;
            }
            at = at.max(request.aligned(range.end));
            self.above = above;
        }
        at
    }

    /// The first occupied address above the one found last; none above the topmost range.
    pub(crate) fn next_occupied(&self) -> Option<u64> {
        self.above.first().map(|range| range.start)
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
            set.insert(start..end, least);
        }
        set
    }

    impl AddressSet {
        fn only_range(&self) -> Range<u64> {
            assert_eq!(self.ranges.len(), 1);
            self.ranges[0].clone()
        }
    }

    #[test]
    fn useless_holes_are_closed() {
        let ranges = [(0, 10), (16, 26), (32, 42)];
        assert_eq!(set(&ranges, BYTE).ranges.len(), 3);
        let least = Request { size: 4, align: 16 };
        assert_eq!(set(&ranges, least).only_range(), 0..42);
        assert_eq!(set(&[(0, 4), (8, 9), (4, 8)], BYTE).only_range(), 0..9);
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
                set.insert(start..start + length, least);
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
