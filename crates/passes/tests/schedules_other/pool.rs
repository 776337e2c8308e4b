//! `nn.average_pool_2d` and `nn.max_pool_2d`.

use super::harness::{ACTIVATIONS, Case, Draw, Elem, Prop};
use super::layers_f32::output;
use proptest::prelude::*;

/// Input, kernel, stride, pad before, pad after.
type Axis = (i64, i64, i64, i64, i64);

fn axis() -> impl Strategy<Value = Axis> {
    (1..12i64, 1..6i64, 1..4i64, 0..5i64, 0..5i64)
        .prop_filter("padding is smaller than the kernel, the window fits", |a| {
            a.3 < a.1 && a.4 < a.1 && out(*a).is_some()
        })
}

fn out(a: Axis) -> Option<i64> {
    output((a.0, a.1, a.2, 1, a.3, a.4))
}

fn case(
    op: &'static str,
    elem: Elem,
    (batches, channels): (i64, i64),
    (h, w): (Axis, Axis),
    activation: &'static str,
    seed: u64,
) -> Case {
    let input = vec![batches, h.0, w.0, channels];
    let mut draw = Draw::new(seed);
    let n = input.iter().product();
    let bytes = match elem {
        Elem::F32 | Elem::I32 => draw.f32s(n, 9.0),
        Elem::I8(..) => draw.i8s(n),
    };
    Case {
        op,
        operands: vec![(input, elem, bytes)],
        props: vec![
            ("kernel", Prop::Ints(vec![h.1, w.1])),
            ("strides", Prop::Ints(vec![h.2, w.2])),
            ("pads", Prop::Ints(vec![h.3, h.4, w.3, w.4])),
            ("activation", Prop::Text(activation)),
        ],
        result: (
            vec![batches, out(h).unwrap(), out(w).unwrap(), channels],
            elem,
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn pools(
        max: bool, int8: bool, half_up: bool, size in (1..3i64, 1..10i64), h in axis(), w in axis(), a in 0..4usize,
        scale in 0.005f32..0.3, zero in -128..=127i32, seed: u64,
    ) {
        let op = if max { "nn.max_pool_2d" } else { "nn.average_pool_2d" };
        let elem = if int8 { Elem::I8(scale, zero) } else { Elem::F32 };
        let mut case = case(op, elem, size, (h, w), ACTIVATIONS[a], seed);
        if half_up && int8 && !max {
            case.props.push(("rounding", Prop::Text("half_up")));
        }
        case.check();
    }
}

/// Every window count of an unpadded mean up to 15 × 15, every sum that is not far from a tie among them.
#[test]
fn means_of_whole_images() {
    for h in 1..=15 {
        for w in [1, h, 16 - h] {
            let axes = ((h, h, 1, 0, 0), (w, w, 1, 0, 0));
            let ran = case(
                "nn.average_pool_2d",
                Elem::I8(0.1, 3),
                (1, 16),
                axes,
                "none",
                h as u64,
            )
            .check();
            for r in ran {
                assert!(
                    !r.text.contains("arith.divsi"),
                    "a mean of {h} × {w} divides"
                );
            }
        }
    }
}

/// More taps than a multiplication of 32 bits can serve.
#[test]
fn a_large_mean_divides() {
    let axes = ((40, 40, 1, 0, 0), (41, 41, 1, 0, 0));
    for relu in ["none", "relu"] {
        let ran = case(
            "nn.average_pool_2d",
            Elem::I8(0.1, 3),
            (1, 5),
            axes,
            relu,
            9,
        )
        .check();
        assert!(ran.iter().all(|r| r.text.contains("arith.divsi")));
    }
    let ends = |value: u8| {
        let mut c = case(
            "nn.average_pool_2d",
            Elem::I8(0.1, 3),
            (1, 5),
            axes,
            "none",
            9,
        );
        c.operands[0].2.fill(value);
        c.check();
    };
    ends(0x80);
    ends(0x7f);
}

#[test]
fn extremes_of_a_mean() {
    for value in [0x80, 0x7f, 0xff, 0x01] {
        for pad in [0, 1] {
            let axis = (5, 3, 2, pad, pad);
            let mut c = case(
                "nn.average_pool_2d",
                Elem::I8(0.1, 3),
                (1, 4),
                (axis, axis),
                "none",
                9,
            );
            c.operands[0].2.fill(value);
            c.check();
        }
    }
}

/// NaN never wins, and nothing is below the lowest finite number.
#[test]
fn special_floats() {
    let axis = (2, 2, 2, 0, 0);
    for fill in [
        f32::NAN,
        f32::NEG_INFINITY,
        f32::MIN,
        -2e38,
        f32::INFINITY,
        -0.0,
    ] {
        for (op, odd) in [
            ("nn.max_pool_2d", f32::NAN),
            ("nn.max_pool_2d", -3e38),
            ("nn.average_pool_2d", fill),
        ] {
            if op == "nn.average_pool_2d" && fill.is_nan() {
                continue;
            }
            let mut c = case(op, Elem::F32, (1, 5), (axis, axis), "none", 9);
            let values = (0..20).map(|i| if i % 7 == 3 { odd } else { fill });
            c.operands[0].2 = values.flat_map(f32::to_le_bytes).collect();
            c.check();
        }
    }
}
