//! Folds and patterns of casts.

use crate::laws::{Draw, Law, check, check_refused, law};
use ir::{Type, ValueId};

pub const LAWS: &[Law] = &[
    law("fold arith.trunci", &["i1", "i8", "i16", "i32"], |d| {
        let (x, ty) = (d.x(), d.ty);
        let wide = extended(d, x, 64);
        vec![d.b.trunci(wide, ty)]
    }),
    law(
        "fold arith.index_cast",
        &["i8", "i16", "i32", "i64", "index"],
        |d| {
            let (x, ty, index) = (d.x(), d.ty, d.b.m.index());
            let between = match ty == index {
                true => {
                    // Through 8 bits it is no round trip.
                    let w = d.c.of(&[32, 64, 8]);
                    d.int_type(w)
                }
                false => index,
            };
            let there = d.b.cast("arith.index_cast", x, between);
            vec![d.b.cast("arith.index_cast", there, ty)]
        },
    ),
    law("fold arith.bitcast", &["i32", "f32"], |d| {
        let (x, ty) = (d.x(), d.ty);
        let between = if *d.b.m.type_data(ty) == ir::TypeData::Integer(32) {
            d.b.m.f32()
        } else {
            d.b.m.i32()
        };
        if d.c.once_in(3) {
            return vec![d.b.cast("arith.bitcast", x, ty)];
        }
        let there = d.b.cast("arith.bitcast", x, between);
        vec![d.b.cast("arith.bitcast", there, ty)]
    }),
    law("arith.extsi-of-extsi", &["i1", "i8", "i16"], |d| {
        twice(d, "arith.extsi", "arith.extsi", [32, 64])
    }),
    law("arith.extui-of-extui", &["i1", "i8", "i16"], |d| {
        twice(d, "arith.extui", "arith.extui", [32, 64])
    }),
    law("arith.extsi-of-extui", &["i1", "i8", "i16"], |d| {
        twice(d, "arith.extui", "arith.extsi", [32, 64])
    }),
    law("arith.trunci-of-trunci", &["i32", "i64"], |d| {
        twice(d, "arith.trunci", "arith.trunci", [16, 8])
    }),
    law("arith.trunci-of-extension", &["i8", "i16"], |d| {
        let x = d.x();
        let wide = extended(d, x, 64);
        let to = d.c.of(&[1, 4, 32]);
        let to = d.int_type(to);
        vec![d.b.trunci(wide, to)]
    }),
    law("arith.cast-by-index", &["i8", "i16", "i32", "i64"], |d| {
        let (x, index) = (d.x(), d.b.m.index());
        let there = d.b.cast("arith.index_cast", x, index);
        let to = d.c.of(&[1, 8, 16, 32, 64]);
        let to = d.int_type(to);
        vec![d.b.cast("arith.index_cast", there, to)]
    }),
];

fn extended(d: &mut Draw<'_>, x: ValueId, w: u32) -> ValueId {
    let name = d.c.of(&["arith.extsi", "arith.extui"]);
    let ty: Type = d.int_type(w);
    d.b.cast(name, x, ty)
}

fn twice(d: &mut Draw<'_>, first: &str, second: &str, widths: [u32; 2]) -> Vec<ValueId> {
    let x = d.x();
    let [a, b] = widths.map(|w| d.b.m.int(w));
    let there = d.b.cast(first, x, a);
    vec![d.b.cast(second, there, b)]
}

/// What is between does not hold every value, or is taken for another number.
const REFUSED: &[Law] = &[
    law("fold arith.index_cast", &["index"], |d| {
        let (x, ty, i16) = (d.x(), d.ty, d.int_type(16));
        let there = d.b.cast("arith.index_cast", x, i16);
        vec![d.b.cast("arith.index_cast", there, ty)]
    }),
    law("arith.cmpi-of-extsi", &["i8", "i16"], |d| {
        let (x, i32) = (d.x(), d.int_type(32));
        let wide = d.b.extsi(x, i32);
        let c = d.c.of(&[32768, -32769, 1 << 20]);
        let c = d.b.const_int(c, i32);
        let p = d.c.of(&["eq", "slt", "sge"]);
        vec![d.b.cmpi(p, wide, c)]
    }),
    law("arith.cmpi-of-extsi", &["i8", "i16"], |d| {
        let (x, i32) = (d.x(), d.int_type(32));
        let wide = d.b.extsi(x, i32);
        let c = d.b.const_int(5, i32);
        let p = d.c.of(&["ult", "uge"]);
        vec![d.b.cmpi(p, wide, c)]
    }),
];

#[test]
fn refused() {
    REFUSED.iter().for_each(check_refused);
}

#[test]
fn laws() {
    LAWS.iter().for_each(check);
}
