//! Int8 addition as one multiply-accumulate per operand: `clamp((a·x + b·y + c) >> shift)` in 32 bits.
//!
//! The reference scales each operand, adds and scales again, with a rounding each time. Seen over its 65,536 pairs of operands it is a plane
//! cut into steps, and a plane with nearby integer coefficients cuts the same steps, or it does not: [`AffineSum::find`] looks for
//! coefficients near the real ones and keeps those that give every pair the reference's result. Ties, which the reference rounds away from
//! zero, come out right where the coefficients are a little too large.

use interp::numerics::QuantizedMultiplier;
use interp::numerics::add::{ADD_LEFT_SHIFT, AddI8Params};

/// How far a coefficient may be from the nearest integer to the real one.
const REACH: i64 = 4;

/// `clamp((a·x + b·y + c) >> shift, 0, range) + min`; no partial sum leaves 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct AffineSum {
    /// Coefficient of the left operand.
    pub a: i32,
    /// Coefficient of the right operand.
    pub b: i32,
    /// Constant, the lower bound of the results taken off.
    pub c: i32,
    /// Fractional bits, 1 to 30.
    pub shift: u32,
    /// The lower bound of the results.
    pub min: i32,
    /// The upper bound less the lower.
    pub range: i32,
}

/// All results of an addition, and what the search has learnt of them.
struct Search {
    /// By `x + 128`, then `y + 128`.
    results: Vec<i8>,
    min: i64,
    max: i64,
    /// Pairs that have refuted a candidate: tried first on the next ones.
    hard: Vec<(i64, i64)>,
}

/// What became of a pair of coefficients.
enum Candidate {
    Fits(AffineSum),
    /// It gives every sum, but not in 32 bits.
    TooWide,
    /// No constant gives every sum.
    Refuted,
}

impl AffineSum {
    /// Coefficients that give the reference's result for every pair; the most fractional bits that do.
    pub(super) fn find(p: &AddI8Params) -> Option<AffineSum> {
        let real =
            |q: QuantizedMultiplier| f64::from(q.multiplier) * f64::from(q.shift - 31).exp2();
        let scale = real(p.output_multiplier) * f64::from(ADD_LEFT_SHIFT).exp2();
        let (a, b) = (
            real(p.lhs.multiplier) * scale,
            real(p.rhs.multiplier) * scale,
        );
        let mut search = Search::new(p);
        (10..=24).rev().find_map(|shift| {
            let unit = f64::from(shift).exp2();
            let (a, b) = ((a * unit).round() as i64, (b * unit).round() as i64);
            if a.max(b) > 1 << 24 {
                return None;
            }
            let mut steps: Vec<(i64, i64)> = (-REACH..=REACH)
                .flat_map(|i| (-REACH..=REACH).map(move |j| (i, j)))
                .collect();
            steps.sort_by_key(|&(i, j)| (i.abs() + j.abs(), -i - j));
            for (i, j) in steps {
                match search.candidate(a + i, b + j, shift as u32) {
                    Candidate::Fits(sum) => return Some(sum),
                    // Its neighbours need as many bits.
                    Candidate::TooWide => return None,
                    Candidate::Refuted => {}
                }
            }
            None
        })
    }

    /// The sum of two elements.
    #[cfg(test)]
    fn apply(&self, x: i8, y: i8) -> i8 {
        let sum = (self.a * i32::from(x) + self.c) + self.b * i32::from(y);
        ((sum >> self.shift).clamp(0, self.range) + self.min) as i8
    }
}

impl Search {
    fn new(p: &AddI8Params) -> Search {
        let all = || i8::MIN..=i8::MAX;
        let results = all()
            .flat_map(|x| all().map(move |y| (x, y)))
            .map(|(x, y)| p.apply(x, y))
            .collect();
        // An output whose range lies outside of the activation's has one value, the upper bound.
        let max = p.clamp.max;
        let min = p.clamp.min.min(max);
        Search {
            results,
            min: min.into(),
            max: max.into(),
            hard: Vec::new(),
        }
    }

    /// The bounds that one pair puts on the constant.
    fn bounds(&self, a: i64, b: i64, shift: u32, (x, y): (i64, i64)) -> (i64, i64) {
        let result = i64::from(self.results[((x + 128) * 256 + y + 128) as usize]);
        let plane = a * x + b * y;
        let lower = if result > self.min {
            (result << shift) - plane
        } else {
            i64::MIN
        };
        let upper = if result < self.max {
            ((result + 1) << shift) - 1 - plane
        } else {
            i64::MAX
        };
        (lower, upper)
    }

    fn candidate(&mut self, a: i64, b: i64, shift: u32) -> Candidate {
        let (mut lower, mut upper) = (i64::MIN, i64::MAX);
        for &pair in &self.hard {
            let (l, u) = self.bounds(a, b, shift, pair);
            (lower, upper) = (lower.max(l), upper.min(u));
        }
        if lower > upper {
            return Candidate::Refuted;
        }
        let (mut lowest, mut highest) = (None, None);
        for x in -128..=127 {
            for y in -128..=127 {
                let (l, u) = self.bounds(a, b, shift, (x, y));
                if l > lower {
                    (lower, lowest) = (l, Some((x, y)));
                }
                if u < upper {
                    (upper, highest) = (u, Some((x, y)));
                }
            }
            if lower > upper {
                self.hard.extend(lowest.into_iter().chain(highest));
                return Candidate::Refuted;
            }
        }
        let c = match (lower, upper) {
            (i64::MIN, i64::MAX) => 0,
            (i64::MIN, u) => u,
            (l, i64::MAX) => l,
            (l, u) => l + (u - l) / 2,
        };
        self.fit(a, b, c - (self.min << shift), shift)
            .map_or(Candidate::TooWide, Candidate::Fits)
    }

    /// The coefficients in 32 bits, if no partial sum in either order of the operands leaves them.
    fn fit(&self, a: i64, b: i64, c: i64, shift: u32) -> Option<AffineSum> {
        let fits = |x: i64| i32::try_from(x).is_ok();
        let ends = [-128, 127];
        let alone = ends
            .iter()
            .all(|&x| fits(a * x) && fits(b * x) && fits(a * x + c) && fits(b * x + c));
        let together = ends
            .iter()
            .all(|&x| ends.iter().all(|&y| fits(a * x + b * y + c)));
        (alone && together).then_some(AffineSum {
            a: i32::try_from(a).ok()?,
            b: i32::try_from(b).ok()?,
            c: i32::try_from(c).ok()?,
            shift,
            min: self.min as i32,
            range: (self.max - self.min) as i32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use interp::numerics::Activation;

    fn check(lhs: (f32, i32), rhs: (f32, i32), out: (f32, i32), activation: Activation) -> bool {
        let p = AddI8Params::new(lhs, rhs, out, activation).unwrap();
        let Some(sum) = AffineSum::find(&p) else {
            return false;
        };
        for x in i8::MIN..=i8::MAX {
            for y in i8::MIN..=i8::MAX {
                assert_eq!(sum.apply(x, y), p.apply(x, y), "{p:?} {sum:?} {x} {y}");
            }
        }
        true
    }

    #[test]
    fn ties_and_ordinary_scales() {
        use Activation::{None, Relu, Relu6};
        // Every odd sum is a tie.
        assert!(check((0.5, 0), (0.5, 0), (1.0, 0), None));
        assert!(check((0.5, 3), (0.5, -7), (1.0, 5), None));
        assert!(check((0.1, -128), (0.1, -128), (0.1, -128), Relu));
        assert!(check((0.047_123, -3), (0.0831, 12), (0.0912, -128), Relu));
        assert!(check((0.02, 0), (0.3, 0), (0.25, 1), Relu6));
        // The output's range lies below the activation's: one value.
        assert!(check((0.1, 0), (0.1, 0), (0.01, 127), Relu));
    }

    #[test]
    fn most_scales_have_a_plane() {
        let mut seed = 1u64;
        let mut draw = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 40) as f32 / 16_777_216.0
        };
        let found = (0..60)
            .filter(|_| {
                let scale = |d: f32| 0.01 * (d * 3.0).exp2();
                let zero = |d: f32| (d * 255.0) as i32 - 128;
                let (lhs, rhs) = ((scale(draw()), zero(draw())), (scale(draw()), zero(draw())));
                check(
                    lhs,
                    rhs,
                    (scale(draw()) * 1.5, zero(draw())),
                    Activation::None,
                )
            })
            .count();
        assert!(found >= 54, "{found} of 60");
    }
}
