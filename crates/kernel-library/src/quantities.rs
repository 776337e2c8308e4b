//! What the names of expressions mean for an op: extents, zero points, attributes, requantisation.

use crate::expression::{Name, Names, Value};
use interp::nn;
use interp::numerics::{ClampI8, QuantizedMultiplier};
use ir::dialects::nn::{
    AddOp, AveragePool2dOp, ConstantOp, Conv2dOp, DepthwiseConv2dOp, Element, FullyConnectedOp,
    MaxPool2dOp, MulOp, QuantizeOp, ReluOp, SoftmaxOp, element,
};
use ir::{AttrData, AttrKind, Module, OpInfo, OpRef, Type, ValueKind};
use target::{Feature, Target};

/// What can be asked of a tensor, and how many arguments that takes.
const OF_TENSORS: [(&str, usize); 12] = [
    ("batches", 0),
    ("height", 0),
    ("width", 0),
    ("channels", 0),
    ("dim", 1),
    ("rank", 0),
    ("elements", 0),
    ("bytes", 0),
    ("element", 0),
    ("zero_point", 0),
    ("per_axis", 0),
    ("present", 0),
];

/// Parts of attributes that have names: the name, the attribute, the position in it.
const PARTS: [(&str, &str, usize); 10] = [
    ("stride.h", "strides", 0),
    ("stride.w", "strides", 1),
    ("dilation.h", "dilations", 0),
    ("dilation.w", "dilations", 1),
    ("pad.top", "pads", 0),
    ("pad.bottom", "pads", 1),
    ("pad.left", "pads", 2),
    ("pad.right", "pads", 3),
    ("kernel.h", "kernel", 0),
    ("kernel.w", "kernel", 1),
];

/// The ops that requantise every output channel by a multiplier.
const PER_CHANNEL: [&str; 3] = [
    Conv2dOp::NAME,
    DepthwiseConv2dOp::NAME,
    FullyConnectedOp::NAME,
];
/// The ops that requantise everything by one multiplier.
const SINGLE: [&str; 4] = [MulOp::NAME, QuantizeOp::NAME, ReluOp::NAME, SoftmaxOp::NAME];
const POOLS: [&str; 2] = [AveragePool2dOp::NAME, MaxPool2dOp::NAME];

/// The names of an op's tensors, operands first.
pub(crate) fn tensors(info: &OpInfo) -> impl Iterator<Item = &str> {
    let all = info.operands.iter().chain(&info.results);
    all.filter(|s| s.kind == ValueKind::Tensor)
        .map(|s| &*s.name)
}

/// Whether the requantisation of an op's outputs is one multiplier and shift a channel, so that they are tables.
pub(crate) fn has_tables(op: &str) -> bool {
    PER_CHANNEL.contains(&op)
}

/// Checks that a name means something for every op of a kind.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(info: &OpInfo, name: &Name) -> Result<(), String> {
    let path: Vec<&str> = name.path.iter().map(String::as_str).collect();
    let wants = arity(info, &path).ok_or_else(|| unknown(info, name))?;
    if wants == name.arity() {
        return Ok(());
    }
    Err(match wants {
        0 => format!("`{name}` takes no argument"),
        _ => format!("`{name}` takes one argument: `{name}(0)`"),
    })
}

/// How many arguments a name takes; `None` if there is no such name.
fn arity(info: &OpInfo, path: &[&str]) -> Option<usize> {
    let op = &*info.name;
    let attribute = |name: &str| info.attrs.iter().find(|a| a.name == name);
    let dotted = path.join(".");
    if let Some(part) = PARTS.iter().find(|p| p.0 == dotted) {
        let of_filter =
            part.1 == "kernel" && matches!(op, Conv2dOp::NAME | DepthwiseConv2dOp::NAME);
        return (of_filter || attribute(part.1).is_some()).then_some(0);
    }
    match *path {
        ["feature"] => Some(1),
        ["workspace", "bytes"] => Some(0),
        ["macs"] => PER_CHANNEL.contains(&op).then_some(0),
        ["activation"] | ["activation", "min" | "max"] => attribute("activation").map(|_| 0),
        ["attr", name] => match attribute(name)?.kind {
            AttrKind::Int | AttrKind::Bool | AttrKind::Str => Some(0),
            AttrKind::I64Array => Some(1),
            _ => None,
        },
        ["multiplier" | "shift"] if PER_CHANNEL.contains(&op) => Some(1),
        ["multiplier" | "shift"] if SINGLE.contains(&op) => Some(0),
        ["diff_min"] if op == SoftmaxOp::NAME => Some(0),
        ["left_shift"] if op == AddOp::NAME => Some(0),
        ["lhs" | "rhs" | "output", "multiplier" | "shift"] if op == AddOp::NAME => Some(0),
        [tensor, property] if tensors(info).any(|t| t == tensor) => {
            OF_TENSORS.iter().find(|p| p.0 == property).map(|p| p.1)
        }
        _ => None,
    }
}

fn unknown(info: &OpInfo, name: &Name) -> String {
    let tensors: Vec<&str> = tensors(info).collect();
    let of_tensors = OF_TENSORS.map(|p| p.0);
    let mut known: Vec<&str> = PARTS.iter().map(|p| p.0).collect();
    known.extend(["activation", "activation.min", "activation.max"]);
    known.extend(["multiplier", "shift", "macs", "diff_min", "left_shift"]);
    known.retain(|n| arity(info, &n.split('.').collect::<Vec<_>>()).is_some());
    let owned = |t: &&str| of_tensors.map(|p| format!("{t}.{p}"));
    let mut all: Vec<String> = tensors.iter().flat_map(owned).collect();
    all.extend(known.iter().map(|&n| n.to_owned()));
    let nearest = target::nearest(&name.to_string(), all.iter().map(String::as_str));
    let first = name.path.first().map_or("", String::as_str);
    let there = if tensors.contains(&first) {
        format!("Of a tensor there are {}", of_tensors.join(", "))
    } else {
        let tensors = tensors.join(", ");
        let known = known.join(", ");
        format!(
            "There are its tensors {tensors} (as `input.height`), {known}, `attr.NAME`, `feature('NAME')`"
        )
    };
    match nearest {
        Some(n) => format!(
            "`{name}` is unknown for `{}`, did you mean `{n}`? {there}",
            info.name
        ),
        None => format!("`{name}` is unknown for `{}`. {there}", info.name),
    }
}

/// The names of one op, for a target.
pub(crate) struct Quantities<'m> {
    pub op: OpRef<'m>,
    pub target: &'m Target,
    /// Bytes of working memory, once they are known.
    pub workspace: Option<i64>,
}

impl<'m> Quantities<'m> {
    pub(crate) fn of(op: OpRef<'m>, target: &'m Target) -> Quantities<'m> {
        Quantities {
            op,
            target,
            workspace: None,
        }
    }

    fn module(&self) -> &'m Module {
        self.op.module
    }

    /// The type of a tensor by name; `Ok(None)` if it is optional and absent.
    fn tensor(&self, name: &str) -> Result<Option<Type>, String> {
        let info = self.module().op_info(self.op.id);
        let info = info.ok_or("the op is not registered")?;
        if let Some(i) = info.operands.iter().position(|s| s.name == name) {
            return Ok(self.op.operand_type(i));
        }
        match info.results.iter().position(|s| s.name == name) {
            Some(i) => Ok(self.op.result_type(i)),
            None => Err(format!("there is no tensor `{name}`")),
        }
    }

    fn property(&self, tensor: &str, property: &str, index: Option<i64>) -> Result<Value, String> {
        let m = self.module();
        let found = self.tensor(tensor)?;
        if property == "present" {
            return Ok(Value::Int(i64::from(found.is_some())));
        }
        let ty = found.ok_or_else(|| format!("the op has no {tensor}"))?;
        let shape = m.type_data(ty).shape().unwrap_or(&[]);
        let dim = |i: usize| shape.get(i).copied();
        let nhwc = |i: usize| dim(i).filter(|_| shape.len() == 4);
        let of_shape = |value: Option<i64>| {
            value.ok_or_else(|| format!("{tensor}.{property}: {tensor} has rank {}", shape.len()))
        };
        let count = |n: Option<u64>| {
            n.and_then(|n| i64::try_from(n).ok())
                .ok_or_else(|| format!("{tensor} is too large"))
        };
        Ok(Value::Int(match property {
            "batches" => of_shape(nhwc(0))?,
            "height" => of_shape(nhwc(1))?,
            "width" => of_shape(nhwc(2))?,
            "channels" => of_shape(shape.last().copied())?,
            "dim" => {
                let index = index.and_then(|i| usize::try_from(i).ok());
                of_shape(index.and_then(dim))?
            }
            "rank" => shape.len() as i64,
            "elements" => count(m.num_elements(ty))?,
            "bytes" => count(m.size_bytes(ty))?,
            "element" => return Ok(Value::Word(element_name(m, ty).to_owned())),
            "zero_point" => {
                let q = m.quant_of(ty);
                let q = q.ok_or_else(|| format!("{tensor} is not quantised"))?;
                let first = q.zero_point(0);
                if q.zero_points.iter().any(|&z| z != first) {
                    return Err(format!("{tensor} has several zero points"));
                }
                first
            }
            "per_axis" => i64::from(m.quant_of(ty).is_some_and(|q| q.axis.is_some())),
            _ => return Err(format!("a tensor has no `{property}`")),
        }))
    }

    /// Multiplier and shift of each output channel, or the only one.
    pub(crate) fn multipliers(&self) -> Result<Vec<QuantizedMultiplier>, String> {
        let op = self.op;
        let words = |e: ir::interfaces::EvalError| e.to_string();
        let windowed = |p: nn::ConvParams| match p {
            nn::ConvParams::I8 { params, .. } => Ok(params.multipliers),
            nn::ConvParams::I8Asymmetric { .. } => Err(asymmetric()),
            nn::ConvParams::F32 { .. } => Err("a float op has no multipliers".to_owned()),
        };
        match op.name() {
            Conv2dOp::NAME => windowed(nn::conv_2d_params(op).map_err(words)?),
            DepthwiseConv2dOp::NAME => windowed(nn::depthwise_conv_2d_params(op).map_err(words)?),
            FullyConnectedOp::NAME => match nn::fully_connected_params(op).map_err(words)? {
                nn::FullyConnectedParams::I8 { params, .. } => Ok(params.multipliers),
                nn::FullyConnectedParams::F32 { .. } => {
                    Err("a float op has no multipliers".to_owned())
                }
            },
            QuantizeOp::NAME if is_int8(op) => {
                Ok(vec![nn::requantize_params(op).map_err(words)?.multiplier])
            }
            MulOp::NAME if is_int8(op) => Ok(vec![nn::mul_params(op).map_err(words)?.multiplier]),
            ReluOp::NAME if is_int8(op) => Ok(vec![nn::relu_params(op).map_err(words)?.multiplier]),
            SoftmaxOp::NAME if is_int8(op) => Ok(vec![
                nn::softmax_params(op).map_err(words)?.input_multiplier,
            ]),
            name => Err(format!("`{name}` on these elements has no multipliers")),
        }
    }

    /// The bias of each output channel, less the input's zero point times the sum of the channel's weights: what a sum of products of
    /// inputs as they are stored has to start with.
    pub(crate) fn folded_bias(&self) -> Result<Vec<i32>, String> {
        let op = self.op;
        let zero_point = self.property("input", "zero_point", None)?.int()?;
        if self.property("filter", "zero_point", None)?.int()? != 0 {
            return Err("the filter's zero point is not 0".to_owned());
        }
        let weights = constant(op, 1).ok_or("the filter is not constant")?;
        let channels = self.multipliers()?.len();
        let mut sums = vec![0i64; channels];
        let depth = weights.len() / channels.max(1);
        for (i, &w) in weights.iter().enumerate() {
            // A depthwise filter has its channels side by side, the others one after the other.
            let channel = match op.name() {
                DepthwiseConv2dOp::NAME => i % channels,
                _ => i / depth,
            };
            sums[channel] += i64::from(w as i8);
        }
        if op.operand_count() > 2 {
            let bias = constant(op, 2).ok_or("the bias is not constant")?;
            let words = bias
                .chunks_exact(4)
                .map(|c| i32::from_le_bytes([c[0], c[1], c[2], c[3]]));
            let folded = sums.iter().zip(words);
            sums = folded
                .map(|(&sum, bias)| i64::from(bias) - zero_point * sum)
                .collect();
        } else {
            sums.iter_mut().for_each(|sum| *sum *= -zero_point);
        }
        let words = sums.into_iter().map(i32::try_from);
        words
            .collect::<Result<_, _>>()
            .map_err(|_| "a folded bias exceeds 32 bits".to_owned())
    }

    /// Bytes of weights and biases that the call reads where they are: what our own schedules state of theirs, packed.
    pub(crate) fn constant_bytes(&self) -> u64 {
        if !has_tables(self.op.name()) || !is_int8(self.op) {
            return 0;
        }
        let operands = 1..self.op.operand_count();
        let bytes = operands.filter_map(|i| constant(self.op, i));
        bytes.map(|b| b.len() as u64).sum()
    }

    /// The bounds of an int8 result, from activation and element type.
    fn clamp(&self) -> Result<ClampI8, String> {
        let op = self.op;
        let words = |e: ir::interfaces::EvalError| e.to_string();
        let float = || "a float op has no integer bounds".to_owned();
        let windowed = |p: nn::ConvParams| match p {
            nn::ConvParams::I8 { params, .. } => Ok(params.clamp),
            nn::ConvParams::I8Asymmetric { .. } => Err(asymmetric()),
            nn::ConvParams::F32 { .. } => Err(float()),
        };
        match op.name() {
            Conv2dOp::NAME => windowed(nn::conv_2d_params(op).map_err(words)?),
            DepthwiseConv2dOp::NAME => windowed(nn::depthwise_conv_2d_params(op).map_err(words)?),
            FullyConnectedOp::NAME => match nn::fully_connected_params(op).map_err(words)? {
                nn::FullyConnectedParams::I8 { params, .. } => Ok(params.clamp),
                nn::FullyConnectedParams::F32 { .. } => Err(float()),
            },
            name if POOLS.contains(&name) => match nn::pool_params(op).map_err(words)? {
                nn::PoolParams::I8 { clamp, .. } => Ok(clamp),
                nn::PoolParams::I8HalfUp { .. } => Err("means are rounded up".to_owned()),
                nn::PoolParams::F32 { .. } => Err(float()),
            },
            AddOp::NAME if is_int8(op) => Ok(nn::add_params(op).map_err(words)?.clamp),
            MulOp::NAME if is_int8(op) => Ok(nn::mul_params(op).map_err(words)?.clamp),
            name => Err(format!("`{name}` on these elements has no integer bounds")),
        }
    }

    fn addition(&self, which: &str) -> Result<QuantizedMultiplier, String> {
        if !is_int8(self.op) {
            return Err("a float op has no multipliers".to_owned());
        }
        let p = nn::add_params(self.op).map_err(|e| e.to_string())?;
        Ok(match which {
            "lhs" => p.lhs.multiplier,
            "rhs" => p.rhs.multiplier,
            _ => p.output_multiplier,
        })
    }

    fn attribute(&self, name: &str, index: Option<i64>) -> Result<Value, String> {
        let m = self.module();
        let attr = self.op.prop(name);
        let attr = attr.ok_or_else(|| format!("the op has no attribute `{name}`"))?;
        match (m.attr_data(attr), index) {
            (AttrData::String(word), None) => Ok(Value::Word(word.clone())),
            (AttrData::I64Array(list), Some(i)) => usize::try_from(i)
                .ok()
                .and_then(|i| list.get(i))
                .map(|&v| Value::Int(v))
                .ok_or_else(|| format!("`{name}` has no element {i}")),
            (_, None) => m
                .attr_int(attr)
                .map(Value::Int)
                .ok_or_else(|| format!("attribute `{name}` is no number")),
            _ => Err(format!("attribute `{name}` is no list")),
        }
    }

    fn macs(&self) -> Result<i64, String> {
        let elements = |tensor| self.property(tensor, "elements", None)?.int();
        // No more than this many, so that counting them does not overflow.
        let bound = elements("output")?.checked_mul(elements("filter")?);
        bound.ok_or("the layer is too large")?;
        Ok(ir::dialects::nn::macs(self.module(), self.op.id) as i64)
    }

    fn part(&self, attribute: &str, position: usize) -> Result<Value, String> {
        if attribute == "kernel" && self.op.prop("kernel").is_none() {
            return self.property("filter", "dim", Some(1 + position as i64));
        }
        self.attribute(attribute, Some(position as i64))
    }
}

impl Names for Quantities<'_> {
    fn value(&self, name: &Name, arguments: &[Value]) -> Result<Value, String> {
        let path: Vec<&str> = name.path.iter().map(String::as_str).collect();
        let dotted = path.join(".");
        if let Some(part) = PARTS.iter().find(|p| p.0 == dotted) {
            return self.part(part.1, part.2);
        }
        let index = match arguments {
            [Value::Int(i)] => Some(*i),
            _ => None,
        };
        let is_add = self.op.name() == AddOp::NAME;
        let multiplier = |q: QuantizedMultiplier, what: &str| match what {
            "multiplier" => Value::Int(i64::from(q.multiplier)),
            _ => Value::Int(i64::from(q.shift)),
        };
        match (&path[..], arguments) {
            (["feature"], [Value::Word(wanted)]) => {
                let feature = Feature::ALL.into_iter().find(|f| f.name() == wanted);
                let feature = feature.ok_or_else(|| format!("there is no feature '{wanted}'"))?;
                Ok(Value::Int(i64::from(self.target.has(feature))))
            }
            (["workspace", "bytes"], _) => {
                let bytes = self.workspace.ok_or("`workspace.bytes` is for arguments")?;
                Ok(Value::Int(bytes))
            }
            (["macs"], _) => self.macs().map(Value::Int),
            (["activation"], _) => self.attribute("activation", None),
            (["activation", bound], _) => {
                let clamp = self.clamp()?;
                let bound = if *bound == "min" {
                    clamp.min
                } else {
                    clamp.max
                };
                Ok(Value::Int(i64::from(bound)))
            }
            (["attr", attribute], _) => self.attribute(attribute, index),
            (["left_shift"], _) => Ok(Value::Int(i64::from(interp::numerics::add::ADD_LEFT_SHIFT))),
            (["diff_min"], _) => {
                let p = nn::softmax_params(self.op).map_err(|e| e.to_string())?;
                Ok(Value::Int(i64::from(p.diff_min)))
            }
            ([what @ ("multiplier" | "shift")], _) => {
                let all = self.multipliers()?;
                let i = usize::try_from(index.unwrap_or(0)).ok();
                let one = i.and_then(|i| all.get(i));
                let one = one.ok_or_else(|| format!("there are {} output channels", all.len()))?;
                Ok(multiplier(*one, what))
            }
            ([tensor, what @ ("multiplier" | "shift")], _) if is_add => {
                Ok(multiplier(self.addition(tensor)?, what))
            }
            ([tensor, property], _) => self.property(tensor, property, index),
            _ => Err(format!("`{name}` is unknown")),
        }
    }
}

/// The bytes of an operand that is a constant.
fn constant<'m>(op: OpRef<'m>, i: usize) -> Option<&'m [u8]> {
    let m = op.module;
    let defined = m.defining_op(op.operand(i)?)?;
    let constant = ConstantOp::cast(m, defined)?;
    m.attr_elements(constant.value(m))
        .map(|(_, bytes)| &**bytes)
}

/// The kernels of a table are not asked whether they know of zero points of a convolution's filter, so none gets such a layer.
fn asymmetric() -> String {
    "the filter has a zero point".to_owned()
}

fn is_int8(op: OpRef<'_>) -> bool {
    op.operand_type(0).map(|t| element(op.module, t)) == Some(Element::QuantI8)
}

/// The element types that a library's file can ask for.
pub(crate) const ELEMENTS: [&str; 3] = ["int8", "int32", "float32"];

/// What a tensor's elements are, as a library's file has it.
pub(crate) fn element_name(m: &Module, ty: Type) -> &'static str {
    match element(m, ty) {
        Element::QuantI8 => "int8",
        Element::I32 => "int32",
        Element::F32 => "float32",
        Element::Other => "other",
    }
}
