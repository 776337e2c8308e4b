//! `nn.transpose`, `nn.gather` and `nn.pad`.

use super::harness::{Case, Draw, Elem, Prop};
use proptest::prelude::*;

fn shape() -> impl Strategy<Value = Vec<i64>> {
    let extent = prop_oneof![1..8i64, Just(1), Just(4), Just(8), Just(16)];
    proptest::collection::vec(extent, 0..5)
}

/// One whose elements may be taken several times.
fn small_shape() -> impl Strategy<Value = Vec<i64>> {
    let last = prop_oneof![Just(1), Just(3), Just(4), Just(16)];
    (proptest::collection::vec(1..6i64, 0..4), last).prop_map(|(mut s, n)| {
        s.push(n);
        s
    })
}

fn elem(int8: bool, zero: i32) -> Elem {
    if int8 { Elem::I8(0.5, zero) } else { Elem::F32 }
}

fn tensor(shape: &[i64], elem: Elem, seed: u64) -> (Vec<i64>, Elem, Vec<u8>) {
    let (mut draw, n) = (Draw::new(seed), shape.iter().product());
    let bytes = match elem {
        Elem::F32 | Elem::I32 => draw.f32s(n, 9.0),
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

/// A gather of these indices of each dimension, or all.
fn gathered(shape: &[i64], lists: &[Option<Vec<i64>>], elem: Elem, seed: u64) -> Case {
    let axes = (0..shape.len()).filter(|&d| lists[d].is_some());
    let extents = shape.iter().zip(lists);
    Case {
        op: "nn.gather",
        operands: vec![tensor(shape, elem, seed)],
        props: vec![
            ("axes", Prop::Ints(axes.map(|d| d as i64).collect())),
            (
                "indices",
                Prop::Lists(lists.iter().flatten().cloned().collect()),
            ),
        ],
        result: (
            extents
                .map(|(&n, l)| l.as_ref().map_or(n, |l| l.len() as i64))
                .collect(),
            elem,
        ),
    }
}

/// Indices below `n`: a range, steps, each or all several times, or any.
fn indices(n: i64) -> impl Strategy<Value = Option<Vec<i64>>> {
    let steps = (0..n, 1..=n, -3..4i64).prop_map(move |(first, count, step)| {
        let all = (0..count).map(|i| first + i * step);
        Some(all.take_while(|i| (0..n).contains(i)).collect::<Vec<i64>>())
    });
    let each = (1..3i64).prop_map(move |k| Some((0..n * k).map(|i| i / k).collect()));
    let all = (1..3i64).prop_map(move |k| Some((0..n * k).map(|i| i % n).collect()));
    let any = proptest::collection::vec(0..n, 1..12).prop_map(Some);
    prop_oneof![Just(None), steps, each, all, any]
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
    fn any_indices(
        (shape, lists) in small_shape().prop_flat_map(|s| {
            let lists: Vec<_> = s.iter().map(|&n| indices(n)).collect();
            (Just(s), lists)
        }),
        int8: bool, seed: u64,
    ) {
        gathered(&shape, &lists, elem(int8, 5), seed).check();
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

/// Images that are resized to the nearest pixel, cropped, turned; channels that are shuffled: by tables only where there is no rule.
#[test]
fn images_are_gathered() {
    let twice = |n: i64| Some((0..2 * n).map(|i| i / 2).collect::<Vec<i64>>());
    let ratio = Some(vec![0, 0, 1, 2, 2, 3, 4, 4]);
    for channels in [1, 3, 4, 16] {
        for elem in [Elem::F32, Elem::I8(0.25, 7)] {
            let shape = [1, 6, 5, channels];
            let tables = |lists: [Option<Vec<i64>>; 4]| {
                let ran = gathered(&shape, &lists, elem, 1).check();
                ran.iter().all(|r| r.text.contains("memref<8xi16>"))
            };
            assert!(!tables([None, twice(6), twice(5), None]));
            assert!(!tables([
                None,
                Some((1..5).collect()),
                Some((0..5).rev().collect()),
                None
            ]));
            assert!(tables([None, twice(6), ratio.clone(), None]));
        }
    }
    let shuffled = (0..16).map(|i| i % 4 * 4 + i / 4).collect();
    let channels = [None, None, None, Some(shuffled)];
    let ran = gathered(&[1, 3, 3, 16], &channels, Elem::I8(0.5, 0), 2).check();
    assert!(ran.iter().all(|r| !r.text.contains("i16")));
}

/// Places that take more than 16 bits.
#[test]
fn far_places() {
    let rows = [Some(vec![2, 0, 1, 1]), None, None];
    let ran = gathered(&[3, 100, 200], &rows, Elem::I8(0.5, 0), 3).check();
    assert!(ran.iter().all(|r| r.text.contains("memref<4xi32>")));
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
