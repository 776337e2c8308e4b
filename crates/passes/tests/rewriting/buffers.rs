//! Folds and patterns of `memref` and `vector`.

use crate::laws::{BUFFER, Draw, Law, check, law};
use ir::{OpState, ValueId};

const ANY: &[&str] = &["i32"];

pub const LAWS: &[Law] = &[
    law("fold memref.reinterpret_cast", ANY, |d| {
        let b = d.buffer();
        let matrix = d.b.reshape(b, &[4, 4]);
        let back = d.b.reshape(matrix, &[BUFFER]);
        vec![element(d, back, 1)]
    }),
    law("memref.reinterpret-cast-of-reinterpret-cast", ANY, |d| {
        let b = d.buffer();
        let matrix = d.b.reshape(b, &[4, 4]);
        let other = d.b.reshape(matrix, &[2, 8]);
        vec![element(d, other, 2)]
    }),
    law("fold memref.view", ANY, |d| {
        let bytes = bytes(d);
        let same = view(d, bytes, 0, 64);
        vec![word(d, same)]
    }),
    law("memref.view-of-view", ANY, |d| {
        let bytes = bytes(d);
        let (a, b) = (d.c.between(0, 8), d.c.between(0, 8));
        let inner = view(d, bytes, 4 * a, 32);
        let outer = view(d, inner, b, 16);
        vec![word(d, outer)]
    }),
    law("fold vector.bitcast", ANY, |d| {
        let v = vector(d);
        let (i16, i32) = (d.int_type(16), d.int_type(32));
        let (halves, words) = (d.b.m.vector(&[8], i16), d.b.m.vector(&[4], i32));
        let back = match d.c.once_in(2) {
            true => d.b.cast("vector.bitcast", v, words),
            false => {
                let there = d.b.cast("vector.bitcast", v, halves);
                d.b.cast("vector.bitcast", there, words)
            }
        };
        vec![d.b.extract(back, 3)]
    }),
    law("vector.bitcast-of-bitcast", ANY, |d| {
        let v = vector(d);
        let (i16, i8) = (d.int_type(16), d.int_type(8));
        let (halves, bytes) = (d.b.m.vector(&[8], i16), d.b.m.vector(&[16], i8));
        let there = d.b.cast("vector.bitcast", v, halves);
        let on = d.b.cast("vector.bitcast", there, bytes);
        vec![d.b.extract(on, 13)]
    }),
];

fn vector(d: &mut Draw<'_>) -> ValueId {
    let (b, at) = (d.buffer(), d.b.const_index(5));
    d.b.vload(b, &[at], 4, None)
}

fn element(d: &mut Draw<'_>, memref: ValueId, rank: usize) -> ValueId {
    let at: Vec<ValueId> = (0..rank)
        .map(|_| {
            let i = d.c.between(0, 1);
            d.b.const_index(i)
        })
        .collect();
    let (x, memref) = (d.x(), memref);
    d.b.store(x, memref, &at);
    d.b.load(memref, &at)
}

/// A buffer of 64 bytes, all written.
fn bytes(d: &mut Draw<'_>) -> ValueId {
    let i8 = d.int_type(8);
    let ty = d.b.m.memref(&[64], i8);
    let buffer = d.b.alloc(ty, "scratch");
    let (zero, end, one) = (d.b.const_index(0), d.b.const_index(64), d.b.const_index(1));
    d.b.for_loop(zero, end, one, &[], |b, i, _| {
        let word = b.m.i32();
        let i8 = b.m.i8();
        let x = b.cast("arith.index_cast", i, word);
        let x = b.trunci(x, i8);
        b.store(x, buffer, &[i]);
        Vec::new()
    });
    buffer
}

fn view(d: &mut Draw<'_>, source: ValueId, at: i64, size: i64) -> ValueId {
    let i8 = d.int_type(8);
    let ty = d.b.m.memref(&[size], i8);
    let at = d.b.const_index(at);
    d.one(
        OpState::new("memref.view")
            .operands(&[source, at])
            .results(&[ty]),
    )
}

fn word(d: &mut Draw<'_>, bytes: ValueId) -> ValueId {
    let at = d.b.const_index(3);
    d.b.load(bytes, &[at])
}

#[test]
fn laws() {
    LAWS.iter().for_each(check);
}
