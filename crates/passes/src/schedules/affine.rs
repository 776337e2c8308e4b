//! Index arithmetic with constants folded, and loops over extents that may be known.

use ir::dialects::arith::const_int_of;
use ir::{Builder, ValueId};

/// `v · factor`, of indices.
pub(super) fn times(b: &mut Builder<'_>, v: ValueId, factor: i64) -> ValueId {
    match (const_int_of(b.m, v), factor) {
        (Some(c), _) => b.const_index(c * factor),
        (None, 1) => v,
        (None, 0) => b.const_index(0),
        (None, _) => {
            let factor = b.const_index(factor);
            b.muli_nsw(v, factor)
        }
    }
}

/// `v + w`, of indices.
pub(super) fn plus(b: &mut Builder<'_>, v: ValueId, w: ValueId) -> ValueId {
    match (const_int_of(b.m, v), const_int_of(b.m, w)) {
        (Some(c), Some(d)) => b.const_index(c + d),
        (Some(0), None) => w,
        (None, Some(0)) => v,
        _ => b.addi_nsw(v, w),
    }
}

/// `v + c`, of indices.
pub(super) fn offset(b: &mut Builder<'_>, v: ValueId, c: i64) -> ValueId {
    if c == 0 {
        return v;
    }
    let c = b.const_index(c);
    plus(b, v, c)
}

/// How many times something is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent {
    /// Known to the compiler.
    Known(i64),
    /// An index, zero or less meaning never.
    Value(ValueId),
}

impl Extent {
    /// `factor` times as often.
    pub(super) fn times(self, b: &mut Builder<'_>, factor: i64) -> Extent {
        match self {
            Extent::Known(n) => Extent::Known(n * factor),
            Extent::Value(v) => Extent::Value(times(b, v, factor)),
        }
    }

    /// A loop of this many steps divided by `step`, which must divide; the induction variable counts by `step`.
    pub(super) fn each(
        self,
        b: &mut Builder<'_>,
        step: i64,
        inits: &[ValueId],
        body: impl FnOnce(&mut Builder<'_>, ValueId, &[ValueId]) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        match self {
            Extent::Known(n) => b.for_range(0, n, step, inits, body),
            Extent::Value(n) => {
                let (zero, step) = (b.const_index(0), b.const_index(step));
                b.for_loop(zero, n, step, inits, body)
            }
        }
    }
}

/// Calls `body` for `0..count` in blocks: as many of `block` as fit in a loop, then one of what is left. `body` gets the first
/// position and the size of its block.
pub(super) fn blocks(
    b: &mut Builder<'_>,
    count: i64,
    block: i64,
    body: impl Fn(&mut Builder<'_>, ValueId, i64),
) {
    let whole = count / block * block;
    b.for_range(0, whole, block, &[], |b, i, _| {
        body(b, i, block);
        vec![]
    });
    if whole < count {
        let i = b.const_index(whole);
        body(b, i, count - whole);
    }
}
