//! Ops of a network as IR.

use super::{Bias, Element, Filter, Op, Tensor, Window};
use crate::choices::Random;
use crate::values::{Spread, Values};
use ir::dialects::nn;
use ir::{Attr, Builder, Module, OpState, QuantType, Type, ValueId};

/// Tensors of at most this many bytes are written as `dense`, larger ones as resources.
const DENSE_BYTES: usize = 12;

/// Alignment of weights in bytes.
const ALIGN: u32 = 16;

/// Where constants come from: a seed for each in turn.
pub struct Constants {
    seeds: Random,
    spread: Spread,
    made: usize,
}

impl Constants {
    pub fn new(seed: u64, spread: Spread) -> Constants {
        Constants {
            seeds: Random::new(seed),
            spread,
            made: 0,
        }
    }

    fn values(&mut self, spread: Spread) -> Values {
        Values::new(self.seeds.next_u64(), spread)
    }

    /// `nn.constant` of a type, from bytes.
    fn constant(
        &mut self,
        b: &mut Builder<'_>,
        ty: Type,
        shape: &[i64],
        bytes: Vec<u8>,
    ) -> ValueId {
        let elem =
            b.m.type_data(ty)
                .elem()
                .expect("invariant: a constant is a tensor");
        let storage = b.m.storage_type(elem);
        let stored = b.m.tensor(shape, storage);
        let value = if bytes.len() <= DENSE_BYTES {
            b.m.dense_attr(stored, bytes)
        } else {
            b.m.resource_attr(&format!("constant_{}", self.made), stored, ALIGN, bytes)
        };
        self.made += 1;
        let op = b.insert(
            OpState::new("nn.constant")
                .prop("value", value)
                .results(&[ty]),
        );
        b.m.result(op, 0)
    }

    fn tensor(&mut self, b: &mut Builder<'_>, t: &Tensor) -> ValueId {
        let mut values = self.values(self.spread);
        let bytes = match t.element {
            Element::F32 => values.f32s(t.len()),
            Element::I8(q) => values.i8s(t.len(), q.zero_point),
            Element::I32 => values.i32s(t.len(), INDICES),
        };
        let ty = tensor_type(b.m, t);
        self.constant(b, ty, &t.shape, bytes)
    }

    /// Filter and bias, if there is one; `axis` is the filter's dimension of output channels.
    fn weights(
        &mut self,
        b: &mut Builder<'_>,
        filter: &Filter,
        input: Element,
        axis: usize,
        terms: i64,
    ) -> Vec<ValueId> {
        let channels = filter.shape[axis];
        let n = filter.shape.iter().product::<i64>() as usize;
        let mut values = self.values(self.spread);
        let (elem, bytes) = match input {
            Element::F32 | Element::I32 => (b.m.f32(), values.f32s(n)),
            Element::I8(_) => {
                let q = quant(filter, 8, axis, 1.0, filter.zero_point);
                (b.m.quant(q), values.i8s(n, filter.zero_point))
            }
        };
        let ty = b.m.tensor(&filter.shape, elem);
        let mut made = vec![self.constant(b, ty, &filter.shape, bytes)];
        if filter.bias == Bias::None {
            return made;
        }
        let mut values = self.values(filter.bias_spread);
        let (elem, bytes) = match input {
            Element::F32 | Element::I32 => (b.m.f32(), values.f32s(channels as usize)),
            Element::I8(q) => {
                let elem = match filter.bias {
                    Bias::Quantized => {
                        let q = quant(filter, 32, 0, f64::from(q.scale), 0);
                        b.m.quant(q)
                    }
                    _ => b.m.i32(),
                };
                let limit = match self.spread {
                    Spread::Near => 64,
                    // Two standard deviations of the accumulator.
                    _ => (11_000.0 * f64::from(terms as i32).sqrt()) as u32,
                };
                (elem, values.i32s(channels as usize, limit))
            }
        };
        let ty = b.m.tensor(&[channels], elem);
        made.push(self.constant(b, ty, &[channels], bytes));
        made
    }
}

/// Indices below which int32 elements are drawn.
const INDICES: u32 = 1000;

/// The filter's scales times a factor, per tensor or along an axis.
fn quant(filter: &Filter, width: u32, axis: usize, factor: f64, zero_point: i64) -> QuantType {
    let scales: Vec<f64> = filter
        .scales
        .iter()
        .map(|&s| f64::from((f64::from(s) * factor) as f32))
        .collect();
    if filter.per_axis {
        let zero_points = vec![0; scales.len()];
        QuantType::per_axis(width, axis as u32, scales, zero_points)
    } else {
        QuantType::per_tensor(width, scales[0], zero_point)
    }
}

/// A tensor's type in the IR.
pub fn tensor_type(m: &mut Module, t: &Tensor) -> Type {
    let elem = match t.element {
        Element::F32 => m.f32(),
        Element::I32 => m.i32(),
        Element::I8(q) => m.quant(QuantType::per_tensor(8, f64::from(q.scale), q.zero_point)),
    };
    m.tensor(&t.shape, elem)
}

fn window_props(m: &mut Module, w: &Window, dilated: bool) -> Vec<(&'static str, Attr)> {
    let mut props = vec![
        ("strides", m.i64s_attr(&w.strides)),
        ("pads", m.i64s_attr(&w.pads)),
    ];
    if dilated {
        props.push(("dilations", m.i64s_attr(&w.dilations)));
    }
    props
}

/// Makes the op, with its constants before it.
pub fn build(
    b: &mut Builder<'_>,
    op: &Op,
    inputs: &[(ValueId, Element)],
    outputs: &[Tensor],
    constants: &mut Constants,
) -> Vec<ValueId> {
    let mut operands: Vec<ValueId> = inputs.iter().map(|i| i.0).collect();
    let mut props: Vec<(&str, Attr)> = Vec::new();
    match op {
        Op::Conv2d {
            filter,
            window,
            activation,
        }
        | Op::DepthwiseConv2d {
            filter,
            window,
            activation,
        } => {
            let axis = if matches!(op, Op::Conv2d { .. }) {
                0
            } else {
                3
            };
            operands.extend(constants.weights(b, filter, inputs[0].1, axis, op.terms()));
            props = window_props(b.m, window, true);
            props.push(("activation", b.m.str_attr(activation)));
        }
        Op::FullyConnected { filter, activation } => {
            operands.extend(constants.weights(b, filter, inputs[0].1, 0, op.terms()));
            props.push(("activation", b.m.str_attr(activation)));
        }
        Op::AveragePool2d {
            kernel,
            window,
            activation,
            ..
        }
        | Op::MaxPool2d {
            kernel,
            window,
            activation,
        } => {
            props = window_props(b.m, window, false);
            if let Op::AveragePool2d { half_up: true, .. } = op {
                props.push(("rounding", b.m.str_attr(nn::HALF_UP)));
            }
            props.push(("kernel", b.m.i64s_attr(kernel)));
            props.push(("activation", b.m.str_attr(activation)));
        }
        Op::Add {
            constant,
            constant_first,
            activation,
        } => {
            if let Some(t) = constant {
                let v = constants.tensor(b, t);
                operands.insert(if *constant_first { 0 } else { 1 }, v);
            }
            props.push(("activation", b.m.str_attr(activation)));
        }
        Op::Binary {
            constant,
            constant_first,
            activation,
            ..
        } => {
            if let Some(t) = constant {
                let v = constants.tensor(b, t);
                operands.insert(if *constant_first { 0 } else { 1 }, v);
            }
            if let Some(activation) = activation {
                props.push(("activation", b.m.str_attr(activation)));
            }
        }
        Op::LookupTable { table } => operands.push(constants.tensor(b, table)),
        Op::Softmax { beta } => props.push(("beta", b.m.f32_attr(*beta))),
        Op::LeakyRelu { alpha } => props.push(("alpha", b.m.f32_attr(*alpha))),
        Op::Concatenation { axis } | Op::Split { axis } | Op::Arg { axis, .. } => {
            props.push(("axis", b.m.i64_attr(*axis as i64)));
        }
        Op::ResizeBilinear {
            align_corners,
            half_pixel_centers,
        } => {
            props.push(("align_corners", b.m.bool_attr(*align_corners)));
            props.push(("half_pixel_centers", b.m.bool_attr(*half_pixel_centers)));
        }
        Op::Mean { axes } => props.push(("axes", b.m.i64s_attr(axes))),
        Op::Transpose { permutation } => {
            props.push(("permutation", b.m.i64s_attr(permutation)));
        }
        Op::Gather { picks } => props.extend(picks.attributes(b.m)),
        Op::Pad { padding, value } => {
            props.push(("padding", b.m.i64s_attr(padding)));
            if let Some(q) = value {
                let value = match inputs[0].1 {
                    Element::F32 | Element::I32 => b.m.f32_attr(*q as f32 / 8.0),
                    Element::I8(_) => {
                        let i8 = b.m.i8();
                        b.m.int_attr(*q, i8)
                    }
                };
                props.push(("value", value));
            }
        }
        Op::Unary { .. } | Op::Reshape | Op::Quantize | Op::Dequantize | Op::Relu | Op::Relu6 => {}
    }
    let types: Vec<Type> = outputs.iter().map(|t| tensor_type(b.m, t)).collect();
    let mut state = OpState::new(format!("nn.{}", op.kind().name()))
        .operands(&operands)
        .results(&types);
    for (name, value) in props {
        state = state.prop(name, value);
    }
    let op = b.insert(state);
    b.m.results(op).to_vec()
}
