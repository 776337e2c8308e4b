//! Copies of runs of elements, four bytes at a time where all of them start and end at words.

use super::affine::plus;
use ir::{Builder, ValueId};

/// Bytes that one access moves where runs allow it; buffers are aligned to as much.
const WORD: i64 = 4;

/// Elements of `bytes` that one access moves, where runs start at multiples of these numbers of elements and are as long.
pub(super) fn group(bytes: i64, mut multiples: impl Iterator<Item = i64>) -> i64 {
    if bytes < WORD && multiples.all(|n| n * bytes % WORD == 0) {
        WORD / bytes
    } else {
        1
    }
}

/// Copies a run of `n` elements, `group` at a time, from the element of one buffer to that of another.
pub(super) fn copy(
    b: &mut Builder<'_>,
    n: i64,
    group: i64,
    from: (ValueId, ValueId),
    to: (ValueId, ValueId),
) {
    b.for_range(0, n, group, &[], |b, j, _| {
        let (source, target) = (plus(b, from.1, j), plus(b, to.1, j));
        if group == 1 {
            let x = b.load(from.0, &[source]);
            b.store(x, to.0, &[target]);
        } else {
            let x = b.vload(from.0, &[source], group, Some(WORD));
            b.vstore(x, to.0, &[target], Some(WORD));
        }
        vec![]
    });
}
