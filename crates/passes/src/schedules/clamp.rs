//! Bounds of results, in the reference's order of comparisons.

use interp::numerics::ClampI8;
use ir::{Builder, ValueId};
use pass::KernelBuilder;

/// `t = x < min ? min : x`, then `max < t ? max : t`: NaN passes, −0 is kept.
pub(super) fn clamp_f32(b: &mut Builder<'_>, x: ValueId, min: ValueId, max: ValueId) -> ValueId {
    let below = b.cmpf("olt", x, min);
    let x = b.select(below, min, x);
    let above = b.cmpf("olt", max, x);
    b.select(above, max, x)
}

/// Bounds of int8 results: those of an activation, or all that a byte holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoundsI8(Option<(ValueId, ValueId)>);

impl BoundsI8 {
    /// Declares them as arguments of a kernel where they are narrower than a byte.
    pub fn declare(clamp: ClampI8, k: &mut KernelBuilder<'_>) -> BoundsI8 {
        BoundsI8((clamp != ClampI8::FULL).then(|| {
            (
                k.scalar_i32(i64::from(clamp.min)),
                k.scalar_i32(i64::from(clamp.max)),
            )
        }))
    }

    /// Them, as i32, where they are narrower than a byte.
    pub fn narrower(self) -> Option<(ValueId, ValueId)> {
        self.0
    }

    /// Them, as i32.
    pub fn values(self, b: &mut Builder<'_>) -> (ValueId, ValueId) {
        self.0
            .unwrap_or_else(|| (b.const_i32(-128), b.const_i32(127)))
    }

    /// The byte nearest to an i32 within them.
    pub fn clamp(self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        let (min, max) = self.values(b);
        let x = b.maxsi(x, min);
        let x = b.minsi(x, max);
        let i8 = b.m.i8();
        b.trunci(x, i8)
    }
}
