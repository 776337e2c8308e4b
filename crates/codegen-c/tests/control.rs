//! Loops, carried values, conditionals and the order of memory accesses, run on the host.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;

/// Loops that carry values which depend on each other: assigned all at once.
#[test]
fn carried_values_swap_and_rotate() {
    if !has("cc", "carried_values_swap_and_rotate") {
        return;
    }
    let m = single(&[(&[3], 32)], &[(&[8], 32)], |b, i, o| {
        let at = |b: &mut ir::Builder<'_>, k| b.const_index(k);
        let (z, one, two) = (at(b, 0), at(b, 1), at(b, 2));
        let (x, y, w) = (
            b.load(i[0], &[z]),
            b.load(i[0], &[one]),
            b.load(i[0], &[two]),
        );
        // (a, b) <- (b, a + b), nine times
        let fib = b.for_range(0, 9, 1, &[x, y], |b, _, c| {
            let s = b.addi(c[0], c[1]);
            vec![c[1], s]
        });
        // (a, b) <- (b, a), seven times
        let swap = b.for_range(0, 7, 1, &[x, y], |_, _, c| vec![c[1], c[0]]);
        // (a, b, c) <- (b, c, a), with a nested expression over all
        let rot = b.for_range(0, 5, 2, &[x, y, w], |b, _, c| {
            let t = b.subi(c[0], c[1]);
            vec![c[1], c[2], t]
        });
        for (k, v) in fib.into_iter().chain(swap).chain(rot).enumerate() {
            let k = at(b, k as i64);
            b.store(v, o[0], &[k]);
        }
        let k = at(b, 7);
        b.store(w, o[0], &[k]);
    });
    let (x, y, w) = (3i64, -5, 11);
    let out = run(&m, &[vec![le(&[x, y, w], 32)]]);
    let (mut a, mut b) = (x, y);
    for _ in 0..9 {
        (a, b) = (b, a + b);
    }
    let (mut p, mut q, mut r) = (x, y, w);
    for _ in 0..3 {
        (p, q, r) = (q, r, p - q);
    }
    assert_eq!(ints(&out[0][0], 32), [a, b, y, x, p, q, r, w]);
}

/// Nested reductions share one variable; a value that is still needed is kept.
#[test]
fn nested_reductions() {
    if !has("cc", "nested_reductions") {
        return;
    }
    let m = single(&[(&[4, 6], 8)], &[(&[4], 32)], |b, i, o| {
        let i32 = b.m.i32();
        let zero = b.const_i32(5);
        let sum = b.for_range(0, 4, 1, &[zero], |b, y, acc| {
            b.for_range(0, 6, 1, &[acc[0]], |b, x, acc| {
                let v = b.load(i[0], &[y, x]);
                let v = b.extsi(v, i32);
                vec![b.addi_nsw(acc[0], v)]
            })
        });
        // The outer value is needed after the inner loop: it must not be shared.
        let other = b.for_range(0, 4, 1, &[zero], |b, y, acc| {
            let inner = b.for_range(0, 6, 1, &[acc[0]], |b, x, acc| {
                let v = b.load(i[0], &[y, x]);
                let v = b.extsi(v, i32);
                vec![b.addi_nsw(acc[0], v)]
            });
            let d = b.subi_nsw(inner[0], acc[0]);
            let three = b.const_i32(3);
            vec![b.muli_nsw(d, three)]
        });
        // Two loops in a row; the second starts where the first ended, crosswise.
        let first = b.for_range(0, 6, 1, &[zero, zero], |b, x, acc| {
            let z = b.const_index(0);
            let v = b.load(i[0], &[z, x]);
            let v = b.extsi(v, i32);
            vec![b.addi_nsw(acc[0], v), b.subi_nsw(acc[1], v)]
        });
        let second = b.for_range(0, 3, 1, &[first[1], first[0]], |b, x, acc| {
            let k = b.const_index(1);
            let v = b.load(i[0], &[k, x]);
            let v = b.extsi(v, i32);
            vec![b.addi_nsw(acc[0], v), acc[1]]
        });
        for (k, v) in [sum[0], other[0], second[0], second[1]]
            .into_iter()
            .enumerate()
        {
            let k = b.const_index(k as i64);
            b.store(v, o[0], &[k]);
        }
    });
    let data: Vec<i64> = (0..24).map(|v| (v * 37 % 256) - 128).collect();
    let out = run(&m, &[vec![le(&data, 8)]]);
    let rows: Vec<i64> = data.chunks(6).map(|r| r.iter().sum()).collect();
    let second = 5 - rows[0] + data[6..9].iter().sum::<i64>();
    assert_eq!(
        ints(&out[0][0], 32),
        [
            5 + rows.iter().sum::<i64>(),
            rows[3] * 3,
            second,
            5 + rows[0]
        ]
    );
}

/// Loads whose uses stand behind stores keep the old value.
#[test]
fn loads_before_stores() {
    if !has("cc", "loads_before_stores") {
        return;
    }
    let m = single(&[(&[8], 16)], &[(&[8], 16)], |b, i, o| {
        let copy = b.m.value_type(i[0]);
        assert_eq!(copy, b.m.value_type(o[0]));
        b.op("memref.copy", &[i[0], o[0]], &[]);
        // Reverse in place: both loads are used behind the first store.
        b.for_range(0, 4, 1, &[], |b, k, _| {
            let seven = b.const_index(7);
            let r = b.subi_nsw(seven, k);
            let (x, y) = (b.load(o[0], &[k]), b.load(o[0], &[r]));
            let one = b.m.i16();
            let one = b.const_int(1, one);
            let x1 = b.addi(x, one);
            b.store(y, o[0], &[k]);
            b.store(x1, o[0], &[r]);
            vec![]
        });
        // A load whose only use is behind a loop that stores.
        let z = b.const_index(0);
        let first = b.load(o[0], &[z]);
        b.for_range(0, 3, 1, &[], |b, k, _| {
            let v = b.load(o[0], &[k]);
            let w = b.addi(v, v);
            b.store(w, o[0], &[k]);
            vec![]
        });
        let last = b.const_index(7);
        b.store(first, o[0], &[last]);
    });
    let out = run(&m, &[vec![le(&[1, 2, 3, 4, 5, 6, 7, 8], 16)]]);
    assert_eq!(ints(&out[0][0], 16), [16, 14, 12, 5, 5, 4, 3, 8]);
}

/// Conditionals with and without results, an empty `then`, and dead code.
#[test]
fn conditionals() {
    if !has("cc", "conditionals") {
        return;
    }
    let m = single(&[(&[6], 32)], &[(&[6], 32), (&[6], 32)], |b, i, o| {
        let i32 = b.m.i32();
        b.for_range(0, 6, 1, &[], |b, k, _| {
            let x = b.load(i[0], &[k]);
            let zero = b.const_i32(0);
            let negative = b.cmpi("slt", x, zero);
            let r = b.if_else(
                negative,
                &[i32, i32],
                |b| {
                    let n = b.subi(zero, x);
                    vec![n, x]
                },
                |b| {
                    let t = b.for_range(0, 3, 1, &[x], |b, _, acc| vec![b.addi(acc[0], x)]);
                    vec![t[0], zero]
                },
            );
            let dead = b.muli(r[1], x);
            let _dead = b.addi(dead, x);
            b.store(r[0], o[0], &[k]);
            let seven = b.const_i32(7);
            b.store(seven, o[1], &[k]);
            let big = b.const_i32(100);
            let large = b.cmpi("sgt", x, big);
            b.if_else(
                large,
                &[],
                |_| vec![],
                |b| {
                    b.store(x, o[1], &[k]);
                    vec![]
                },
            );
            vec![]
        });
    });
    let x = [-3i64, 0, 5, 101, -2_000_000_000, 100];
    let out = run(&m, &[vec![le(&x, 32)]]);
    assert_eq!(
        ints(&out[0][0], 32),
        x.map(|v| if v < 0 { -v } else { 4 * v })
    );
    assert_eq!(ints(&out[0][1], 32), x.map(|v| if v > 100 { 7 } else { v }));
}

/// Bounds that are not constants, steps above one, `i64` counters, loops without iterations.
#[test]
fn bounds() {
    if !has("cc", "bounds") {
        return;
    }
    let m = single(&[(&[3], 32)], &[(&[4], 64)], |b, i, o| {
        let (index, i64) = (b.m.index(), b.m.i64());
        let value = |b: &mut ir::Builder<'_>, k| {
            let k = b.const_index(k);
            let v = b.load(i[0], &[k]);
            b.cast("arith.index_cast", v, index)
        };
        let (lo, hi, step) = (value(b, 0), value(b, 1), value(b, 2));
        let zero = b.const_i64(0);
        let sum = b.for_loop(lo, hi, step, &[zero], |b, k, acc| {
            let k = b.cast("arith.index_cast", k, i64);
            vec![b.addi_nsw(acc[0], k)]
        });
        let two = b.const_index(2);
        let far = b.addi_nsw(hi, two);
        let far = b.muli_nsw(far, two);
        let twice = b.for_loop(lo, far, two, &[zero], |b, k, acc| {
            let k = b.cast("arith.index_cast", k, i64);
            vec![b.addi_nsw(acc[0], k)]
        });
        let (a, e, s) = (
            b.const_i64(-4_000_000_000),
            b.const_i64(4_000_000_001),
            b.const_i64(1_000_000_000),
        );
        let wide = b.for_loop(a, e, s, &[zero], |b, k, acc| vec![b.xori(acc[0], k)]);
        let none = b.for_loop(hi, lo, step, &[zero], |b, _, acc| {
            let one = b.const_i64(1);
            vec![b.addi_nsw(acc[0], one)]
        });
        for (k, v) in [sum[0], twice[0], wide[0], none[0]].into_iter().enumerate() {
            let k = b.const_index(k as i64);
            b.store(v, o[0], &[k]);
        }
    });
    let out = run(&m, &[vec![le(&[2, 20, 3], 32)], vec![le(&[-7, 1, 1], 32)]]);
    let want = |lo: i64, hi: i64, step: usize| {
        let wide = (-4..=4).fold(0i64, |a, k| a ^ (k * 1_000_000_000));
        [
            (lo..hi).step_by(step).sum(),
            (lo..(hi + 2) * 2).step_by(2).sum(),
            wide,
            0,
        ]
    };
    assert_eq!(ints(&out[0][0], 64), want(2, 20, 3));
    assert_eq!(ints(&out[1][0], 64), want(-7, 1, 1));
}

/// Kernels that call kernels, scalars as arguments, constants, scratch in the arena, an unused argument.
#[test]
fn calls_constants_and_scratch() {
    if !has("cc", "calls_constants_and_scratch") {
        return;
    }
    let mut m = module();
    let (i8, i32) = (m.i8(), m.i32());
    let (buf, table) = (m.memref(&[4], i32), m.memref(&[4], i32));
    constant(
        &mut m,
        "op3_weights",
        table,
        le(&[10, 20, -30, i64::from(i32::MIN)], 32),
    );
    kernel(&mut m, "inner_add", &[buf, table, i32, buf], |b, a| {
        b.for_range(0, 4, 1, &[], |b, k, _| {
            let (x, w) = (b.load(a[0], &[k]), b.load(a[1], &[k]));
            let s = b.addi(x, w);
            let s = b.addi(s, a[2]);
            b.store(s, a[3], &[k]);
            vec![]
        });
    });
    let bytes = m.memref(&[16], i8);
    kernel(&mut m, "twice", &[buf, buf, bytes, table], |b, a| {
        let seven = b.const_i32(7);
        b.call("inner_add", &[a[0], a[3], seven, a[1]], &[]);
        let four = b.const_i32(-4);
        b.call("inner_add", &[a[1], a[3], four, a[1]], &[]);
    });
    main(&mut m, Io::Arena, &[buf], &[buf], 16, |b, i, o, scratch| {
        let w = b.get_global("op3_weights", table);
        b.call("twice", &[i[0], o[0], scratch.unwrap(), w], &[]);
    });
    let out = run(&m, &[vec![le(&[1, 2, 3, 4], 32)]]);
    assert_eq!(ints(&out[0][0], 32), [24, 45, -54, 7]);
    let text = emit(&m, "net").source.text;
    assert!(
        text.contains(
            "const int32_t *in, int32_t *out, const int8_t *in1, const int32_t *weights)"
        ),
        "{text}"
    );
    assert!(text.contains("    (void)in1;\n"), "{text}");
}

/// A loop that copies bytes out of an argument that may share bytes with others becomes `memcpy`, for any bounds.
#[test]
fn copies_out_of_a_shared_argument() {
    let mut m = single(&[(&[20], 8)], &[(&[12], 8)], |b, i, o| {
        let zero = b.const_index(0);
        let (i32, index) = (b.m.i32(), b.m.index());
        let marker = b.load(i[0], &[zero]);
        let first = b.extsi(marker, i32);
        let first = b.cast("arith.index_cast", first, index);
        b.for_range(0, 12, 1, &[], |b, k, _| {
            b.store(marker, o[0], &[k]);
            Vec::new()
        });
        let (one, end, three) = (b.const_index(1), b.const_index(12), b.const_index(3));
        b.for_loop(first, end, one, &[], |b, k, _| {
            let from = b.addi_nsw(k, three);
            let v = b.load(i[0], &[from]);
            b.store(v, o[0], &[k]);
            Vec::new()
        });
        b.for_range(1, 4, 1, &[], |b, k, _| {
            let from = b.addi_nsw(three, k);
            let v = b.load(i[0], &[from]);
            b.store(v, o[0], &[k]);
            Vec::new()
        });
    });
    let plain = emit(&m, "net").source.text;
    let f = m.lookup_symbol("the_kernel").unwrap();
    let unit = m.unit_attr();
    ir::dialects::func::set_arg_attr(&mut m, f, 1, "llvm.noalias", unit);
    let text = emit(&m, "net").source.text;
    let copies = |text: &str| text.matches("memcpy(&out[").count();
    assert_eq!((copies(&plain), copies(&text)), (0, 2), "{text}");
    if !has("cc", "copies_out_of_a_shared_argument") {
        return;
    }
    for first in [0i64, 1, 5, 11, 12, 13, 100] {
        let mut input: Vec<i64> = (40..60).collect();
        input[0] = first;
        let mut expected = vec![first; 12];
        for k in (first..12).chain(1..4) {
            expected[k as usize] = input[k as usize + 3];
        }
        let out = run(&m, &[vec![le(&input, 8)]]);
        assert_eq!(ints(&out[0][0], 8), expected);
    }
}
