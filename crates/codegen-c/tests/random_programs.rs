//! Random programs of loops, conditionals, stores and arithmetic: the C computes what the interpreter computes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;
use ir::{Builder, Module, Type, ValueId};

const ELEMENTS: i64 = 12;

/// How many programs the tests draw: 60, or the environment variable `RANDOM_PROGRAMS`.
fn programs() -> u64 {
    let wanted = std::env::var("RANDOM_PROGRAMS").ok();
    wanted.and_then(|v| v.parse().ok()).unwrap_or(60)
}

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
    floats: bool,
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
            19 if self.floats => {
                let (f, g) = (self.pick(b, pool, 0), self.pick(b, pool, 0));
                let r = match self.random.below(4) {
                    0 => b.addf(f, g),
                    1 => b.subf(f, g),
                    2 => b.mulf(f, g),
                    _ => b.cast("arith.sitofp", x, f32),
                };
                (r, 0)
            }
            20 if self.floats => {
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
            .map(|_| [if self.floats { 0 } else { 16 }, 8, 16, 32, 64, 32][self.random.below(6)])
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
fn program(seed: u64, kernels: usize, kinds: &[u32]) -> Module {
    let mut m = module();
    let types: Vec<Type> = kinds
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
                .zip(kinds.iter().chain(kinds).copied())
                .collect();
            let mut g = Generator {
                random: &mut random,
                buffers,
                outputs: kinds.len(),
                floats: kinds.contains(&0),
            };
            // Everything that is not stored would be dead: start defined, end with stores.
            for (input, output) in v[..kinds.len()].iter().zip(&v[kinds.len()..]) {
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
        for (k, o) in o.chunks(kinds.len()).enumerate() {
            let args: Vec<ValueId> = i.iter().chain(o).copied().collect();
            b.call(&format!("random_{k}"), &args, &[]);
        }
    });
    m
}

fn sample(random: &mut Random, kinds: &[u32]) -> Vec<Vec<u8>> {
    kinds
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
    let at_once = 20;
    for batch in 0..programs() / at_once {
        let m = program(batch * at_once, at_once as usize, &KINDS);
        let verified = ir::verify::verify(&m).unwrap_or_else(|d| panic!("{d}"));
        let oracle = interp::Program::compile(verified).unwrap();
        let mut random = Random(batch + 77);
        let samples: Vec<_> = (0..4).map(|_| sample(&mut random, &KINDS)).collect();
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

/// What the AVR runs: the inputs in place, the outputs in hexadecimal on the serial line.
const AVR_DRIVER: &str = r#"
#include "net.h"
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>
INPUTS
static void put(char c)
{
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = c;
}
static void show(const uint8_t *p, uint16_t n)
{
    while (n--) {
        put("0123456789abcdef"[*p >> 4]);
        put("0123456789abcdef"[*p++ & 15]);
    }
    put('\n');
}
int main(void)
{
    UCSR0B = 1 << TXEN0;
    FILL
    if (net_run(NULL, NULL) != 0) {
        put('!');
    }
    SHOW
    cli();
    sleep_mode();
    return 0;
}
"#;

/// With an `int` of 16 bits the same integers come out: on a simulated ATmega2560.
#[test]
fn sixteen_bit_int_equals_the_interpreter() {
    let test = "sixteen_bit_int_equals_the_interpreter";
    if !prerequisites::programs(test, &["avr-gcc", "simavr"]) {
        return;
    }
    let kinds = [8, 16, 32, 64];
    let kernels = 8;
    for seed in 0..programs() / 10 {
        let m = program(1000 + seed * kernels as u64, kernels, &kinds);
        let verified = ir::verify::verify(&m).unwrap_or_else(|d| panic!("{d}"));
        let input = sample(&mut Random(seed + 5), &kinds);
        let slices: Vec<&[u8]> = input.iter().map(Vec::as_slice).collect();
        let want = interp::Program::compile(verified)
            .unwrap()
            .run(&slices)
            .unwrap();
        let (mut inputs, mut fill, mut show) = (String::new(), String::new(), String::new());
        for (i, bytes) in input.iter().enumerate() {
            let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
            inputs += &format!(
                "static const uint8_t in_{i}[] PROGMEM = {{ {} }};\n",
                list.join(", ")
            );
            fill += &format!("memcpy_P(net_input_{i}(), in_{i}, sizeof in_{i});\n");
        }
        for i in 0..want.len() {
            show += &format!("show(net_output_{i}(), NET_OUTPUT_{i}_BYTES);\n");
        }
        let dir = tempfile::tempdir().unwrap();
        write(&emit(&m, "net"), dir.path());
        let driver = AVR_DRIVER
            .replace("INPUTS", &inputs)
            .replace("FILL", &fill)
            .replace("SHOW", &show);
        std::fs::write(dir.path().join("driver.c"), driver).unwrap();
        let args = [
            "-mmcu=atmega2560",
            "-Os",
            "-std=c99",
            "-Iinclude",
            "driver.c",
            "src/net.c",
            "src/net_data.c",
            "-o",
            "run.elf",
        ];
        compile("avr-gcc", &args, dir.path());
        let out = std::process::Command::new("timeout")
            .args([
                "60",
                "simavr",
                "-m",
                "atmega2560",
                "-f",
                "16000000",
                "run.elf",
            ])
            .current_dir(dir.path())
            .output()
            .unwrap();
        let text: String = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
        // Each line comes in colour, its end shown as a full stop.
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|l| l.split("[32m").nth(1))
            .map(|l| l.trim_end_matches('.'))
            .filter(|l| !l.is_empty())
            .collect();
        assert_eq!(lines.len(), want.len(), "{text}");
        for (i, (line, w)) in lines.iter().zip(&want).enumerate() {
            let hex: String = w.iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(
                *line,
                hex,
                "seed {seed}, program {}, output {}",
                i / kinds.len(),
                i % kinds.len()
            );
        }
    }
}
