//! Patterns that join ops with constants.

use crate::laws::{Draw, INTS, Law, WIDE, check, check_refused, law};
use ir::ValueId;

pub const LAWS: &[Law] = &[
    law("arith.addi-of-offset", INTS, |d| offsets(d, "addi")),
    law("arith.subi-of-offset", INTS, |d| offsets(d, "subi")),
    law("arith.muli-of-muli", WIDE, |d| chain(d, "muli", "muli")),
    law("arith.andi-of-andi", WIDE, |d| chain(d, "andi", "andi")),
    law("arith.ori-of-ori", WIDE, |d| chain(d, "ori", "ori")),
    law("arith.xori-of-xori", INTS, |d| chain(d, "xori", "xori")),
    law("arith.minsi-of-minsi", WIDE, |d| chain(d, "minsi", "minsi")),
    law("arith.maxsi-of-maxsi", WIDE, |d| chain(d, "maxsi", "maxsi")),
    law("arith.minsi-of-maxsi", WIDE, |d| chain(d, "maxsi", "minsi")),
    law("arith.maxsi-of-minsi", WIDE, |d| chain(d, "minsi", "maxsi")),
    law("arith.shli-of-shli", WIDE, |d| shifts(d, "shli")),
    law("arith.shrsi-of-shrsi", WIDE, |d| shifts(d, "shrsi")),
    law("arith.shrui-of-shrui", WIDE, |d| shifts(d, "shrui")),
];

fn offsets(d: &mut Draw<'_>, outer: &str) -> Vec<ValueId> {
    let inner = d.c.of(&["addi", "subi"]);
    chain(d, inner, outer)
}

fn chain(d: &mut Draw<'_>, inner: &str, outer: &str) -> Vec<ValueId> {
    let (x, a, b) = (d.x(), d.any(), d.any());
    let y = d.bin(inner, x, a);
    vec![d.bin(outer, y, b)]
}

fn shifts(d: &mut Draw<'_>, op: &str) -> Vec<ValueId> {
    // Up to more than all bits together, and beyond the width of one.
    let (x, a, b) = (d.x(), d.between(1, 7), d.between(1, 8));
    let y = d.bin(op, x, a);
    vec![d.bin(op, y, b)]
}

/// The constants together are no index; and bounds that leave something between them.
const REFUSED: &[Law] = &[
    law("arith.addi-of-offset", &["index"], |d| {
        twice(d, "addi", i64::from(i32::MAX))
    }),
    law("arith.subi-of-offset", &["index"], |d| {
        twice(d, "subi", i64::from(i32::MAX))
    }),
    law("arith.muli-of-muli", &["index"], |d| {
        twice(d, "muli", 1 << 16)
    }),
    law("arith.minsi-of-maxsi", WIDE, |d| {
        bounds(d, "maxsi", "minsi", 3, 4)
    }),
    law("arith.maxsi-of-minsi", WIDE, |d| {
        bounds(d, "minsi", "maxsi", 4, 3)
    }),
];

fn twice(d: &mut Draw<'_>, op: &str, c: i64) -> Vec<ValueId> {
    let (x, c) = (d.x(), d.int(c));
    let y = d.bin(op, x, c);
    vec![d.bin(op, y, c)]
}

fn bounds(d: &mut Draw<'_>, inner: &str, outer: &str, a: i64, b: i64) -> Vec<ValueId> {
    let (x, a, b) = (d.x(), d.int(a), d.int(b));
    let y = d.bin(inner, x, a);
    vec![d.bin(outer, y, b)]
}

#[test]
fn refused() {
    REFUSED.iter().for_each(check_refused);
}

#[test]
fn laws() {
    LAWS.iter().for_each(check);
}
