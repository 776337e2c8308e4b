//! `nn.quantize`, `nn.dequantize`, `nn.relu`, `nn.relu6`, `nn.logistic`, `nn.tanh`, `nn.hard_swish`, `nn.leaky_relu`, `nn.prelu`, `nn.mean`, `nn.resize_bilinear`.

use super::harness::{Case, Draw, Elem, Prop};
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

fn leaky(mut c: Case, alpha: f32) -> Case {
    c.props.push(("alpha", Prop::F32(alpha)));
    c
}

/// Results of other scales than the kernels compute in are refused, not misread.
#[test]
fn sigmoids_want_their_scales() {
    for op in ["nn.logistic", "nn.tanh"] {
        let c = every_byte(op, Elem::I8(0.1, 0), Elem::I8(1.0 / 64.0, 0));
        assert!(c.lowered().unwrap_err().contains("the output wants scale"));
    }
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
    fn functions_of_int8(from in quantised(), to in quantised(), alpha in -2.0f32..2.0) {
        every_byte("nn.logistic", from, Elem::I8(1.0 / 256.0, -128)).check();
        every_byte("nn.tanh", from, Elem::I8(1.0 / 128.0, 0)).check();
        leaky(every_byte("nn.leaky_relu", from, to), alpha).check();
        let (Elem::I8(coarse, _), Elem::I8(fine, _)) = (from, to) else { unreachable!() };
        if coarse / 128.0 < fine {
            every_byte("nn.hard_swish", from, to).check();
        }
    }

    #[test]
    fn functions_of_floats(n in 1..20i64, seed: u64, alpha in -2.0f32..2.0) {
        for op in ["nn.logistic", "nn.tanh", "nn.hard_swish"] {
            case(op, vec![1, n], Elem::F32, Elem::F32, seed).check();
        }
        leaky(case("nn.leaky_relu", vec![n], Elem::F32, Elem::F32, seed), alpha).check();
    }

    #[test]
    fn prelu(
        from in quantised(), by in quantised(), to in quantised(),
        (rows, channels) in (1..5i64, 1..9i64), slopes in 0..4usize, seed: u64,
    ) {
        let shape = vec![2, rows, channels];
        let slope = [vec![channels], vec![1], vec![2, 1, channels], vec![rows, 1]][slopes].clone();
        for [x, y, z] in [[from, by, to], [Elem::F32; 3]] {
            let mut c = case("nn.prelu", shape.clone(), x, z, seed);
            let more = case("nn.prelu", slope.clone(), y, z, seed ^ 1);
            c.operands.extend(more.operands);
            c.check();
        }
    }

    #[test]
    fn mean(
        shape in prop::collection::vec(1..8i64, 1..5), chosen in 0..16u32,
        from in quantised(), to in quantised(), seed: u64,
    ) {
        let axes: Vec<i64> = (0..shape.len() as i64).filter(|d| chosen >> d & 1 == 1).collect();
        for (x, y) in [(from, to), (from, from), (Elem::F32, Elem::F32)] {
            let mut c = case("nn.mean", shape.clone(), x, y, seed);
            c.props.push(("axes", Prop::Ints(axes.clone())));
            for &axis in &axes {
                c.result.0[axis as usize] = 1;
            }
            c.check();
        }
    }

    #[test]
    fn resize_bilinear(
        (h, w, channels) in (1..8i64, 1..8i64, 1..5i64), (oh, ow) in (1..15i64, 1..15i64),
        way in 0..3u32, from in quantised(), seed: u64,
    ) {
        for x in [from, Elem::F32] {
            let mut c = case("nn.resize_bilinear", vec![2, h, w, channels], x, x, seed);
            c.props.push(("align_corners", Prop::Bool(way == 1)));
            c.props.push(("half_pixel_centers", Prop::Bool(way == 2)));
            c.result.0 = vec![2, oh, ow, channels];
            c.check();
        }
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
        ("nn.logistic", Elem::F32),
        ("nn.tanh", Elem::F32),
        ("nn.hard_swish", Elem::F32),
        ("nn.leaky_relu", Elem::F32),
    ] {
        let mut c = case(op, vec![16], Elem::F32, to, 0);
        if op == "nn.leaky_relu" {
            c = leaky(c, 0.1);
        }
        c.operands[0].2.clone_from(&bytes);
        c.check();
    }
}
