//! Intervals of accumulators, for proofs that an integer does not overflow.

/// Every int8 value that a buffer may hold.
pub const INT8: Interval = Interval {
    min: -128,
    max: 127,
};

/// All integers from `min` to `max`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interval {
    /// The smallest.
    pub min: i128,
    /// The largest.
    pub max: i128,
}

impl Interval {
    /// One integer.
    pub fn point(x: i128) -> Interval {
        Interval { min: x, max: x }
    }

    /// The interval of `Σ x·w` over the weights, for any `x` of an interval that holds 0.
    ///
    /// Since 0 may stand for every product, all partial sums, in any order and over any subset of the taps, are inside too.
    pub fn of_products(weights: impl IntoIterator<Item = i32>, x: Interval) -> Interval {
        debug_assert!(x.min <= 0 && x.max >= 0, "invariant: x may be 0");
        // Σ of the positive and of the negative weights.
        let (mut up, mut down) = (0i128, 0i128);
        for w in weights {
            if w > 0 {
                up += i128::from(w);
            } else {
                down += i128::from(w);
            }
        }
        Interval {
            min: up * x.min + down * x.max,
            max: up * x.max + down * x.min,
        }
    }

    /// Every element plus a constant.
    #[must_use]
    pub fn plus(self, c: i128) -> Interval {
        Interval {
            min: self.min + c,
            max: self.max + c,
        }
    }

    /// Every element times a constant that is not negative.
    #[must_use]
    pub fn times(self, c: i128) -> Interval {
        debug_assert!(c >= 0);
        Interval {
            min: self.min * c,
            max: self.max * c,
        }
    }

    /// Whether all elements are at least `min` and at most `max`.
    pub fn within(self, min: i128, max: i128) -> bool {
        self.min >= min && self.max <= max
    }

    /// Whether all elements fit `i32`.
    pub fn fits_i32(self) -> bool {
        self.within(i128::from(i32::MIN), i128::from(i32::MAX))
    }

    /// Whether all elements fit `i64`.
    pub fn fits_i64(self) -> bool {
        self.within(i128::from(i64::MIN), i128::from(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All inputs tried: the extremes are reached, and no partial sum leaves the interval.
    #[test]
    fn products_by_brute_force() {
        let x = Interval { min: -2, max: 1 };
        let weights = [3, -5, 0, 7];
        let (mut min, mut max) = (i128::MAX, i128::MIN);
        let got = Interval::of_products(weights, x);
        for code in 0..256 {
            let mut sum = 0;
            for (i, w) in weights.iter().enumerate() {
                sum += i128::from((code >> (2 * i) & 3) - 2) * i128::from(*w);
                assert!(got.within(sum.min(got.min), sum.max(got.max)));
                assert!(sum >= got.min && sum <= got.max);
            }
            min = min.min(sum);
            max = max.max(sum);
        }
        assert_eq!((got.min, got.max), (min, max));
    }
}
