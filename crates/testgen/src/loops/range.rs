//! Intervals of integers: what is known of a value, so that no op on it is undefined.

/// An inclusive range of signed integers, never empty.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// Smallest value.
    pub low: i64,
    /// Largest value.
    pub high: i64,
}

impl Range {
    pub fn new(low: i64, high: i64) -> Range {
        Range {
            low,
            high: high.max(low),
        }
    }

    pub fn of(value: i64) -> Range {
        Range::new(value, value)
    }

    /// All integers of a width in bits.
    pub fn full(width: u32) -> Range {
        Range::new(i64::MIN >> (64 - width), i64::MAX >> (64 - width))
    }

    pub fn fits(self, width: u32) -> bool {
        let full = Range::full(width);
        full.low <= self.low && self.high <= full.high
    }

    pub fn within(self, low: i64, high: i64) -> bool {
        low <= self.low && self.high <= high
    }

    pub fn union(self, other: Range) -> Range {
        Range::new(self.low.min(other.low), self.high.max(other.high))
    }

    /// Largest magnitude.
    pub fn magnitude(self) -> f64 {
        (self.low as f64).abs().max((self.high as f64).abs())
    }

    /// The range of `f` over two ranges, if it is monotone in each and fits 64 bits.
    fn corners(self, other: Range, f: impl Fn(i128, i128) -> i128) -> Option<Range> {
        let ends = [self.low, self.high].map(i128::from);
        let others = [other.low, other.high].map(i128::from);
        let all = ends
            .iter()
            .flat_map(|&a| others.iter().map(move |&b| (a, b)));
        let values: Vec<i128> = all.map(|(a, b)| f(a, b)).collect();
        let low = i64::try_from(*values.iter().min()?).ok()?;
        let high = i64::try_from(*values.iter().max()?).ok()?;
        Some(Range::new(low, high))
    }

    pub fn add(self, other: Range) -> Option<Range> {
        self.corners(other, |a, b| a + b)
    }

    pub fn sub(self, other: Range) -> Option<Range> {
        self.corners(other, |a, b| a - b)
    }

    pub fn mul(self, other: Range) -> Option<Range> {
        self.corners(other, |a, b| a * b)
    }

    /// Quotients by divisors that are all positive or all below −1.
    pub fn div(self, divisor: Range) -> Option<Range> {
        self.corners(divisor, |a, b| a / b)
    }

    /// Remainders by divisors of at most some magnitude.
    pub fn rem(self, most: i64) -> Range {
        let low = if self.low < 0 {
            (1 - most).max(self.low)
        } else {
            0
        };
        let high = if self.high > 0 {
            (most - 1).min(self.high)
        } else {
            0
        };
        Range::new(low, high)
    }

    pub fn min(self, other: Range) -> Range {
        Range::new(self.low.min(other.low), self.high.min(other.high))
    }

    pub fn max(self, other: Range) -> Range {
        Range::new(self.low.max(other.low), self.high.max(other.high))
    }

    /// Bitwise ops of two ranges without negative numbers.
    pub fn bits(self, other: Range) -> Option<Range> {
        let top = self.high.max(other.high) as u64;
        let ones = if top == 0 {
            0
        } else {
            u64::MAX >> top.leading_zeros()
        };
        (self.low >= 0 && other.low >= 0).then(|| Range::new(0, ones as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range() -> impl Strategy<Value = (Range, i64)> {
        (-40i64..40, 0i64..20, 0i64..20)
            .prop_map(|(low, span, at)| (Range::new(low, low + span), low + at.min(span)))
    }

    fn holds(r: Range, x: i64) -> bool {
        r.within(r.low, r.high) && (r.low..=r.high).contains(&x)
    }

    proptest! {
        /// A result of members is a member of the result.
        #[test]
        fn ranges_hold_their_members((a, x) in range(), (b, y) in range()) {
            prop_assert!(holds(a.add(b).unwrap(), x + y));
            prop_assert!(holds(a.sub(b).unwrap(), x - y));
            prop_assert!(holds(a.mul(b).unwrap(), x * y));
            prop_assert!(holds(a.min(b), x.min(y)));
            prop_assert!(holds(a.max(b), x.max(y)));
            prop_assert!(holds(a.union(b), x) && holds(a.union(b), y));
            if b.low > 0 || b.high < -1 {
                prop_assert!(holds(a.div(b).unwrap(), x / y));
                prop_assert!(holds(a.rem(b.low.abs().max(b.high.abs())), x % y));
            }
            if let Some(r) = a.bits(b) {
                prop_assert!(holds(r, x | y) && holds(r, x ^ y) && holds(r, x & y));
            }
        }
    }

    #[test]
    fn widths() {
        assert_eq!(Range::full(8), Range::new(-128, 127));
        assert_eq!(Range::full(64), Range::new(i64::MIN, i64::MAX));
        assert!(Range::full(64).add(Range::of(1)).is_none());
        assert!(Range::of(128).fits(16) && !Range::of(128).fits(8));
    }
}
