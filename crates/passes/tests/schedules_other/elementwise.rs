//! `nn.quantize`, `nn.dequantize`, `nn.relu`, `nn.relu6`.

use super::harness::{Case, Draw, Elem};
use proptest::prelude::*;

fn case(op: &'static str, shape: Vec<i64>, from: Elem, to: Elem, seed: u64) -> Case {
    let mut draw = Draw::new(seed);
    let n = shape.iter().product();
    let bytes = match from {
        Elem::F32 | Elem::I32 => draw.f32s(n, 9.0),
        Elem::I8(..) => draw.i8s(n),
    };
    Case {
        op,
        operands: vec![(shape.clone(), from, bytes)],
        props: vec![],
        result: (shape, to),
    }
}

fn every_byte(op: &'static str, from: Elem, to: Elem) -> Case {
    let mut c = case(op, vec![256], from, to, 0);
    c.operands[0].2 = (0..=255).collect();
    c
}

fn quantised() -> impl Strategy<Value = Elem> {
    let zero = prop_oneof![-128..=127i32, Just(-128), Just(0)];
    let scale = prop_oneof![
        (-7.0f32..2.0).prop_map(f32::exp),
        (-8..3i32).prop_map(|e| 2f32.powi(e))
    ];
    (scale, zero).prop_map(|(s, z)| Elem::I8(s, z))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn int8_to_int8(from in quantised(), to in quantised()) {
        every_byte("nn.quantize", from, to).check();
        every_byte("nn.relu", from, to).check();
        every_byte("nn.relu6", from, to).check();
        every_byte("nn.relu", from, from).check();
        every_byte("nn.relu6", from, from).check();
        every_byte("nn.quantize", from, from).check();
    }

    #[test]
    fn dequantize(from in quantised()) {
        every_byte("nn.dequantize", from, Elem::F32).check();
    }

    #[test]
    fn sizes(n in 0..20i64, from in quantised(), to in quantised(), seed: u64) {
        let shape = if n == 0 { vec![] } else { vec![1, n] };
        for op in ["nn.relu", "nn.relu6"] {
            case(op, shape.clone(), Elem::F32, Elem::F32, seed).check();
            case(op, shape.clone(), from, to, seed).check();
        }
        case("nn.quantize", shape.clone(), Elem::F32, to, seed).check();
        case("nn.quantize", shape.clone(), from, to, seed).check();
        case("nn.dequantize", shape, from, Elem::F32, seed).check();
    }

    /// Multiples of half a step and their neighbours, far beyond the range too.
    #[test]
    fn float_to_int8_near_ties(to in quantised(), first in -700..200i32) {
        let Elem::I8(scale, _) = to else { unreachable!() };
        let mut c = case("nn.quantize", vec![1536], Elem::F32, to, 0);
        c.operands[0].2 = (0..512)
            .flat_map(|i| {
                let x = (first + i) as f32 * 0.5 * scale;
                [x.next_down(), x, x.next_up()]
            })
            .flat_map(f32::to_le_bytes)
            .collect();
        c.check();
    }
}

#[test]
fn special_floats() {
    let specials = [
        f32::NAN,
        -f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN,
        f32::MIN_POSITIVE,
        -f32::MIN_POSITIVE,
        f32::from_bits(1),
        0.0,
        -0.0,
        0.499_999_97,
        -0.499_999_97,
        6.0,
        6.000_000_5,
        5.999_999_5,
    ];
    let bytes: Vec<u8> = specials.iter().flat_map(|x| x.to_le_bytes()).collect();
    for (op, to) in [
        ("nn.quantize", Elem::I8(1.0, 0)),
        ("nn.quantize", Elem::I8(0.3, 5)),
        ("nn.quantize", Elem::I8(0.5, -128)),
        ("nn.quantize", Elem::I8(1e-38, 127)),
        ("nn.quantize", Elem::I8(f32::from_bits(1 << 22), 0)),
        ("nn.quantize", Elem::I8(2f32.powi(127), 0)),
        ("nn.relu", Elem::F32),
        ("nn.relu6", Elem::F32),
    ] {
        let mut c = case(op, vec![16], Elem::F32, to, 0);
        c.operands[0].2.clone_from(&bytes);
        c.check();
    }
}
