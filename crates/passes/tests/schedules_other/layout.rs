//! `nn.transpose` and `nn.pad`.

use super::harness::{Case, Draw, Elem, Prop};
use proptest::prelude::*;

fn shape() -> impl Strategy<Value = Vec<i64>> {
    let extent = prop_oneof![1..8i64, Just(1), Just(4), Just(8), Just(16)];
    proptest::collection::vec(extent, 0..5)
}

fn elem(int8: bool, zero: i32) -> Elem {
    if int8 { Elem::I8(0.5, zero) } else { Elem::F32 }
}

fn tensor(shape: &[i64], elem: Elem, seed: u64) -> (Vec<i64>, Elem, Vec<u8>) {
    let (mut draw, n) = (Draw::new(seed), shape.iter().product());
    let bytes = match elem {
        Elem::F32 => draw.f32s(n, 9.0),
        Elem::I8(..) => draw.i8s(n),
    };
    (shape.to_vec(), elem, bytes)
}

fn transposed(shape: &[i64], permutation: &[i64], elem: Elem, seed: u64) -> Case {
    Case {
        op: "nn.transpose",
        operands: vec![tensor(shape, elem, seed)],
        props: vec![("permutation", Prop::Ints(permutation.to_vec()))],
        result: (
            permutation.iter().map(|&p| shape[p as usize]).collect(),
            elem,
        ),
    }
}

fn padded(shape: &[i64], padding: &[i64], elem: Elem, value: Option<Prop>, seed: u64) -> Case {
    let mut props = vec![("padding", Prop::Ints(padding.to_vec()))];
    props.extend(value.map(|v| ("value", v)));
    let extents = shape.iter().zip(padding.chunks(2));
    Case {
        op: "nn.pad",
        operands: vec![tensor(shape, elem, seed)],
        props,
        result: (extents.map(|(n, p)| n + p[0] + p[1]).collect(), elem),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_dimensions(
        (shape, permutation) in shape().prop_flat_map(|s| {
            let order: Vec<i64> = (0..s.len() as i64).collect();
            (Just(s), Just(order).prop_shuffle())
        }),
        int8: bool, seed: u64,
    ) {
        transposed(&shape, &permutation, elem(int8, -3), seed).check();
    }

    #[test]
    fn any_border(
        (shape, padding) in shape().prop_flat_map(|s| {
            let side = prop_oneof![0..4i64, Just(0), Just(4)];
            let n = 2 * s.len();
            (Just(s), proptest::collection::vec(side, n))
        }),
        int8: bool, zero in -128..=127i32, stated in proptest::option::of(-128..=127i64), seed: u64,
    ) {
        let value = stated.map(|q| if int8 { Prop::I8(q) } else { Prop::F32(q as f32) });
        padded(&shape, &padding, elem(int8, zero), value, seed).check();
    }
}

/// Channels to the end and back, in whole words and not.
#[test]
fn images() {
    for channels in [1, 3, 4, 16] {
        for elem in [Elem::F32, Elem::I8(0.25, 7)] {
            transposed(&[1, channels, 6, 5], &[0, 2, 3, 1], elem, 1).check();
            transposed(&[1, 6, 5, channels], &[0, 3, 1, 2], elem, 2).check();
            padded(
                &[1, 6, 5, channels],
                &[0, 0, 1, 2, 1, 0, 0, 0],
                elem,
                None,
                3,
            )
            .check();
        }
    }
}

/// A border is what the op states, an infinity too, and the zero point where it states nothing.
#[test]
fn the_number_of_the_border() {
    let int8 = padded(&[1], &[1, 0], Elem::I8(1.0, -9), None, 0);
    assert_eq!(int8.expected()[0] as i8, -9);
    let stated = padded(&[1], &[1, 0], Elem::I8(1.0, -9), Some(Prop::I8(5)), 0);
    assert_eq!(stated.expected()[0], 5);
    let least = padded(
        &[2, 3],
        &[0, 1, 2, 0],
        Elem::F32,
        Some(Prop::F32(f32::NEG_INFINITY)),
        0,
    );
    assert_eq!(least.expected()[..4], f32::NEG_INFINITY.to_le_bytes());
    least.check();
}
