//! Bounds of results, in the reference's order of comparisons.

use ir::{Builder, ValueId};

/// `t = x < min ? min : x`, then `max < t ? max : t`: NaN passes, −0 is kept.
pub(super) fn clamp_f32(b: &mut Builder<'_>, x: ValueId, min: ValueId, max: ValueId) -> ValueId {
    let below = b.cmpf("olt", x, min);
    let x = b.select(below, min, x);
    let above = b.cmpf("olt", max, x);
    b.select(above, max, x)
}
