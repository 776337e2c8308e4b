//! The state of an import.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ir::dialects::func;
use ir::{
    AttrData, BlockId, Diagnostic, Diagnostics, DialectRegistry, Loc, Module, OpId, OpState, Type,
    ValueId,
};

use super::context::{OpCx, Stop, reference};
use super::value::{Computed, Named, Value, permutation};
use super::{ImportOptions, inputs, operator_import};
use crate::Imported;
use crate::error::ImportErrors;
use crate::finding::{Finding, Findings};
use crate::onnx::codes;
use crate::onnx::limits::{MAX_ELEMENTS, MAX_RANK, constant_bytes};
use crate::onnx::model::{Model, Node, Tensor};

/// The import of a graph.
pub(super) struct Importer<'a> {
    pub(super) model: &'a Model,
    file: &'a str,
    findings: Findings<'a>,
    pub(super) remarks: Diagnostics,
    pub(super) module: Module,
    pub(super) values: BTreeMap<&'a str, Value>,
    /// How often each name is still to be read, the graph's outputs included.
    readers: BTreeMap<&'a str, usize>,
    /// The same of values that names stand for.
    pub(super) open: BTreeMap<ValueId, usize>,
    /// Names of resources.
    pub(super) keys: BTreeSet<String>,
    /// Bytes of constants that may still be made.
    pub(super) budget: u64,
}

impl<'a> Importer<'a> {
    pub(super) fn new(model: &'a Model, file: &'a str, registry: Arc<DialectRegistry>) -> Self {
        let mut readers = BTreeMap::new();
        let read = model.nodes.iter().flat_map(|n| n.inputs.iter().flatten());
        for name in read.chain(&model.outputs) {
            *readers.entry(name.as_str()).or_insert(0) += 1;
        }
        let constant = |(name, tensor): &'a (String, Tensor)| {
            let named = Named::plain(name.clone(), tensor.clone());
            (name.as_str(), Value::Constant(named))
        };
        Self {
            model,
            file,
            findings: Findings::new(file),
            remarks: Diagnostics::new(),
            module: Module::new(registry),
            values: model.constants.iter().map(constant).collect(),
            readers,
            open: BTreeMap::new(),
            keys: BTreeSet::new(),
            budget: constant_bytes(
                model
                    .constants
                    .iter()
                    .map(|(_, t)| t.data.len() as u64)
                    .sum(),
            ),
        }
    }

    pub(super) fn run(mut self, options: &ImportOptions) -> Result<Imported, ImportErrors> {
        let model = self.model;
        let resolved = match inputs::resolve(model, options) {
            Ok(resolved) => resolved,
            Err(found) => {
                for finding in found {
                    self.findings.add(None, finding);
                }
                return Err(self.findings.into_errors());
            }
        };
        if let Some(message) = resolved.remark {
            let remark = Diagnostic::remark("remark.batch-of-one", message);
            self.remarks.push(remark.at(self.file));
        }
        let mut types = Vec::with_capacity(resolved.inputs.len());
        for input in &resolved.inputs {
            match inputs::element(&mut self.module, model, input) {
                Ok(elem) => {
                    let stored: Vec<i64> = input.order.iter().map(|&d| input.shape[d]).collect();
                    types.push(self.module.tensor(&stored, elem));
                }
                Err(finding) => self.findings.add(None, finding),
            }
        }
        if types.len() < resolved.inputs.len() {
            return Err(self.findings.into_errors());
        }
        let (main, block) = func::build_func(&mut self.module, "main", &types, &[], Loc::UNKNOWN);
        for (i, input) in resolved.inputs.iter().enumerate() {
            let value = self.module.block_args(block)[i];
            let computed = Computed::ordered(value, &input.shape, &input.order);
            self.bind(&input.input.name, Value::Computed(computed));
            let name = self.module.str_attr(&input.input.name);
            func::set_arg_attr(&mut self.module, main, i, "mcu.name", name);
        }
        for node in &model.nodes {
            self.node(node, block);
        }
        self.results(main, block, &types);
        let (root, name) = (self.module.root(), self.module.str_attr(self.file));
        self.module.set_discardable(root, "mcu.model", name);
        self.findings.into_errors().into_result(Imported {
            module: self.module,
            remarks: self.remarks,
        })
    }

    pub(super) fn bind(&mut self, name: &'a str, value: Value) {
        if let Value::Computed(c) = &value {
            let readers = self.readers.get(name).copied().unwrap_or(0);
            *self.open.entry(c.value).or_insert(0) += readers;
        }
        self.values.insert(name, value);
    }

    fn node(&mut self, node: &'a Node, block: BlockId) {
        for name in node.inputs.iter().flatten() {
            if let Some(Value::Computed(c)) = self.values.get(name.as_str()) {
                let open = self.open.entry(c.value).or_insert(1);
                *open = open.saturating_sub(1);
            }
        }
        let entry = operator_import(&node.kind);
        let entry = entry.expect("invariant: unsupported operators were refused");
        let line = u32::try_from(node.index).unwrap_or(u32::MAX);
        let loc = self.module.layer_loc(node.layer(), self.file, line, 0);
        let failed = |name: &String| matches!(self.values.get(name.as_str()), Some(Value::Failed));
        let upstream = node.inputs.iter().flatten().any(failed);
        let mut cx = OpCx::new(self, node, block, loc);
        let result = if upstream {
            Err(Stop::Upstream)
        } else {
            let checked = cx.indices();
            checked
                .map_err(Stop::from)
                .and_then(|()| (entry.import)(&mut cx))
        };
        let result = result.and_then(|()| Ok(self.outputs(node)?));
        let Err(stop) = result else { return };
        for output in node.outputs.iter().flatten() {
            self.values.insert(output, Value::Failed);
        }
        if let Stop::Finding(finding) = stop {
            self.findings.add(Some(reference(node)), finding);
        }
    }

    /// Refuses an operator with an output that has no value although it is read, or is too large.
    fn outputs(&self, node: &Node) -> Result<(), Finding> {
        for name in node.outputs.iter().flatten() {
            let shape = match self.values.get(name.as_str()) {
                Some(Value::Computed(c)) => &c.shape,
                Some(Value::Constant(named)) => &named.tensor.shape,
                Some(Value::Failed) => continue,
                None if !self.readers.contains_key(name.as_str()) => continue,
                None => {
                    let message = format!("its output \"{name}\" is not supported");
                    let help =
                        "export the model for inference, without outputs that only training reads";
                    return Err(Finding::new(codes::OPERAND_COUNT, message, help));
                }
            };
            let elements = shape.iter().try_fold(1i64, |n, &d| n.checked_mul(d.max(1)));
            if shape.len() > MAX_RANK || elements.is_none_or(|n| n > MAX_ELEMENTS) {
                let message = format!("its output of shape {shape:?} is too large");
                let help = "a network for a microcontroller computes less at once";
                return Err(Finding::new(codes::LIMIT, message, help));
            }
        }
        Ok(())
    }

    fn results(&mut self, main: OpId, block: BlockId, inputs: &[Type]) {
        let mut values = Vec::with_capacity(self.model.outputs.len());
        let mut names = Vec::with_capacity(self.model.outputs.len());
        for name in &self.model.outputs {
            match self.values.get(name.as_str()).cloned() {
                Some(Value::Computed(c)) => {
                    let c = self.plain(&c, block, Loc::UNKNOWN);
                    values.push(c.value);
                }
                Some(Value::Constant(_)) => self.findings.add(
                    None,
                    Finding::new(
                        codes::CONSTANT_OUTPUT,
                        format!("the graph's output \"{name}\" is a constant"),
                        "remove the output, whose value does not depend on the inputs",
                    ),
                ),
                _ => {}
            }
            let name = self.module.str_attr(name);
            names.push(self.module.dict_attr(&[("mcu.name", name)]));
        }
        let m = &mut self.module;
        let op = m.create(OpState::new("func.return").operands(&values));
        m.append(block, op);
        let results: Vec<Type> = values.iter().map(|&v| m.value_type(v)).collect();
        let signature = m.function(inputs, &results);
        let signature = m.type_attr(signature);
        m.set_prop(main, "function_type", signature);
        let names = m.attr(AttrData::Array(names));
        m.set_prop(main, "res_attrs", names);
    }

    pub(super) fn emit(&mut self, state: OpState, ty: Type, block: BlockId, loc: Loc) -> ValueId {
        let op = self.module.create(state.loc(loc).results(&[ty]));
        self.module.append(block, op);
        self.module.result(op, 0)
    }

    pub(super) fn elem(&self, value: ValueId) -> Type {
        let data = self.module.type_data(self.module.value_type(value));
        data.elem()
            .expect("invariant: a network's values are tensors")
    }

    pub(super) fn reshape(
        &mut self,
        value: ValueId,
        shape: &[i64],
        block: BlockId,
        loc: Loc,
    ) -> ValueId {
        let elem = self.elem(value);
        let ty = self.module.tensor(shape, elem);
        if ty == self.module.value_type(value) {
            return value;
        }
        let state = OpState::new("nn.reshape").operands(&[value]);
        self.emit(state, ty, block, loc)
    }

    /// The value with its dimensions stored in another order; a transpose only if elements move.
    pub(super) fn in_order(
        &mut self,
        c: &Computed,
        order: &[usize],
        block: BlockId,
        loc: Loc,
    ) -> ValueId {
        let moves = permutation(&c.order, order);
        let moves = moves.expect("invariant: an order names all dimensions");
        let shape: Vec<i64> = order.iter().map(|&d| c.base[d]).collect();
        let stored = c.stored();
        if moves.iter().filter(|&&d| stored[d] != 1).is_sorted() {
            return self.reshape(c.value, &shape, block, loc);
        }
        let list: Vec<i64> = moves.iter().map(|&d| d as i64).collect();
        let elem = self.elem(c.value);
        let (ty, list) = (
            self.module.tensor(&shape, elem),
            self.module.i64s_attr(&list),
        );
        let state = OpState::new("nn.transpose")
            .operands(&[c.value])
            .prop("permutation", list);
        self.emit(state, ty, block, loc)
    }

    /// The value as its shape says.
    pub(super) fn plain(&mut self, c: &Computed, block: BlockId, loc: Loc) -> Computed {
        let order: Vec<usize> = (0..c.base.len()).collect();
        let value = self.in_order(c, &order, block, loc);
        let value = self.reshape(value, &c.shape, block, loc);
        Computed::plain(value, &c.shape)
    }
}
