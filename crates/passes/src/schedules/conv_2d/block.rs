//! Register blocks: accumulators of some pixels times some output channels.

use ir::{Builder, ValueId};
use target::{Feature, Target};

/// How products are summed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arithmetic {
    /// One product an operation, in 32 bits.
    Single,
    /// Two pixels in one word, `a₀ + a₁·2²³`: one 64-bit multiply-add does both. Exact while the sum of the first pixel, with 2²²
    /// added, stays in 0..2²³: then it never borrows from the second one's.
    Pairs,
}

/// Bits of a pixel's sum in a pair.
pub const PAIR_BITS: u32 = 23;
/// What makes the first pixel's sum of a pair non-negative.
const PAIR_BIAS: i64 = 1 << (PAIR_BITS - 1);

/// A block of `pixels` × `channels` accumulators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// How products are summed.
    pub arithmetic: Arithmetic,
    /// Pixels; even for pairs.
    pub pixels: i64,
    /// Output channels.
    pub channels: i64,
}

impl Block {
    /// Values that a step takes from the activations: pixels, or pairs of them.
    pub fn streams(&self) -> i64 {
        match self.arithmetic {
            Arithmetic::Single => self.pixels,
            Arithmetic::Pairs => self.pixels / 2,
        }
    }

    /// The accumulators at the start, `[stream][channel]`.
    pub fn start(&self, b: &mut Builder<'_>) -> Vec<ValueId> {
        let zero = match self.arithmetic {
            Arithmetic::Single => b.const_i32(0),
            Arithmetic::Pairs => b.const_i64(PAIR_BIAS),
        };
        vec![zero; (self.streams() * self.channels) as usize]
    }

    /// A pair of pixels of type i8 as one word.
    pub fn pair(b: &mut Builder<'_>, first: ValueId, second: ValueId) -> ValueId {
        let i32t = b.m.i32();
        let (first, second) = (b.extsi(first, i32t), b.extsi(second, i32t));
        let scale = b.const_i32(1 << PAIR_BITS);
        let high = b.muli_nsw(second, scale);
        b.addi_nsw(first, high)
    }

    /// Adds the products of the streams (i32) and the channels' weights (i8). The caller has proven that nothing overflows.
    pub fn step(&self, b: &mut Builder<'_>, sums: &mut [ValueId], x: &[ValueId], w: &[ValueId]) {
        let i32t = b.m.i32();
        let ty = match self.arithmetic {
            Arithmetic::Single => i32t,
            Arithmetic::Pairs => b.m.i64(),
        };
        let x: Vec<ValueId> = x.iter().map(|&x| b.extsi(x, ty)).collect();
        for (c, &w) in w.iter().enumerate() {
            let w = b.extsi(w, i32t);
            let w = b.extsi(w, ty);
            for (s, &x) in x.iter().enumerate() {
                let sum = &mut sums[s * self.channels as usize + c];
                let product = b.muli_nsw(x, w);
                *sum = b.addi_nsw(*sum, product);
            }
        }
    }

    /// The sum of a pixel and channel, i32.
    pub fn sum(&self, b: &mut Builder<'_>, sums: &[ValueId], pixel: i64, channel: i64) -> ValueId {
        let at = |stream: i64| sums[(stream * self.channels + channel) as usize];
        if self.arithmetic == Arithmetic::Single {
            return at(pixel);
        }
        let i32t = b.m.i32();
        let both = at(pixel / 2);
        if pixel % 2 == 1 {
            let places = b.const_i64(i64::from(PAIR_BITS));
            let high = b.shrsi(both, places);
            b.trunci(high, i32t)
        } else {
            let mask = b.const_i64((1 << PAIR_BITS) - 1);
            let low = b.andi(both, mask);
            let low = b.trunci(low, i32t);
            let bias = b.const_i32(PAIR_BIAS);
            b.subi_nsw(low, bias)
        }
    }

    /// Cycles of one tap, for which the activations take `loads` loads of bytes or words and `operations` others.
    pub fn step_cycles(&self, target: &Target, loads: u64, operations: u64) -> u64 {
        let c = &target.cost;
        let (load, store, alu) = (u64::from(c.load), u64::from(c.store), u64::from(c.alu));
        let products = (self.streams() * self.channels) as u64;
        let loads = loads + self.channels as u64;
        if is_thumb1(target) {
            // Sums, activations, a weight, two addresses; then every sum is in memory.
            let live = products + self.streams() as u64 + 3;
            let spilled = if live > 8 {
                products * (load + store) + 4
            } else {
                0
            };
            let product = u64::from(c.mul) + alu;
            return loads * (load + alu) + operations * alu + products * product + spilled;
        }
        let (multiply, words) = match self.arithmetic {
            Arithmetic::Single => (c.mul, 1),
            Arithmetic::Pairs => (c.wide_mul, 2),
        };
        let spilled = (words * products).saturating_sub(9) * (load + store);
        products * u64::from(multiply) + loads * load + operations * alu + spilled
    }

    /// Cycles of taking a sum out of the accumulator.
    pub fn sum_cycles(&self, target: &Target) -> u64 {
        match self.arithmetic {
            Arithmetic::Single => 0,
            Arithmetic::Pairs => 2 * u64::from(target.cost.alu),
        }
    }
}

/// Whether a core has the 16-bit Thumb instructions only: eight registers at hand, products without a sum, and signed bytes loaded by way
/// of an index register.
pub fn is_thumb1(target: &Target) -> bool {
    !target.has(Feature::LongMultiply)
}

/// How a loop over taps is unrolled: `step` at once, and what does not divide at the end.
pub fn unroll(length: i64) -> i64 {
    let best = (1..=8)
        .rev()
        .find(|u| length % u == 0 && length / u >= 2)
        .unwrap_or(1);
    match (best, length) {
        (_, 1..=4) => length,
        (1..=3, _) if length % 9 == 0 && length > 9 => 9,
        (1..=2, _) => 4,
        (3, _) if length > 12 => 4,
        (u, _) => u,
    }
}
