//! The copies at the end of `@main`: of what is returned and was not computed in its place.
//!
//! They mean what they would if all happened at once. One may read an old state that another one overwrites, as in a delay line whose
//! states move up by one; so a copy waits until nobody reads its target any more, and where copies wait for each other in a circle, one
//! old state is put aside first.

use super::Lowering;
use crate::memory_map::root;
use ir::{OpId, ValueId};

/// Emits copies, each from a buffer to an argument, at an op's location. Targets are distinct.
pub(super) fn emit(l: &mut Lowering<'_>, copies: Vec<(OpId, ValueId, ValueId)>) {
    let mut left = copies;
    while !left.is_empty() {
        let reads = |l: &Lowering<'_>, from: ValueId, target: ValueId| root(l.m, from) == target;
        let free = left.iter().position(|&(_, _, target)| {
            let others = left.iter().filter(|c| c.2 != target);
            others.into_iter().all(|c| !reads(l, c.1, target))
        });
        match free {
            Some(i) => {
                let (at, from, target) = left.remove(i);
                copy(l, at, from, target);
            }
            None => {
                let (at, _, target) = left[0];
                let ty = l.m.value_type(target);
                let aside = l.builder(at).alloc(ty, "activation");
                copy(l, at, target, aside);
                for c in &mut left {
                    if root(l.m, c.1) == target {
                        c.1 = aside;
                    }
                }
            }
        }
    }
}

fn copy(l: &mut Lowering<'_>, at: OpId, from: ValueId, to: ValueId) {
    let shape = l.m.type_data(l.m.value_type(to)).shape();
    let shape = shape.map(<[i64]>::to_vec).unwrap_or_default();
    let mut b = l.builder(at);
    let from = b.reshape(from, &shape);
    b.op("memref.copy", &[from, to], &[]);
}
