//! Random small networks: chains with branches, sums of branches, reshapes, pools; outputs that are used further, returned twice, or
//! an input.

use crate::choices::{Choices, Random};
use crate::nn::quantization::{self, Regime};
use crate::nn::{self, Case, Element, Kind, Op, Tensor, select};
use crate::values::{Spread, Values};
use ir::dialects::{func, nn::broadcast};
use ir::{AttrData, Builder, DialectRegistry, Module};
use proptest::strategy::Strategy;
use std::sync::Arc;

/// The file name in the networks' locations.
pub const FILE: &str = "random.tflite";

/// One op of a network.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// The op, with its constants.
    pub op: Op,
    /// Which values are its operands; see [`Network::nodes`].
    pub operands: Vec<usize>,
    /// The results.
    pub outputs: Vec<Tensor>,
}

/// A network.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// The inputs: values 0, 1, ….
    pub inputs: Vec<Tensor>,
    /// The ops in order; after the inputs, their results in order are the values.
    pub nodes: Vec<Node>,
    /// The values that are returned; one may be an input, or be returned twice.
    pub outputs: Vec<usize>,
    /// Seed of constants and inputs.
    pub seed: u64,
    /// How constants are spread.
    pub constants: Spread,
    /// How inputs are spread.
    pub values: Spread,
}

impl Network {
    /// Draws a network of at most 12 ops.
    pub fn draw(c: &mut Choices) -> Network {
        let mut net = Network {
            inputs: Vec::new(),
            nodes: Vec::new(),
            outputs: Vec::new(),
            seed: 0,
            constants: Spread::Uniform,
            values: Spread::Uniform,
        };
        let float = c.once_in(4);
        for _ in 0..c.of(&[1, 1, 1, 2, 2, 3]) {
            let element = if float {
                Element::F32
            } else {
                Element::I8(quantization::activation(c))
            };
            let shape = if c.once_in(5) {
                vec![c.of(&[1, 2]), c.of(&[3, 8, 10, 16, 24])]
            } else {
                let edge = c.of(&[1, 3, 4, 5, 6, 8]);
                vec![
                    c.of(&[1, 1, 1, 2]),
                    edge,
                    c.of(&[edge, edge, 1, 7]),
                    c.of(&[1, 2, 3, 4, 8]),
                ]
            };
            net.inputs.push(Tensor { shape, element });
        }
        for _ in 0..c.between(1, 12) {
            let node = net.next(c);
            net.nodes.push(node);
        }
        net.choose_outputs(c);
        net.seed = c.seed();
        net.constants = Spread::draw(c);
        let floats = (0..net.value_count()).any(|v| net.tensor(v).element == Element::F32);
        if floats && net.constants == Spread::Extremes {
            // A dozen layers of weights of a thousand leave the range of float32.
            net.constants = Spread::Uniform;
        }
        net.values = Spread::draw(c);
        net
    }

    pub(crate) fn of_case(case: &Case) -> Network {
        let node = Node {
            op: case.op.clone(),
            operands: case.operands.clone(),
            outputs: case.outputs.clone(),
        };
        let first = case.inputs.len();
        Network {
            inputs: case.inputs.clone(),
            nodes: vec![node],
            outputs: (first..first + case.outputs.len()).collect(),
            seed: case.seed,
            constants: case.constants,
            values: case.values,
        }
    }

    /// The tensor of a value.
    pub fn tensor(&self, value: usize) -> &Tensor {
        match value.checked_sub(self.inputs.len()) {
            None => &self.inputs[value],
            Some(result) => {
                let (node, at) = self.maker(result);
                &self.nodes[node].outputs[at]
            }
        }
    }

    /// The node that makes a value, counted behind the inputs, and which of its results it is.
    fn maker(&self, mut result: usize) -> (usize, usize) {
        for (i, node) in self.nodes.iter().enumerate() {
            match result.checked_sub(node.outputs.len()) {
                None => return (i, result),
                Some(rest) => result = rest,
            }
        }
        panic!("a network has no such value")
    }

    /// How many values there are.
    pub fn value_count(&self) -> usize {
        let made: usize = self.nodes.iter().map(|n| n.outputs.len()).sum();
        self.inputs.len() + made
    }

    /// One more op, on the latest value or an earlier one.
    fn next(&self, c: &mut Choices) -> Node {
        let count = self.value_count() as u32;
        let value = if c.below(4) < 3 {
            count - 1
        } else {
            c.below(count)
        } as usize;
        let input = self.tensor(value);
        let kind = kind(c, input);
        if kind == Kind::Concatenation {
            return self.concatenation(c, value);
        }
        let two = [Kind::Add, Kind::Sub, Kind::Mul, Kind::Prelu];
        if !two.contains(&kind) {
            let step = select::step(c, kind, input, Regime::Typical);
            return Node {
                op: step.op,
                operands: vec![value],
                outputs: step.outputs,
            };
        }
        let partners: Vec<usize> = (0..count as usize)
            .filter(|&other| self.adds_to(value, other))
            .collect();
        if partners.is_empty() || kind == Kind::Prelu || c.once_in(4) {
            let shape = match c.below(3) {
                0 => vec![input.shape[input.shape.len() - 1]],
                1 => vec![1],
                _ => input.shape.clone(),
            };
            let element = match input.element {
                Element::I8(_) => Element::I8(quantization::activation(c)),
                same => same,
            };
            let constant = Tensor { shape, element };
            let first = kind != Kind::Prelu && c.once_in(3);
            let of = select::Operands {
                lhs: input,
                rhs: &constant,
                constant: Some(constant.clone()),
                constant_first: first,
            };
            let step = select::binary(c, kind, of);
            return Node {
                op: step.op,
                operands: vec![value],
                outputs: step.outputs,
            };
        }
        let other = c.of(&partners);
        let of = select::Operands {
            lhs: input,
            rhs: self.tensor(other),
            constant: None,
            constant_first: false,
        };
        let step = select::binary(c, kind, of);
        Node {
            op: step.op,
            operands: vec![value, other],
            outputs: step.outputs,
        }
    }

    /// A value and up to two others, or itself again, along a dimension that they may differ in.
    fn concatenation(&self, c: &mut Choices, value: usize) -> Node {
        let first = self.tensor(value);
        let axis = c.below(first.shape.len() as u32) as usize;
        let partners: Vec<usize> = (0..self.value_count())
            .filter(|&v| joins(first, self.tensor(v), axis) && self.tensor(v).len() <= 4096)
            .collect();
        let mut operands = vec![value];
        for _ in 0..c.below(3) {
            if !partners.is_empty() && first.len() <= 4096 {
                operands.push(c.of(&partners));
            }
        }
        let parts: Vec<&Tensor> = operands.iter().map(|&v| self.tensor(v)).collect();
        let step = select::concatenation(&parts, axis);
        Node {
            op: step.op,
            operands,
            outputs: step.outputs,
        }
    }

    /// Whether two values have elements of one kind and shapes that broadcast to no more than the larger.
    fn adds_to(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.tensor(a), self.tensor(b));
        let sum = broadcast(&a.shape, &b.shape);
        a.element.kind() == b.element.kind()
            && sum.is_some_and(|s| s.iter().product::<i64>() as usize <= a.len().max(b.len()))
    }

    /// Every value that nothing uses, seldom one not; some that are used; seldom an input, or one twice.
    fn choose_outputs(&mut self, c: &mut Choices) {
        let mut used = vec![false; self.value_count()];
        for node in &self.nodes {
            for &v in &node.operands {
                used[v] = true;
            }
        }
        for (v, &used) in used.iter().enumerate().skip(self.inputs.len()) {
            let chosen = if used { c.once_in(8) } else { !c.once_in(16) };
            if chosen {
                self.outputs.push(v);
            }
        }
        if self.outputs.is_empty() {
            self.outputs.push(self.value_count() - 1);
        }
        if c.once_in(8) {
            let twice = c.of(&self.outputs);
            self.outputs.push(twice);
        }
        if c.once_in(8) {
            let at = c.below(self.outputs.len() as u32 + 1) as usize;
            self.outputs
                .insert(at, c.below(self.inputs.len() as u32) as usize);
        }
    }

    /// The module: `@main` with these ops.
    pub fn build(&self, registry: &Arc<DialectRegistry>) -> Module {
        let mut m = Module::new(registry.clone());
        let file = m.str_attr(FILE);
        let root = m.root();
        m.set_discardable(root, "mcu.model", file);
        let inputs: Vec<_> = self
            .inputs
            .iter()
            .map(|t| nn::tensor_type(&mut m, t))
            .collect();
        let results: Vec<_> = self
            .outputs
            .iter()
            .map(|&v| nn::tensor_type(&mut m, self.tensor(v)))
            .collect();
        let (main, entry) = func::build_func(&mut m, "main", &inputs, &results, ir::Loc::UNKNOWN);
        for i in 0..inputs.len() {
            let name = m.str_attr(&self.name(i));
            func::set_arg_attr(&mut m, main, i, "mcu.name", name);
        }
        let names: Vec<_> = self
            .outputs
            .iter()
            .map(|&v| {
                let name = m.str_attr(&self.name(v));
                m.dict_attr(&[("mcu.name", name)])
            })
            .collect();
        let names = m.attr(AttrData::Array(names));
        m.set_prop(main, "res_attrs", names);

        let mut values = m.block_args(entry).to_vec();
        let mut constants = nn::Constants::new(self.seed, self.constants);
        for (i, node) in self.nodes.iter().enumerate() {
            let loc = m.layer_loc(&self.node_name(i), FILE, i as u32, 0);
            let mut b = Builder::at_end(&mut m, entry);
            b.set_loc(loc);
            let operands: Vec<_> = node
                .operands
                .iter()
                .map(|&v| (values[v], self.tensor(v).element))
                .collect();
            let results = nn::build(&mut b, &node.op, &operands, &node.outputs, &mut constants);
            values.extend(results);
        }
        let outputs: Vec<_> = self.outputs.iter().map(|&v| values[v]).collect();
        Builder::at_end(&mut m, entry).op("func.return", &outputs, &[]);
        m
    }

    fn name(&self, value: usize) -> String {
        match value.checked_sub(self.inputs.len()) {
            None => format!("input_{value}"),
            Some(result) => match self.maker(result) {
                (node, 0) => self.node_name(node),
                (node, at) => format!("{}_part_{at}", self.node_name(node)),
            },
        }
    }

    fn node_name(&self, node: usize) -> String {
        format!("{}_{node}", self.nodes[node].op.kind().name())
    }

    /// The bytes of each input; other samples have other bytes.
    pub fn inputs(&self, sample: u64) -> Vec<Vec<u8>> {
        let mut seeds = Random::new(self.seed ^ (sample + 1).wrapping_mul(0xd6e8_feb8_6659_fd93));
        let one = |(i, t): (usize, &Tensor)| {
            let mut values = Values::new(seeds.next_u64(), self.values);
            match t.element {
                Element::I8(q) => values.i8s(t.len(), q.zero_point),
                Element::I32 => values.i32s(t.len(), 1000),
                Element::F32 => match self.quantized_by(i) {
                    Some(scale) => values.f32s_to_quantize(t.len(), scale),
                    None => values.f32s(t.len()),
                },
            }
        };
        self.inputs.iter().enumerate().map(one).collect()
    }

    /// The scale that an input is quantised with, if that is all that is done to it.
    fn quantized_by(&self, input: usize) -> Option<f32> {
        let mut users = self.nodes.iter().filter(|n| n.operands.contains(&input));
        match (users.next(), users.next()) {
            (
                Some(Node {
                    op: Op::Quantize,
                    outputs,
                    ..
                }),
                None,
            ) => match outputs.first().map(|t| t.element) {
                Some(Element::I8(q)) => Some(q.scale),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Whether two tensors have one element type and, but for a dimension, one shape.
fn joins(a: &Tensor, b: &Tensor, axis: usize) -> bool {
    let same = |i: usize| i == axis || a.shape[i] == b.shape[i];
    a.element == b.element && a.shape.len() == b.shape.len() && (0..a.shape.len()).all(same)
}

/// An op that fits an input.
fn kind(c: &mut Choices, input: &Tensor) -> Kind {
    if input.element == Element::I32 {
        // Indices are moved, and nothing else.
        return match input.shape.is_empty() {
            true => Kind::Reshape,
            false => c.of(&[
                Kind::Reshape,
                Kind::Transpose,
                Kind::Concatenation,
                Kind::Split,
            ]),
        };
    }
    let mut kinds = vec![
        Kind::Relu,
        Kind::FullyConnected,
        Kind::Add,
        Kind::Add,
        Kind::Reshape,
        Kind::Softmax,
        Kind::Relu6,
        Kind::Concatenation,
        Kind::Split,
        Kind::Transpose,
        Kind::Gather,
        Kind::Sub,
        Kind::Mul,
        Kind::Tanh,
        Kind::HardSwish,
        Kind::LeakyRelu,
        Kind::Prelu,
        Kind::Mean,
        match input.shape.len() % 2 {
            0 => Kind::ArgMax,
            _ => Kind::ArgMin,
        },
    ];
    if input.shape.len() == 4 {
        kinds.extend([
            Kind::Conv2d,
            Kind::Conv2d,
            Kind::Conv2d,
            Kind::DepthwiseConv2d,
            Kind::DepthwiseConv2d,
        ]);
        kinds.extend([
            Kind::AveragePool2d,
            Kind::MaxPool2d,
            Kind::Pad,
            Kind::ResizeBilinear,
        ]);
    }
    kinds.push(Kind::Quantize);
    if matches!(input.element, Element::I8(_)) {
        kinds.extend([Kind::Dequantize, Kind::LookupTable]);
    }
    c.of(&kinds)
}

/// Choices that a network takes at most.
const NETWORK_CHOICES: usize = 1024;

/// Networks.
pub fn strategy() -> impl Strategy<Value = Network> {
    Choices::strategy(NETWORK_CHOICES).prop_map(|mut c| Network::draw(&mut c))
}

/// `count` networks that follow from a seed: the first networks of a seed stay when `count` grows.
pub fn networks(seed: u64, count: usize) -> Vec<Network> {
    (0..count)
        .map(|i| Network::draw(&mut Choices::for_case(seed, i)))
        .collect()
}
