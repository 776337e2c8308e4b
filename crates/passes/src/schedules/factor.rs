//! Multiplication by a [`QuantizedMultiplier`], rounded twice as the reference does.

use super::add::{round_shift, scale};
use interp::numerics::QuantizedMultiplier;
use ir::{Builder, ValueId};
use pass::KernelBuilder;
use target::CostTable;

/// A multiplier as an argument of a kernel.
pub(super) struct Factor {
    left_shift: u32,
    multiplier: ValueId,
    exponent: u32,
    /// Whether the shift to the left may lead out of 32 bits, where it wraps as the reference's.
    wraps: bool,
}

impl Factor {
    /// Declares it, for numbers of a magnitude below `2^bits`; `bits` is at most 30, and the multiplier is not negative.
    pub fn declare(q: QuantizedMultiplier, bits: u32, k: &mut KernelBuilder<'_>) -> Factor {
        let left_shift = q.shift.max(0).unsigned_abs();
        Factor {
            left_shift,
            multiplier: k.scalar_i32(q.multiplier.into()),
            exponent: (-q.shift).max(0).unsigned_abs(),
            wraps: bits + left_shift > 30,
        }
    }

    /// Cycles of a multiplication.
    pub fn cycles(c: &CostTable) -> u32 {
        c.wide_mul + c.wide_add + c.wide_shift + 4 * c.alu
    }

    /// `x` times it.
    pub fn times(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        let mut x = x;
        if self.left_shift > 0 {
            let unit = b.const_i32(1 << self.left_shift);
            x = if self.wraps {
                b.muli(x, unit)
            } else {
                b.muli_nsw(x, unit)
            };
        }
        let value = scale(b, x, self.multiplier, 31);
        round_shift(b, value, self.exponent)
    }

    /// `x` times it, plus a zero point.
    pub fn times_plus(&self, b: &mut Builder<'_>, x: ValueId, zero_point: ValueId) -> ValueId {
        let value = self.times(b, x);
        if self.wraps {
            b.addi(value, zero_point)
        } else {
            b.addi_nsw(value, zero_point)
        }
    }
}

/// How far a byte is from its zero point.
pub(super) fn distance(b: &mut Builder<'_>, x: ValueId, zero_point: ValueId) -> ValueId {
    let i32 = b.m.i32();
    let x = b.extsi(x, i32);
    b.subi_nsw(x, zero_point)
}
