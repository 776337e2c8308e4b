//! Accumulators at the edge of what a pair of sums holds: exact up to the edge, refused beyond it.

use crate::layer::{Kind, Layer, registry};
use crate::windows::blank;
use std::collections::BTreeMap;

/// A layer of two pixels and four channels, every weight of magnitude 127 or 128 so that the first channel's sum reaches its bound.
fn layer(kind: Kind, depth: i64, weight: i8) -> Layer {
    let mut l = blank(kind);
    match kind {
        Kind::Conv => {
            l.input = vec![1, 2, 2, depth];
            l.filter = vec![4, 1, 1, depth];
            l.output = vec![1, 2, 2, 4];
        }
        _ => {
            l.input = vec![1, depth];
            l.filter = vec![4, depth];
            l.output = vec![1, 4];
        }
    }
    let scale = 127.0 / (f64::from(weight).abs() * 128.0 * depth as f64);
    l.filter_scales = vec![f64::from(scale as f32)];
    l.weights = (0..4 * depth)
        .map(|i| match i / depth {
            0 => weight,
            1 => -127,
            2 => [weight, 1][(i % 2) as usize],
            _ => 0,
        })
        .collect();
    l
}

fn inputs(l: &Layer) -> Vec<Vec<u8>> {
    let n = l.input.iter().product::<i64>() as usize;
    let row = *l.input.last().unwrap() as usize;
    let pattern = |f: &dyn Fn(usize) -> i8| (0..n).map(|i| f(i) as u8).collect::<Vec<u8>>();
    vec![
        pattern(&|_| -128),
        pattern(&|_| 127),
        // Neighbours of opposite sign: a borrow between the two sums would show.
        pattern(&|i| if i / row % 2 == 0 { -128 } else { 127 }),
        pattern(&|i| if i / row % 2 == 0 { 127 } else { -128 }),
        pattern(&|i| (i * 37 % 256) as u8 as i8),
    ]
}

/// The schedules that were compared.
fn compared(l: &Layer) -> BTreeMap<String, usize> {
    let registry = registry();
    let target = registry.targets().get("cortex-m4").unwrap();
    let mut counts = BTreeMap::new();
    l.check(&registry, target, &inputs(l), &mut counts)
        .unwrap_or_else(|e| panic!("{e}"));
    counts
}

#[test]
fn pairs_of_pixels() {
    // 256 · 128 · 128 = 2²² is the least value that fits, by a negative weight times −128 one too much.
    let at = compared(&layer(Kind::Conv, 256, 127));
    assert!(at.contains_key("conv-2d-row-pairs"), "{at:?}");
    let least = compared(&layer(Kind::Conv, 258, 127));
    assert!(least.contains_key("conv-2d-row-pairs"), "{least:?}");
    let beyond = compared(&layer(Kind::Conv, 259, 127));
    assert!(!beyond.contains_key("conv-2d-row-pairs"), "{beyond:?}");
    // −128 · −128 · 256 = 2²² does not fit, one less does.
    let beyond = compared(&layer(Kind::Conv, 256, -128));
    assert!(!beyond.contains_key("conv-2d-row-pairs"), "{beyond:?}");
    let at = compared(&layer(Kind::Conv, 255, -128));
    assert!(at.contains_key("conv-2d-row-pairs"), "{at:?}");
}

#[test]
fn pairs_of_channels() {
    let name = "fully-connected-word-pairs";
    for (depth, weight, fits) in [
        (516, 127, true),
        (517, 127, false),
        (511, -128, true),
        (512, -128, false),
    ] {
        let counts = compared(&layer(Kind::FullyConnected, depth, weight));
        assert_eq!(
            counts.contains_key(name),
            fits,
            "{depth} {weight} {counts:?}"
        );
    }
}

/// A layer for which even 32 bits do not suffice: the reference wraps, and so does every schedule that applies.
#[test]
fn accumulators_that_wrap() {
    let mut l = layer(Kind::FullyConnected, 600, 127);
    l.bias = Some(vec![i32::MAX, i32::MIN, i32::MAX - 5, i32::MIN + 5]);
    l.filter_scales = vec![f64::from(2e-11f32)];
    l.output_quant = (f64::from(2.5e-4f32), 3);
    compared(&l);
}
