//! What an operator's import sees of the import.

use ir::{BlockId, Diagnostic, Loc, Module, OpState, QuantType, Type, ValueId};

use super::importer::Importer;
use super::value::{Computed, Named, Value};
use crate::error::OperatorRef;
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::onnx::codes;
use crate::onnx::model::{Attribute, DataType, Node, Tensor};

/// Alignment of constants in bytes.
const CONSTANT_ALIGN: u32 = 16;

/// Operators that take indices that the network computed, sorted.
const MOVERS: [&str; 16] = [
    "Cast",
    "CastLike",
    "Concat",
    "Dropout",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "Reshape",
    "Shape",
    "Slice",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
];

/// Why an operator was not imported.
#[derive(Debug)]
pub(super) enum Stop {
    /// It has this defect.
    Finding(Finding),
    /// An operand's own operator was not imported, which is reported there.
    Upstream,
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Finding(finding)
    }
}

/// An operator as errors name it.
pub(super) fn reference(node: &Node) -> OperatorRef {
    OperatorRef {
        kind: node.origin.as_ref().map_or(&node.kind, |o| &o.kind).clone(),
        index: node.index,
        layer: node.layer().to_owned(),
        subgraph: 0,
    }
}

/// One operator under import.
pub(super) struct OpCx<'a, 'i> {
    importer: &'i mut Importer<'a>,
    pub(super) node: &'a Node,
    block: BlockId,
    loc: Loc,
}

impl<'a, 'i> OpCx<'a, 'i> {
    pub(super) fn new(
        importer: &'i mut Importer<'a>,
        node: &'a Node,
        block: BlockId,
        loc: Loc,
    ) -> Self {
        Self {
            importer,
            node,
            block,
            loc,
        }
    }

    pub(super) fn module(&mut self) -> &mut Module {
        &mut self.importer.module
    }

    pub(super) fn opset(&self) -> i64 {
        self.importer.model.opset
    }

    /// Refuses an operator on computed indices that does more than to move them.
    pub(super) fn indices(&mut self) -> Result<(), Finding> {
        if MOVERS.contains(&self.node.kind.as_str()) {
            return Ok(());
        }
        let i32 = self.module().i32();
        for position in 0..self.node.inputs.len() {
            if let Some(Value::Computed(c)) = self.optional(position)
                && self.elem(c.value) == i32
            {
                return Err(element_type(&format!("input {position}"), DataType::INT64));
            }
        }
        Ok(())
    }

    /// Refuses the operator unless it has as many inputs as it takes, and an output.
    pub(super) fn operands(&self, inputs: std::ops::RangeInclusive<usize>) -> Result<(), Finding> {
        let (have, made) = (
            self.node.inputs.len(),
            self.node.outputs.iter().flatten().count(),
        );
        if inputs.contains(&have) && made > 0 {
            return Ok(());
        }
        let message = format!(
            "it has {have} inputs and {made} outputs, but takes {} to {} and makes at least one",
            inputs.start(),
            inputs.end()
        );
        Err(Finding::new(codes::OPERAND_COUNT, message, CONVERT_AGAIN))
    }

    /// The value at an input's position, or `None` if it is left out.
    pub(super) fn optional(&self, position: usize) -> Option<Value> {
        let name = self.node.inputs.get(position)?.as_ref()?;
        self.importer.values.get(name.as_str()).cloned()
    }

    pub(super) fn input(&self, position: usize) -> Result<Value, Finding> {
        self.optional(position).ok_or_else(|| {
            let message = format!("its input {position} is left out");
            Finding::new(codes::OPERAND_COUNT, message, CONVERT_AGAIN)
        })
    }

    /// An input that the network computes; a float constant is made one.
    pub(super) fn computed(&mut self, position: usize) -> Result<Computed, Stop> {
        match self.input(position)? {
            Value::Computed(c) => Ok(c),
            Value::Failed => Err(Stop::Upstream),
            Value::Constant(named) => {
                let shape = named.tensor.shape.clone();
                let value = self.constant(&named)?;
                Ok(Computed::plain(value, &shape))
            }
        }
    }

    /// An input that must be a constant, or `None` if it is left out.
    pub(super) fn optional_constant(
        &self,
        position: usize,
        what: &str,
    ) -> Result<Option<Named>, Stop> {
        match self.optional(position) {
            None => Ok(None),
            Some(Value::Constant(named)) => Ok(Some(named)),
            Some(Value::Failed) => Err(Stop::Upstream),
            Some(Value::Computed(_)) => Err(Finding::new(
                codes::NOT_CONSTANT,
                format!("its {what} is computed at run time"),
                "state it as a constant of the model; freeze the network before exporting, and let `onnxsim` fold what is constant",
            )
            .into()),
        }
    }

    pub(super) fn constant_input(&self, position: usize, what: &str) -> Result<Named, Stop> {
        self.input(position)?;
        let found = self.optional_constant(position, what)?;
        found.ok_or(Stop::Upstream)
    }

    /// The integers of a constant input, or `None` if it is left out.
    pub(super) fn optional_integers(
        &self,
        position: usize,
        what: &str,
    ) -> Result<Option<Vec<i64>>, Stop> {
        let Some(named) = self.optional_constant(position, what)? else {
            return Ok(None);
        };
        match named.tensor.integers() {
            Some(list) => Ok(Some(list)),
            None => Err(element_type(what, named.tensor.dtype).into()),
        }
    }

    /// The floats of a constant input, or `None` if it is left out.
    pub(super) fn optional_floats(
        &self,
        position: usize,
        what: &str,
    ) -> Result<Option<Vec<f32>>, Stop> {
        let Some(named) = self.optional_constant(position, what)? else {
            return Ok(None);
        };
        match named.tensor.floats() {
            Some(list) => Ok(Some(list)),
            None => Err(element_type(what, named.tensor.dtype).into()),
        }
    }

    fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        let found = self.node.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, a)| a)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64, Finding> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Int(i)) => Ok(*i),
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(super) fn float(&self, name: &str, default: f32) -> Result<f32, Finding> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Float(x)) => Ok(*x),
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(super) fn text(&self, name: &str, default: &'a str) -> Result<&'a str, Finding> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Text(text)) => Ok(text),
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(super) fn ints(&self, name: &str) -> Result<Option<&'a [i64]>, Finding> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Ints(list)) => Ok(Some(list)),
            Some(_) => Err(self.wrong(name)),
        }
    }

    /// A list of two numbers, or `default`; one number is the second.
    pub(super) fn pair(&self, name: &str, default: [i64; 2]) -> Result<[i64; 2], Finding> {
        match self.ints(name)? {
            None => Ok(default),
            Some(&[second]) => Ok([default[0], second]),
            Some(list) => <[i64; 2]>::try_from(list).map_err(|_| self.wrong(name)),
        }
    }

    pub(super) fn tensor(&self, name: &str) -> Result<Option<&'a Tensor>, Finding> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Tensor(tensor)) => Ok(Some(tensor)),
            Some(_) => Err(self.wrong(name)),
        }
    }

    fn wrong(&self, name: &str) -> Finding {
        let message = format!("its attribute `{name}` is of another kind than the operator takes");
        Finding::new(codes::ATTRIBUTE, message, CONVERT_AGAIN)
    }

    /// Makes a value the operator's output.
    pub(super) fn set(&mut self, position: usize, value: Value) {
        if let Some(Some(name)) = self.node.outputs.get(position) {
            self.importer.bind(name, value);
        }
    }

    pub(super) fn set_computed(&mut self, c: Computed) {
        self.set(0, Value::Computed(c));
    }

    /// Makes a constant the operator's output, under its name.
    pub(super) fn set_constant(&mut self, tensor: Tensor) -> Result<(), Stop> {
        self.spend(tensor.data.len())?;
        let name = self.node.layer().to_owned();
        self.set(0, Value::Constant(Named::plain(name, tensor)));
        Ok(())
    }

    /// Makes a constant under its own name the operator's output.
    pub(super) fn set_named(&mut self, named: Named) -> Result<(), Stop> {
        let quantised = named.quantised.as_ref().map_or(0, |q| q.tensor.data.len());
        self.spend(named.tensor.data.len() + quantised)?;
        self.set(0, Value::Constant(named));
        Ok(())
    }

    pub(super) fn remark(&mut self, code: &'static str, message: &str) {
        let mut remark = Diagnostic::remark(code, message);
        remark.location = self.importer.module.describe_loc(self.loc);
        self.importer.remarks.push(remark);
    }

    /// Counts the bytes of a constant that is made.
    fn spend(&mut self, bytes: usize) -> Result<(), Finding> {
        let rest = self.importer.budget.checked_sub(bytes as u64);
        self.importer.budget = rest.ok_or_else(|| {
            let message =
                "the constants that its operators share or compute take too many bytes in all";
            Finding::new(codes::LIMIT, message, "check that this is the right file")
        })?;
        Ok(())
    }

    /// Makes an op of one result of this shape and element type.
    pub(super) fn emit(&mut self, state: OpState, shape: &[i64], elem: Type) -> ValueId {
        let ty = self.importer.module.tensor(shape, elem);
        self.importer.emit(state, ty, self.block, self.loc)
    }

    /// Makes an op of several results.
    pub(super) fn emit_many(&mut self, state: OpState, types: &[Type]) -> Vec<ValueId> {
        let m = &mut self.importer.module;
        let op = m.create(state.loc(self.loc).results(types));
        m.append(self.block, op);
        m.results(op).to_vec()
    }

    pub(super) fn elem(&self, value: ValueId) -> Type {
        self.importer.elem(value)
    }

    pub(super) fn reshape(&mut self, value: ValueId, shape: &[i64]) -> ValueId {
        self.importer.reshape(value, shape, self.block, self.loc)
    }

    /// The value with the dimensions of its shape stored in this order.
    pub(super) fn in_order(&mut self, c: &Computed, order: &[usize]) -> ValueId {
        let c = self.whole(c);
        self.importer.in_order(&c, order, self.block, self.loc)
    }

    /// The value as its shape says.
    pub(super) fn plain(&mut self, c: &Computed) -> Computed {
        self.importer.plain(c, self.block, self.loc)
    }

    /// The value without a reshape that is still to come.
    pub(super) fn whole(&mut self, c: &Computed) -> Computed {
        if c.base == c.shape {
            c.clone()
        } else {
            self.plain(c)
        }
    }

    /// A constant as a float value of the network; a quantised one is dequantised there.
    pub(super) fn constant(&mut self, named: &Named) -> Result<ValueId, Finding> {
        let Named { name, tensor, .. } = named;
        if tensor.dtype != DataType::FLOAT {
            return Err(element_type(&format!("constant \"{name}\""), tensor.dtype));
        }
        if tensor.data.is_empty() {
            let message = format!("its constant \"{name}\" has no elements");
            return Err(Finding::new(codes::OPERAND_SHAPE, message, CONVERT_AGAIN));
        }
        let f32 = self.module().f32();
        let Some(q) = &named.quantised else {
            return self.stored(name, tensor, f32);
        };
        let width = if q.tensor.dtype == DataType::INT8 {
            8
        } else {
            32
        };
        let scales: Vec<f64> = q.scales.iter().copied().map(f64::from).collect();
        let elem = match (scales.as_slice(), q.zero_points.as_slice()) {
            (&[scale], &[zero_point]) => QuantType::per_tensor(width, scale, zero_point),
            _ => {
                let axis = u32::try_from(q.axis).unwrap_or(0);
                QuantType::per_axis(width, axis, scales, q.zero_points.clone())
            }
        };
        let elem = self.module().quant(elem);
        let value = self.stored(name, &q.tensor, elem)?;
        let state = OpState::new("nn.dequantize").operands(&[value]);
        Ok(self.emit(state, &tensor.shape, f32))
    }

    /// A constant as a value of these elements.
    fn stored(&mut self, name: &str, tensor: &Tensor, elem: Type) -> Result<ValueId, Finding> {
        self.spend(tensor.data.len())?;
        let keys = &mut self.importer.keys;
        let mut key = name.to_owned();
        let mut copy = 1;
        while !keys.insert(key.clone()) {
            copy += 1;
            key = format!("{name}_{copy}");
        }
        let m = &mut self.importer.module;
        let storage = m.storage_type(elem);
        let ty = m.tensor(&tensor.shape, storage);
        let value = m.resource_attr(&key, ty, CONSTANT_ALIGN, tensor.data.clone());
        let state = OpState::new("nn.constant").prop("value", value);
        Ok(self.emit(state, &tensor.shape, elem))
    }

    /// Whether nothing but this operator reads a value.
    pub(super) fn reads_alone(&self, value: ValueId) -> bool {
        self.importer.open.get(&value).copied().unwrap_or(0) == 0
            && self.importer.module.uses(value).is_empty()
    }
}

/// The refusal of an element type.
pub(super) fn element_type(what: &str, dtype: DataType) -> Finding {
    Finding::new(
        codes::ELEMENT_TYPE,
        format!("its {what} has elements of type {dtype}"),
        "export the model in float32, or quantised to int8 with QuantizeLinear and DequantizeLinear",
    )
}

/// Refuses shapes that do not fit the operator.
pub(super) fn shapes(ok: bool, message: impl FnOnce() -> String) -> Result<(), Finding> {
    if ok {
        Ok(())
    } else {
        Err(Finding::new(codes::OPERAND_SHAPE, message(), CONVERT_AGAIN))
    }
}

/// The refusal of an attribute's value.
pub(super) fn attribute(message: impl Into<String>, help: &str) -> Finding {
    Finding::new(codes::ATTRIBUTE, message, help)
}

/// A dimension from 0, of one that may count from behind.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, Finding> {
    let count = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_front = if axis < 0 {
        axis.saturating_add(count)
    } else {
        axis
    };
    let found = usize::try_from(from_front).ok().filter(|&a| a < rank);
    found.ok_or_else(|| {
        let message = format!("there is no dimension {axis} among {rank}");
        Finding::new(codes::OPERAND_SHAPE, message, CONVERT_AGAIN)
    })
}
