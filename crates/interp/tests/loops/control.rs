//! Loops, conditions, calls and accesses, against the same computation in Rust.

use super::{call, function, int, module};
use interp::loops::{Argument, Program};
use ir::interfaces::Datum;
use ir::{Builder, Loc, dialects::func};

#[test]
fn matrix_product_with_nested_carried_sums() {
    const N: i64 = 7;
    let m = function(
        |m| {
            let (i8, i32) = (m.i8(), m.i32());
            let (a, c) = (m.memref(&[N, N], i8), m.memref(&[N, N], i32));
            (vec![a, a, c, i32], vec![])
        },
        |b, v| {
            let i32 = b.m.i32();
            b.for_range(0, N, 1, &[], |b, i, _| {
                b.for_range(0, N, 1, &[], |b, j, _| {
                    // The sum passes through two loops.
                    let sum = b.for_range(0, 1 + N / 4, 1, &[v[3]], |b, block, acc| {
                        let four = b.const_index(4);
                        let first = b.muli(block, four);
                        let size = b.const_index(N);
                        let end = b.addi(first, four);
                        let end = b.minsi(end, size);
                        let one = b.const_index(1);
                        b.for_loop(first, end, one, acc, |b, k, acc| {
                            let (x, y) = (b.load(v[0], &[i, k]), b.load(v[1], &[k, j]));
                            let (x, y) = (b.extsi(x, i32), b.extsi(y, i32));
                            let product = b.muli_nsw(x, y);
                            vec![b.addi(acc[0], product)]
                        })
                    });
                    b.store(sum[0], v[2], &[i, j]);
                    vec![]
                })
            });
            vec![]
        },
    );
    let n = N as usize;
    let a: Vec<u8> = (0..n * n).map(|i| (i * 37) as u8).collect();
    let c: Vec<u8> = (0..n * n).map(|i| (i * 91 + 5) as u8).collect();
    let mut args = [
        Argument::Buffer(a.clone()),
        Argument::Buffer(c.clone()),
        Argument::Buffer(vec![0; 4 * n * n]),
        int(1000),
    ];
    call(&m, &mut args).unwrap();
    let mut expected = Vec::new();
    for i in 0..n {
        for j in 0..n {
            let term = |k: usize| i32::from(a[i * n + k] as i8) * i32::from(c[k * n + j] as i8);
            let sum = 1000 + (0..n).map(term).sum::<i32>();
            expected.extend(sum.to_le_bytes());
        }
    }
    assert_eq!(args[2], Argument::Buffer(expected));
}

#[test]
fn carried_values_move_at_once() {
    // (a, b, c) → (b, a + b, a), and the sum of all as a fourth.
    let m = function(
        |m| {
            let i32 = m.i32();
            (vec![i32; 4], vec![i32; 4])
        },
        |b, v| {
            b.for_range(0, 20, 1, v, |b, _, c| {
                let sum = b.addi(c[0], c[1]);
                let all = b.addi(c[3], sum);
                vec![c[1], sum, c[0], all]
            })
        },
    );
    let mut state = [1i32, 2, 3, 4];
    for _ in 0..20 {
        let sum = state[0].wrapping_add(state[1]);
        state = [state[1], sum, state[0], state[3].wrapping_add(sum)];
    }
    let results = call(&m, &mut [int(1), int(2), int(3), int(4)]).unwrap();
    assert_eq!(results, state.map(|x| Datum::Int(x.into())));
}

#[test]
fn a_widened_value_outlives_the_carried_one() {
    // The old value, widened, is read after the new one is known.
    let m = function(
        |m| {
            let (i8, i32) = (m.i8(), m.i32());
            (vec![i8, i32], vec![i8, i32])
        },
        |b, v| {
            let i32 = b.m.i32();
            b.for_range(0, 9, 1, v, |b, _, c| {
                let wide = b.extsi(c[0], i32);
                let next = b.addi(c[0], c[0]);
                let sum = b.addi(c[1], wide);
                vec![next, sum]
            })
        },
    );
    let results = call(&m, &mut [int(3), int(0)]).unwrap();
    let (mut x, mut sum) = (3i8, 0i32);
    for _ in 0..9 {
        sum += i32::from(x);
        x = x.wrapping_add(x);
    }
    assert_eq!(results, [Datum::Int(x.into()), Datum::Int(sum.into())]);
}

#[test]
fn loops_that_do_not_run_and_dynamic_bounds() {
    let m = function(
        |m| {
            let (i32, index) = (m.i32(), m.index());
            (vec![index, index, index, i32], vec![i32])
        },
        |b, v| {
            b.for_loop(v[0], v[1], v[2], &[v[3]], |b, iv, c| {
                let i32 = b.m.i32();
                let iv = b.cast("arith.index_cast", iv, i32);
                let ten = b.const_i32(10);
                let shifted = b.muli(c[0], ten);
                vec![b.addi(shifted, iv)]
            })
        },
    );
    let run = |l, u, s| call(&m, &mut [int(l), int(u), int(s), int(7)]).unwrap();
    assert_eq!(run(5, 5, 1), [Datum::Int(7)]);
    assert_eq!(run(5, -5, 1), [Datum::Int(7)]);
    assert_eq!(run(1, 4, 1), [Datum::Int(7123)]);
    assert_eq!(run(1, 4, 2), [Datum::Int(713)]);
    assert_eq!(run(-2, 3, 2), [Datum::Int(6802)]);
    assert_eq!(run(0, 2_147_483_647, 2_147_483_647), [Datum::Int(70)]);
}

#[test]
fn conditions() {
    let m = function(
        |m| {
            let i32 = m.i32();
            let memref = m.memref(&[2], i32);
            (vec![i32, memref], vec![i32, i32])
        },
        |b, v| {
            let i32 = b.m.i32();
            let (zero, at) = (b.const_i32(0), b.const_index(1));
            let negative = b.cmpi("slt", v[0], zero);
            b.if_then(negative, |b| {
                b.store(v[0], v[1], &[at]);
            });
            b.if_else(
                negative,
                &[i32, i32],
                |b| vec![b.subi(zero, v[0]), v[0]],
                |b| {
                    let _ = b;
                    vec![v[0], zero]
                },
            )
        },
    );
    let run = |x| {
        let mut args = [int(x), Argument::Buffer(vec![0; 8])];
        let results = call(&m, &mut args).unwrap();
        (results, args[1].clone())
    };
    assert_eq!(
        run(5),
        (
            vec![Datum::Int(5), Datum::Int(0)],
            Argument::Buffer(vec![0; 8])
        )
    );
    let (results, buffer) = run(-5);
    assert_eq!(results, [Datum::Int(5), Datum::Int(-5)]);
    assert_eq!(
        buffer,
        Argument::Buffer(vec![0, 0, 0, 0, 251, 255, 255, 255])
    );
}

#[test]
fn words_of_bytes_and_dynamic_lengths() {
    let m = function(
        |m| {
            let (i8, i32, index) = (m.i8(), m.i32(), m.index());
            let dynamic = m.memref(&[ir::TypeData::DYNAMIC], i8);
            (vec![dynamic, index], vec![i32])
        },
        |b, v| {
            let i32 = b.m.i32();
            let word = b.m.vector(&[1], i32);
            let bytes = b.vload(v[0], &[v[1]], 4, None);
            let words = b.cast("vector.bitcast", bytes, word);
            let x = b.extract(words, 0);
            let second = b.extract(bytes, 1);
            let zero = b.const_index(0);
            b.vstore(bytes, v[0], &[zero], Some(4));
            let second = b.extsi(second, i32);
            vec![b.addi(x, second)]
        },
    );
    let data = vec![1, 2, 3, 0x84, 5, 0xf6, 7, 0x88];
    let mut args = [Argument::Buffer(data.clone()), int(3)];
    let results = call(&m, &mut args).unwrap();
    let expected = i32::from_le_bytes([0x84, 5, 0xf6, 7]) + 5;
    assert_eq!(results, [Datum::Int(expected.into())]);
    let after = vec![0x84, 5, 0xf6, 7, 5, 0xf6, 7, 0x88];
    assert_eq!(args[0], Argument::Buffer(after));
}

#[test]
fn calls_buffers_and_copies() {
    let mut m = module();
    let i32 = m.i32();
    let memref = m.memref(&[2, 2], i32);
    let flat = m.memref(&[4], i32);
    let (_, block) = func::build_func(&mut m, "scale", &[flat, i32], &[i32], Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(&mut m, block);
    let zero = b.const_i32(0);
    let sum = b.for_range(0, 4, 1, &[zero], |b, i, c| {
        let x = b.load(args[0], &[i]);
        let x = b.muli(x, args[1]);
        b.store(x, args[0], &[i]);
        vec![b.addi(c[0], x)]
    });
    b.op("func.return", &sum, &[]);
    let (_, block) = func::build_func(&mut m, "f", &[memref], &[i32], Loc::UNKNOWN);
    let x = m.block_args(block)[0];
    let mut b = Builder::at_end(&mut m, block);
    let scratch = b.alloc(memref, "scratch");
    b.op("memref.copy", &[x, scratch], &[]);
    let view = b.reshape(scratch, &[4]);
    let three = b.const_i32(3);
    let first = b.call("scale", &[view, three], &[i32]);
    let second = b.call("scale", &[view, three], &[i32]);
    let (first, second) = (b.m.result(first, 0), b.m.result(second, 0));
    let total = b.addi(first, second);
    b.op("memref.copy", &[scratch, x], &[]);
    b.op("func.return", &[total], &[]);
    let verified = ir::verify::verify(&m).unwrap_or_else(|e| panic!("{e:?}"));
    let program = Program::compile(verified).unwrap();
    let input: Vec<u8> = [1i32, -2, 3, 4]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let mut args = [Argument::Buffer(input)];
    // 6 · 3 + 6 · 9.
    assert_eq!(program.call("f", &mut args).unwrap(), [Datum::Int(72)]);
    let expected = [9i32, -18, 27, 36]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    assert_eq!(args[0], Argument::Buffer(expected));
}

/// MLIR's `index_cast` extends by the sign, also the one bit of an `i1`.
#[test]
fn a_narrow_integer_becomes_an_index_by_its_sign() {
    for (width, value, expected) in [
        (1, 0, 0),
        (1, 1, -1),
        (8, 127, 127),
        (8, -128, -128),
        (32, i64::from(i32::MIN), i64::from(i32::MIN)),
    ] {
        let m = function(
            |m| (vec![m.int(width)], vec![m.index()]),
            |b, v| {
                let index = b.m.index();
                vec![b.cast("arith.index_cast", v[0], index)]
            },
        );
        let results = call(&m, &mut [int(value)]).unwrap();
        assert_eq!(results, [Datum::Int(expected)], "i{width} {value}");
    }
}
