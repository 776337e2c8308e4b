//! Random left sides.

pub mod gather;
pub mod joining;
pub mod layout;
pub mod net;
pub mod pad;
pub mod window;

use ir::{Builder, Module, OpState, QuantType, Type, ValueId};
use pass::Registry;
use testgen::Choices;
use testgen::network::{Network, Node};
use testgen::nn::{Case, Element, ElementKind, Kind, Op, Quantization, Tensor};

/// A network and the bytes of its inputs.
pub struct Instance {
    pub module: Module,
    pub inputs: Vec<Vec<u8>>,
}

fn of_case(case: &Case, registry: &Registry) -> Instance {
    Instance {
        module: case.build(registry.dialects()),
        inputs: case.inputs(0),
    }
}

fn element(c: &mut Choices) -> ElementKind {
    c.of(&[ElementKind::I8, ElementKind::I8, ElementKind::F32])
}

fn quantised(m: &mut Module, c: &mut Choices, shape: &[i64]) -> Type {
    let scale = c.between(1, 1 << 20) as f32 / c.of(&[16384.0f32, 65536.0, 1e7]);
    let q = m.quant(QuantType::per_tensor(8, scale.into(), c.between(-128, 127)));
    m.tensor(shape, q)
}

/// Has `@main` return what an op makes of its result.
fn append(m: &mut Module, name: &str, to: impl FnOnce(&mut Module, Type) -> Type) {
    let f = m.lookup_symbol("main").unwrap();
    let entry = m.entry_block(f).unwrap();
    let end = m.last_op(entry).unwrap();
    let x = m.operand(end, 0);
    let from = m.value_type(x);
    let to = to(m, from);
    let op = Builder::before(m, end).insert(OpState::new(name).operands(&[x]).results(&[to]));
    let y = m.result(op, 0);
    m.set_operand(end, 0, y);
    let inputs: Vec<Type> = m
        .block_args(entry)
        .iter()
        .map(|&v| m.value_type(v))
        .collect();
    let ty = m.function(&inputs, &[to]);
    let ty = m.type_attr(ty);
    m.set_prop(f, "function_type", ty);
}

/// An op that may have a fused activation, and an activation behind it.
pub fn activation_behind(registry: &Registry, c: &mut Choices) -> Instance {
    let kind = c.of(&[
        Kind::Conv2d,
        Kind::DepthwiseConv2d,
        Kind::FullyConnected,
        Kind::AveragePool2d,
        Kind::MaxPool2d,
        Kind::Add,
        Kind::Sub,
        Kind::Mul,
    ]);
    let element = element(c);
    let mut instance = of_case(&Case::draw(c, kind, element), registry);
    let name = c.of(&["nn.relu", "nn.relu6"]);
    let other = element == ElementKind::I8 && c.once_in(4);
    append(&mut instance.module, name, |m, from| {
        let shape = m.type_data(from).shape().unwrap().to_vec();
        if other { quantised(m, c, &shape) } else { from }
    });
    instance
}

/// A layer whose activation may clamp nothing.
pub fn idle_fused(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = net::Net::new(registry, c);
    let (from, to) = (net.i8(), net.bounded());
    let x = net.input(&[2, 6], from);
    let bias = net.c.once_in(2);
    let y = net.fully_connected(x, 3, bias);
    let activation = net.c.of(&["relu", "relu6", "relu_n1_to_1"]);
    net.alter(y, activation, to);
    net.returning(&[y])
}

/// An activation that may clamp nothing, mostly of one type.
pub fn idle(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = net::Net::new(registry, c);
    let elem = net.bounded();
    let x = net.input(&[2, 64], elem);
    let name = net.c.of(&["relu", "relu6"]);
    let to = if net.c.once_in(5) {
        net.bounded()
    } else {
        elem
    };
    let y = net.op(name, &[x], &[], &[2, 64], to);
    net.returning(&[y])
}

/// An activation of floats, mostly, that what is behind it may do, too.
pub fn before_quantize(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = net::Net::new(registry, c);
    let elem = if net.c.once_in(6) {
        net.i8()
    } else {
        net.f32()
    };
    let x = net.input(&[2, 64], elem);
    let name = net.c.of(&["relu", "relu6"]);
    let y = net.op(name, &[x], &[], &[2, 64], elem);
    let to = net.bounded();
    let z = net.op("quantize", &[y], &[], &[2, 64], to);
    net.returning(&[z])
}

pub fn fully_connected(registry: &Registry, c: &mut Choices) -> Instance {
    let element = element(c);
    of_case(&Case::draw(c, Kind::FullyConnected, element), registry)
}

/// A convolution: of single pixels, of the whole image, of tiles, or any.
pub fn convolution(registry: &Registry, c: &mut Choices) -> Instance {
    let element = element(c);
    let mut case = Case::draw(c, Kind::Conv2d, element);
    let [n, h, w, _] = case.inputs[0].shape[..] else {
        unreachable!("images have four dimensions")
    };
    let tile = |n: i64| (1..=n).rev().find(|t| n % t == 0 && *t < n).unwrap_or(1);
    let (kernel, strides) = match c.below(8) {
        0..3 => ([1, 1], [1, 1]),
        3..6 => ([h, w], [c.between(1, 3), c.between(1, 3)]),
        6 => ([tile(h), tile(w)], [tile(h), tile(w)]),
        _ => return of_case(&case, registry),
    };
    let Op::Conv2d { filter, window, .. } = &mut case.op else {
        unreachable!("a convolution was drawn")
    };
    // A whole image times many channels takes long.
    if kernel[0] * kernel[1] > 256 {
        return of_case(&case, registry);
    }
    filter.shape[1] = kernel[0];
    filter.shape[2] = kernel[1];
    window.strides = strides;
    window.dilations = [1, 1];
    window.pads = [0; 4];
    let out = |n: i64, k: i64, s: i64| (n - k) / s + 1;
    let (oh, ow) = (out(h, kernel[0], strides[0]), out(w, kernel[1], strides[1]));
    case.outputs[0].shape = vec![n, oh, ow, case.outputs[0].shape[3]];
    of_case(&case, registry)
}

/// Operators on single elements, one after the other; ops with one number, or with any.
pub fn pointwise_chain(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = net::Net::new(registry, c);
    let elem = net.i8();
    let mut x = net.input(&[2, 128], elem);
    for _ in 0..net.c.between(1, 4) {
        x = match net.c.once_in(4) {
            true => of_two(&mut net, x),
            false => net.pointwise(x),
        };
    }
    let mut instance = net.returning(&[x]);
    instance.inputs = vec![(0..=255).collect()];
    instance
}

/// An op of a value and itself, or a constant.
fn of_two(net: &mut net::Net<'_>, x: ValueId) -> ValueId {
    let float = net.is_float(net.elem(x));
    let elem = match float || net.c.once_in(2) {
        true => net.elem(x),
        false => net.i8(),
    };
    let y = match net.c.below(6) {
        0 => x,
        1 => net.constant(&[128], elem),
        2 | 3 => net.constant(&[1, 1], elem),
        _ => {
            let bytes = if float {
                0.75f32.to_le_bytes().to_vec()
            } else {
                vec![7]
            };
            net.constant_of(&[2, 128], elem, bytes.repeat(256))
        }
    };
    let [a, b] = if net.c.once_in(2) { [x, y] } else { [y, x] };
    net.binary(a, b)
}

/// A layer with one or two steps behind it: sums with a further input, or tables; the network returns the last. Where it may be `wrong`, a
/// quarter of them are float, or sum what has another shape.
pub fn behind_layer(c: &mut Choices, tables: bool, wrong: bool) -> Network {
    let kind = c.of(&[Kind::Conv2d, Kind::DepthwiseConv2d, Kind::FullyConnected]);
    let wrong = wrong && c.once_in(3);
    let float = wrong && !tables && c.once_in(2);
    let element = if float {
        ElementKind::F32
    } else {
        ElementKind::I8
    };
    let case = Case::draw(c, kind, element);
    let int8 = |c: &mut Choices| {
        Element::I8(Quantization {
            scale: c.between(1, 1 << 10) as f32 / c.of(&[512.0f32, 4096.0]),
            zero_point: c.between(-128, 127),
        })
    };
    let element = |c: &mut Choices| if float { Element::F32 } else { int8(c) };
    let shape = case.outputs[0].shape.clone();
    let mut other = shape.clone();
    if wrong && !float {
        other.iter_mut().for_each(|n| *n = 1);
    }
    let residual = Tensor {
        shape: other,
        element: element(c),
    };
    let mut net = Network {
        inputs: case.inputs.clone(),
        nodes: vec![Node {
            op: case.op.clone(),
            operands: case.operands.clone(),
            outputs: case.outputs.clone(),
        }],
        outputs: Vec::new(),
        seed: case.seed,
        constants: case.constants,
        values: case.values,
    };
    net.inputs.push(residual);
    let (added, mut last) = (net.inputs.len() - 1, net.inputs.len());
    for step in 0..c.between(1, 2) {
        let output = Tensor {
            shape: shape.clone(),
            element: element(c),
        };
        // A float layer has sums only; of the others, the last step is what was asked for.
        let table = !float && (tables || (step == 0 && c.once_in(3)));
        let node = if table && !(tables && wrong && step == 0) {
            let table = Tensor {
                shape: vec![256],
                element: output.element,
            };
            Node {
                op: Op::LookupTable { table },
                operands: vec![last],
                outputs: vec![output],
            }
        } else {
            let mut operands = vec![last, added];
            if c.once_in(2) {
                operands.reverse();
            }
            Node {
                op: Op::Add {
                    constant: None,
                    constant_first: false,
                    activation: c.of(&["none", "none", "relu"]),
                },
                operands,
                outputs: vec![output],
            }
        };
        net.nodes.push(node);
        last += 1;
    }
    net.outputs = vec![last];
    net
}

pub fn sum_behind_layer(registry: &Registry, c: &mut Choices) -> Instance {
    of_network(&behind_layer(c, false, true), registry)
}

pub fn table_behind_layer(registry: &Registry, c: &mut Choices) -> Instance {
    of_network(&behind_layer(c, true, true), registry)
}

fn of_network(net: &Network, registry: &Registry) -> Instance {
    Instance {
        module: net.build(registry.dialects()),
        inputs: net.inputs(0),
    }
}
