//! Float32 `nn.conv_2d`, `nn.depthwise_conv_2d`, `nn.fully_connected`.

use super::harness::{ACTIVATIONS, Case, Draw, Elem, Prop};
use ir::dialects::nn::window_output;
use proptest::prelude::*;

/// Height, width; one axis is input, kernel, stride, dilation, pad before, pad after.
type Axis = (i64, i64, i64, i64, i64, i64);

pub fn axis() -> impl Strategy<Value = Axis> {
    let any = (1..9i64, 1..5i64, 1..4i64, 1..4i64, 0..5i64, 0..5i64);
    let plain = (1..9i64, 1..4i64, 1..3i64, Just(1), 0..2i64, 0..2i64);
    prop_oneof![any, plain].prop_filter("the window fits", |a| output(*a).is_some())
}

pub fn output((input, kernel, stride, dilation, before, after): Axis) -> Option<i64> {
    window_output(input, kernel, stride, dilation, before, after)
}

pub fn window_props(h: Axis, w: Axis, activation: &'static str) -> Vec<(&'static str, Prop)> {
    vec![
        ("strides", Prop::Ints(vec![h.2, w.2])),
        ("dilations", Prop::Ints(vec![h.3, w.3])),
        ("pads", Prop::Ints(vec![h.4, h.5, w.4, w.5])),
        ("activation", Prop::Text(activation)),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Layer {
    batches: i64,
    h: Axis,
    w: Axis,
    channels: i64,
    /// Output channels, or the depth multiplier.
    outputs: i64,
    bias: bool,
    activation: &'static str,
    seed: u64,
}

fn layer() -> impl Strategy<Value = Layer> {
    (
        1..3i64,
        axis(),
        axis(),
        1..10i64,
        1..11i64,
        any::<bool>(),
        0..4usize,
        any::<u64>(),
    )
        .prop_map(
            |(batches, h, w, channels, outputs, bias, activation, seed)| Layer {
                batches,
                h,
                w,
                channels,
                outputs,
                bias,
                activation: ACTIVATIONS[activation],
                seed,
            },
        )
}

impl Layer {
    fn case(&self, op: &'static str, filter: Vec<i64>, out_channels: i64) -> Case {
        let mut draw = Draw::new(self.seed);
        let input = vec![self.batches, self.h.0, self.w.0, self.channels];
        let result = vec![
            self.batches,
            output(self.h).unwrap(),
            output(self.w).unwrap(),
            out_channels,
        ];
        let mut tensor = |shape: Vec<i64>, limit| {
            let bytes = draw.f32s(shape.iter().product(), limit);
            (shape, Elem::F32, bytes)
        };
        let mut operands = vec![tensor(input, 9.0), tensor(filter, 2.0)];
        if self.bias {
            operands.push(tensor(vec![out_channels], 5.0));
        }
        Case {
            op,
            operands,
            props: window_props(self.h, self.w, self.activation),
            result: (result, Elem::F32),
        }
    }

    fn conv_2d(&self) -> Case {
        let filter = vec![self.outputs, self.h.1, self.w.1, self.channels];
        self.case("nn.conv_2d", filter, self.outputs)
    }

    fn depthwise_conv_2d(&self) -> Case {
        let outputs = self.channels * self.outputs;
        self.case(
            "nn.depthwise_conv_2d",
            vec![1, self.h.1, self.w.1, outputs],
            outputs,
        )
    }
}

fn fully_connected(
    rows: i64,
    depth: i64,
    outputs: i64,
    bias: bool,
    activation: &'static str,
    seed: u64,
) -> Case {
    let mut draw = Draw::new(seed);
    let mut tensor = |shape: Vec<i64>| {
        let bytes = draw.f32s(shape.iter().product(), 3.0);
        (shape, Elem::F32, bytes)
    };
    let mut operands = vec![tensor(vec![rows, depth]), tensor(vec![outputs, depth])];
    if bias {
        operands.push(tensor(vec![outputs]));
    }
    Case {
        op: "nn.fully_connected",
        operands,
        props: vec![("activation", Prop::Text(activation))],
        result: (vec![rows, outputs], Elem::F32),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn conv_2d(layer in layer()) {
        layer.conv_2d().check();
    }

    #[test]
    fn depthwise_conv_2d(layer in layer()) {
        layer.depthwise_conv_2d().check();
    }

    #[test]
    fn depthwise_conv_2d_of_multiplier_1(layer in layer()) {
        Layer { outputs: 1, ..layer }.depthwise_conv_2d().check();
    }

    #[test]
    fn fully_connected_layers(rows in 1..4i64, depth in 1..20i64, outputs in 1..12i64, bias: bool, a in 0..4usize, seed: u64) {
        fully_connected(rows, depth, outputs, bias, ACTIVATIONS[a], seed).check();
    }
}

#[test]
fn the_kernel_covers_the_input() {
    let axis = (4, 4, 1, 1, 0, 0);
    let layer = Layer {
        batches: 2,
        h: axis,
        w: axis,
        channels: 3,
        outputs: 5,
        bias: true,
        activation: "none",
        seed: 7,
    };
    layer.conv_2d().check();
    layer.depthwise_conv_2d().check();
    // Rows of the kernel that are apart do not follow one another.
    let layer = Layer {
        h: (7, 3, 1, 2, 0, 0),
        ..layer
    };
    layer.conv_2d().check();
    layer.depthwise_conv_2d().check();
    // Padding above and below only: rows of the kernel follow one another in the input all the same.
    let layer = Layer {
        h: (4, 3, 2, 1, 1, 1),
        ..layer
    };
    layer.conv_2d().check();
    layer.depthwise_conv_2d().check();
}

/// Infinite and overflowing sums take the largest finite numbers, also without an activation.
#[test]
fn infinities() {
    for activation in ACTIVATIONS {
        let mut c = fully_connected(4, 2, 3, true, activation, 1);
        let rows = [
            f32::INFINITY,
            1.0,
            f32::NEG_INFINITY,
            1.0,
            f32::MAX,
            f32::MAX,
            f32::MIN,
            f32::MIN,
        ];
        c.operands[0].2 = rows.iter().flat_map(|x| x.to_le_bytes()).collect();
        c.operands[1].2 = [1f32; 6].iter().flat_map(|x| x.to_le_bytes()).collect();
        c.check();
    }
}

/// A window without padding needs no bounds at run time.
#[test]
fn no_bounds_without_padding() {
    let axis = (8, 3, 2, 2, 0, 0);
    let layer = Layer {
        batches: 1,
        h: axis,
        w: axis,
        channels: 4,
        outputs: 8,
        bias: true,
        activation: "relu6",
        seed: 1,
    };
    for ran in layer.conv_2d().check() {
        assert!(
            !ran.text.contains("arith.maxsi") && !ran.text.contains("arith.minsi"),
            "{}",
            ran.text
        );
        assert!(!ran.text.contains("scf.if"));
    }
}
