//! `nn.softmax`.

use super::harness::{Case, Draw, Elem, Prop};
use interp::numerics::softmax::SoftmaxI8Params;
use proptest::prelude::*;

const OUTPUT: Elem = Elem::I8(1.0 / 256.0, -128);

fn case(shape: Vec<i64>, elem: Elem, beta: f32, seed: u64) -> Case {
    let mut draw = Draw::new(seed);
    let n = shape.iter().product();
    let (bytes, result) = match elem {
        Elem::F32 | Elem::I32 => (draw.f32s(n, 30.0), Elem::F32),
        Elem::I8(..) => (draw.i8s(n), OUTPUT),
    };
    Case {
        op: "nn.softmax",
        operands: vec![(shape.clone(), elem, bytes)],
        props: vec![("beta", Prop::F32(beta))],
        result: (shape, result),
    }
}

fn beta() -> impl Strategy<Value = f32> {
    prop_oneof![Just(1.0f32), 0.1f32..3.0]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn int8(rows in 1..4i64, depth in 1..40i64, scale in (-8.0f32..1.5).prop_map(f32::exp), zero in -128..=127i32, beta in beta(), seed: u64) {
        case(vec![rows, depth], Elem::I8(scale, zero), beta, seed).check();
    }

    #[test]
    fn float(rows in 1..4i64, depth in 1..20i64, beta in beta(), seed: u64) {
        case(vec![rows, 1, depth], Elem::F32, beta, seed).check();
    }
}

/// Sums from one unit to the most that Q12.19 holds.
#[test]
fn every_number_of_leading_zeros() {
    for depth in [
        1, 2, 3, 4, 7, 8, 15, 16, 31, 64, 127, 128, 255, 257, 511, 512, 1023, 1025, 2047, 2048,
        4000, 4095,
    ] {
        for fill in [Some(5u8), None] {
            let mut c = case(vec![1, depth], Elem::I8(0.001, 0), 1.0, depth as u64);
            if let Some(fill) = fill {
                c.operands[0].2.fill(fill);
            }
            c.check();
        }
    }
}

/// The reciprocal saturates where the sum is a power of two; elements of every size show its sign.
#[test]
fn a_sum_that_is_a_power_of_two() {
    let scale = 0.1;
    let p = SoftmaxI8Params::new(1.0, scale).unwrap();
    let mut row = vec![127i8];
    let mut rest = 1i32 << 19;
    for distance in 1..=255u8 {
        let term = ((i64::from(p.exp(-i32::from(distance))) + (1 << 11)) >> 12) as i32;
        let element = (127 - i32::from(distance)) as i8;
        while term > 0 && rest >= term {
            row.push(element);
            rest -= term;
        }
    }
    assert!(rest == 0 && row.len() < 4096, "{rest} {}", row.len());
    let mut c = case(vec![1, row.len() as i64], Elem::I8(scale, 0), 1.0, 1);
    c.operands[0].2 = row.iter().map(|&x| x as u8).collect();
    c.check();
}

/// Steps so coarse that only equal elements count, and so fine that all do.
#[test]
fn tables_of_every_length() {
    for scale in [
        1e-6f32, 1e-4, 0.01, 0.05, 0.0545, 0.06, 0.5, 3.0, 13.0, 20.0, 100.0, 1e6,
    ] {
        let mut c = case(vec![2, 256], Elem::I8(scale, 0), 1.0, 1);
        c.operands[0].2 = (0..512).map(|i| i as u8).collect();
        c.check();
    }
}

#[test]
fn more_elements_than_the_sum_holds_are_refused() {
    let c = case(vec![1, 4096], Elem::I8(0.1, 0), 1.0, 1);
    assert!(c.lowered().unwrap_err().contains("4095"));
    let c = case(vec![1, 4], Elem::I8(1e-9, 0), 1.0, 1);
    assert!(c.lowered().unwrap_err().contains("softmax"));
}
