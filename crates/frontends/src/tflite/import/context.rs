//! The state of an import, and what an operator's import sees of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ir::dialects::func;
use ir::{
    AttrData, BlockId, Diagnostic, Diagnostics, DialectRegistry, Loc, Module, OpId, OpState, Type,
    ValueId,
};

use super::eight_bits::EightBits;
use super::operator_import;
use super::types::tensor_type;
use crate::Imported;
use crate::error::ImportErrors;
use crate::finding::{CONVERT_AGAIN, Finding, Findings};
use crate::tflite::codes;
use crate::tflite::model::{Operator, Quant, Subgraph, Tensor, TensorType, TfliteModel};

/// Alignment of constants in bytes.
const CONSTANT_ALIGN: u32 = 16;

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

/// The import of a model's first graph.
pub(super) struct Importer<'a> {
    graph: &'a Subgraph,
    eight_bits: &'a EightBits<'a>,
    bytes: &'a [u8],
    file: &'a str,
    findings: Findings<'a>,
    remarks: Diagnostics,
    module: Module,
    /// The value of each tensor that is available.
    values: Vec<Option<ValueId>>,
    /// Tensors whose operator was not imported.
    failed: Vec<bool>,
    /// Names of resources.
    keys: BTreeSet<String>,
}

impl<'a> Importer<'a> {
    pub(super) fn new(
        model: &TfliteModel,
        eight_bits: &'a EightBits<'a>,
        bytes: &'a [u8],
        file: &'a str,
        registry: Arc<DialectRegistry>,
    ) -> Self {
        let graph = &*eight_bits.graph;
        let mut remarks = Diagnostics::new();
        if model.subgraphs.len() > 1 {
            let message = format!(
                "{} further graphs, which no operator calls, are left out",
                model.subgraphs.len() - 1
            );
            remarks.push(Diagnostic::remark("remark.unused-graph", message).at(file));
        }
        let interface = graph.inputs.iter().chain(&graph.outputs);
        let unsigned = interface.filter(|&&tensor| eight_bits.is_unsigned(tensor));
        let names: Vec<String> = unsigned
            .map(|&tensor| format!("\"{}\"", graph.tensors[tensor].name))
            .collect();
        if !names.is_empty() {
            let message = format!(
                "the elements of {} are UINT8 in the file; here they are INT8, each 128 less",
                names.join(", ")
            );
            remarks.push(Diagnostic::remark("remark.unsigned-bytes", message).at(file));
        }
        Self {
            graph,
            eight_bits,
            bytes,
            file,
            findings: Findings::new(file),
            remarks,
            module: Module::new(registry),
            values: vec![None; graph.tensors.len()],
            failed: vec![false; graph.tensors.len()],
            keys: BTreeSet::new(),
        }
    }

    pub(super) fn run(mut self) -> Result<Imported, ImportErrors> {
        let graph = self.graph;
        let inputs = self.interface_types(&graph.inputs);
        let outputs = self.interface_types(&graph.outputs);
        let (main, block) =
            func::build_func(&mut self.module, "main", &inputs, &outputs, Loc::UNKNOWN);
        if inputs.len() == graph.inputs.len() {
            for (position, &tensor) in graph.inputs.iter().enumerate() {
                self.values[tensor] = Some(self.module.block_args(block)[position]);
                let name = self.module.str_attr(&graph.tensors[tensor].name);
                func::set_arg_attr(&mut self.module, main, position, "mcu.name", name);
            }
        }
        for operator in &graph.operators {
            self.operator(operator, block);
        }
        self.results(main, block);
        let (root, name) = (self.module.root(), self.module.str_attr(self.file));
        self.module.set_discardable(root, "mcu.model", name);
        self.findings.into_errors().into_result(Imported {
            module: self.module,
            remarks: self.remarks,
        })
    }

    fn interface_types(&mut self, tensors: &[usize]) -> Vec<Type> {
        let mut used = vec![false; self.graph.tensors.len()];
        for operator in &self.graph.operators {
            for &tensor in operator.inputs.iter().flatten().chain(&operator.outputs) {
                used[tensor] = true;
            }
        }
        let mut types = Vec::with_capacity(tensors.len());
        for &index in tensors {
            match tensor_type(&mut self.module, &self.graph.tensors[index]) {
                Ok(ty) => types.push(ty),
                // The operator that reads or writes the tensor reports it with its own name.
                Err(_) if used[index] => {}
                Err(finding) => self.findings.add(None, finding),
            }
        }
        types
    }

    fn operator(&mut self, operator: &'a Operator, block: BlockId) {
        let reference = self.graph.operator_ref(0, operator.index);
        let line = u32::try_from(operator.index).unwrap_or(u32::MAX);
        let loc = self.module.layer_loc(&reference.layer, self.file, line, 0);
        let entry = operator.kind.builtin_name().and_then(operator_import);
        let entry = entry.expect("invariant: unsupported operators were refused");
        let mut cx = OpCx {
            importer: self,
            operator,
            block,
            loc,
        };
        let result = if cx.upstream_failed() {
            Err(Stop::Upstream)
        } else {
            let checked = cx.importer.eight_bits.check(operator);
            checked
                .map_err(Stop::from)
                .and_then(|()| (entry.import)(&mut cx))
        };
        let Err(stop) = result else { return };
        for &output in &operator.outputs {
            self.failed[output] = true;
        }
        if let Stop::Finding(finding) = stop {
            self.findings.add(Some(reference), finding);
        }
    }

    fn results(&mut self, main: OpId, block: BlockId) {
        let mut values = Vec::with_capacity(self.graph.outputs.len());
        let mut names = Vec::with_capacity(self.graph.outputs.len());
        for &index in &self.graph.outputs {
            let tensor = &self.graph.tensors[index];
            if tensor.data.is_some() {
                self.findings.add(
                    None,
                    Finding::new(
                        codes::CONSTANT_OUTPUT,
                        format!("the graph's output \"{}\" is a constant", tensor.name),
                        "remove the output, whose value the file holds already",
                    ),
                );
            }
            match self.values[index] {
                Some(value) => values.push(value),
                // The defect behind it is reported where it stands.
                None if self.failed[index] || tensor.data.is_some() => {}
                None => self.findings.add(
                    None,
                    Finding::new(
                        codes::GRAPH_OUTPUT,
                        format!("the graph's output \"{}\" has no value", tensor.name),
                        CONVERT_AGAIN,
                    ),
                ),
            }
            let name = self.module.str_attr(&tensor.name);
            names.push(self.module.dict_attr(&[("mcu.name", name)]));
        }
        let op = self
            .module
            .create(OpState::new("func.return").operands(&values));
        self.module.append(block, op);
        let names = self.module.attr(AttrData::Array(names));
        self.module.set_prop(main, "res_attrs", names);
    }

    /// The value of a tensor; a constant is made where it is first used.
    fn tensor_value(&mut self, index: usize, block: BlockId, loc: Loc) -> Result<ValueId, Stop> {
        if let Some(value) = self.values[index] {
            return Ok(value);
        }
        let tensor = &self.graph.tensors[index];
        if tensor.is_variable {
            return Err(Stop::Finding(Finding::new(
                codes::VARIABLE,
                format!(
                    "tensor \"{}\" is a variable, whose value lasts from run to run",
                    tensor.name
                ),
                "pass the state as an input and an output of the network",
            )));
        }
        let ty = tensor_type(&mut self.module, tensor)?;
        let Some(bytes) = self.constant_bytes(index) else {
            return Err(Stop::Upstream);
        };
        let bytes: Arc<[u8]> = bytes.into();
        let value = self.constant(&tensor.name.clone(), index, ty, bytes, block, loc);
        self.values[index] = Some(value);
        Ok(value)
    }

    /// The elements of a constant tensor.
    fn constant_bytes(&self, index: usize) -> Option<&'a [u8]> {
        let rewritten = self.eight_bits.constant(index);
        rewritten.or_else(|| self.bytes.get(self.graph.tensors[index].data.clone()?))
    }

    fn constant(
        &mut self,
        name: &str,
        index: usize,
        ty: Type,
        bytes: Arc<[u8]>,
        block: BlockId,
        loc: Loc,
    ) -> ValueId {
        // Names repeat in some files; the tensor's index does not.
        let key = if self.keys.insert(name.to_owned()) {
            name.to_owned()
        } else {
            format!("{name}_{index}")
        };
        let m = &mut self.module;
        let elem = m.type_data(ty).elem().expect("invariant: a tensor type");
        let shape: Vec<i64> = m.type_data(ty).shape().unwrap_or(&[]).to_vec();
        let storage = m.storage_type(elem);
        let stored = m.tensor(&shape, storage);
        let value = m.resource_attr(&key, stored, CONSTANT_ALIGN, bytes);
        let op = m.create(
            OpState::new("nn.constant")
                .loc(loc)
                .results(&[ty])
                .prop("value", value),
        );
        m.append(block, op);
        m.result(op, 0)
    }
}

/// One operator under import.
pub(super) struct OpCx<'a, 'i> {
    importer: &'i mut Importer<'a>,
    pub(super) operator: &'a Operator,
    block: BlockId,
    loc: Loc,
}

impl<'a> OpCx<'a, '_> {
    pub(super) fn module(&mut self) -> &mut Module {
        &mut self.importer.module
    }

    /// True if an operator that computes one of the inputs was not imported.
    fn upstream_failed(&self) -> bool {
        self.operator
            .inputs
            .iter()
            .flatten()
            .any(|&input| self.importer.failed[input])
    }

    /// Refuses the operator unless it has as many inputs and outputs as it takes.
    pub(super) fn operands(
        &self,
        inputs: std::ops::RangeInclusive<usize>,
        outputs: usize,
    ) -> Result<(), Finding> {
        let (have, made) = (self.operator.inputs.len(), self.operator.outputs.len());
        if inputs.contains(&have) && made == outputs {
            return Ok(());
        }
        Err(Finding::new(
            codes::OPERAND_COUNT,
            format!(
                "it has {have} inputs and {made} outputs, but takes {} to {} and {outputs}",
                inputs.start(),
                inputs.end()
            ),
            CONVERT_AGAIN,
        ))
    }

    /// The tensor at an input's position, or `None` if it is left out.
    pub(super) fn optional_input(&self, position: usize) -> Option<&'a Tensor> {
        let index = self.operator.inputs.get(position).copied().flatten()?;
        Some(&self.importer.graph.tensors[index])
    }

    pub(super) fn input(&self, position: usize) -> Result<&'a Tensor, Finding> {
        self.optional_input(position).ok_or_else(|| {
            Finding::new(
                codes::OPERAND_COUNT,
                format!("its input {position} is left out"),
                CONVERT_AGAIN,
            )
        })
    }

    pub(super) fn output(&self) -> Result<&'a Tensor, Finding> {
        match self.operator.outputs.first() {
            Some(&index) => Ok(&self.importer.graph.tensors[index]),
            None => Err(Finding::new(
                codes::OPERAND_COUNT,
                "it has no output",
                CONVERT_AGAIN,
            )),
        }
    }

    /// All outputs.
    pub(super) fn outputs(&self) -> Vec<&'a Tensor> {
        let outputs = self.operator.outputs.iter();
        outputs
            .map(|&index| &self.importer.graph.tensors[index])
            .collect()
    }

    /// The value of an input.
    pub(super) fn value(&mut self, position: usize) -> Result<ValueId, Stop> {
        self.input(position)?;
        let index = self.operator.inputs[position].ok_or(Stop::Upstream)?;
        self.importer.tensor_value(index, self.block, self.loc)
    }

    /// The bytes of a constant input, or `None` if it is not constant.
    pub(super) fn constant_bytes(&self, position: usize) -> Option<&'a [u8]> {
        let index = self.operator.inputs.get(position).copied().flatten()?;
        self.importer.constant_bytes(index)
    }

    /// Whether an input is of UINT8 in the file.
    pub(super) fn is_unsigned(&self, position: usize) -> bool {
        let index = self.operator.inputs.get(position).copied().flatten();
        index.is_some_and(|index| self.importer.eight_bits.is_unsigned(index))
    }

    /// The element type of an output in the file.
    pub(super) fn in_file(&self, position: usize) -> Option<TensorType> {
        let index = self.operator.outputs.get(position)?;
        Some(self.importer.eight_bits.in_file(*index))
    }

    /// A constant that stands for an input, under its name with a suffix.
    pub(super) fn derived_constant(
        &mut self,
        position: usize,
        suffix: &str,
        shape: &[i64],
        elem: Type,
        bytes: Vec<u8>,
    ) -> Result<ValueId, Stop> {
        let name = format!("{}_{suffix}", self.input(position)?.name);
        let index = self.operator.inputs[position].ok_or(Stop::Upstream)?;
        let ty = self.importer.module.tensor(shape, elem);
        Ok(self
            .importer
            .constant(&name, index, ty, bytes.into(), self.block, self.loc))
    }

    /// Makes the op that computes the operator's output, of the output tensor's type.
    pub(super) fn emit(&mut self, state: OpState) -> Result<(), Stop> {
        self.output()?;
        self.emit_all(state)
    }

    /// Makes the op that computes all of the operator's outputs, of the output tensors' types.
    pub(super) fn emit_all(&mut self, state: OpState) -> Result<(), Stop> {
        let mut types = Vec::with_capacity(self.operator.outputs.len());
        for output in self.outputs() {
            types.push(tensor_type(&mut self.importer.module, output)?);
        }
        let m = &mut self.importer.module;
        let op = m.create(state.loc(self.loc).results(&types));
        m.append(self.block, op);
        let values = m.results(op).to_vec();
        for (&index, value) in self.operator.outputs.iter().zip(values) {
            self.importer.values[index] = Some(value);
        }
        Ok(())
    }

    /// Makes an op on the way to the operator's output: it has the output's elements, and another shape.
    pub(super) fn intermediate(&mut self, state: OpState, shape: &[i64]) -> Result<ValueId, Stop> {
        let output = self.output()?;
        let output = tensor_type(&mut self.importer.module, output)?;
        let m = &mut self.importer.module;
        let elem = m
            .type_data(output)
            .elem()
            .expect("invariant: a tensor type");
        let ty = m.tensor(shape, elem);
        let op = m.create(state.loc(self.loc).results(&[ty]));
        m.append(self.block, op);
        Ok(m.result(op, 0))
    }

    /// A value in parts of these extents along a dimension, which are all of it.
    pub(super) fn split(
        &mut self,
        value: ValueId,
        axis: usize,
        extents: impl Iterator<Item = i64>,
    ) -> Vec<ValueId> {
        let m = &mut self.importer.module;
        let whole = m.value_type(value);
        let elem = m.type_data(whole).elem().expect("invariant: a tensor type");
        let mut shape = m.type_data(whole).shape().unwrap_or(&[]).to_vec();
        let types: Vec<Type> = extents
            .map(|n| {
                shape[axis] = n;
                m.tensor(&shape, elem)
            })
            .collect();
        let axis = m.i64_attr(axis as i64);
        let state = OpState::new("nn.split").operands(&[value]);
        let op = m.create(state.prop("axis", axis).loc(self.loc).results(&types));
        m.append(self.block, op);
        m.results(op).to_vec()
    }

    /// Makes a value of as many elements as the operator's output that output, under its shape.
    pub(super) fn finish(&mut self, value: ValueId) -> Result<(), Stop> {
        let output = self.output()?;
        let output = tensor_type(&mut self.importer.module, output)?;
        if self.importer.module.value_type(value) == output {
            self.set_output(value);
            return Ok(());
        }
        self.emit(OpState::new("nn.reshape").operands(&[value]))
    }

    /// Makes existing values the operator's outputs.
    pub(super) fn set_outputs(&mut self, values: &[ValueId]) {
        for (&index, &value) in self.operator.outputs.iter().zip(values) {
            self.importer.values[index] = Some(value);
        }
    }

    /// Makes an existing value the operator's output.
    pub(super) fn set_output(&mut self, value: ValueId) {
        if let Some(&index) = self.operator.outputs.first() {
            self.importer.values[index] = Some(value);
        }
    }

    pub(super) fn remark(&mut self, code: &'static str, message: impl Into<String>) {
        let mut remark = Diagnostic::remark(code, message);
        remark.location = self.importer.module.describe_loc(self.loc);
        self.importer.remarks.push(remark);
    }
}

/// Refuses element types other than float throughout or int8 throughout.
pub(super) fn float_or_int8(tensors: &[&Tensor]) -> Result<TensorType, Finding> {
    let first = tensors[0].dtype;
    if matches!(first, TensorType::Float32 | TensorType::Int8)
        && tensors.iter().all(|t| t.dtype == first)
    {
        for tensor in tensors {
            per_tensor(tensor)?;
        }
        return Ok(first);
    }
    Err(element_types(tensors))
}

/// The refusal of a combination of element types.
pub(super) fn element_types(tensors: &[&Tensor]) -> Finding {
    let types: Vec<String> = tensors
        .iter()
        .map(|t| format!("{} \"{}\"", t.dtype, t.name))
        .collect();
    Finding::new(
        codes::ELEMENT_TYPE,
        format!("its tensors are {}", types.join(", ")),
        "supported are FLOAT32, INT8 and UINT8, each throughout; convert the model in float, or with full integer quantisation",
    )
}

/// Refuses an activation that is quantised along an axis.
pub(super) fn per_tensor(tensor: &Tensor) -> Result<(), Finding> {
    match &tensor.quant {
        Some(quant) if quant.is_per_axis() => Err(Finding::new(
            codes::QUANTIZATION,
            format!(
                "activation \"{}\" has {} scales",
                tensor.name,
                quant.scales.len()
            ),
            "activations have one scale; convert the model again",
        )),
        _ => Ok(()),
    }
}

/// Scale and zero point of a tensor with one of each.
pub(super) fn affine(tensor: &Tensor) -> Result<(f32, i64), Finding> {
    match &tensor.quant {
        Some(quant) if !quant.is_per_axis() => Ok((quant.scales[0], quant.zero_points[0])),
        _ => Err(Finding::new(
            codes::QUANTIZATION,
            format!(
                "tensor \"{}\" needs one scale and one zero point",
                tensor.name
            ),
            CONVERT_AGAIN,
        )),
    }
}

/// Refuses shapes that do not fit the operator.
pub(super) fn shapes(ok: bool, message: impl FnOnce() -> String) -> Result<(), Finding> {
    if ok {
        Ok(())
    } else {
        Err(Finding::new(codes::OPERAND_SHAPE, message(), CONVERT_AGAIN))
    }
}

/// The quantisation of a tensor.
pub(super) fn quantization(tensor: &Tensor) -> Result<&Quant, Finding> {
    tensor.quant.as_ref().ok_or_else(|| {
        Finding::new(
            codes::QUANTIZATION,
            format!("tensor \"{}\" has no scale and zero point", tensor.name),
            CONVERT_AGAIN,
        )
    })
}

/// Refuses an operator that moves elements unchanged between tensors of different quantisation.
pub(super) fn same_quantization(input: &Tensor, output: &Tensor) -> Result<(), Finding> {
    if input.quant == output.quant {
        return Ok(());
    }
    Err(Finding::new(
        codes::QUANTIZATION,
        format!(
            "its input \"{}\" and its output \"{}\" differ in scale or zero point",
            input.name, output.name
        ),
        "this operator does not rescale; convert the model again, or put a QUANTIZE before it",
    ))
}
