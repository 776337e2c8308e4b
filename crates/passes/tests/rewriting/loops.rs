//! Patterns of `scf`.

use crate::laws::{Draw, Law, check, law};
use ir::{OpState, ValueId};

/// Types that a loop may count in.
const COUNTERS: &[&str] = &["i8", "i32", "index"];

pub const LAWS: &[Law] = &[
    law("scf.for-never", COUNTERS, |d| {
        let (l, u) = (d.c.between(-5, 5), d.c.between(-9, 4));
        sum(d, l, l.min(u), 2)
    }),
    law("scf.for-once", COUNTERS, |d| {
        let (l, n) = (d.c.between(-5, 5), d.c.between(1, 5));
        sum(d, l, l + n, 5)
    }),
    law("scf.for-unchanged-carry", COUNTERS, |d| {
        let (x, y) = (d.x(), d.y());
        let kept = d.c.once_in(2);
        let n = d.c.between(0, 3);
        let (lower, upper, step) = (d.int(0), d.int(n), d.int(1));
        d.b.for_loop(lower, upper, step, &[x, y], |b, _, carried| {
            let other = b.xori(carried[0], carried[1]);
            // The same again, or what it was at first.
            vec![if kept { carried[0] } else { x }, other]
        })
    }),
    law("scf.for-unused-carry", COUNTERS, |d| {
        let (x, y) = (d.x(), d.y());
        let n = d.c.between(0, 3);
        let (lower, upper, step) = (d.int(0), d.int(n), d.int(1));
        let results =
            d.b.for_loop(lower, upper, step, &[y, x, y], |b, _, carried| {
                let next = b.xori(carried[1], y);
                vec![carried[1], next, next]
            });
        vec![results[1]]
    }),
    law("scf.if-known", COUNTERS, |d| {
        let (x, y, buffer) = (d.x(), d.y(), d.buffer());
        let i1 = d.int_type(1);
        let known = d.c.between(0, 1);
        let known = d.b.const_int(known, i1);
        let ty = d.ty;
        let values =
            d.b.if_else(known, &[ty], |b| vec![b.ori(x, y)], |b| vec![b.andi(x, y)]);
        d.b.if_then(known, |b| {
            let (seven, at) = (b.const_i32(7), b.const_index(2));
            b.store(seven, buffer, &[at]);
        });
        values
    }),
    law("scf.if-to-select", COUNTERS, |d| {
        let (x, y, p, ty) = (d.x(), d.y(), d.p(), d.ty);
        d.b.if_else(p, &[ty, ty], |_| vec![x, x], |_| vec![y, x])
    }),
    law("scf.if-empty-else", COUNTERS, |d| {
        let (p, buffer) = (d.p(), d.buffer());
        d.b.if_else(
            p,
            &[],
            |b| {
                let (seven, at) = (b.const_i32(7), b.const_index(2));
                b.store(seven, buffer, &[at]);
                Vec::new()
            },
            |_| Vec::new(),
        );
        vec![p]
    }),
];

/// A loop that folds its counter into a value, and writes something.
fn sum(d: &mut Draw<'_>, lower: i64, upper: i64, step: i64) -> Vec<ValueId> {
    let (x, buffer) = (d.x(), d.buffer());
    let (lower, upper, step) = (d.int(lower), d.int(upper), d.int(step));
    d.b.for_loop(lower, upper, step, &[x], |b, i, carried| {
        let (word, at) = (b.const_i32(9), b.const_index(1));
        b.store(word, buffer, &[at]);
        let ty = b.m.value_type(i);
        let op = b.insert(
            OpState::new("arith.xori")
                .operands(&[carried[0], i])
                .results(&[ty]),
        );
        vec![b.m.result(op, 0)]
    })
}

#[test]
fn laws() {
    LAWS.iter().for_each(check);
}
