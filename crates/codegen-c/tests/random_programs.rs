//! Random programs of loops, conditionals, stores and arithmetic: the C computes what the interpreter computes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;
use ir::{Builder, Module, Type, ValueId};

/// Programs in the test; more are drawn with the environment variable `RANDOM_PROGRAMS`.
const PROGRAMS: u64 = 60;
const ELEMENTS: i64 = 12;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn number(&mut self, bits: u32) -> i64 {
        let raw = (self.next() << 32) as i64 ^ self.next() as i64;
        let raw = match self.below(4) {
            0 => raw % 5,
            1 => i64::MIN,
            2 => i64::MAX >> (self.below(60)),
            _ => raw,
        };
        raw << (64 - bits) >> (64 - bits)
    }
}

const WIDTHS: [u32; 4] = [8, 16, 32, 64];

/// Values in scope, by kind: 8, 16, 32, 64 for integers, 1 for truth values, 0 for floats; `indices` are below `ELEMENTS`.
#[derive(Clone, Default)]
struct Pool {
    values: Vec<(ValueId, u32)>,
    indices: Vec<ValueId>,
}

struct Generator<'r> {
    random: &'r mut Random,
    buffers: Vec<(ValueId, u32)>,
    outputs: usize,
}

impl Generator<'_> {
    fn pick(&mut self, b: &mut Builder<'_>, pool: &Pool, kind: u32) -> ValueId {
        let fit: Vec<ValueId> = pool
            .values
            .iter()
            .filter(|v| v.1 == kind)
            .map(|v| v.0)
            .collect();
        if fit.is_empty() || self.random.below(5) == 0 {
            return self.constant(b, kind);
        }
        let recent = fit.len() - 1 - self.random.below(fit.len().min(4));
        fit[recent]
    }

    fn constant(&mut self, b: &mut Builder<'_>, kind: u32) -> ValueId {
        match kind {
            0 => b.const_f32([0.0, -1.5, 0.1, 3.0, 1e10][self.random.below(5)]),
            1 => {
                let i1 = b.m.i1();
                b.const_int(self.random.below(2) as i64, i1)
            }
            _ => {
                let ty = b.m.int(kind);
                b.const_int(self.random.number(kind), ty)
            }
        }
    }

    fn index(&mut self, b: &mut Builder<'_>, pool: &Pool) -> ValueId {
        let constant = b.const_index(self.random.below(ELEMENTS as usize) as i64);
        if pool.indices.is_empty() || self.random.below(3) == 0 {
            return constant;
        }
        let i = pool.indices[self.random.below(pool.indices.len())];
        // Still below ELEMENTS: half of one plus half of another, or the mirror image.
        match self.random.below(4) {
            0 => {
                let last = b.const_index(ELEMENTS - 1);
                b.subi(last, i)
            }
            1 => {
                let (two, sum) = (b.const_index(2), b.addi(i, constant));
                b.divsi(sum, two)
            }
            2 => {
                let last = b.const_index(ELEMENTS - 1);
                let three = b.const_index(3);
                let t = b.muli(i, three);
                b.minsi(t, last)
            }
            _ => i,
        }
    }

    fn op(&mut self, b: &mut Builder<'_>, pool: &mut Pool) {
        let kind = WIDTHS[self.random.below(4)];
        let ty = b.m.int(kind);
        let f32 = b.m.f32();
        let (x, y) = (self.pick(b, pool, kind), self.pick(b, pool, kind));
        let new = match self.random.below(22) {
            0 | 1 => (b.addi(x, y), kind),
            2 => (b.subi(x, y), kind),
            3 | 4 => (b.muli(x, y), kind),
            5 => (b.andi(x, y), kind),
            6 => (b.ori(x, y), kind),
            7 => (b.xori(x, y), kind),
            8 => (b.minsi(x, y), kind),
            9 => (b.maxsi(x, y), kind),
            10..=12 => {
                let n = if self.random.below(2) == 0 {
                    b.const_int(self.random.below(kind as usize) as i64, ty)
                } else {
                    let mask = b.const_int(i64::from(kind) - 1, ty);
                    b.andi(y, mask)
                };
                let r = match self.random.below(3) {
                    0 => b.shli(x, n),
                    1 => b.shrsi(x, n),
                    _ => b.shrui(x, n),
                };
                (r, kind)
            }
            13 => {
                let d = b.const_int([3, 7, -5, 100][self.random.below(4)], ty);
                (
                    if self.random.below(2) == 0 {
                        b.divsi(x, d)
                    } else {
                        b.remsi(x, d)
                    },
                    kind,
                )
            }
            14 => {
                let p = [
                    "eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge",
                ];
                (b.cmpi(p[self.random.below(10)], x, y), 1)
            }
            15 => {
                let c = self.pick(b, pool, 1);
                (b.select(c, x, y), kind)
            }
            16 | 17 => {
                let to = WIDTHS[self.random.below(4)];
                let t = b.m.int(to);
                match to.cmp(&kind) {
                    std::cmp::Ordering::Greater if self.random.below(2) == 0 => {
                        (b.cast("arith.extui", x, t), to)
                    }
                    std::cmp::Ordering::Greater => (b.extsi(x, t), to),
                    std::cmp::Ordering::Less => (b.trunci(x, t), to),
                    std::cmp::Ordering::Equal => return,
                }
            }
            18 => {
                let c = self.pick(b, pool, 1);
                (
                    if self.random.below(2) == 0 {
                        b.extsi(c, ty)
                    } else {
                        b.cast("arith.extui", c, ty)
                    },
                    kind,
                )
            }
            19 => {
                let (f, g) = (self.pick(b, pool, 0), self.pick(b, pool, 0));
                let r = match self.random.below(4) {
                    0 => b.addf(f, g),
                    1 => b.subf(f, g),
                    2 => b.mulf(f, g),
                    _ => b.cast("arith.sitofp", x, f32),
                };
                (r, 0)
            }
            20 => {
                let (f, g) = (self.pick(b, pool, 0), self.pick(b, pool, 0));
                let p = [
                    "oeq", "ogt", "olt", "one", "ueq", "uno", "une", "ord", "ule",
                ];
                (b.cmpf(p[self.random.below(9)], f, g), 1)
            }
            _ => {
                let (buffer, kind) = self.buffers[self.random.below(self.buffers.len())];
                let at = self.index(b, pool);
                (b.load(buffer, &[at]), kind)
            }
        };
        pool.values.push(new);
    }

    fn store(&mut self, b: &mut Builder<'_>, pool: &Pool) {
        let first = self.buffers.len() - self.outputs;
        let (buffer, kind) = self.buffers[first + self.random.below(self.outputs)];
        let value = self.pick(b, pool, kind);
        let at = self.index(b, pool);
        b.store(value, buffer, &[at]);
    }

    fn statements(&mut self, b: &mut Builder<'_>, pool: &mut Pool, depth: usize) {
        for _ in 0..4 + self.random.below(6) {
            match self.random.below(12) {
                0 if depth < 3 => self.for_loop(b, pool, depth),
                1 if depth < 3 => self.conditional(b, pool, depth),
                2 => self.store(b, pool),
                _ => self.op(b, pool),
            }
        }
    }

    fn carried(&mut self, b: &mut Builder<'_>, pool: &Pool) -> (Vec<ValueId>, Vec<u32>) {
        let kinds: Vec<u32> = (0..self.random.below(4))
            .map(|_| [0, 8, 16, 32, 64, 32][self.random.below(6)])
            .collect();
        (
            kinds.iter().map(|&k| self.pick(b, pool, k)).collect(),
            kinds,
        )
    }

    fn for_loop(&mut self, b: &mut Builder<'_>, pool: &mut Pool, depth: usize) {
        let (inits, kinds) = self.carried(b, pool);
        let (lo, step) = (self.random.below(4) as i64, 1 + self.random.below(3) as i64);
        let (lo, hi, step) = (
            b.const_index(lo),
            b.const_index(lo + self.random.below(6) as i64),
            b.const_index(step),
        );
        let results = b.for_loop(lo, hi, step, &inits, |b, i, carried| {
            let mut inner = pool.clone();
            inner.indices.push(i);
            inner
                .values
                .extend(carried.iter().copied().zip(kinds.iter().copied()));
            self.statements(b, &mut inner, depth + 1);
            kinds.iter().map(|&k| self.pick(b, &inner, k)).collect()
        });
        pool.values.extend(results.into_iter().zip(kinds));
    }

    fn conditional(&mut self, b: &mut Builder<'_>, pool: &mut Pool, depth: usize) {
        let condition = self.pick(b, pool, 1);
        let kinds: Vec<u32> = (0..self.random.below(3))
            .map(|_| WIDTHS[self.random.below(4)])
            .collect();
        let types: Vec<Type> = kinds.iter().map(|&k| elem(b.m, k)).collect();
        let (mut then, mut other) = (pool.clone(), pool.clone());
        // Two closures need the generator one after the other.
        let this = std::cell::RefCell::new(self);
        let results = b.if_else(
            condition,
            &types,
            |b| {
                let mut this = this.borrow_mut();
                this.statements(b, &mut then, depth + 1);
                kinds.iter().map(|&k| this.pick(b, &then, k)).collect()
            },
            |b| {
                let mut this = this.borrow_mut();
                this.statements(b, &mut other, depth + 1);
                kinds.iter().map(|&k| this.pick(b, &other, k)).collect()
            },
        );
        pool.values.extend(results.into_iter().zip(kinds));
    }
}

const KINDS: [u32; 5] = [8, 16, 32, 64, 0];

/// Several random kernels, each with its own outputs; all read the same inputs.
fn program(seed: u64, kernels: usize) -> Module {
    let mut m = module();
    let types: Vec<Type> = KINDS
        .iter()
        .map(|&k| {
            let e = elem(&mut m, k);
            m.memref(&[ELEMENTS], e)
        })
        .collect();
    let arguments: Vec<Type> = types.iter().chain(&types).copied().collect();
    for k in 0..kernels {
        let mut random = Random((seed + k as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        kernel(&mut m, &format!("random_{k}"), &arguments, |b, v| {
            let buffers = v
                .iter()
                .copied()
                .zip(KINDS.iter().chain(&KINDS).copied())
                .collect();
            let mut g = Generator {
                random: &mut random,
                buffers,
                outputs: KINDS.len(),
            };
            // Everything that is not stored would be dead: start defined, end with stores.
            for (input, output) in v[..5].iter().zip(&v[5..]) {
                b.op("memref.copy", &[*input, *output], &[]);
            }
            let mut pool = Pool::default();
            g.statements(b, &mut pool, 0);
            g.statements(b, &mut pool, 0);
            for _ in 0..8 {
                g.store(b, &pool);
            }
        });
    }
    let outputs: Vec<Type> = (0..kernels).flat_map(|_| types.clone()).collect();
    main(&mut m, Io::Arena, &types, &outputs, 0, |b, i, o, _| {
        for (k, o) in o.chunks(KINDS.len()).enumerate() {
            let args: Vec<ValueId> = i.iter().chain(o).copied().collect();
            b.call(&format!("random_{k}"), &args, &[]);
        }
    });
    m
}

fn sample(random: &mut Random) -> Vec<Vec<u8>> {
    KINDS
        .iter()
        .map(|&k| match k {
            0 => le_f32(
                &(0..ELEMENTS)
                    .map(|_| random.number(16) as f32 / 64.0)
                    .collect::<Vec<_>>(),
            ),
            _ => le(
                &(0..ELEMENTS).map(|_| random.number(k)).collect::<Vec<_>>(),
                k,
            ),
        })
        .collect()
}

#[test]
fn c_equals_the_interpreter() {
    if !has("cc", "c_equals_the_interpreter") {
        return;
    }
    let programs = std::env::var("RANDOM_PROGRAMS")
        .ok()
        .and_then(|v| v.parse().ok())
        .unwrap_or(PROGRAMS);
    let at_once = 20;
    for batch in 0..programs / at_once {
        let m = program(batch * at_once, at_once as usize);
        let verified = ir::verify::verify(&m).unwrap_or_else(|d| panic!("{d}"));
        let oracle = interp::Program::compile(verified).unwrap();
        let mut random = Random(batch + 77);
        let samples: Vec<_> = (0..4).map(|_| sample(&mut random)).collect();
        let got = run(&m, &samples);
        for (s, got) in samples.iter().zip(got) {
            let inputs: Vec<&[u8]> = s.iter().map(Vec::as_slice).collect();
            let want = oracle.run(&inputs).unwrap();
            for (i, (g, w)) in got.iter().zip(&want).enumerate() {
                if i % KINDS.len() == 4 {
                    let same = f32s(g)
                        .iter()
                        .zip(f32s(w))
                        .all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
                    assert!(
                        same,
                        "batch {batch}, program {}: {:?} {:?}",
                        i / KINDS.len(),
                        f32s(g),
                        f32s(w)
                    );
                } else {
                    assert_eq!(
                        g,
                        w,
                        "batch {batch}, program {}, output {}",
                        i / KINDS.len(),
                        i % KINDS.len()
                    );
                }
            }
        }
    }
}
