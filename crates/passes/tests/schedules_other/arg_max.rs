//! `nn.arg_max` and `nn.arg_min`.

use super::harness::{Case, Draw, Elem, Prop};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn indices(
        min: bool, int8: bool, shape in prop::collection::vec(1..9i64, 1..5), at in 0..4usize, levels in 1..40i8, seed: u64,
    ) {
        let axis = at % shape.len();
        let mut result = shape.clone();
        result.remove(axis);
        let n = shape.iter().product();
        let mut draw = Draw::new(seed);
        let (elem, bytes) = if int8 {
            // Few values, so that equal ones are common.
            let few = draw.i8s(n).into_iter().map(|b| (b as i8 % levels) as u8);
            (Elem::I8(0.5, 3), few.collect())
        } else {
            (Elem::F32, draw.f32s(n, 4.0))
        };
        let op = if min { "nn.arg_min" } else { "nn.arg_max" };
        let case = Case {
            op,
            operands: vec![(shape, elem, bytes)],
            props: vec![("axis", Prop::Int(axis as i64))],
            result: (result, Elem::I32),
        };
        case.check();
    }
}

/// What is not a number is never better, wherever it is.
#[test]
fn nan() {
    let numbers = [f32::NAN, 1.0, 3.0, f32::NAN, 3.0, -1.0, f32::NAN, f32::NAN];
    for (op, axis) in [
        ("nn.arg_max", 0),
        ("nn.arg_max", 1),
        ("nn.arg_min", 0),
        ("nn.arg_min", 1),
    ] {
        let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        let case = Case {
            op,
            operands: vec![(vec![4, 2], Elem::F32, bytes)],
            props: vec![("axis", Prop::Int(axis))],
            result: (vec![if axis == 0 { 2 } else { 4 }], Elem::I32),
        };
        case.check();
    }
}
