//! Loops over the elements of tensors, whatever their shape.

use super::affine::offset;
use ir::dialects::arith::const_int_of;
use ir::{Builder, ValueId};

/// Elements that one step of a loop handles, where they divide the number of elements.
const UNROLL: i64 = 4;

/// How many elements one step of a loop over `n` elements handles.
pub(super) fn unroll(n: i64) -> i64 {
    if n % UNROLL == 0 { UNROLL } else { 1 }
}

/// A loop over `0..n`; `body` gets the elements of one step, so that it can load all before it stores any.
pub(super) fn each_element(
    b: &mut Builder<'_>,
    n: i64,
    body: impl Fn(&mut Builder<'_>, &[ValueId]),
) {
    let unroll = unroll(n);
    b.for_range(0, n, unroll, &[], |b, i, _| {
        let elements: Vec<ValueId> = (0..unroll).map(|u| offset(b, i, u)).collect();
        debug_assert!(
            const_int_of(b.m, i).is_none() || n <= unroll,
            "one step has no loop"
        );
        body(b, &elements);
        vec![]
    });
}
