//! Convolutions, depthwise convolutions and fully connected layers of random shapes, quantisation and values.

use crate::layer::{Kind, Layer, registry};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;

/// A small generator for the bytes of a case: proptest draws the seed.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Int8 values: any, or only the extremes, or small ones.
    fn values(&mut self, n: usize, style: u8) -> Vec<i8> {
        (0..n)
            .map(|_| match style % 4 {
                0 | 1 => self.next() as i8,
                2 => [-128, 127][self.below(2) as usize],
                _ => self.below(9) as i8 - 4,
            })
            .collect()
    }
}

/// What all three ops draw.
#[derive(Clone, Debug)]
struct Numbers {
    seed: u64,
    per_axis: bool,
    bias: u8,
    weights: u8,
    input_zero: i64,
    output_zero: i64,
    activation: usize,
    /// Binary logarithm of the output's spread, relative to that of random weights and inputs.
    gain: f64,
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let zero = || prop_oneof![2 => Just(-128i64), 1 => Just(127), 3 => -128i64..=127];
    (
        any::<u64>(),
        any::<bool>(),
        0u8..8,
        0u8..8,
        zero(),
        zero(),
        0usize..6,
        prop_oneof![6 => -2.0..3.0, 1 => -12.0..-2.0, 1 => 3.0..12.0f64],
    )
        .prop_map(
            |(seed, per_axis, bias, weights, input_zero, output_zero, activation, gain)| Numbers {
                seed,
                per_axis,
                bias,
                weights,
                input_zero,
                output_zero,
                activation,
                gain,
            },
        )
}

/// Weights, scales and inputs for a layer of which the extents are known.
fn fill(layer: &mut Layer, n: &Numbers, depth: i64) -> Vec<Vec<u8>> {
    let mut r = Bytes(n.seed);
    let channels = *layer.output.last().unwrap();
    let len = |s: &[i64]| s.iter().product::<i64>() as usize;
    layer.activation = ["relu", "relu6", "relu_n1_to_1", "none", "none", "relu"][n.activation];
    let scale = |r: &mut Bytes| f64::from(0.001 + r.below(1000) as f32 * 1e-5);
    let input_scale = f64::from(0.01 + r.below(1000) as f32 * 1e-4);
    let count = if n.per_axis { channels } else { 1 };
    layer.filter_scales = (0..count).map(|_| scale(&mut r)).collect();
    // An accumulator spreads over about 74²·√depth.
    let spread = 5400.0 * (depth as f64).sqrt() * input_scale * layer.filter_scales[0];
    let output_scale = (spread / 128.0 / n.gain.exp2()) as f32;
    layer.input_quant = (input_scale, n.input_zero);
    layer.output_quant = (f64::from(output_scale), n.output_zero);
    layer.weights = r.values(len(&layer.filter), n.weights);
    if n.weights >= 4 {
        // As converters write them.
        layer.weights.iter_mut().for_each(|w| *w = (*w).max(-127));
    }
    layer.bias = match n.bias {
        0 => None,
        1 => Some((0..channels).map(|_| r.next() as i32).collect()),
        2 => Some(
            (0..channels)
                .map(|_| r.below(1 << 21) as i32 - (1 << 20))
                .collect(),
        ),
        _ => Some(
            (0..channels)
                .map(|_| r.below(1 << 15) as i32 - (1 << 14))
                .collect(),
        ),
    };
    let inputs = len(&layer.input);
    [0u8, 2]
        .map(|style| {
            let values = r.values(inputs, style);
            values.iter().map(|&v| v as u8).collect()
        })
        .to_vec()
}

pub fn blank(kind: Kind) -> Layer {
    Layer {
        kind,
        input: Vec::new(),
        filter: Vec::new(),
        output: Vec::new(),
        strides: [1, 1],
        dilations: [1, 1],
        pads: [0; 4],
        activation: "none",
        input_quant: (1.0, 0),
        output_quant: (1.0, 0),
        filter_scales: vec![1.0],
        filter_zero_point: 0,
        weights: Vec::new(),
        bias: None,
        dynamic: false,
    }
}

/// Runs `cases` cases on two cores, then asserts that every schedule named was compared often.
fn run<S: Strategy>(
    cases: u32,
    strategy: S,
    make: impl Fn(S::Value) -> Option<(Layer, Vec<Vec<u8>>)>,
    names: &[&str],
) {
    let registry = registry();
    let targets =
        ["cortex-m4", "cortex-m0", "cortex-m55"].map(|t| registry.targets().get(t).unwrap());
    let counts = std::cell::RefCell::new(BTreeMap::new());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_global_rejects: cases * 20,
        ..Config::default()
    });
    let result = runner.run(&strategy, |drawn| {
        let Some((layer, inputs)) = make(drawn) else {
            return Err(TestCaseError::reject("the window does not fit"));
        };
        for target in targets {
            layer
                .check(&registry, target, &inputs, &mut counts.borrow_mut())
                .map_err(|e| TestCaseError::fail(format!("{e} on {}: {layer:?}", target.name)))?;
        }
        Ok(())
    });
    if let Err(e) = result {
        let text = e.to_string();
        panic!("{}", &text[..text.len().min(6000)]);
    }
    let counts = counts.into_inner();
    for name in names {
        let n = counts.get(*name).copied().unwrap_or(0);
        assert!(
            n >= cases as usize / 10,
            "{name} was compared {n} times: {counts:?}"
        );
    }
}

/// Input, kernel, stride, dilation, pads of one dimension; the output, if the window fits.
type Axis = (i64, i64, i64, i64, (i64, i64));

fn axis() -> impl Strategy<Value = Axis> {
    (
        1i64..10,
        1i64..5,
        1i64..4,
        prop_oneof![4 => Just(1i64), 1 => 2i64..4],
        prop_oneof![1 => Just((0i64, 0i64)), 2 => (0i64..4, 0i64..4)],
    )
}

/// Channels: mostly few, or enough for vectors.
fn channels() -> impl Strategy<Value = i64> {
    prop_oneof![5 => 1i64..10, 2 => 14i64..36]
}

/// Zero points of a filter: small ones leave most weights in int8.
fn filter_zero() -> impl Strategy<Value = i64> {
    prop_oneof![2 => -3i64..4, 1 => -128i64..128]
}

/// Gives a filter of one scale a zero point.
fn shift_zero(layer: &mut Layer, shifts: bool, zero: i64) {
    if shifts && layer.filter_scales.len() == 1 {
        layer.filter_zero_point = zero;
    }
}

fn output((input, kernel, stride, dilation, (before, after)): Axis) -> Option<i64> {
    ir::dialects::nn::window_output(input, kernel, stride, dilation, before, after)
}

fn windowed(layer: &mut Layer, y: Axis, x: Axis) -> Option<(i64, i64)> {
    layer.strides = [y.2, x.2];
    layer.dilations = [y.3, x.3];
    layer.pads = [y.4.0, y.4.1, x.4.0, x.4.1];
    Some((output(y)?, output(x)?))
}

#[test]
fn convolutions() {
    run(
        250,
        (
            1i64..3,
            axis(),
            axis(),
            channels(),
            channels(),
            numbers(),
            0u8..16,
            filter_zero(),
        ),
        |(n, y, x, c, o, numbers, style, zero)| {
            let mut l = blank(Kind::Conv);
            let (mut y, mut x) = (y, x);
            if style < 5 {
                // One pixel, no padding.
                (y.1, x.1, y.4, x.4) = (1, 1, (0, 0), (0, 0));
            }
            let (oh, ow) = windowed(&mut l, y, x)?;
            l.input = vec![n, y.0, x.0, c];
            l.filter = vec![o, y.1, x.1, c];
            l.output = vec![n, oh, ow, o];
            l.dynamic = style == 15;
            let inputs = fill(&mut l, &numbers, y.1 * x.1 * c);
            shift_zero(&mut l, style % 5 == 1, zero);
            Some((l, inputs))
        },
        &[
            "conv-2d-direct",
            "conv-2d-helium",
            "conv-2d-dual-mac",
            "conv-2d-pointwise-pairs",
            "conv-2d-tile-pairs",
            "conv-2d-row-pairs",
            "conv-2d-rows",
        ],
    );
}

#[test]
fn depthwise_convolutions() {
    run(
        250,
        (
            1i64..3,
            axis(),
            axis(),
            prop_oneof![2 => 1i64..10, 1 => Just(4), 1 => Just(8), 4 => 16i64..36],
            prop_oneof![2 => Just(1i64), 1 => 2i64..4],
            numbers(),
            0u8..16,
            filter_zero(),
        ),
        |(n, y, x, c, multiplier, numbers, style, zero)| {
            let mut l = blank(Kind::Depthwise);
            let (mut y, mut x, mut multiplier) = (y, x, multiplier);
            if style >= 9 {
                // Mostly so in networks.
                (y.1, x.1, y.3, x.3) = (3, 3, 1, 1);
                y.2 = 1 + y.2 % 2;
                (x.2, multiplier) = (y.2, 1);
            }
            let (oh, ow) = windowed(&mut l, y, x)?;
            let c = if style < 3 { 1 } else { c };
            let o = if style < 3 {
                (3 + i64::from(style)) * multiplier
            } else {
                c * multiplier
            };
            l.input = vec![n, y.0, x.0, c];
            l.filter = vec![1, y.1, x.1, o];
            l.output = vec![n, oh, ow, o];
            l.dynamic = style == 15;
            let inputs = fill(&mut l, &numbers, y.1 * x.1);
            shift_zero(&mut l, style % 5 == 1, zero);
            Some((l, inputs))
        },
        &[
            "depthwise-conv-2d-direct",
            "depthwise-conv-2d-helium",
            "depthwise-conv-2d-columns-helium",
            "depthwise-conv-2d-full-helium",
            "depthwise-conv-2d-quads",
            "depthwise-conv-2d-strip",
            "depthwise-conv-2d-tile-pairs",
            "depthwise-conv-2d-row-pairs",
            "depthwise-conv-2d-rows",
        ],
    );
}

#[test]
fn fully_connected_layers() {
    run(
        250,
        (
            1i64..6,
            1i64..80,
            1i64..20,
            numbers(),
            0u8..16,
            filter_zero(),
        ),
        |(rows, depth, o, numbers, style, zero)| {
            let mut l = blank(Kind::FullyConnected);
            l.input = vec![rows, depth];
            l.filter = vec![o, depth];
            l.output = vec![rows, o];
            l.dynamic = style == 15;
            let inputs = fill(&mut l, &numbers, depth);
            shift_zero(&mut l, style < 6, zero);
            Some((l, inputs))
        },
        &[
            "fully-connected-direct",
            "fully-connected-helium",
            "fully-connected-dual-mac",
            "fully-connected-word-pairs",
            "fully-connected-pixel-pairs",
            "fully-connected-row-pairs",
            "fully-connected-rows",
        ],
    );
}
