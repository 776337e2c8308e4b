//! `quantize-graph`: what it makes of drawn layers is at most a step from what they compute in float, and all in integers.
#![allow(clippy::unwrap_used, reason = "tests")]

mod registry;

use ir::dialects::func;
use ir::{Attr, Loc, Module, OpState, QuantType, Type, ValueId, WalkOrder};
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use registry::registry;
use std::collections::BTreeMap;
use testgen::properties::{Properties, Property};

/// A layer between int8 and int8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Conv,
    ConvFloatBias,
    ConvRelu,
    ConvReluApart,
    ConvShiftedFilter,
    Depthwise,
    FullyConnected,
    Add,
    Sub,
    Mul,
    Maximum,
    MeanFine,
    MeanCoarse,
    MaxPool,
    MaxPoolOfConv,
    Softmax,
    Relu,
    Clip,
    HardSwish,
    Logistic,
    Moves,
    Concatenation,
    Requantize,
}

const KINDS: [Kind; 23] = [
    Kind::Conv,
    Kind::ConvFloatBias,
    Kind::ConvRelu,
    Kind::ConvReluApart,
    Kind::ConvShiftedFilter,
    Kind::Depthwise,
    Kind::FullyConnected,
    Kind::Add,
    Kind::Sub,
    Kind::Mul,
    Kind::Maximum,
    Kind::MeanFine,
    Kind::MeanCoarse,
    Kind::MaxPool,
    Kind::MaxPoolOfConv,
    Kind::Softmax,
    Kind::Relu,
    Kind::Clip,
    Kind::HardSwish,
    Kind::Logistic,
    Kind::Moves,
    Kind::Concatenation,
    Kind::Requantize,
];

impl Kind {
    /// Whether the integers are exactly those of float.
    fn is_exact(self) -> bool {
        matches!(
            self,
            Kind::Maximum | Kind::Clip | Kind::HardSwish | Kind::Logistic | Kind::Moves
        )
    }
}

/// Random numbers that follow from a seed.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    fn scale(&mut self) -> f32 {
        0.01 + 0.09 * (self.next() % 1000) as f32 / 1000.0
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.next() as u8).collect()
    }
}

/// A module under construction: operands are arguments, int8 of drawn scales.
struct Layer {
    m: Module,
    block: ir::BlockId,
    draw: Draw,
}

impl Layer {
    fn quant(&mut self, scale: f32, zero_point: i64) -> Type {
        let q = QuantType::per_tensor(8, scale.into(), zero_point);
        self.m.quant(q)
    }

    fn emit(
        &mut self,
        name: &str,
        operands: &[ValueId],
        ty: Type,
        props: &[(&str, Attr)],
    ) -> ValueId {
        let mut state = OpState::new(name).operands(operands).results(&[ty]);
        for &(key, value) in props {
            state = state.prop(key, value);
        }
        let op = self.m.create(state);
        self.m.append(self.block, op);
        self.m.result(op, 0)
    }

    fn float(&mut self, shape: &[i64]) -> Type {
        let f32 = self.m.f32();
        self.m.tensor(shape, f32)
    }

    /// A constant of drawn integers of a quantised type, dequantised.
    fn constant(&mut self, shape: &[i64], q: QuantType, bytes: Vec<u8>) -> ValueId {
        let width = q.storage_width;
        let elem = self.m.quant(q);
        let (ty, storage) = (self.m.tensor(shape, elem), self.m.int(width));
        let stored = self.m.tensor(shape, storage);
        let value = self.m.dense_attr(stored, bytes);
        let x = self.emit("nn.constant", &[], ty, &[("value", value)]);
        let float = self.float(shape);
        self.emit("nn.dequantize", &[x], float, &[])
    }

    fn number(&mut self, x: f32) -> ValueId {
        let ty = self.float(&[1]);
        let value = self.m.dense_attr(ty, x.to_le_bytes().to_vec());
        self.emit("nn.constant", &[], ty, &[("value", value)])
    }

    /// A filter of `channels`, per channel or not, and its scales.
    fn filter(
        &mut self,
        shape: &[i64],
        axis: u32,
        channels: i64,
        zero_point: i64,
    ) -> (ValueId, Vec<f32>) {
        let n: i64 = shape.iter().product();
        let per_axis = zero_point == 0 && self.draw.between(0, 1) == 1;
        let count = if per_axis { channels } else { 1 };
        let scales: Vec<f32> = (0..count).map(|_| self.draw.scale() / 4.0).collect();
        let wide = scales.iter().copied().map(f64::from).collect();
        let q = if per_axis {
            QuantType::per_axis(8, axis, wide, vec![0; channels as usize])
        } else {
            QuantType::per_tensor(8, scales[0].into(), zero_point)
        };
        // With a zero point all distances from it are bytes.
        let mut bytes = self.draw.bytes(n as usize);
        if zero_point != 0 {
            bytes
                .iter_mut()
                .for_each(|b| *b = (i64::from(*b as i8) / 2 + zero_point) as u8);
        }
        (self.constant(shape, q, bytes), scales)
    }

    /// An int32 bias of the accumulator's scale, or a float one.
    fn bias(&mut self, input: f32, scales: &[f32], channels: i64, float: bool) -> ValueId {
        let values: Vec<i64> = (0..channels)
            .map(|_| self.draw.between(-9000, 9000))
            .collect();
        let scale = |i: usize| input * scales[i % scales.len()];
        if float {
            let values = values.iter().enumerate();
            let bytes: Vec<u8> = values
                .flat_map(|(i, &b)| (b as f32 * scale(i) * 1.01).to_le_bytes())
                .collect();
            let ty = self.float(&[channels]);
            let value = self.m.dense_attr(ty, bytes);
            return self.emit("nn.constant", &[], ty, &[("value", value)]);
        }
        let wide: Vec<f64> = (0..scales.len()).map(|i| scale(i).into()).collect();
        let q = match wide.as_slice() {
            &[one] => QuantType::per_tensor(32, one, 0),
            _ => QuantType::per_axis(32, 0, wide, vec![0; channels as usize]),
        };
        let bytes = values
            .iter()
            .flat_map(|&b| (b as i32).to_le_bytes())
            .collect();
        self.constant(&[channels], q, bytes)
    }

    fn window(
        &mut self,
        kernel: Option<[i64; 2]>,
        pads: [i64; 4],
        activation: &str,
    ) -> Vec<(&'static str, Attr)> {
        let mut props = vec![
            ("strides", self.m.i64s_attr(&[1, 1])),
            ("pads", self.m.i64s_attr(&pads)),
            ("activation", self.m.str_attr(activation)),
        ];
        match kernel {
            Some(kernel) => props.push(("kernel", self.m.i64s_attr(&kernel))),
            None => props.push(("dilations", self.m.i64s_attr(&[1, 1]))),
        }
        props
    }
}

const IMAGE: [i64; 4] = [1, 6, 5, 8];

/// The layer in float between quantisations, its result quantised as said.
fn layer(registry: &Registry, kind: Kind, seed: u64, to: Option<(f32, i64)>) -> Module {
    let mut draw = Draw(seed);
    let mut m = Module::new(registry.dialects().clone());
    let (scale, zero_point) = (draw.scale(), draw.between(-128, 127));
    let second = if kind == Kind::Maximum {
        (scale, zero_point)
    } else {
        (draw.scale(), draw.between(-128, 127))
    };
    let shape = if kind == Kind::FullyConnected {
        vec![3, 40]
    } else {
        IMAGE.to_vec()
    };
    let types = [(scale, zero_point), second].map(|(s, z)| {
        let elem = m.quant(QuantType::per_tensor(8, s.into(), z));
        m.tensor(&shape, elem)
    });
    let (main, block) = func::build_func(&mut m, "main", &types, &[], Loc::UNKNOWN);
    let args = m.block_args(block).to_vec();
    let mut l = Layer { m, block, draw };
    let float = l.float(&shape);
    let x = l.emit("nn.dequantize", &[args[0]], float, &[]);
    let y = l.emit("nn.dequantize", &[args[1]], float, &[]);
    let none = l.m.str_attr("none");
    let plain = [("activation", none)];
    let conv = |l: &mut Layer, activation: &str| {
        let zero_point = if kind == Kind::ConvShiftedFilter {
            7
        } else {
            0
        };
        let (w, scales) = l.filter(&[4, 3, 3, 8], 0, 4, zero_point);
        let b = l.bias(scale, &scales, 4, kind == Kind::ConvFloatBias);
        let props = l.window(None, [1, 1, 1, 1], activation);
        let ty = l.float(&[1, 6, 5, 4]);
        l.emit("nn.conv_2d", &[x, w, b], ty, &props)
    };
    let result = match kind {
        Kind::Conv | Kind::ConvFloatBias | Kind::ConvShiftedFilter => conv(&mut l, "none"),
        Kind::ConvRelu => conv(&mut l, "relu6"),
        Kind::ConvReluApart => {
            let y = conv(&mut l, "none");
            let ty = l.m.value_type(y);
            l.emit("nn.relu", &[y], ty, &[])
        }
        Kind::MaxPoolOfConv => {
            let y = conv(&mut l, "none");
            let props = l.window(Some([2, 2]), [0; 4], "none");
            let ty = l.float(&[1, 5, 4, 4]);
            l.emit("nn.max_pool_2d", &[y], ty, &props)
        }
        Kind::Depthwise => {
            let (w, scales) = l.filter(&[1, 3, 3, 16], 3, 16, 0);
            let b = l.bias(scale, &scales, 16, false);
            let props = l.window(None, [0; 4], "none");
            let ty = l.float(&[1, 4, 3, 16]);
            l.emit("nn.depthwise_conv_2d", &[x, w, b], ty, &props)
        }
        Kind::FullyConnected => {
            let (w, scales) = l.filter(&[10, 40], 0, 10, 0);
            let b = l.bias(scale, &scales, 10, false);
            let ty = l.float(&[3, 10]);
            l.emit("nn.fully_connected", &[x, w, b], ty, &plain)
        }
        Kind::Add => l.emit("nn.add", &[x, y], float, &plain),
        Kind::Sub => l.emit("nn.sub", &[x, y], float, &plain),
        Kind::Mul => l.emit("nn.mul", &[x, y], float, &plain),
        Kind::Maximum => l.emit("nn.maximum", &[x, y], float, &[]),
        Kind::MeanFine | Kind::MeanCoarse => {
            let props = l.window(Some([6, 5]), [0; 4], "none");
            let ty = l.float(&[1, 1, 1, 8]);
            l.emit("nn.average_pool_2d", &[x], ty, &props)
        }
        Kind::MaxPool => {
            let props = l.window(Some([3, 2]), [1, 1, 0, 1], "none");
            let ty = l.float(&[1, 6, 5, 8]);
            l.emit("nn.max_pool_2d", &[x], ty, &props)
        }
        Kind::Softmax => {
            let beta = l.m.f32_attr(1.0);
            l.emit("nn.softmax", &[x], float, &[("beta", beta)])
        }
        Kind::Relu => l.emit("nn.relu", &[x], float, &[]),
        Kind::Clip => {
            let (low, high) = (l.number(-0.7), l.number(1.3));
            let y = l.emit("nn.maximum", &[x, low], float, &[]);
            l.emit("nn.minimum", &[y, high], float, &[])
        }
        Kind::HardSwish => {
            let (sixth, half, one) = (l.number(1.0 / 6.0), l.number(0.5), l.number(1.0));
            let gate = l.emit("nn.mul", &[x, sixth], float, &plain);
            let gate = l.emit("nn.add", &[half, gate], float, &plain);
            let gate = l.emit("nn.relu", &[gate], float, &[]);
            let gate = l.emit("nn.minimum", &[gate, one], float, &[]);
            l.emit("nn.mul", &[x, gate], float, &plain)
        }
        Kind::Logistic => l.emit("nn.logistic", &[x], float, &[]),
        Kind::Moves => {
            let order = l.m.i64s_attr(&[0, 3, 1, 2]);
            let ty = l.float(&[1, 8, 6, 5]);
            let y = l.emit("nn.transpose", &[x], ty, &[("permutation", order)]);
            let padding = l.m.i64s_attr(&[0, 0, 1, 0, 0, 2, 0, 0]);
            let ty = l.float(&[1, 9, 8, 5]);
            let y = l.emit("nn.pad", &[y], ty, &[("padding", padding)]);
            let picks = ir::dialects::nn::Picks {
                along: vec![None, Some(vec![7, 0, 0, 8]), None, Some(vec![4, 2])],
            };
            let props = picks.attributes(&mut l.m);
            let ty = l.float(&[1, 4, 8, 2]);
            let y = l.emit("nn.gather", &[y], ty, &props);
            let ty = l.float(&[4, 16]);
            l.emit("nn.reshape", &[y], ty, &[])
        }
        Kind::Concatenation => {
            let axis = l.m.i64_attr(3);
            let ty = l.float(&[1, 6, 5, 16]);
            l.emit("nn.concatenation", &[x, y], ty, &[("axis", axis)])
        }
        Kind::Requantize => x,
    };
    let to = match kind {
        // What moves elements, or picks them, keeps their type.
        Kind::Moves | Kind::Maximum => to.map(|_| (scale, zero_point)),
        Kind::MeanFine => to.map(|(_, z)| (scale, z)),
        Kind::Softmax => to.map(|_| (1.0 / 256.0, -128)),
        _ => to,
    };
    let output = match to {
        None => result,
        Some((s, z)) => {
            let elem = l.quant(s, z);
            let shape = ir::dialects::nn::shape(&l.m, result).to_vec();
            let ty = l.m.tensor(&shape, elem);
            l.emit("nn.quantize", &[result], ty, &[])
        }
    };
    let mut m = l.m;
    let op = m.create(OpState::new("func.return").operands(&[output]));
    m.append(block, op);
    let signature = m.function(&types, &[m.value_type(output)]);
    let signature = m.type_attr(signature);
    m.set_prop(main, "function_type", signature);
    m
}

/// Scale and zero point for the range of some numbers.
fn fitting(output: &[u8]) -> (f32, i64) {
    let values: Vec<f32> = output
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    let low = values.iter().copied().fold(0.0, f32::min);
    let high = values.iter().copied().fold(1e-3, f32::max);
    let scale = (high - low) / 255.0;
    (
        scale,
        (-128.0 - low / scale).round().clamp(-128.0, 127.0) as i64,
    )
}

fn run(registry: &Registry, m: &Module, pipeline: &str) -> (Module, Vec<String>) {
    let mut m = m.clone();
    let mut cx = PassCx::new(registry, registry.targets().get("cortex-m4").unwrap());
    let pipeline = Pipeline::parse(&format!("builtin.module({pipeline})")).unwrap();
    let manager = ManagerOptions {
        verify_each: true,
        ..ManagerOptions::default()
    };
    let done = pass::run_pipeline(&pipeline, &mut m, &mut cx, manager, &mut ());
    assert!(done.is_ok(), "{}", cx.diagnostics);
    (m, cx.diagnostics.iter().map(|d| d.to_string()).collect())
}

fn has_float(m: &Module) -> bool {
    m.walk(m.root(), WalkOrder::Pre)
        .into_iter()
        .flat_map(|op| m.results(op).to_vec())
        .any(|v| ir::dialects::nn::element(m, m.value_type(v)) == ir::dialects::nn::Element::F32)
}

#[test]
fn drawn_layers_become_integers_a_step_from_float_at_most() {
    let registry = registry();
    let mut farthest: BTreeMap<Kind, (u8, usize)> = BTreeMap::new();
    for kind in KINDS {
        for seed in 0..60 {
            let unquantised = layer(&registry, kind, seed, None);
            ir::verify::verify(&unquantised).unwrap_or_else(|e| panic!("{kind:?}: {e}"));
            let mut draw = Draw(seed ^ 0x5eed);
            let n: usize = if kind == Kind::FullyConnected {
                120
            } else {
                240
            };
            let inputs = vec![draw.bytes(n), draw.bytes(n)];
            let to = fitting(&interp::run_nn(&unquantised, &inputs).unwrap()[0]);
            let float = layer(&registry, kind, seed, Some(to));
            let (integer, remarks) = run(&registry, &float, "func.func(quantize-graph,dce)");
            let text = ir::text::print_module(&integer);
            assert!(!has_float(&integer), "{kind:?} {seed} {remarks:?}\n{text}");
            let want = interp::run_nn(&float, &inputs).unwrap();
            let got = interp::run_nn(&integer, &inputs).unwrap();
            let off = want[0].iter().zip(&got[0]);
            let off = off.map(|(&a, &b)| (a as i8).abs_diff(b as i8));
            let (most, some) = (off.clone().max().unwrap(), off.filter(|&d| d > 0).count());
            assert!(most <= 1, "{kind:?} {seed}: {most} steps\n{text}");
            let entry = farthest.entry(kind).or_default();
            *entry = (entry.0.max(most), entry.1 + some);
            // A second run finds nothing more.
            let (again, _) = run(&registry, &integer, "func.func(quantize-graph)");
            assert_eq!(ir::text::print_module(&again), text, "{kind:?} {seed}");
        }
    }
    println!("{farthest:?}");
    for (kind, (most, _)) in farthest {
        assert!(most == 0 || !kind.is_exact(), "{kind:?}");
    }
}

#[test]
fn in_float_constants_alone_are_dequantised() {
    let registry = registry();
    for kind in [Kind::Conv, Kind::Depthwise, Kind::FullyConnected] {
        let before = layer(&registry, kind, 3, Some((0.5, 3)));
        let (after, remarks) = run(
            &registry,
            &before,
            "func.func(quantize-graph{arithmetic=float})",
        );
        let text = ir::text::print_module(&after);
        assert!(
            !text.contains("i32:f32") && text.contains("nn.quantize"),
            "{text}"
        );
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(
            remarks
                .iter()
                .all(|r| r.contains("remark.dequantized-weights"))
        );
        let inputs = vec![
            Draw(1).bytes(if kind == Kind::FullyConnected {
                120
            } else {
                240
            });
            2
        ];
        assert_eq!(
            interp::run_nn(&after, &inputs),
            interp::run_nn(&before, &inputs)
        );
    }
}

/// A convolution whose filter has this type.
fn with_filter(registry: &Registry, quant: QuantType) -> Module {
    let mut m = layer(registry, Kind::Conv, 5, Some((0.5, 3)));
    let ops = m.walk(m.root(), WalkOrder::Pre);
    let conv = ops
        .into_iter()
        .find(|&op| m.op_name(op) == "nn.conv_2d")
        .unwrap();
    let filter = m.defining_op(m.operand(conv, 1)).unwrap();
    let constant = m.operand(filter, 0);
    let elem = m.quant(quant);
    let ty = m.tensor(&[4, 3, 3, 8], elem);
    m.set_value_type(constant, ty);
    m
}

/// A filter keeps the zero point without which its weights were no int8.
#[test]
fn a_filter_keeps_a_zero_point_that_it_needs() {
    let registry = registry();
    let m = with_filter(&registry, QuantType::per_tensor(8, 0.01, 100));
    let (after, remarks) = run(&registry, &m, "func.func(quantize-graph)");
    assert!(remarks.is_empty(), "{remarks:?}");
    assert!(ir::text::print_module(&after).contains("i8:f32, 1.000000e-02:100>"));
    let (before, after) = [&m, &after]
        .map(|m| interp::run_nn(m, &[Draw(1).bytes(240), Draw(1).bytes(240)]).unwrap())
        .into();
    for (a, b) in before.iter().flatten().zip(after.iter().flatten()) {
        assert!((i32::from(*a as i8) - i32::from(*b as i8)).abs() <= 1);
    }
}

/// What filters' zero points leave no bytes for stays in float, and is said.
#[test]
fn what_has_no_integer_form_stays() {
    let registry = registry();
    let quant = QuantType::per_axis(8, 0, vec![0.01; 4], vec![100, 0, 0, 0]);
    let m = with_filter(&registry, quant);
    let (after, remarks) = run(&registry, &m, "func.func(quantize-graph)");
    let of = |code: &str| remarks.iter().filter(|r| r.contains(code)).count();
    assert_eq!(of("remark.float-layer"), 1, "{remarks:?}");
    assert_eq!(of("remark.dequantized-weights"), 2, "{remarks:?}");
    let inputs = vec![Draw(1).bytes(240); 2];
    assert_eq!(interp::run_nn(&after, &inputs), interp::run_nn(&m, &inputs));
}

/// The pass changes results by design; all else that a pass promises it keeps.
#[test]
fn it_is_a_pass() {
    let properties = Properties::new(registry, "quantize-graph");
    for property in [
        Property::OutputVerifies,
        Property::Deterministic,
        Property::Idempotent,
        Property::Conservative,
        Property::NeverPanics,
    ] {
        properties.assert(property);
    }
}
