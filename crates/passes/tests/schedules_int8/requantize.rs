//! Requantisation by itself: every accumulator near a threshold, against the reference numerics and against rational arithmetic.

use crate::layer::registry;
use interp::loops::{Argument, Program};
use interp::numerics::{ClampI8, QuantizedMultiplier};
use ir::interfaces::Datum;
use ir::{AttrData, Builder, Loc, Module, OpState, Type};
use pass::{KernelArg, KernelBuilder, Registry};
use passes::schedules::interval::Interval;
use passes::schedules::requantize::{Channel, Form, Requantization};
use proptest::prelude::*;

/// The output by definition, in exact arithmetic: two roundings, the second one away from zero.
fn exact(c: &Channel, acc: i32, zero_point: i32, clamp: ClampI8) -> i8 {
    let a = i128::from(acc) + i128::from(c.bias);
    let (left, right) = (
        c.multiplier.shift.max(0) as u32,
        (-c.multiplier.shift).max(0) as u32,
    );
    let product = (a << left) * i128::from(c.multiplier.multiplier);
    let high = (2 * product + (1 << 31)).div_euclid(1 << 32);
    let divisor = 1i128 << right;
    let magnitude = (2 * high.abs() + divisor) / (2 * divisor);
    let y = magnitude * high.signum() + i128::from(zero_point);
    y.max(i128::from(clamp.min)).min(i128::from(clamp.max)) as i8
}

/// Runs the sequence on accumulators, channel by channel.
fn outputs(registry: &Registry, r: &Requantization, accumulators: &[Vec<i32>]) -> Vec<Vec<i8>> {
    let mut m = Module::new(registry.dialects().clone());
    let n = accumulators.len() as i64;
    let each = accumulators[0].len() as i64;
    // A kernel needs an op to be made for; any will do.
    let body = m.body();
    let i32t = m.i32();
    let shape = m.memref(&[n * each], i32t);
    let mut b = Builder::at_end(&mut m, body);
    let anchor = b.insert(OpState::new("builtin.module").regions(1).loc(Loc::UNKNOWN));
    let mut k = KernelBuilder::new(&mut m, anchor);
    let i8t = k.module().i8();
    let requantizer = r.declare(&mut k);
    let input = k.scratch(&[n * each], i32t);
    let output = k.scratch(&[n * each], i8t);
    let _ = shape;
    let mut b = k.body();
    b.for_range(0, n, 1, &[], |b, c, _| {
        let constants = requantizer.channel(b, c);
        b.for_range(0, each, 1, &[], |b, i, _| {
            let step = b.const_index(each);
            let at = b.muli_nsw(c, step);
            let at = b.addi_nsw(at, i);
            let acc = b.load(input, &[at]);
            let y = requantizer.output(b, &constants, acc);
            b.store(y, output, &[at]);
            Vec::new()
        });
        Vec::new()
    });
    k.set_name("requantize");
    let kernel = k.finish();
    m.erase(anchor);
    let types: Vec<Type> = m
        .block_args(m.entry_block(kernel.func).unwrap())
        .iter()
        .map(|&v| m.value_type(v))
        .collect();
    let mut scratch = 0;
    let mut args: Vec<Argument> = kernel
        .args
        .iter()
        .zip(types)
        .map(|(arg, ty)| match arg {
            KernelArg::Table { value, .. } => {
                Argument::Buffer(m.attr_elements(*value).unwrap().1.to_vec())
            }
            KernelArg::Scalar(v) => match m.attr_data(*v) {
                AttrData::Integer { value, .. } => Argument::Value(Datum::Int(*value)),
                other => panic!("{other:?}"),
            },
            _ => {
                scratch += 1;
                let bytes = m.size_bytes(ty).unwrap() as usize;
                Argument::Buffer(if scratch == 1 {
                    accumulators
                        .iter()
                        .flatten()
                        .flat_map(|a| a.to_le_bytes())
                        .collect()
                } else {
                    vec![0; bytes]
                })
            }
        })
        .collect();
    let verified = ir::verify::verify(&m).map_err(|e| e.to_string()).unwrap();
    let program = Program::compile(verified).unwrap();
    program.call("requantize", &mut args).unwrap();
    match args.pop().unwrap() {
        Argument::Buffer(bytes) => bytes
            .chunks(each as usize)
            .map(|c| c.iter().map(|&b| b as i8).collect())
            .collect(),
        Argument::Value(_) => unreachable!(),
    }
}

/// Accumulators next to where the output steps, at the ends of the interval, and some others.
fn interesting(c: &Channel, zero_point: i32, picks: &[i64]) -> Vec<i32> {
    let (min, max) = (c.accumulator.min as i64, c.accumulator.max as i64);
    let real = f64::from(c.multiplier.multiplier) * f64::from(c.multiplier.shift - 31).exp2();
    let mut all = vec![min, max, 0, -c.bias, -c.bias - 1, -c.bias + 1];
    for (i, &p) in picks.iter().enumerate() {
        let step = p.rem_euclid(258) - 129 - i64::from(zero_point);
        let half = if i % 3 == 0 { 0.5 } else { 0.0 };
        let threshold = if real > 0.0 {
            (step as f64 + half) / real
        } else {
            0.0
        };
        all.push(threshold as i64 - c.bias + p % 4);
        all.push(p);
    }
    all.iter().map(|&a| a.clamp(min, max) as i32).collect()
}

fn channel() -> impl Strategy<Value = Channel> {
    let shift = prop_oneof![8 => -12i32..-3, 2 => -3i32..=1, 1 => -31i32..=30];
    let multiplier = prop_oneof![6 => (1i32 << 30)..=i32::MAX, 1 => Just(1 << 30), 1 => Just(i32::MAX), 1 => Just(0)];
    let magnitude = prop_oneof![6 => 8u32..22, 1 => 22u32..32];
    (shift, multiplier, magnitude, any::<u64>(), any::<i32>()).prop_map(
        |(shift, multiplier, bits, spread, bias)| {
            let bound = (1i128 << bits) - 1;
            let low = -(i128::from(spread) % (bound + 1));
            let bias = i64::from(bias >> (31 - bits.min(24)));
            Channel {
                multiplier: QuantizedMultiplier {
                    multiplier,
                    shift: if multiplier == 0 { 0 } else { shift },
                },
                accumulator: Interval {
                    min: low.max(i128::from(i32::MIN)),
                    max: bound.min(i128::from(i32::MAX)),
                },
                bias,
            }
        },
    )
}

#[test]
fn exact_near_every_threshold() {
    let registry = registry();
    let forms = std::cell::RefCell::new([0usize; 3]);
    let strategy = (
        proptest::collection::vec(channel(), 1..5),
        -128i32..=127,
        (-128i32..=127, -128i32..=127, 0u8..4),
        proptest::collection::vec(any::<i32>().prop_map(i64::from), 40),
    );
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&strategy, |(channels, zero_point, (a, b, kind), picks)| {
            let clamp = match kind {
                0 => ClampI8::FULL,
                1 => ClampI8 {
                    min: zero_point,
                    max: 127,
                },
                2 => ClampI8 {
                    min: zero_point,
                    max: a.max(zero_point),
                },
                _ => ClampI8 { min: a, max: b },
            };
            let r = Requantization::new(&channels, zero_point, clamp);
            let which = match r.form() {
                Form::Short { signed, .. } => usize::from(signed),
                Form::Reference { .. } => 2,
            };
            forms.borrow_mut()[which] += 1;
            let accumulators: Vec<Vec<i32>> = channels
                .iter()
                .map(|c| interesting(c, zero_point, &picks))
                .collect();
            let got = outputs(&registry, &r, &accumulators);
            for ((c, accs), got) in channels.iter().zip(&accumulators).zip(got) {
                for (&acc, got) in accs.iter().zip(got) {
                    let full = acc.wrapping_add(c.bias as i32);
                    let scaled = c.multiplier.apply(full).wrapping_add(zero_point);
                    prop_assert_eq!(clamp.apply(scaled), got, "{:?} {} {:?}", c, acc, r.form());
                    // Where nothing wraps, the definition says the same.
                    let wide = (i128::from(acc) + i128::from(c.bias)) << c.multiplier.shift.max(0);
                    if i32::try_from(wide).is_ok() && scaled.abs_diff(0) < 1 << 30 {
                        prop_assert_eq!(exact(c, acc, zero_point, clamp), got);
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    let forms = forms.into_inner();
    assert!(forms.iter().all(|&n| n > 100), "{forms:?}");
}
