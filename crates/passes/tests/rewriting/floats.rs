//! Folds of floats: bit for bit.

use crate::laws::{Draw, FLOATS, Law, check, check_refused, law};
use ir::ValueId;

pub const LAWS: &[Law] = &[
    law("fold arith.addf", FLOATS, |d| neutral(d, "addf", -0.0)),
    law("fold arith.mulf", FLOATS, |d| neutral(d, "mulf", 1.0)),
    law("fold arith.subf", FLOATS, |d| right(d, "subf", 0.0)),
    law("fold arith.divf", FLOATS, |d| right(d, "divf", 1.0)),
    law("fold arith.negf", FLOATS, |d| {
        let x = d.x();
        let minus = d.b.negf(x);
        vec![d.b.negf(minus)]
    }),
];

/// Each would be wrong: of −0.0, infinities or NaN.
const REFUSED: &[Law] = &[
    law("fold arith.addf", FLOATS, |d| neutral(d, "addf", 0.0)),
    law("fold arith.subf", FLOATS, |d| right(d, "subf", -0.0)),
    law("fold arith.mulf", FLOATS, |d| neutral(d, "mulf", 0.0)),
    law("fold arith.subf", FLOATS, |d| {
        let x = d.x();
        vec![d.bin("subf", x, x)]
    }),
    law("fold arith.divf", FLOATS, |d| {
        let x = d.x();
        vec![d.bin("divf", x, x)]
    }),
];

fn neutral(d: &mut Draw<'_>, op: &str, c: f64) -> Vec<ValueId> {
    let (x, c) = (d.x(), d.float(c));
    vec![d.either(op, x, c)]
}

fn right(d: &mut Draw<'_>, op: &str, c: f64) -> Vec<ValueId> {
    let (x, c) = (d.x(), d.float(c));
    vec![d.bin(op, x, c)]
}

#[test]
fn laws() {
    LAWS.iter().for_each(check);
}

#[test]
fn refused() {
    REFUSED.iter().for_each(check_refused);
}
