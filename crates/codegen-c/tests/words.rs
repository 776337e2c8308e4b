//! Word accesses: several elements at once, aligned or not, taken apart, copied.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;
use ir::{Builder, ValueId};

fn words(b: &mut Builder<'_>, v: ValueId, n: i64, bits: u32) -> ValueId {
    let elem = b.m.int(bits);
    let ty = b.m.vector(&[n], elem);
    b.cast("vector.bitcast", v, ty)
}

/// Loads of 2, 4 and 8 bytes at every address, read as bytes, halves and words.
#[test]
fn words_are_taken_apart() {
    if !has("cc", "words_are_taken_apart") {
        return;
    }
    let m = single(
        &[(&[32], 8)],
        &[(&[8], 32), (&[8], 64), (&[8, 4], 8), (&[8], 16), (&[8], 0)],
        |b, i, o| {
            b.for_range(0, 8, 1, &[], |b, k, _| {
                let i64 = b.m.i64();
                let v = b.vload(i[0], &[k], 4, None);
                let w = words(b, v, 1, 32);
                let w = b.extract(w, 0);
                b.store(w, o[0], &[k]);
                let v8 = b.vload(i[0], &[k], 8, Some(1));
                let d = words(b, v8, 2, 32);
                let (lo, hi) = (b.extract(d, 0), b.extract(d, 1));
                let (lo, hi) = (b.extsi(lo, i64), b.extsi(hi, i64));
                let p = b.muli_nsw(lo, hi);
                b.store(p, o[1], &[k]);
                let v = b.vload(i[0], &[k], 4, None);
                for n in 0..4 {
                    let x = b.extract(v, n);
                    let at = b.const_index(n);
                    b.store(x, o[2], &[k, at]);
                }
                let four = b.const_index(4);
                let at = b.muli(k, four);
                let v = b.vload(i[0], &[at], 4, Some(4));
                let h = words(b, v, 2, 16);
                let (x, y) = (b.extract(h, 0), b.extract(h, 1));
                let s = b.addi(x, y);
                let two = b.vload(i[0], &[k], 2, None);
                let t = words(b, two, 1, 16);
                let t = b.extract(t, 0);
                let s = b.xori(s, t);
                b.store(s, o[3], &[k]);
                let f32 = b.m.f32();
                let ft = b.m.vector(&[1], f32);
                let v = b.vload(i[0], &[at], 4, Some(4));
                let f = b.cast("vector.bitcast", v, ft);
                let f = b.extract(f, 0);
                b.store(f, o[4], &[k]);
                vec![]
            });
        },
    );
    let bytes: Vec<u8> = (0..32u32)
        .map(|i| (i.wrapping_mul(73) ^ 0x5a) as u8)
        .collect();
    let w = |k: usize| i32::from_le_bytes(bytes[k..k + 4].try_into().unwrap());
    let h = |k: usize| i16::from_le_bytes(bytes[k..k + 2].try_into().unwrap());
    for compiler in ["cc", "clang-19"] {
        if !has(compiler, "words_are_taken_apart with this compiler") {
            continue;
        }
        let flags = [
            "-O2",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
        ];
        // Without GNU's attributes the words are copied.
        for plain in [
            &[][..],
            &[
                "-U__GNUC__",
                "-Wno-unknown-pragmas",
                "-DNET_ALIGN(n)=__attribute__((aligned(n)))",
            ],
        ] {
            let flags: Vec<&str> = if plain.is_empty() {
                flags.to_vec()
            } else {
                [&["-O2"][..], plain].concat()
            };
            let got = run_with(&m, compiler, &flags, &[vec![bytes.clone()]]);
            for k in 0..8 {
                assert_eq!(ints(&got[0][0], 32)[k], i64::from(w(k)));
                assert_eq!(
                    ints(&got[0][1], 64)[k],
                    i64::from(w(k)) * i64::from(w(k + 4))
                );
                assert_eq!(got[0][2][4 * k..4 * k + 4], bytes[k..k + 4]);
                let s = h(4 * k).wrapping_add(h(4 * k + 2)) ^ h(k);
                assert_eq!(ints(&got[0][3], 16)[k], i64::from(s));
                assert_eq!(ints(&got[0][4], 32)[k], i64::from(w(4 * k)));
            }
        }
    }
}

/// A load that is only stored is a copy, also of a width that no integer has, also onto itself.
#[test]
fn copies() {
    if !has("cc", "copies") {
        return;
    }
    let m = single(&[(&[64], 8)], &[(&[64], 8), (&[16], 16)], |b, i, o| {
        b.op("memref.copy", &[i[0], o[0]], &[]);
        for (from, to, n, align) in [
            (3, 9, 4, None),
            (20, 40, 16, Some(4)),
            (1, 33, 12, None),
            (8, 2, 8, None),
            (50, 51, 6, None),
        ] {
            let (f, t) = (b.const_index(from), b.const_index(to));
            let v = b.vload(o[0], &[f], n, align);
            b.vstore(v, o[0], &[t], align);
        }
        let i16 = b.m.i16();
        b.for_range(0, 16, 4, &[], |b, k, _| {
            let seven = b.m.vector(&[4], i16);
            let value = b.m.dense_attr(seven, le(&[7, -7, 300, -300], 16));
            let state = ir::OpState::new("arith.constant")
                .prop("value", value)
                .results(&[seven]);
            let c = b.insert(state);
            let c = b.m.result(c, 0);
            b.vstore(c, o[1], &[k], Some(2));
            vec![]
        });
    });
    let mut want: Vec<u8> = (0..64u32).map(|i| (i * 7 + 1) as u8).collect();
    let got = run(&m, &[vec![want.clone()]]);
    for (from, to, n) in [(3, 9, 4), (20, 40, 16), (1, 33, 12), (8, 2, 8), (50, 51, 6)] {
        want.copy_within(from..from + n, to);
    }
    assert_eq!(got[0][0], want);
    assert_eq!(ints(&got[0][1], 16), [7, -7, 300, -300].repeat(4));
}
