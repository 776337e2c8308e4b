//! Every op of `arith` and `math`, every width: the host's results against values computed here.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;
use ir::{Builder, Module, Type, ValueId};

const WIDTHS: [u32; 4] = [8, 16, 32, 64];

fn wrap(x: i128, bits: u32) -> i64 {
    let shift = 128 - bits;
    (x << shift >> shift) as i64
}

fn zext(x: i64, bits: u32) -> u64 {
    if bits == 64 {
        x as u64
    } else {
        x as u64 & ((1 << bits) - 1)
    }
}

/// Interesting and pseudo-random integers of a width.
fn numbers(bits: u32, seed: u64) -> Vec<i64> {
    let (min, max) = (
        wrap(1 << (bits - 1), bits),
        wrap((1 << (bits - 1)) - 1, bits),
    );
    let mut all = vec![0, 1, -1, 2, -2, min, max, min + 1, max - 1, 7, -8, 100];
    let mut x = seed;
    while all.len() < 48 {
        x = x
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        all.push(wrap(i128::from(x >> 17), bits));
    }
    all
}

/// What of the operands is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operands {
    Any,
    /// The result fits.
    NoOverflow,
    /// The second is a shift amount.
    Shift,
    /// The second is not zero, nor is it MIN / -1.
    Divisor,
}

struct Spec {
    name: &'static str,
    operands: Operands,
    eval: fn(i64, i64, u32) -> i128,
    build: fn(&mut Builder<'_>, ValueId, ValueId) -> ValueId,
}

const SPECS: &[Spec] = &[
    Spec {
        name: "addi",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a) + i128::from(b),
        build: |b, x, y| b.addi(x, y),
    },
    Spec {
        name: "subi",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a) - i128::from(b),
        build: |b, x, y| b.subi(x, y),
    },
    Spec {
        name: "muli",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a) * i128::from(b),
        build: |b, x, y| b.muli(x, y),
    },
    Spec {
        name: "addi nsw",
        operands: Operands::NoOverflow,
        eval: |a, b, _| i128::from(a) + i128::from(b),
        build: |b, x, y| b.addi_nsw(x, y),
    },
    Spec {
        name: "subi nsw",
        operands: Operands::NoOverflow,
        eval: |a, b, _| i128::from(a) - i128::from(b),
        build: |b, x, y| b.subi_nsw(x, y),
    },
    Spec {
        name: "muli nsw",
        operands: Operands::NoOverflow,
        eval: |a, b, _| i128::from(a) * i128::from(b),
        build: |b, x, y| b.muli_nsw(x, y),
    },
    Spec {
        name: "shli",
        operands: Operands::Shift,
        eval: |a, b, _| i128::from(a) << b,
        build: |b, x, y| b.shli(x, y),
    },
    Spec {
        name: "shrsi",
        operands: Operands::Shift,
        eval: |a, b, _| i128::from(a >> b),
        build: |b, x, y| b.shrsi(x, y),
    },
    Spec {
        name: "shrui",
        operands: Operands::Shift,
        eval: |a, b, w| i128::from(zext(a, w) >> b),
        build: |b, x, y| b.shrui(x, y),
    },
    Spec {
        name: "divsi",
        operands: Operands::Divisor,
        eval: |a, b, _| i128::from(a) / i128::from(b),
        build: |b, x, y| b.divsi(x, y),
    },
    Spec {
        name: "remsi",
        operands: Operands::Divisor,
        eval: |a, b, _| i128::from(a) % i128::from(b),
        build: |b, x, y| b.remsi(x, y),
    },
    Spec {
        name: "andi",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a & b),
        build: |b, x, y| b.andi(x, y),
    },
    Spec {
        name: "ori",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a | b),
        build: |b, x, y| b.ori(x, y),
    },
    Spec {
        name: "xori",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a ^ b),
        build: |b, x, y| b.xori(x, y),
    },
    Spec {
        name: "minsi",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a.min(b)),
        build: |b, x, y| b.minsi(x, y),
    },
    Spec {
        name: "maxsi",
        operands: Operands::Any,
        eval: |a, b, _| i128::from(a.max(b)),
        build: |b, x, y| b.maxsi(x, y),
    },
];

impl Spec {
    fn allows(&self, a: i64, b: i64, bits: u32) -> bool {
        let (min, max) = (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1);
        match self.operands {
            Operands::Any => true,
            Operands::NoOverflow => (min..=max).contains(&(self.eval)(a, b, bits)),
            Operands::Shift => (0..i64::from(bits)).contains(&b),
            Operands::Divisor => b != 0 && !(b == -1 && i128::from(a) == min),
        }
    }
}

/// Pairs of operands that a spec allows.
fn pairs(spec: &Spec, bits: u32) -> (Vec<i64>, Vec<i64>) {
    let a = numbers(bits, 1);
    let b: Vec<i64> = match spec.operands {
        Operands::Shift => (0..64).map(|n| n % i64::from(bits)).collect(),
        _ => numbers(bits, 2),
    };
    let mut out = (Vec::new(), Vec::new());
    let mut x = 0usize;
    while out.0.len() < 96 {
        x = x.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3037);
        let n = out.0.len();
        let (mut p, mut q) = (a[(x >> 20) % a.len()], b[(x >> 40) % b.len()]);
        if n < a.len() {
            (p, q) = (a[n], b[n % b.len()]);
        }
        let mut shrink = 0;
        while !spec.allows(p, q, bits) {
            (p, q) = (p / 2, if q == 0 { 1 } else { q / 2 });
            shrink += 1;
            if shrink > 80 {
                (p, q) = (1, 1);
            }
        }
        out.0.push(p);
        out.1.push(q);
    }
    out
}

/// Every binary integer op, on values and on constants.
#[test]
fn integer_ops() {
    if !has("cc", "integer_ops") {
        return;
    }
    let mut m = module();
    let (mut types, mut outs, mut sample, mut names, mut want) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for spec in SPECS {
        for bits in WIDTHS {
            let (a, b) = pairs(spec, bits);
            let elem = m.int(bits);
            let ty = m.memref(&[a.len() as i64], elem);
            let name = format!("k_{}_{bits}", spec.name.replace(' ', "_"));
            // The second output has the second operand as a constant.
            let k = b[b.len() - 1];
            kernel(&mut m, &name, &[ty, ty, ty, ty], |bld, v| {
                bld.for_range(0, a.len() as i64, 1, &[], |bld, i, _| {
                    let (x, y) = (bld.load(v[0], &[i]), bld.load(v[1], &[i]));
                    let r = (spec.build)(bld, x, y);
                    bld.store(r, v[2], &[i]);
                    let x = bld.load(v[0], &[i]);
                    let c = bld.const_int(k, elem);
                    let zero = bld.const_int(0, elem);
                    // Where the constant is not allowed for every left side, zero takes the left side's place.
                    let x = if a.iter().all(|&p| spec.allows(p, k, bits)) {
                        x
                    } else {
                        bld.andi(x, zero)
                    };
                    let r = (spec.build)(bld, x, c);
                    bld.store(r, v[3], &[i]);
                    vec![]
                });
            });
            let all = a.iter().all(|&p| spec.allows(p, k, bits));
            want.push((
                a.iter()
                    .zip(&b)
                    .map(|(&p, &q)| wrap((spec.eval)(p, q, bits), bits))
                    .collect::<Vec<_>>(),
                a.iter()
                    .map(|&p| wrap((spec.eval)(if all { p } else { 0 }, k, bits), bits))
                    .collect::<Vec<_>>(),
            ));
            types.extend([ty, ty]);
            outs.extend([ty, ty]);
            sample.extend([le(&a, bits), le(&b, bits)]);
            names.push((name, bits));
        }
    }
    main(&mut m, Io::Arena, &types, &outs, 0, |b, i, o, _| {
        for (n, (name, _)) in names.iter().enumerate() {
            b.call(name, &[i[2 * n], i[2 * n + 1], o[2 * n], o[2 * n + 1]], &[]);
        }
    });
    for flags in [
        &[
            "-O1",
            "-g",
            "-fsanitize=address,undefined",
            "-fno-sanitize-recover=all",
        ][..],
        &["-O3"],
    ] {
        let got = run_with(&m, "cc", flags, &[sample.clone()]);
        for (n, (name, bits)) in names.iter().enumerate() {
            assert_eq!(ints(&got[0][2 * n], *bits), want[n].0, "{name}");
            assert_eq!(
                ints(&got[0][2 * n + 1], *bits),
                want[n].1,
                "{name} with a constant"
            );
        }
    }
}

/// Extensions, truncations, index casts and comparisons between all widths.
#[test]
fn integer_casts_and_comparisons() {
    if !has("cc", "integer_casts_and_comparisons") {
        return;
    }
    let mut m = module();
    let i8 = m.i8();
    let (mut types, mut outs, mut sample, mut want, mut names) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let n = numbers(8, 1).len() as i64;
    for from in WIDTHS {
        let a = numbers(from, 5);
        let fe = m.int(from);
        let ft = m.memref(&[n], fe);
        for to in WIDTHS.into_iter().filter(|&t| t != from) {
            let te = m.int(to);
            let tt = m.memref(&[n], te);
            for op in if to > from {
                &["arith.extsi", "arith.extui"][..]
            } else {
                &["arith.trunci"]
            } {
                let name = format!("cast_{}_{from}_{to}", &op[6..]);
                kernel(&mut m, &name, &[ft, ft, tt], |b, v| {
                    b.for_range(0, n, 1, &[], |b, i, _| {
                        let x = b.load(v[0], &[i]);
                        let y = b.cast(op, x, te);
                        b.store(y, v[2], &[i]);
                        vec![]
                    });
                });
                types.extend([ft, ft]);
                outs.push(tt);
                sample.extend([le(&a, from), le(&a, from)]);
                want.push((
                    to,
                    a.iter()
                        .map(|&x| match *op {
                            "arith.extui" => zext(x, from) as i64,
                            _ => wrap(x.into(), to),
                        })
                        .collect::<Vec<_>>(),
                ));
                names.push(name);
            }
        }
        for p in [
            "eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge",
        ] {
            let mut b2 = numbers(from, 9);
            b2[20] = a[20];
            b2[21] = a[21];
            b2.rotate_left(0);
            let name = format!("cmp_{p}_{from}");
            let ot = m.memref(&[n], i8);
            kernel(&mut m, &name, &[ft, ft, ot], |b, v| {
                b.for_range(0, n, 1, &[], |b, i, _| {
                    let (x, y) = (b.load(v[0], &[i]), b.load(v[1], &[i]));
                    let c = b.cmpi(p, x, y);
                    let zero = b.const_int(0, fe);
                    // Comparisons with a constant, and a truth value as a number both ways.
                    let d = b.cmpi(p, y, zero);
                    let (u, s) = (b.cast("arith.extui", c, i8), b.cast("arith.extsi", d, i8));
                    let two = b.const_int(2, i8);
                    let u = b.addi(u, two);
                    let both = b.select(c, s, u);
                    let r = b.xori(both, u);
                    b.store(r, v[2], &[i]);
                    vec![]
                });
            });
            let cmp = |x: i64, y: i64| {
                let (ux, uy) = (zext(x, from), zext(y, from));
                match p {
                    "eq" => x == y,
                    "ne" => x != y,
                    "slt" => x < y,
                    "sle" => x <= y,
                    "sgt" => x > y,
                    "sge" => x >= y,
                    "ult" => ux < uy,
                    "ule" => ux <= uy,
                    "ugt" => ux > uy,
                    _ => ux >= uy,
                }
            };
            types.extend([ft, ft]);
            outs.push(ot);
            sample.extend([le(&a, from), le(&b2, from)]);
            want.push((
                8,
                a.iter()
                    .zip(&b2)
                    .map(|(&x, &y)| {
                        let u = i64::from(cmp(x, y)) + 2;
                        (if cmp(x, y) { -i64::from(cmp(y, 0)) } else { u }) ^ u
                    })
                    .collect(),
            ));
            names.push(name);
        }
    }
    main(&mut m, Io::Arena, &types, &outs, 0, |b, i, o, _| {
        for (n, name) in names.iter().enumerate() {
            b.call(name, &[i[2 * n], i[2 * n + 1], o[n]], &[]);
        }
    });
    let got = run(&m, &[sample]);
    for (n, name) in names.iter().enumerate() {
        assert_eq!(ints(&got[0][n], want[n].0), want[n].1, "{name}");
    }
}

type FloatSpec = (
    &'static str,
    fn(&mut Builder<'_>, ValueId, ValueId) -> ValueId,
    fn(f32, f32) -> f32,
);

/// Float arithmetic bit for bit, also contracted-looking sums of products, and every comparison with NaN and infinities.
#[test]
fn float_ops() {
    if !has("cc", "float_ops") {
        return;
    }
    let specs: &[FloatSpec] = &[
        ("add", |b, x, y| b.addf(x, y), |x, y| x + y),
        ("sub", |b, x, y| b.subf(x, y), |x, y| x - y),
        ("mul", |b, x, y| b.mulf(x, y), |x, y| x * y),
        ("div", |b, x, y| b.divf(x, y), |x, y| x / y),
        ("neg", |b, x, _| b.negf(x), |x, _| -x),
        (
            "fma",
            |b, x, y| {
                let p = b.mulf(x, y);
                b.addf(p, x)
            },
            |x, y| x * y + x,
        ),
        (
            "order",
            |b, x, y| {
                let k = b.const_f32(0.1);
                let (p, q) = (b.subf(y, k), b.subf(k, x));
                let r = b.subf(p, q);
                let n = b.negf(r);
                let n = b.negf(n);
                b.subf(x, n)
            },
            |x, y| x - ((y - 0.1) - (0.1 - x)),
        ),
        (
            "constants",
            |b, x, _| {
                let (tiny, inf) = (
                    b.const_f32(f32::from_bits(1)),
                    b.const_f32(f32::NEG_INFINITY),
                );
                let big = b.const_f32(f32::MAX);
                let s = b.addf(x, tiny);
                let c = b.cmpf("ogt", s, inf);
                b.select(c, s, big)
            },
            |x, _| {
                let s = x + f32::from_bits(1);
                if s > f32::NEG_INFINITY { s } else { f32::MAX }
            },
        ),
    ];
    let a = [
        0.0f32,
        -0.0,
        1.0,
        -1.5,
        0.1,
        3.402_823_5e38,
        1e-40,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        16_777_217.0,
        0.333_333_34,
        1.000_000_1,
        -7.25,
        1e20,
        5.5,
    ];
    let mut b2 = a;
    b2.rotate_left(5);
    b2[3] = a[3];
    let predicates = [
        "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une",
        "uno",
    ];
    let mut m = module();
    let (f32t, i32t) = (m.f32(), m.i32());
    let (ft, it) = (m.memref(&[16], f32t), m.memref(&[16], i32t));
    for (name, build, _) in specs {
        kernel(&mut m, &format!("f_{name}"), &[ft, ft, ft], |b, v| {
            b.for_range(0, 16, 1, &[], |b, i, _| {
                let (x, y) = (b.load(v[0], &[i]), b.load(v[1], &[i]));
                let r = build(b, x, y);
                b.store(r, v[2], &[i]);
                vec![]
            });
        });
    }
    kernel(&mut m, "f_compare", &[ft, ft, it], |b, v| {
        b.for_range(0, 16, 1, &[], |b, i, _| {
            let mut r = b.const_i32(0);
            for (k, p) in predicates.into_iter().enumerate() {
                let (x, y) = (b.load(v[0], &[i]), b.load(v[1], &[i]));
                let c = b.cmpf(p, x, y);
                let (bit, zero) = (b.const_i32(1 << k), b.const_i32(0));
                let s = b.select(c, bit, zero);
                r = b.ori(r, s);
            }
            b.store(r, v[2], &[i]);
            vec![]
        });
    });
    let outs: Vec<Type> = specs.iter().map(|_| ft).chain([it]).collect();
    main(&mut m, Io::Arena, &[ft, ft], &outs, 0, |b, i, o, _| {
        for (n, (name, ..)) in specs.iter().enumerate() {
            b.call(&format!("f_{name}"), &[i[0], i[1], o[n]], &[]);
        }
        b.call("f_compare", &[i[0], i[1], o[specs.len()]], &[]);
    });
    let check = |flags: &[&str]| {
        let got = run_with(&m, "cc", flags, &[vec![le_f32(&a), le_f32(&b2)]]);
        for (n, (name, _, eval)) in specs.iter().enumerate() {
            for (k, r) in f32s(&got[0][n]).into_iter().enumerate() {
                let want = eval(a[k], b2[k]);
                let same = r.to_bits() == want.to_bits() || (r.is_nan() && want.is_nan());
                assert!(same, "{name}({}, {}) = {r}, wants {want}", a[k], b2[k]);
            }
        }
        for (k, r) in ints(&got[0][specs.len()], 32).into_iter().enumerate() {
            let (x, y) = (a[k], b2[k]);
            let nan = x.is_nan() || y.is_nan();
            let (lt, gt, eq) = (x < y, x > y, x == y);
            let want = [
                eq,
                gt,
                gt || eq,
                lt,
                lt || eq,
                lt || gt,
                !nan,
                nan || eq,
                nan || gt,
                nan || gt || eq,
                nan || lt,
                nan || lt || eq,
                nan || lt || gt,
                nan,
            ];
            let want: i64 = want
                .iter()
                .enumerate()
                .map(|(k, &w)| i64::from(w) << k)
                .sum();
            assert_eq!(r, want, "compare {x} {y}");
        }
    };
    check(&[
        "-O1",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
    ]);
    check(&["-O3"]);
}

/// Conversions between floats and integers, bit casts, and the exponential against the interpreter's bits.
#[test]
fn float_conversions_and_exp() {
    if !has("cc", "float_conversions_and_exp") {
        return;
    }
    let x: Vec<f32> = (0..400).map(|i| (i as f32 - 200.0) * 0.537).collect();
    let y: Vec<i64> = (0..400i64)
        .map(|i| wrap(i128::from(i) * 0x0123_4567_89ab, 32))
        .collect();
    let n = x.len() as i64;
    let m = single(
        &[(&[n], 0), (&[n], 32)],
        &[
            (&[n], 0),
            (&[n], 32),
            (&[n], 0),
            (&[n], 32),
            (&[n], 0),
            (&[n], 0),
            (&[n], 8),
        ],
        |b, i, o| {
            b.for_range(0, n, 1, &[], |b, k, _| {
                let (i8, i32, i64, f32) = (b.m.i8(), b.m.i32(), b.m.i64(), b.m.f32());
                let (x, y) = (b.load(i[0], &[k]), b.load(i[1], &[k]));
                let e = b.exp(x);
                b.store(e, o[0], &[k]);
                let t = b.cast("arith.fptosi", x, i32);
                b.store(t, o[1], &[k]);
                let f = b.cast("arith.sitofp", y, f32);
                b.store(f, o[2], &[k]);
                let bits = b.cast("arith.bitcast", x, i32);
                let sum = b.addi(bits, y);
                b.store(sum, o[3], &[k]);
                let shown = b.cast("arith.bitcast", sum, f32);
                b.store(shown, o[4], &[k]);
                let wide = b.extsi(y, i64);
                let wide = b.muli_nsw(wide, wide);
                let wide = b.cast("arith.sitofp", wide, f32);
                b.store(wide, o[5], &[k]);
                let narrow = b.cast("arith.fptosi", x, i8);
                b.store(narrow, o[6], &[k]);
                vec![]
            });
        },
    );
    let got = run(&m, &[vec![le_f32(&x), le(&y, 32)]]);
    let bits = |v: &[u8]| ints(v, 32);
    let of = |v: f32| i64::from(v.to_bits() as i32);
    for k in 0..x.len() {
        assert_eq!(
            bits(&got[0][0])[k],
            of(interp::numerics::math::expf(x[k])),
            "exp {}",
            x[k]
        );
        assert_eq!(bits(&got[0][1])[k], i64::from(x[k] as i32));
        assert_eq!(bits(&got[0][2])[k], of(y[k] as f32));
        assert_eq!(bits(&got[0][3])[k], wrap(i128::from(of(x[k]) + y[k]), 32));
        assert_eq!(bits(&got[0][4])[k], wrap(i128::from(of(x[k]) + y[k]), 32));
        assert_eq!(bits(&got[0][5])[k], of((y[k] * y[k]) as f32));
        assert_eq!(ints(&got[0][6], 8)[k], i64::from(x[k] as i8));
    }
}

/// The exponential that the C has is the interpreter's, over the whole range of arguments.
#[test]
fn exp_equals_the_interpreter() {
    if !has("cc", "exp_equals_the_interpreter") {
        return;
    }
    let n = 40_000i64;
    let m: Module = single(&[(&[n], 0)], &[(&[n], 0)], |b, i, o| {
        b.for_range(0, n, 1, &[], |b, k, _| {
            let x = b.load(i[0], &[k]);
            let e = b.exp(x);
            b.store(e, o[0], &[k]);
            vec![]
        });
    });
    let mut x: Vec<f32> = (0..n as u32)
        .map(|i| f32::from_bits(i.wrapping_mul(2_654_435_769)))
        .collect();
    for (k, bits) in (0x42b1_7200u32..0x42b1_7230)
        .chain(0xc2cf_f190..0xc2cf_f1c0)
        .enumerate()
    {
        x[k] = f32::from_bits(bits);
    }
    for (k, v) in x.iter_mut().enumerate().skip(200).step_by(2) {
        *v = (k as f32 - 20_000.0) * 0.005_1;
    }
    let flags = ["-O2", "-fsanitize=undefined", "-fno-sanitize-recover=all"];
    let got = run_with(&m, "cc", &flags, &[vec![le_f32(&x)]]);
    for (k, r) in f32s(&got[0][0]).into_iter().enumerate() {
        let want = interp::numerics::math::expf(x[k]);
        assert_eq!(r.to_bits(), want.to_bits(), "exp {:?}", x[k]);
    }
}
