//! Folds and patterns of `arith` on integers.

use crate::laws::{Draw, INTS, Law, WIDE, check, law};
use ir::ValueId;

fn identities(d: &mut Draw<'_>, op: &str, neutral: i64) -> ValueId {
    let (x, c) = (d.x(), d.int(neutral));
    d.either(op, x, c)
}

pub const LAWS: &[Law] = &[
    law("fold arith.addi", INTS, |d| {
        if d.c.once_in(2) {
            return vec![identities(d, "addi", 0)];
        }
        let (x, y) = (d.x(), d.y());
        let difference = d.bin("subi", x, y);
        vec![d.either("addi", difference, y)]
    }),
    law("fold arith.subi", INTS, |d| {
        let (x, y, zero) = (d.x(), d.y(), d.int(0));
        match d.c.below(3) {
            0 => vec![d.bin("subi", x, zero)],
            1 => vec![d.bin("subi", x, x)],
            _ => {
                let sum = d.either("addi", x, y);
                vec![d.bin("subi", sum, y)]
            }
        }
    }),
    law("fold arith.muli", INTS, |d| {
        let c = d.c.of(&[0, 1]);
        vec![identities(d, "muli", c)]
    }),
    law("fold arith.andi", INTS, |d| {
        let x = d.x();
        match d.c.below(3) {
            0 => vec![identities(d, "andi", 0)],
            1 => vec![identities(d, "andi", -1)],
            _ => vec![d.bin("andi", x, x)],
        }
    }),
    law("fold arith.ori", INTS, |d| {
        let x = d.x();
        match d.c.below(3) {
            0 => vec![identities(d, "ori", 0)],
            1 => vec![identities(d, "ori", -1)],
            _ => vec![d.bin("ori", x, x)],
        }
    }),
    law("fold arith.xori", INTS, |d| {
        let (x, y) = (d.x(), d.y());
        match d.c.below(3) {
            0 => vec![identities(d, "xori", 0)],
            1 => vec![d.bin("xori", x, x)],
            _ => {
                let inner = d.either("xori", x, y);
                vec![d.either("xori", inner, y)]
            }
        }
    }),
    law("fold arith.shli", INTS, |d| shifts(d, "shli")),
    law("fold arith.shrsi", INTS, |d| shifts(d, "shrsi")),
    law("fold arith.shrui", INTS, |d| shifts(d, "shrui")),
    law("fold arith.divsi", INTS, |d| {
        let (x, one, zero) = (d.x(), d.int(1), d.int(0));
        match d.c.below(3) {
            0 => vec![d.bin("divsi", x, one)],
            1 => vec![d.bin("divsi", zero, x)],
            _ => vec![d.bin("divsi", x, x)],
        }
    }),
    law("fold arith.remsi", INTS, |d| {
        let (x, one, zero, minus) = (d.x(), d.int(1), d.int(0), d.int(-1));
        match d.c.below(4) {
            0 => vec![d.bin("remsi", x, one)],
            1 => vec![d.bin("remsi", zero, x)],
            2 => vec![d.bin("remsi", x, minus)],
            _ => vec![d.bin("remsi", x, x)],
        }
    }),
    law("fold arith.minsi", INTS, |d| extremes(d, "minsi")),
    law("fold arith.maxsi", INTS, |d| extremes(d, "maxsi")),
    law("fold arith.cmpi", INTS, |d| {
        let x = d.x();
        let c = match d.c.below(3) {
            0 => x,
            1 => extreme(d),
            _ => d.between(-1, 0),
        };
        vec![d.cmpi(x, c)]
    }),
    law("fold arith.select", INTS, |d| {
        let (p, x, y) = (d.p(), d.x(), d.y());
        match d.c.below(3) {
            0 => {
                let ty = d.int_type(1);
                let known = d.c.between(0, 1);
                let known = d.b.const_int(known, ty);
                vec![d.b.select(known, x, y)]
            }
            1 => vec![d.b.select(p, x, x)],
            _ => {
                let ty = d.int_type(1);
                let (t, f) = (d.b.const_int(1, ty), d.b.const_int(0, ty));
                let condition = d.b.select(p, t, f);
                vec![condition, d.b.select(condition, x, y)]
            }
        }
    }),
    law("arith.addi-constant-right", INTS, |d| {
        constant_left(d, "addi")
    }),
    law("arith.muli-constant-right", WIDE, |d| {
        constant_left(d, "muli")
    }),
    law("arith.andi-constant-right", WIDE, |d| {
        constant_left(d, "andi")
    }),
    law("arith.ori-constant-right", WIDE, |d| {
        constant_left(d, "ori")
    }),
    law("arith.xori-constant-right", INTS, |d| {
        constant_left(d, "xori")
    }),
    law("arith.minsi-constant-right", WIDE, |d| {
        constant_left(d, "minsi")
    }),
    law("arith.maxsi-constant-right", WIDE, |d| {
        constant_left(d, "maxsi")
    }),
    law("arith.cmpi-constant-right", INTS, |d| {
        let (x, c) = (d.x(), d.any());
        vec![d.cmpi(c, x)]
    }),
    law("arith.not-of-cmpi", INTS, |d| {
        let (x, y) = (d.x(), d.y());
        let holds = d.cmpi(x, y);
        vec![not(d, holds)]
    }),
    law("arith.select-of-not", INTS, |d| {
        let (p, x, y) = (d.p(), d.x(), d.y());
        let not = not(d, p);
        vec![d.b.select(not, x, y)]
    }),
    law("arith.select-to-not", &["i1"], |d| {
        let (p, f, t) = (d.p(), d.int(0), d.int(1));
        vec![d.b.select(p, f, t)]
    }),
    law("arith.cmpi-of-extsi", &["i8", "i16", "i32"], |d| {
        let (x, y) = (d.x(), d.y());
        let i64 = d.int_type(64);
        let wide = d.b.extsi(x, i64);
        let other = match d.c.below(2) {
            0 => d.b.extsi(y, i64),
            _ => {
                let c = d.c.of(&[
                    0,
                    1,
                    -1,
                    127,
                    -128,
                    128,
                    255,
                    32767,
                    -32769,
                    1 << 31,
                    (1 << 31) - 1,
                ]);
                d.b.const_int(c, i64)
            }
        };
        vec![d.cmpi(wide, other)]
    }),
];

fn shifts(d: &mut Draw<'_>, op: &str) -> Vec<ValueId> {
    let (x, zero) = (d.x(), d.int(0));
    match d.c.once_in(2) {
        true => vec![d.bin(op, x, zero)],
        false => vec![d.bin(op, zero, x)],
    }
}

fn extreme(d: &mut Draw<'_>) -> ValueId {
    let w = crate::laws::width(d.b.m, d.ty);
    let c = d.c.of(&[i64::MIN >> (64 - w), i64::MAX >> (64 - w)]);
    d.int(c)
}

fn extremes(d: &mut Draw<'_>, op: &str) -> Vec<ValueId> {
    let x = d.x();
    let c = match d.c.below(3) {
        0 => x,
        _ => extreme(d),
    };
    vec![d.either(op, x, c)]
}

fn constant_left(d: &mut Draw<'_>, op: &str) -> Vec<ValueId> {
    let (x, c) = (d.x(), d.any());
    vec![d.bin(op, c, x)]
}

fn not(d: &mut Draw<'_>, p: ValueId) -> ValueId {
    let ty = d.int_type(1);
    let t = d.b.const_int(1, ty);
    d.bin("xori", p, t)
}

#[test]
fn laws() {
    LAWS.iter().for_each(check);
}
