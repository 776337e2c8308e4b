//! Building `mcu.call_extern`.

use super::call_extern::{BufferRole, CallExternOp, Returned, YieldOp};
use super::extern_value::ExternValue;
use crate::{AttrData, BlockId, Builder, Module, OpId, OpState, Type, ValueId};
use rustc_hash::FxHashMap;

/// What an `mcu.call_extern` is made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExternCall {
    /// The C function's name.
    pub callee: String,
    /// What is included to call it.
    pub header: String,
    /// What is linked.
    pub library: Option<String>,
    /// What it returns.
    pub returned: Returned,
    /// Buffers, with what each is to the function.
    pub operands: Vec<(ValueId, BufferRole)>,
    /// The function's arguments, in its order.
    pub arguments: Vec<ExternValue>,
}

impl ExternCall {
    /// The call with an empty region that takes tensors of these types, one for each input.
    fn start(&self, b: &mut Builder<'_>, tensors: &[Type]) -> (OpId, BlockId) {
        let m = &mut *b.m;
        let roles: Vec<_> = self
            .operands
            .iter()
            .map(|o| m.str_attr(o.1.name()))
            .collect();
        let arguments: Vec<_> = self.arguments.iter().map(|v| v.to_attr(m)).collect();
        let buffers: Vec<ValueId> = self.operands.iter().map(|o| o.0).collect();
        let mut state = OpState::new(CallExternOp::NAME)
            .operands(&buffers)
            .prop("callee", m.str_attr(&self.callee))
            .prop("header", m.str_attr(&self.header))
            .prop("returns", m.str_attr(self.returned.name()))
            .prop("roles", m.attr(AttrData::Array(roles)))
            .prop("arguments", m.attr(AttrData::Array(arguments)))
            .regions(1);
        if let Some(library) = &self.library {
            state = state.prop("library", m.str_attr(library));
        }
        let call = b.insert(state);
        let m = &mut *b.m;
        let body = m.add_block(m.regions(call)[0], tensors);
        (call, body)
    }

    /// Inserts a call that computes what one op does: its inputs are the op's operands.
    pub fn insert_op(&self, b: &mut Builder<'_>, op: OpId) -> OpId {
        let types: Vec<Type> = b.m.operands(op).map(|v| b.m.value_type(v)).collect();
        let (call, body) = self.start(b, &types);
        let m = &mut *b.m;
        let mut values: FxHashMap<ValueId, ValueId> = m
            .operands(op)
            .zip(m.block_args(body).iter().copied())
            .collect();
        // An operand may be there twice; every argument stands for its own.
        let operands = m.block_args(body).to_vec();
        copy(m, op, &operands, &mut values, body);
        let results: Vec<ValueId> = m.results(op).iter().map(|v| values[v]).collect();
        Builder::at_end(m, body).op(YieldOp::NAME, &results, &[]);
        call
    }

    /// Inserts a call that computes what a block does: its inputs are the block's arguments, its outputs the terminator's operands.
    pub fn insert_block(&self, b: &mut Builder<'_>, block: BlockId) -> OpId {
        let types: Vec<Type> =
            b.m.block_args(block)
                .iter()
                .map(|&v| b.m.value_type(v))
                .collect();
        let (call, body) = self.start(b, &types);
        let m = &mut *b.m;
        let arguments = m.block_args(body).to_vec();
        let results = copy_block(m, block, &arguments, body);
        Builder::at_end(m, body).op(YieldOp::NAME, &results, &[]);
        call
    }

    /// Inserts a call that computes nothing yet: it has no outputs, and what it is given as workspace holds nothing afterwards. `tensors`
    /// are the types of its inputs.
    pub fn insert_start(&self, b: &mut Builder<'_>, tensors: &[Type]) -> OpId {
        let (call, body) = self.start(b, tensors);
        Builder::at_end(&mut *b.m, body).op(YieldOp::NAME, &[], &[]);
        call
    }
}

/// Copies the ops of a block but its terminator to the end of another, on other arguments; what the terminator's operands became.
pub fn copy_block(
    m: &mut Module,
    block: BlockId,
    arguments: &[ValueId],
    to: BlockId,
) -> Vec<ValueId> {
    let mut values: FxHashMap<ValueId, ValueId> = m
        .block_args(block)
        .iter()
        .copied()
        .zip(arguments.iter().copied())
        .collect();
    let ops: Vec<OpId> = m.ops(block).collect();
    let Some((&end, body)) = ops.split_last() else {
        return Vec::new();
    };
    for &op in body {
        let operands: Vec<ValueId> = m.operands(op).map(|v| values[&v]).collect();
        copy(m, op, &operands, &mut values, to);
    }
    m.operands(end).map(|v| values[&v]).collect()
}

/// Copies an op without regions to the end of a block, on other operands, and notes its results.
fn copy(
    m: &mut Module,
    op: OpId,
    operands: &[ValueId],
    values: &mut FxHashMap<ValueId, ValueId>,
    to: BlockId,
) {
    let types: Vec<Type> = m.results(op).iter().map(|&v| m.value_type(v)).collect();
    let mut state = OpState::new(m.op_name(op))
        .loc(m.op_loc(op))
        .operands(operands)
        .results(&types);
    for &(key, value) in m.props(op) {
        state = state.prop(m.text(key), value);
    }
    let copy = m.create(state);
    m.append(to, copy);
    let pairs: Vec<(ValueId, ValueId)> = m
        .results(op)
        .iter()
        .copied()
        .zip(m.results(copy).iter().copied())
        .collect();
    values.extend(pairs);
}
