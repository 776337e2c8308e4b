//! Random single-operator networks: one [`Case`] is one op of the `nn` dialect with its shapes, quantisation and constants.

mod build;
mod draw;
pub(crate) mod quantization;
pub(crate) mod select;
mod window;

pub(crate) use build::{Constants, build, tensor_type};

use crate::choices::Choices;
use crate::network::Network;
use crate::values::Spread;
use ir::dialects::nn::Picks;
use ir::{DialectRegistry, Module};
use proptest::strategy::Strategy;
use std::sync::Arc;

/// Scale and zero point of an int8 tensor.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quantization {
    /// Real units a step; positive and normal.
    pub scale: f32,
    /// The stored value that means 0, −128 to 127.
    pub zero_point: i64,
}

/// What a tensor's elements are.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Element {
    /// Float32.
    F32,
    /// Int8, quantised per tensor.
    I8(Quantization),
    /// Int32: indices, which an op computed.
    I32,
}

impl Element {
    /// Without the quantisation.
    pub fn kind(self) -> ElementKind {
        match self {
            Element::F32 => ElementKind::F32,
            Element::I8(_) => ElementKind::I8,
            Element::I32 => ElementKind::I32,
        }
    }
}

/// Int8, float32 or int32.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ElementKind {
    /// Int8.
    I8,
    /// Float32.
    F32,
    /// Int32, which no op that is drawn takes first.
    I32,
}

/// A tensor's shape and elements.
#[derive(Clone, PartialEq, Debug)]
pub struct Tensor {
    /// Extents, outermost first, each at least 1.
    pub shape: Vec<i64>,
    /// The elements.
    pub element: Element,
}

impl Tensor {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        match self.element {
            Element::F32 | Element::I32 => 4 * self.len(),
            Element::I8(_) => self.len(),
        }
    }
}

/// How a window moves over rows and columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// Steps, vertical and horizontal.
    pub strides: [i64; 2],
    /// Distances of taps, vertical and horizontal; 1 for pools.
    pub dilations: [i64; 2],
    /// Top, bottom, left, right.
    pub pads: [i64; 4],
}

/// The bias of a convolution or fully connected layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bias {
    /// None.
    None,
    /// Plain `i32`, or `f32` in a float op.
    Plain,
    /// `i32` with the scales that the reference expects: input scale times filter scale.
    Quantized,
}

/// Weights of a convolution or fully connected layer.
#[derive(Clone, PartialEq, Debug)]
pub struct Filter {
    /// O·KH·KW·I, 1·KH·KW·O or O·I.
    pub shape: Vec<i64>,
    /// One scale, or one an output channel; none in a float op.
    pub scales: Vec<f32>,
    /// Zero point of a per-tensor filter of a fully connected layer; 0 elsewhere.
    pub zero_point: i64,
    /// Whether the type is per axis, also with a single output channel.
    pub per_axis: bool,
    /// The bias.
    pub bias: Bias,
    /// How biases are spread; [`Spread::Extremes`] makes accumulators wrap.
    pub bias_spread: Spread,
}

/// The fused activation, by its name in the dialect.
pub type Activation = &'static str;

/// An op with its attributes and constant operands.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    /// `nn.conv_2d`
    Conv2d {
        /// Weights, O·KH·KW·I.
        filter: Filter,
        /// The window.
        window: Window,
        /// The fused activation.
        activation: Activation,
    },
    /// `nn.depthwise_conv_2d`
    DepthwiseConv2d {
        /// Weights, 1·KH·KW·O.
        filter: Filter,
        /// The window.
        window: Window,
        /// The fused activation.
        activation: Activation,
    },
    /// `nn.fully_connected`
    FullyConnected {
        /// Weights, O·I.
        filter: Filter,
        /// The fused activation.
        activation: Activation,
    },
    /// `nn.average_pool_2d`
    AveragePool2d {
        /// Height and width.
        kernel: [i64; 2],
        /// The window.
        window: Window,
        /// The fused activation.
        activation: Activation,
        /// Whether halves are rounded up, of int8.
        half_up: bool,
    },
    /// `nn.max_pool_2d`
    MaxPool2d {
        /// Height and width.
        kernel: [i64; 2],
        /// The window.
        window: Window,
        /// The fused activation.
        activation: Activation,
    },
    /// `nn.add` of two values, or of one and a constant.
    Add {
        /// The constant operand, if one is.
        constant: Option<Tensor>,
        /// Whether the constant is the left operand.
        constant_first: bool,
        /// The fused activation.
        activation: Activation,
    },
    /// `nn.sub`, `nn.mul`, `nn.maximum`, `nn.minimum` or `nn.prelu` of two values, or of one and a constant.
    Binary {
        /// Which of them.
        kind: Kind,
        /// The constant operand, if one is.
        constant: Option<Tensor>,
        /// Whether the constant is the left operand.
        constant_first: bool,
        /// The fused activation; none for the last three.
        activation: Option<Activation>,
    },
    /// `nn.logistic`, `nn.tanh` or `nn.hard_swish`.
    Unary {
        /// Which of them.
        kind: Kind,
    },
    /// `nn.leaky_relu`
    LeakyRelu {
        /// The slope of what is negative.
        alpha: f32,
    },
    /// `nn.mean`
    Mean {
        /// The dimensions, sorted.
        axes: Vec<i64>,
    },
    /// `nn.resize_bilinear`
    ResizeBilinear {
        /// `align_corners`
        align_corners: bool,
        /// `half_pixel_centers`
        half_pixel_centers: bool,
    },
    /// `nn.reshape`
    Reshape,
    /// `nn.softmax`
    Softmax {
        /// Factor of the exponents.
        beta: f32,
    },
    /// `nn.quantize`
    Quantize,
    /// `nn.dequantize`
    Dequantize,
    /// `nn.relu`
    Relu,
    /// `nn.relu6`
    Relu6,
    /// `nn.concatenation`
    Concatenation {
        /// The dimension.
        axis: usize,
    },
    /// `nn.lookup_table`
    LookupTable {
        /// The table: 256 elements of the result's type.
        table: Tensor,
    },
    /// `nn.split`
    Split {
        /// The dimension.
        axis: usize,
    },
    /// `nn.transpose`
    Transpose {
        /// The input's dimensions in the output's order.
        permutation: Vec<i64>,
    },
    /// `nn.gather`
    Gather {
        /// What is taken.
        picks: Picks,
    },
    /// `nn.pad`
    Pad {
        /// Before and behind each dimension.
        padding: Vec<i64>,
        /// Of int8 tensors the stored number, of floats eighths; none for the one that means 0.
        value: Option<i64>,
    },
    /// `nn.arg_max` or `nn.arg_min`
    Arg {
        /// Which.
        kind: Kind,
        /// The dimension.
        axis: usize,
    },
}

/// The ops that cases are drawn of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `nn.conv_2d`
    Conv2d,
    /// `nn.depthwise_conv_2d`
    DepthwiseConv2d,
    /// `nn.fully_connected`
    FullyConnected,
    /// `nn.average_pool_2d`
    AveragePool2d,
    /// `nn.max_pool_2d`
    MaxPool2d,
    /// `nn.add`
    Add,
    /// `nn.reshape`
    Reshape,
    /// `nn.softmax`
    Softmax,
    /// `nn.quantize`; the element is the input's.
    Quantize,
    /// `nn.dequantize`, of int8 only.
    Dequantize,
    /// `nn.relu`
    Relu,
    /// `nn.relu6`
    Relu6,
    /// `nn.concatenation`
    Concatenation,
    /// `nn.split`
    Split,
    /// `nn.transpose`
    Transpose,
    /// `nn.gather`
    Gather,
    /// `nn.pad`
    Pad,
    /// `nn.lookup_table`, of int8 only.
    LookupTable,
    /// `nn.sub`
    Sub,
    /// `nn.mul`
    Mul,
    /// `nn.maximum`
    Maximum,
    /// `nn.minimum`
    Minimum,
    /// `nn.logistic`
    Logistic,
    /// `nn.tanh`
    Tanh,
    /// `nn.hard_swish`
    HardSwish,
    /// `nn.leaky_relu`
    LeakyRelu,
    /// `nn.prelu`
    Prelu,
    /// `nn.mean`
    Mean,
    /// `nn.resize_bilinear`
    ResizeBilinear,
    /// `nn.arg_max`
    ArgMax,
    /// `nn.arg_min`
    ArgMin,
}

impl Kind {
    /// The op's name without its dialect: a C identifier.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Conv2d => "conv_2d",
            Kind::DepthwiseConv2d => "depthwise_conv_2d",
            Kind::FullyConnected => "fully_connected",
            Kind::AveragePool2d => "average_pool_2d",
            Kind::MaxPool2d => "max_pool_2d",
            Kind::Add => "add",
            Kind::Reshape => "reshape",
            Kind::Softmax => "softmax",
            Kind::Quantize => "quantize",
            Kind::Dequantize => "dequantize",
            Kind::Relu => "relu",
            Kind::Relu6 => "relu6",
            Kind::Concatenation => "concatenation",
            Kind::Split => "split",
            Kind::Transpose => "transpose",
            Kind::Gather => "gather",
            Kind::Pad => "pad",
            Kind::LookupTable => "lookup_table",
            Kind::Sub => "sub",
            Kind::Mul => "mul",
            Kind::Maximum => "maximum",
            Kind::Minimum => "minimum",
            Kind::Logistic => "logistic",
            Kind::Tanh => "tanh",
            Kind::HardSwish => "hard_swish",
            Kind::LeakyRelu => "leaky_relu",
            Kind::Prelu => "prelu",
            Kind::Mean => "mean",
            Kind::ResizeBilinear => "resize_bilinear",
            Kind::ArgMax => "arg_max",
            Kind::ArgMin => "arg_min",
        }
    }
}

impl Op {
    /// Which op it is.
    pub fn kind(&self) -> Kind {
        match self {
            Op::Conv2d { .. } => Kind::Conv2d,
            Op::DepthwiseConv2d { .. } => Kind::DepthwiseConv2d,
            Op::FullyConnected { .. } => Kind::FullyConnected,
            Op::AveragePool2d { .. } => Kind::AveragePool2d,
            Op::MaxPool2d { .. } => Kind::MaxPool2d,
            Op::Add { .. } => Kind::Add,
            Op::Reshape => Kind::Reshape,
            Op::Softmax { .. } => Kind::Softmax,
            Op::Quantize => Kind::Quantize,
            Op::Dequantize => Kind::Dequantize,
            Op::Relu => Kind::Relu,
            Op::Relu6 => Kind::Relu6,
            Op::Concatenation { .. } => Kind::Concatenation,
            Op::Split { .. } => Kind::Split,
            Op::Transpose { .. } => Kind::Transpose,
            Op::Gather { .. } => Kind::Gather,
            Op::Pad { .. } => Kind::Pad,
            Op::LookupTable { .. } => Kind::LookupTable,
            Op::Binary { kind, .. } | Op::Unary { kind } | Op::Arg { kind, .. } => *kind,
            Op::LeakyRelu { .. } => Kind::LeakyRelu,
            Op::Mean { .. } => Kind::Mean,
            Op::ResizeBilinear { .. } => Kind::ResizeBilinear,
        }
    }
}

/// Every op with every type of input that it takes.
pub const KINDS: [(Kind, ElementKind); 60] = {
    use ElementKind::{F32, I8};
    [
        (Kind::Conv2d, I8),
        (Kind::DepthwiseConv2d, I8),
        (Kind::FullyConnected, I8),
        (Kind::AveragePool2d, I8),
        (Kind::MaxPool2d, I8),
        (Kind::Add, I8),
        (Kind::Reshape, I8),
        (Kind::Softmax, I8),
        (Kind::Quantize, I8),
        (Kind::Dequantize, I8),
        (Kind::Relu, I8),
        (Kind::Relu6, I8),
        (Kind::Conv2d, F32),
        (Kind::DepthwiseConv2d, F32),
        (Kind::FullyConnected, F32),
        (Kind::AveragePool2d, F32),
        (Kind::MaxPool2d, F32),
        (Kind::Add, F32),
        (Kind::Reshape, F32),
        (Kind::Softmax, F32),
        (Kind::Quantize, F32),
        (Kind::Relu, F32),
        (Kind::Relu6, F32),
        (Kind::Concatenation, I8),
        (Kind::Split, I8),
        (Kind::Concatenation, F32),
        (Kind::Split, F32),
        (Kind::Transpose, I8),
        (Kind::Pad, I8),
        (Kind::Transpose, F32),
        (Kind::Pad, F32),
        (Kind::LookupTable, I8),
        (Kind::Sub, I8),
        (Kind::Mul, I8),
        (Kind::Maximum, I8),
        (Kind::Minimum, I8),
        (Kind::Sub, F32),
        (Kind::Mul, F32),
        (Kind::Maximum, F32),
        (Kind::Minimum, F32),
        (Kind::Logistic, F32),
        (Kind::Logistic, I8),
        (Kind::Tanh, I8),
        (Kind::HardSwish, I8),
        (Kind::LeakyRelu, I8),
        (Kind::Tanh, F32),
        (Kind::HardSwish, F32),
        (Kind::LeakyRelu, F32),
        (Kind::Prelu, I8),
        (Kind::Mean, I8),
        (Kind::Prelu, F32),
        (Kind::Mean, F32),
        (Kind::ResizeBilinear, I8),
        (Kind::ResizeBilinear, F32),
        (Kind::Gather, I8),
        (Kind::Gather, F32),
        (Kind::ArgMax, I8),
        (Kind::ArgMin, I8),
        (Kind::ArgMax, F32),
        (Kind::ArgMin, F32),
    ]
};

/// A network of one op.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// The network's inputs.
    pub inputs: Vec<Tensor>,
    /// Which inputs are the op's operands; constant operands are in the op.
    pub operands: Vec<usize>,
    /// The op.
    pub op: Op,
    /// The results: one, but for `nn.split`.
    pub outputs: Vec<Tensor>,
    /// Seed of constants and inputs.
    pub seed: u64,
    /// How weights and constant operands are spread.
    pub constants: Spread,
    /// How inputs are spread.
    pub values: Spread,
}

impl Case {
    /// Draws a case of an op.
    pub fn draw(c: &mut Choices, kind: Kind, element: ElementKind) -> Case {
        draw::case(c, kind, element)
    }

    /// The op and its input's type as an identifier, `conv_2d_i8`.
    pub fn name(&self) -> String {
        let element = match self.inputs[0].element {
            Element::F32 => "f32",
            Element::I8(_) => "i8",
            Element::I32 => "i32",
        };
        format!("{}_{element}", self.op.kind().name())
    }

    /// The module: `@main` with this op.
    pub fn build(&self, registry: &Arc<DialectRegistry>) -> Module {
        self.network().build(registry)
    }

    /// The bytes of each input; other samples have other bytes.
    pub fn inputs(&self, sample: u64) -> Vec<Vec<u8>> {
        self.network().inputs(sample)
    }

    /// The same as a network.
    pub fn network(&self) -> Network {
        Network::of_case(self)
    }
}

/// Choices that a case takes at most.
const CASE_CHOICES: usize = 192;

/// Cases of one op.
pub fn strategy_of(kind: Kind, element: ElementKind) -> impl Strategy<Value = Case> {
    Choices::strategy(CASE_CHOICES).prop_map(move |mut c| Case::draw(&mut c, kind, element))
}

/// Cases of all ops.
pub fn strategy() -> impl Strategy<Value = Case> {
    Choices::strategy(CASE_CHOICES).prop_map(|mut c| {
        let (kind, element) = c.of(&KINDS);
        Case::draw(&mut c, kind, element)
    })
}

/// `count` cases that follow from a seed, each op and type in turn: the first cases of a seed stay when `count` grows.
pub fn cases(seed: u64, count: usize) -> Vec<Case> {
    let one = |i: usize| {
        let (kind, element) = KINDS[i % KINDS.len()];
        Case::draw(&mut Choices::for_case(seed, i), kind, element)
    };
    (0..count).map(one).collect()
}

/// `count` cases of one op that follow from a seed.
pub fn cases_of(kind: Kind, element: ElementKind, seed: u64, count: usize) -> Vec<Case> {
    (0..count)
        .map(|i| Case::draw(&mut Choices::for_case(seed, i), kind, element))
        .collect()
}
