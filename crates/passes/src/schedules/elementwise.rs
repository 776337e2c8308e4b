//! Loops over the elements of tensors, whatever their shape.

use super::affine::offset;
use ir::dialects::arith::const_int_of;
use ir::{Builder, ValueId};
use target::{Feature, Target};

/// Elements that one step of a loop handles, where they divide the number of elements.
const UNROLL: i64 = 4;

/// How many elements one step of a loop over `n` elements handles: one where the core's eight low registers cannot hold several.
pub(super) fn unroll(n: i64, target: &Target) -> i64 {
    let few_registers = !target.has(Feature::Saturate);
    if few_registers || n % UNROLL != 0 {
        1
    } else {
        UNROLL
    }
}

/// A loop over `0..n`; `body` gets the elements of one step, so that it can load all before it stores any.
pub(super) fn each_element(
    b: &mut Builder<'_>,
    n: i64,
    target: &Target,
    body: impl Fn(&mut Builder<'_>, &[ValueId]),
) {
    let unroll = unroll(n, target);
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
