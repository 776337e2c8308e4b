//! Requantisation by the high word of a product: `(constant + ((sum · multiplier) >> 32)) >> shift`, clamped, for sums with eight
//! fractional bits.
//!
//! With the reference's multiplier `m` and shift `s`, the thresholds of `⌊(256·a·m + start·m + constant·2³²) / 2^(39−s)⌋` are as far
//! apart as the reference's, wherever that is one floor of a linear function; `start`, which the sum begins with, and `constant` move all
//! of them. Nothing is derived about rounding: the reference is asked for all its thresholds, at most 255 a channel, and `start` is
//! raised until there is a `constant` with which every one of them is met. Between thresholds both functions are constant.
//!
//! Where negative values show and are rounded twice, the reference is lower by 2³¹ before its shift, so that 128 is taken off the high
//! word of a negative sum; `start` then holds the bias, and the sum's sign is the accumulator's.

use super::interval::Interval;
use super::requantize::Channel;
use interp::numerics::ClampI8;

/// Fractional bits of the sums.
pub const FRACTION_BITS: u32 = 8;
/// Binary logarithm of what is taken off the high word of a negative sum.
pub const LOWERED: u32 = 7;
/// So many starts are tried.
const STARTS: i64 = 512;

/// The constants of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HighWord {
    /// What the sum begins with.
    pub start: i32,
    /// The multiplier.
    pub multiplier: i32,
    /// What is added to the high word.
    pub constant: i32,
    /// The right shift, 0 to 31.
    pub shift: i8,
}

/// Whether the high words of negative sums of a layer are to be lowered by [`LOWERED`].
pub fn is_signed(channels: &[Channel], zero_point: i32, clamp: ClampI8) -> bool {
    clamp.min < zero_point && channels.iter().any(|c| c.multiplier.shift < 0)
}

/// The reference's byte for an accumulator of raw bytes.
fn reference(c: &Channel, a: i64, zero_point: i32, clamp: ClampI8) -> i64 {
    // The caller has checked that it fits.
    let x = c.multiplier.apply((a + c.bias) as i32);
    let y = i64::from(x) + i64::from(zero_point);
    y.clamp(i64::from(clamp.min), i64::from(clamp.max))
}

/// The least `a` in `low..=high` whose byte is at least `y`, none if there is none; searched from `from`.
fn threshold(byte: impl Fn(i64) -> i64, y: i64, [low, high]: [i64; 2], from: i64) -> Option<i64> {
    if byte(high) < y {
        return None;
    }
    // Invariant: the bytes below `below` are less than `y`, that of `above` is not.
    let (mut below, mut above) = (low, high);
    let mut step = 1;
    let mut at = from.clamp(low, high);
    // Away from the guess by doubling steps, then by halves.
    if byte(at) < y {
        while at < high && byte(at) < y {
            below = at + 1;
            at = (at + step).min(high);
            step *= 2;
        }
        above = at;
    } else {
        while at > low && byte(at) >= y {
            above = at;
            at = (at - step).max(low);
            step *= 2;
        }
        if byte(at) >= y {
            above = at;
        } else {
            below = at + 1;
        }
    }
    while below < above {
        let middle = below + (above - below) / 2;
        if byte(middle) < y {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    Some(above)
}

impl HighWord {
    /// For sums `256·a + offset + start` of a channel of a layer that [`is_signed`] or is not; `None` if no such constants are exact.
    pub fn new(
        c: &Channel,
        offset: i64,
        (zero_point, clamp): (i32, ClampI8),
        signed: bool,
    ) -> Option<HighWord> {
        // Shifts of more than a word's bits are taken off the multiplier; the thresholds say whether that is exact.
        let exact = 7 - c.multiplier.shift;
        let shift = exact.min(31);
        if shift < 0 || clamp.min > clamp.max {
            return None;
        }
        let full = c.accumulator.plus(i128::from(c.bias));
        let left = c.multiplier.shift.max(0) as u32;
        if !full.times(1 << left).fits_i32() {
            return None;
        }
        let ends = [c.accumulator.min as i64, c.accumulator.max as i64];
        let byte = |a: i64| reference(c, a, zero_point, clamp);
        let bytes = ends.map(byte);
        if bytes[0] == bytes[1] {
            // In the middle of a step of 256, so that what negative sums are lowered by does not show.
            return Some(HighWord {
                start: 0,
                multiplier: 0,
                constant: bytes[0] as i32 * 256 + 192,
                shift: 8,
            });
        }
        let m = i64::from(c.multiplier.multiplier) >> (exact - shift);
        // Of each threshold `a`, the byte there, scaled.
        let mut thresholds = Vec::new();
        let mut from = ends[0];
        let mut distance = 0;
        for y in i64::from(clamp.min) + 1..=i64::from(clamp.max) {
            let Some(a) = threshold(byte, y, ends, from + distance) else {
                break;
            };
            distance = a - from;
            from = a;
            if a > ends[0] {
                thresholds.push((a, y << shift));
            }
        }
        let (first, starts) = if signed {
            (256 * c.bias - offset, 256)
        } else {
            (0, STARTS)
        };
        (first..first + starts).find_map(|start| {
            let sum = |a: i64| 256 * a + offset + start;
            let high = |a: i64| {
                let lowered = i64::from(signed && sum(a) < 0) << LOWERED;
                ((sum(a) * m) >> 32) - lowered
            };
            let sums = Interval {
                min: i128::from(sum(ends[0])),
                max: i128::from(sum(ends[1])),
            };
            if !sums.fits_i32() || i32::try_from(start).is_err() {
                return None;
            }
            // Bounds of the constant, both inclusive.
            let (mut least, mut most) = (i64::from(i32::MIN), i64::from(i32::MAX));
            for &(a, scaled) in &thresholds {
                least = least.max(scaled - high(a));
                most = most.min(scaled - 1 - high(a - 1));
            }
            if bytes[0] > i64::from(clamp.min) {
                least = least.max((bytes[0] << shift) - high(ends[0]));
            }
            if bytes[1] < i64::from(clamp.max) {
                most = most.min(((bytes[1] + 1) << shift) - 1 - high(ends[1]));
            }
            // No word exceeds 32 bits.
            least = least.max(i64::from(i32::MIN) - high(ends[0]));
            most = most.min(i64::from(i32::MAX) - high(ends[1]));
            (least <= most).then(|| {
                let middle = least + (most - least) / 2;
                HighWord {
                    start: start as i32,
                    multiplier: m as i32,
                    constant: middle as i32,
                    shift: shift as i8,
                }
            })
        })
    }

    /// The byte of a sum, for tests and proofs.
    pub fn byte(&self, sum: i32, clamp: ClampI8, signed: bool) -> i32 {
        let high = (i64::from(sum) * i64::from(self.multiplier)) >> 32;
        let lowered = i32::from(signed && sum < 0) << LOWERED;
        let y = (high as i32 + self.constant - lowered) >> self.shift;
        y.max(clamp.min).min(clamp.max)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use interp::numerics::QuantizedMultiplier;

    /// Every accumulator of a channel, against the reference.
    #[test]
    fn every_sum_of_random_channels() {
        let mut seed = 1u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % n
        };
        let mut found = [0; 2];
        for case in 0..240 {
            let half = 1 + next(if case % 2 == 0 { 400 } else { 60_000 }) as i64;
            let real = (1.0 + next(1000) as f64 / 1000.0) * (-(next(14) as f64)).exp2();
            let zero_point = if case % 3 == 0 {
                -128
            } else {
                next(256) as i32 - 128
            };
            let clamp = ClampI8 {
                min: if case % 4 < 2 { zero_point } else { -128 },
                max: 127,
            };
            let c = Channel {
                multiplier: QuantizedMultiplier::from_real("m", real).unwrap(),
                accumulator: Interval {
                    min: -i128::from(half),
                    max: i128::from(half),
                },
                bias: next(2 * half as u64) as i64 - half,
            };
            let offset = next(100_000) as i64 - 50_000;
            let signed = is_signed(&[c], zero_point, clamp);
            let Some(h) = HighWord::new(&c, offset, (zero_point, clamp), signed) else {
                continue;
            };
            found[usize::from(signed)] += 1;
            for a in -half..=half {
                let sum = (256 * a + offset) as i32 + h.start;
                let want = reference(&c, a, zero_point, clamp);
                assert_eq!(i64::from(h.byte(sum, clamp, signed)), want, "{c:?} {a}");
            }
        }
        assert!(found.iter().all(|&n| n > 50), "{found:?}");
    }
}
