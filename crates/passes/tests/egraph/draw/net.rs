//! Small networks, op by op, with random weights and inputs.

use super::Instance;
use ir::dialects::{func, nn};
use ir::{Attr, BlockId, Builder, Loc, Module, OpId, OpState, QuantType, Type, ValueId};
use pass::Registry;
use testgen::Choices;

/// A network that is being made.
pub struct Net<'c> {
    pub m: Module,
    pub c: &'c mut Choices,
    f: OpId,
    entry: BlockId,
    inputs: Vec<Vec<u8>>,
}

/// How a window moves, for [`Net::convolution`], [`Net::depthwise`] and [`Net::pool`].
#[derive(Clone, Copy, Debug)]
pub struct Moves {
    pub kernel: [i64; 2],
    pub strides: [i64; 2],
    pub dilations: [i64; 2],
    pub pads: [i64; 4],
}

impl Moves {
    /// Rows and columns of the result; `None` if the window does not fit.
    pub fn output(&self, image: [i64; 2]) -> Option<[i64; 2]> {
        let size = |d: usize| {
            nn::window_output(
                image[d],
                self.kernel[d],
                self.strides[d],
                self.dilations[d],
                self.pads[2 * d],
                self.pads[2 * d + 1],
            )
        };
        Some([size(0)?, size(1)?])
    }

    /// Some that fit images of these rows and columns.
    pub fn draw(c: &mut Choices, image: [i64; 2], dilated: bool) -> Moves {
        loop {
            let mut pair = |list: &[i64]| [c.of(list), c.of(list)];
            let (kernel, strides) = (pair(&[1, 2, 3, 3]), pair(&[1, 1, 2, 3]));
            let dilations = if dilated { pair(&[1, 1, 2]) } else { [1, 1] };
            let pads = match c.below(3) {
                // A pool's pads are smaller than its kernel.
                0 => std::array::from_fn(|i| {
                    c.between(0, if dilated { 2 } else { kernel[i / 2] - 1 })
                }),
                _ => [0; 4],
            };
            let moves = Moves {
                kernel,
                strides,
                dilations,
                pads,
            };
            if moves.output(image).is_some() {
                return moves;
            }
        }
    }
}

impl<'c> Net<'c> {
    pub fn new(registry: &Registry, c: &'c mut Choices) -> Net<'c> {
        let mut m = Module::new(registry.dialects().clone());
        let (f, entry) = func::build_func(&mut m, "main", &[], &[], Loc::UNKNOWN);
        Net {
            m,
            c,
            f,
            entry,
            inputs: Vec::new(),
        }
    }

    /// The network, of which `results` are returned.
    pub fn returning(mut self, results: &[ValueId]) -> Instance {
        let mut b = Builder::at_end(&mut self.m, self.entry);
        b.op("func.return", results, &[]);
        let m = &self.m;
        let types = |values: &[ValueId]| values.iter().map(|&v| m.value_type(v)).collect();
        let (inputs, outputs): (Vec<Type>, Vec<Type>) =
            (types(m.block_args(self.entry)), types(results));
        let ty = self.m.function(&inputs, &outputs);
        let ty = self.m.type_attr(ty);
        self.m.set_prop(self.f, "function_type", ty);
        Instance {
            module: self.m,
            inputs: self.inputs,
        }
    }

    pub fn f32(&mut self) -> Type {
        self.m.f32()
    }

    /// An int8 type of a scale about 1/16.
    pub fn i8(&mut self) -> Type {
        let scale = self.c.between(1 << 15, 1 << 18) as f32 / 1_048_576.0;
        let zero = self.c.between(-128, 127);
        self.m.quant(QuantType::per_tensor(8, scale.into(), zero))
    }

    /// An int8 type, or floats.
    pub fn element(&mut self) -> Type {
        match self.c.once_in(3) {
            true => self.f32(),
            false => self.i8(),
        }
    }

    pub fn is_float(&self, elem: Type) -> bool {
        self.m.quant_of(elem).is_none()
    }

    pub fn elem(&self, v: ValueId) -> Type {
        self.m.type_data(self.m.value_type(v)).elem().unwrap()
    }

    pub fn shape(&self, v: ValueId) -> Vec<i64> {
        nn::shape(&self.m, v).to_vec()
    }

    /// Random elements: any int8; small floats, some of them the odd ones.
    fn elements(&mut self, shape: &[i64], elem: Type, odd: bool) -> Vec<u8> {
        let n = shape.iter().product::<i64>();
        let float = self.m.type_data(elem).clone() == ir::TypeData::Float(ir::FloatKind::F32);
        let wide = self.m.quant_of(elem).is_some_and(|q| q.storage_width == 32)
            || (!float && self.m.quant_of(elem).is_none());
        let c = &mut *self.c;
        let one = |_| match (float, wide) {
            (true, _) if odd && c.once_in(16) => c
                .of(&[-0.0f32, f32::INFINITY, f32::NEG_INFINITY, 1e-40, f32::MAX])
                .to_le_bytes()
                .to_vec(),
            (true, _) => (c.between(-64, 64) as f32 / 13.0).to_le_bytes().to_vec(),
            (false, true) => (c.between(-5000, 5000) as i32).to_le_bytes().to_vec(),
            (false, false) => vec![c.between(-128, 127) as u8],
        };
        (0..n).flat_map(one).collect()
    }

    pub fn input(&mut self, shape: &[i64], elem: Type) -> ValueId {
        let ty = self.m.tensor(shape, elem);
        let bytes = self.elements(shape, elem, true);
        self.inputs.push(bytes);
        self.m.add_block_arg(self.entry, ty)
    }

    pub fn constant(&mut self, shape: &[i64], elem: Type) -> ValueId {
        let bytes = self.elements(shape, elem, false);
        self.constant_of(shape, elem, bytes)
    }

    pub fn constant_of(&mut self, shape: &[i64], elem: Type, bytes: Vec<u8>) -> ValueId {
        let ty = self.m.tensor(shape, elem);
        let storage = self.m.storage_type(elem);
        let of_bytes = self.m.tensor(shape, storage);
        let value = self.m.dense_attr(of_bytes, bytes);
        let state = OpState::new("nn.constant").prop("value", value);
        self.insert(state.results(&[ty]))[0]
    }

    fn insert(&mut self, state: OpState) -> Vec<ValueId> {
        let op = Builder::at_end(&mut self.m, self.entry).insert(state);
        self.m.results(op).to_vec()
    }

    /// An op of one result.
    pub fn op(
        &mut self,
        name: &str,
        operands: &[ValueId],
        props: &[(&str, Attr)],
        shape: &[i64],
        elem: Type,
    ) -> ValueId {
        let ty = self.m.tensor(shape, elem);
        let mut state = OpState::new(format!("nn.{name}")).operands(operands);
        for &(k, v) in props {
            state = state.prop(k, v);
        }
        self.insert(state.results(&[ty]))[0]
    }

    /// The activation as an attribute: mostly none.
    pub fn activation(&mut self) -> (&'static str, Attr) {
        let name = self.c.of(&["none", "none", "none", "relu", "relu6"]);
        ("activation", self.m.str_attr(name))
    }

    /// Has the op behind a value another activation and other elements.
    pub fn alter(&mut self, v: ValueId, activation: &str, elem: Type) {
        let op = self.m.defining_op(v).unwrap();
        let activation = self.m.str_attr(activation);
        self.m.set_prop(op, "activation", activation);
        let shape = self.shape(v);
        let ty = self.m.tensor(&shape, elem);
        self.m.set_value_type(v, ty);
    }

    pub fn pad(&mut self, x: ValueId, padding: &[i64], value: Option<Attr>) -> ValueId {
        let shape = nn::padded(&self.shape(x), padding).unwrap();
        let elem = self.elem(x);
        let mut props = vec![("padding", self.m.i64s_attr(padding))];
        props.extend(value.map(|v| ("value", v)));
        self.op("pad", &[x], &props, &shape, elem)
    }

    pub fn reshape(&mut self, x: ValueId, shape: &[i64]) -> ValueId {
        let elem = self.elem(x);
        self.op("reshape", &[x], &[], shape, elem)
    }

    pub fn transpose(&mut self, x: ValueId, permutation: &[i64]) -> ValueId {
        let (shape, elem) = (self.shape(x), self.elem(x));
        let shape = nn::permuted(&shape, permutation).unwrap();
        let order = self.m.i64s_attr(permutation);
        self.op("transpose", &[x], &[("permutation", order)], &shape, elem)
    }

    pub fn gather(&mut self, x: ValueId, picks: &nn::Picks) -> ValueId {
        let shape = picks.shape_of(&self.shape(x)).unwrap();
        let (elem, props) = (self.elem(x), picks.attributes(&mut self.m));
        self.op("gather", &[x], &props, &shape, elem)
    }

    pub fn concatenation(&mut self, parts: &[ValueId], axis: usize) -> ValueId {
        let shapes: Vec<Vec<i64>> = parts.iter().map(|&p| self.shape(p)).collect();
        let shapes: Vec<&[i64]> = shapes.iter().map(Vec::as_slice).collect();
        let shape = nn::joined(&shapes, axis as i64).unwrap();
        let elem = self.elem(parts[0]);
        let axis = self.m.i64_attr(axis as i64);
        self.op("concatenation", parts, &[("axis", axis)], &shape, elem)
    }

    pub fn split(&mut self, x: ValueId, axis: usize, extents: &[i64]) -> Vec<ValueId> {
        let (shape, elem) = (self.shape(x), self.elem(x));
        let mut types = Vec::new();
        for &n in extents {
            let mut shape = shape.clone();
            shape[axis] = n;
            types.push(self.m.tensor(&shape, elem));
        }
        let axis = self.m.i64_attr(axis as i64);
        let state = OpState::new("nn.split").operands(&[x]).prop("axis", axis);
        self.insert(state.results(&types))
    }

    /// An int8 type whose zero point is mostly the lowest number, and whose scale is mostly small.
    pub fn bounded(&mut self) -> Type {
        let zero = self.c.of(&[-128, -128, -128, -127, 0]);
        let scale = self.c.between(1 << 13, 1 << 15) as f32 / 1_048_576.0;
        let scale = if self.c.once_in(3) { 0.125 } else { scale };
        self.m.quant(QuantType::per_tensor(8, scale.into(), zero))
    }

    /// One of the operators on single elements.
    pub fn pointwise(&mut self, x: ValueId) -> ValueId {
        let (shape, from) = (self.shape(x), self.elem(x));
        let names: &[&str] = match self.is_float(from) {
            true => &[
                "relu",
                "relu6",
                "quantize",
                "logistic",
                "tanh",
                "hard_swish",
                "leaky_relu",
            ],
            false => &[
                "relu",
                "relu6",
                "quantize",
                "dequantize",
                "lookup_table",
                "logistic",
                "hard_swish",
                "leaky_relu",
            ],
        };
        let name = self.c.of(names);
        let to = match name {
            "logistic" if !self.is_float(from) => {
                self.m.quant(QuantType::per_tensor(8, 1.0 / 256.0, -128))
            }
            "hard_swish" | "leaky_relu" if !self.is_float(from) => self.i8(),
            "dequantize" => self.f32(),
            "quantize" | "lookup_table" => self.i8(),
            _ => from,
        };
        let mut operands = vec![x];
        if name == "lookup_table" {
            operands.push(self.constant(&[256], to));
        }
        let alpha = self.c.of(&[0.1, 0.25, -0.5]);
        let alpha = ("alpha", self.m.f32_attr(alpha));
        let props = if name == "leaky_relu" {
            &[alpha][..]
        } else {
            &[]
        };
        self.op(name, &operands, props, &shape, to)
    }

    pub fn add(&mut self, x: ValueId, y: ValueId) -> ValueId {
        let shape = nn::broadcast(&self.shape(x), &self.shape(y)).unwrap();
        let elem = match self.is_float(self.elem(x)) {
            true => self.f32(),
            false => self.i8(),
        };
        let activation = self.activation();
        self.op("add", &[x, y], &[activation], &shape, elem)
    }

    /// Any op of two tensors.
    pub fn binary(&mut self, x: ValueId, y: ValueId) -> ValueId {
        let shape = nn::broadcast(&self.shape(x), &self.shape(y)).unwrap();
        let (a, b) = (self.elem(x), self.elem(y));
        let name = match a == b {
            true => self.c.of(&["add", "sub", "mul", "maximum", "minimum"]),
            false => self.c.of(&["add", "sub", "mul"]),
        };
        if name == "maximum" || name == "minimum" {
            return self.op(name, &[x, y], &[], &shape, a);
        }
        let elem = if self.is_float(a) { a } else { self.i8() };
        let activation = self.activation();
        self.op(name, &[x, y], &[activation], &shape, elem)
    }

    /// Weights along whose dimension `axis` scales vary, sometimes; and a bias, sometimes.
    fn weights(&mut self, x: ValueId, shape: &[i64], axis: usize, bias: bool) -> Vec<ValueId> {
        let channels = shape[axis];
        if self.is_float(self.elem(x)) {
            let f32 = self.f32();
            let mut all = vec![self.constant(shape, f32)];
            if bias {
                all.push(self.constant(&[channels], f32));
            }
            return all;
        }
        let mut scale = || self.c.between(1 << 15, 1 << 18) as f32 / 16_777_216.0;
        let q = match channels % 2 {
            0 => {
                let scales = (0..channels).map(|_| scale().into()).collect();
                QuantType::per_axis(8, axis as u32, scales, vec![0; channels as usize])
            }
            _ => QuantType::per_tensor(8, scale().into(), 0),
        };
        let elem = self.m.quant(q);
        let mut all = vec![self.constant(shape, elem)];
        if bias {
            let i32 = self.m.int(32);
            all.push(self.constant(&[channels], i32));
        }
        all
    }

    /// The elements of a result with weights.
    fn weighted(&mut self, x: ValueId) -> Type {
        match self.is_float(self.elem(x)) {
            true => self.f32(),
            false => self.i8(),
        }
    }

    fn moves(&mut self, moves: &Moves) -> Vec<(&'static str, Attr)> {
        vec![
            ("strides", self.m.i64s_attr(&moves.strides)),
            ("pads", self.m.i64s_attr(&moves.pads)),
        ]
    }

    pub fn convolution(&mut self, x: ValueId, moves: &Moves, bias: bool) -> ValueId {
        let channels = self.c.between(1, 4);
        self.convolution_of(channels, x, moves, bias)
    }

    pub fn convolution_of(
        &mut self,
        channels: i64,
        x: ValueId,
        moves: &Moves,
        bias: bool,
    ) -> ValueId {
        let depth = self.shape(x)[3];
        let filter = [channels, moves.kernel[0], moves.kernel[1], depth];
        let weights = self.weights(x, &filter, 0, bias);
        self.windowed("conv_2d", x, &weights, moves, channels)
    }

    pub fn depthwise(&mut self, x: ValueId, moves: &Moves, bias: bool) -> ValueId {
        let multiplier = self.c.between(1, 2);
        self.depthwise_of(multiplier, x, moves, bias)
    }

    pub fn depthwise_of(
        &mut self,
        multiplier: i64,
        x: ValueId,
        moves: &Moves,
        bias: bool,
    ) -> ValueId {
        let channels = self.shape(x)[3] * multiplier;
        let filter = [1, moves.kernel[0], moves.kernel[1], channels];
        let weights = self.weights(x, &filter, 3, bias);
        self.windowed("depthwise_conv_2d", x, &weights, moves, channels)
    }

    fn windowed(
        &mut self,
        name: &str,
        x: ValueId,
        weights: &[ValueId],
        moves: &Moves,
        channels: i64,
    ) -> ValueId {
        let shape = self.shape(x);
        let [h, w] = moves.output([shape[1], shape[2]]).unwrap();
        let mut props = self.moves(moves);
        props.push(("dilations", self.m.i64s_attr(&moves.dilations)));
        props.push(self.activation());
        let elem = self.weighted(x);
        let operands = [&[x], weights].concat();
        self.op(name, &operands, &props, &[shape[0], h, w, channels], elem)
    }

    pub fn pool(&mut self, name: &str, x: ValueId, moves: &Moves) -> ValueId {
        let (shape, elem) = (self.shape(x), self.elem(x));
        let [h, w] = moves.output([shape[1], shape[2]]).unwrap();
        let mut props = self.moves(moves);
        props.push(("kernel", self.m.i64s_attr(&moves.kernel)));
        props.push(self.activation());
        self.op(name, &[x], &props, &[shape[0], h, w, shape[3]], elem)
    }

    /// A fully connected layer over rows of `depth` elements.
    pub fn fully_connected(&mut self, x: ValueId, depth: i64, bias: bool) -> ValueId {
        let rows = self.shape(x).iter().product::<i64>() / depth;
        let channels = self.c.between(1, 4);
        let weights = self.weights(x, &[channels, depth], 0, bias);
        let activation = self.activation();
        let elem = self.weighted(x);
        let operands = [&[x], &weights[..]].concat();
        self.op(
            "fully_connected",
            &operands,
            &[activation],
            &[rows, channels],
            elem,
        )
    }
}
