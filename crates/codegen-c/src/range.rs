//! Intervals of integer values: what decides whether C arithmetic needs a wider type.

/// All integers from `lo` to `hi`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    pub lo: i128,
    pub hi: i128,
}

impl Range {
    pub(crate) fn of(value: i64) -> Range {
        Range {
            lo: value.into(),
            hi: value.into(),
        }
    }

    /// Every value of a signed integer of a width; 0 and 1 for one bit.
    pub(crate) fn full(bits: u32) -> Range {
        match bits {
            1 => Range { lo: 0, hi: 1 },
            _ => Range {
                lo: -(1i128 << (bits - 1)),
                hi: (1i128 << (bits - 1)) - 1,
            },
        }
    }

    /// Whether every value is one of a signed integer of that width.
    pub(crate) fn fits(self, bits: u32) -> bool {
        self.within(Range::full(bits))
    }

    pub(crate) fn within(self, other: Range) -> bool {
        self.lo >= other.lo && self.hi <= other.hi
    }

    /// The part inside another interval; that interval where they are disjoint.
    pub(crate) fn clip(self, other: Range) -> Range {
        let both = Range {
            lo: self.lo.max(other.lo),
            hi: self.hi.min(other.hi),
        };
        if both.lo <= both.hi { both } else { other }
    }

    pub(crate) fn union(self, other: Range) -> Range {
        Range {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
        }
    }

    pub(crate) fn add(self, other: Range) -> Range {
        Range {
            lo: self.lo + other.lo,
            hi: self.hi + other.hi,
        }
    }

    pub(crate) fn sub(self, other: Range) -> Range {
        Range {
            lo: self.lo - other.hi,
            hi: self.hi - other.lo,
        }
    }

    pub(crate) fn mul(self, other: Range) -> Range {
        let all = [
            self.lo * other.lo,
            self.lo * other.hi,
            self.hi * other.lo,
            self.hi * other.hi,
        ];
        Range::hull(all)
    }

    pub(crate) fn min(self, other: Range) -> Range {
        Range {
            lo: self.lo.min(other.lo),
            hi: self.hi.min(other.hi),
        }
    }

    pub(crate) fn max(self, other: Range) -> Range {
        Range {
            lo: self.lo.max(other.lo),
            hi: self.hi.max(other.hi),
        }
    }

    /// Arithmetic shift right by an amount of that interval, which is inside 0..=63.
    pub(crate) fn shr(self, amount: Range) -> Range {
        let (a, b) = (amount.lo.clamp(0, 63) as u32, amount.hi.clamp(0, 63) as u32);
        Range::hull([self.lo >> a, self.lo >> b, self.hi >> a, self.hi >> b])
    }

    fn hull(all: [i128; 4]) -> Range {
        let (lo, hi) = all.iter().fold((i128::MAX, i128::MIN), |(lo, hi), &v| {
            (lo.min(v), hi.max(v))
        });
        Range { lo, hi }
    }

    /// The interval of the same bits, read as unsigned.
    pub(crate) fn zero_extended(self, bits: u32) -> Range {
        let modulus = 1i128 << bits;
        match (self.lo < 0, self.hi < 0) {
            (false, false) => self,
            (true, true) => self.add(Range {
                lo: modulus,
                hi: modulus,
            }),
            _ => Range {
                lo: 0,
                hi: modulus - 1,
            },
        }
    }

    pub(crate) fn is_negative_possible(self) -> bool {
        self.lo < 0
    }
}
