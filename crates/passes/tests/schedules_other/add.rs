//! `nn.add`.

use super::harness::{ACTIVATIONS, Case, Draw, Elem, Prop};
use ir::dialects::nn::broadcast;
use proptest::prelude::*;

fn case(
    lhs: (Vec<i64>, Elem),
    rhs: (Vec<i64>, Elem),
    out: Elem,
    activation: &'static str,
    seed: u64,
) -> Case {
    let shape = broadcast(&lhs.0, &rhs.0).unwrap();
    let mut draw = Draw::new(seed);
    let mut tensor = |(shape, elem): (Vec<i64>, Elem)| {
        let n = shape.iter().product();
        let bytes = match elem {
            Elem::F32 | Elem::I32 => draw.f32s(n, 4.0),
            Elem::I8(..) => draw.i8s(n),
        };
        (shape, elem, bytes)
    };
    let operands = vec![tensor(lhs), tensor(rhs)];
    Case {
        op: "nn.add",
        operands,
        props: vec![("activation", Prop::Text(activation))],
        result: (shape, out),
    }
}

/// Two shapes that broadcast: of each dimension, the extent, and which operand has 1 instead; how many leading dimensions are left out.
fn shapes() -> impl Strategy<Value = (Vec<i64>, Vec<i64>)> {
    let dimension = (1..6i64, 0..4u8);
    (
        prop::collection::vec(dimension, 0..6),
        0..4usize,
        any::<bool>(),
    )
        .prop_map(|(dims, cut, left)| {
            let side = |one: u8| -> Vec<i64> {
                dims.iter()
                    .map(|&(n, who)| if who == one { 1 } else { n })
                    .collect()
            };
            let (mut a, mut b) = (side(1), side(2));
            let short = if left { &mut a } else { &mut b };
            // Leading dimensions may be left out.
            short.drain(..cut.min(dims.len()));
            (a, b)
        })
}

fn quantised() -> impl Strategy<Value = Elem> {
    let zero = prop_oneof![-128..=127i32, Just(-128), Just(0)];
    ((-6.0f32..-1.0).prop_map(f32::exp), zero).prop_map(|(s, z)| Elem::I8(s, z))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn int8(shapes in shapes(), l in quantised(), r in quantised(), out in quantised(), a in 0..4usize, seed: u64) {
        let c = case((shapes.0, l), (shapes.1, r), out, ACTIVATIONS[a], seed);
        // An output scale so fine that the reference's multiplier is not below one is refused by both.
        prop_assume!(c.lowered().is_ok());
        c.check();
    }

    #[test]
    fn float(shapes in shapes(), a in 0..4usize, seed: u64) {
        case((shapes.0, Elem::F32), (shapes.1, Elem::F32), Elem::F32, ACTIVATIONS[a], seed).check();
    }
}

/// All 65,536 pairs of operands, through both schedules.
#[test]
fn every_pair() {
    let all: Vec<u8> = (0..=255).collect();
    let parameters = [
        ((0.5, 0), (0.5, 0), (1.0, 0), "none"),
        ((0.1, -128), (0.1, -128), (0.1, -128), "relu"),
        ((0.047_123, -3), (0.0831, 12), (0.0912, -7), "none"),
        ((0.3, 100), (0.01, -100), (0.25, 1), "relu6"),
    ];
    for (l, r, o, activation) in parameters {
        let elem = |(s, z): (f32, i32)| Elem::I8(s, z);
        let mut c = case(
            (vec![256, 1], elem(l)),
            (vec![1, 256], elem(r)),
            elem(o),
            activation,
            0,
        );
        c.operands[0].2.clone_from(&all);
        c.operands[1].2.clone_from(&all);
        let mut ran: Vec<String> = c.check().into_iter().map(|r| r.schedule).collect();
        ran.sort();
        ran.dedup();
        assert_eq!(ran, ["add-i8-affine", "add-i8-rescale"]);
    }
}

/// One value twice.
#[test]
fn doubled() {
    let elem = Elem::I8(0.1, 5);
    let mut c = case(
        (vec![3, 7], elem),
        (vec![3, 7], elem),
        Elem::I8(0.2, -1),
        "none",
        4,
    );
    c.operands[1] = c.operands[0].clone();
    c.check();
}

/// Odd multipliers that the reference represents as 0, and refusals.
#[test]
fn extreme_scales() {
    let elem = |s| Elem::I8(s, 0);
    case(
        (vec![40], elem(1e-12)),
        (vec![40], elem(3.0)),
        elem(4.0),
        "none",
        1,
    )
    .check();
    case(
        (vec![40], elem(0.01)),
        (vec![40], elem(0.01)),
        elem(1e9),
        "none",
        1,
    )
    .check();
    let refused = case(
        (vec![40], elem(1.0)),
        (vec![40], elem(1.0)),
        elem(1e-9),
        "none",
        1,
    );
    assert!(
        refused.lowered().unwrap_err().contains("multiplier"),
        "{:?}",
        refused.lowered()
    );
}
