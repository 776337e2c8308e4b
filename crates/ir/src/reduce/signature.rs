//! Functions with fewer arguments and results.

use super::delete::replacement;
use crate::dialects::func::{CallOp, ReturnOp, arg_attr, functions};
use crate::{AttrData, Module, OpId, OpState, Type, TypeData, ValueId, WalkOrder};

/// An edit of a function's type.
pub enum Edit {
    /// Without an argument that nothing uses.
    Argument(OpId, usize),
    /// Without a result.
    Result(OpId, usize),
}

/// Every such edit; the last arguments and results first, so that the positions of the others stay.
pub fn candidates(m: &Module) -> Vec<Edit> {
    let mut edits = Vec::new();
    for f in functions(m) {
        let Some((inputs, results)) = function_type(m, f) else {
            continue;
        };
        edits.extend((0..inputs.len()).rev().map(|i| Edit::Argument(f, i)));
        edits.extend((0..results.len()).rev().map(|i| Edit::Result(f, i)));
    }
    edits
}

/// Makes an edit, if it still fits.
pub fn apply(m: &mut Module, edit: &Edit) {
    match *edit {
        Edit::Argument(f, i) if m.contains(f) => argument(m, f, i),
        Edit::Result(f, i) if m.contains(f) => result(m, f, i),
        _ => None,
    };
}

fn function_type(m: &Module, f: OpId) -> Option<(Vec<Type>, Vec<Type>)> {
    let ty = m.prop(f, "function_type").and_then(|a| m.attr_type(a))?;
    match m.type_data(ty) {
        TypeData::Function { inputs, results } => Some((inputs.clone(), results.clone())),
        _ => None,
    }
}

fn set_function_type(m: &mut Module, f: OpId, inputs: &[Type], results: &[Type]) {
    let ty = m.function(inputs, results);
    let ty = m.type_attr(ty);
    m.set_prop(f, "function_type", ty);
}

/// Takes the `i`-th dictionary out of `arg_attrs` or `res_attrs`.
fn remove_entry(m: &mut Module, f: OpId, list: &str, i: usize) {
    let Some(AttrData::Array(mut dicts)) = m.prop(f, list).map(|a| m.attr_data(a).clone()) else {
        return;
    };
    if i < dicts.len() {
        dicts.remove(i);
        let all = m.attr(AttrData::Array(dicts));
        m.set_prop(f, list, all);
    }
}

fn calls(m: &Module, f: OpId) -> Vec<OpId> {
    let name = m.symbol_name(f);
    let calls_it = |op: &OpId| {
        let callee = m.prop(*op, "callee").and_then(|a| m.attr_symbol(a));
        m.op_name(*op) == CallOp::NAME && callee == name
    };
    let all = m.walk(m.root(), WalkOrder::Pre);
    all.into_iter().filter(calls_it).collect()
}

fn argument(m: &mut Module, f: OpId, i: usize) -> Option<()> {
    let (mut inputs, results) = function_type(m, f)?;
    if let Some(block) = m.entry_block(f) {
        let &arg = m.block_args(block).get(i)?;
        if !m.uses(arg).is_empty() {
            return None;
        }
        m.remove_block_arg(block, i);
    }
    if i >= inputs.len() {
        return None;
    }
    let was_state = arg_attr(m, f, i, "mcu.state").is_some();
    inputs.remove(i);
    set_function_type(m, f, &inputs, &results);
    remove_entry(m, f, "arg_attrs", i);
    let counted = m.discardable(f, "mcu.inputs").and_then(|a| m.attr_int(a));
    if let Some(n) = counted.filter(|&n| (i as i64) < n) {
        let fewer = m.i64_attr(n - 1);
        m.set_discardable(f, "mcu.inputs", fewer);
    }
    if was_state {
        let states = m.discardable(f, "mcu.states").and_then(|a| m.attr_int(a));
        if let Some(n) = states {
            let fewer = m.i64_attr(n - 1);
            m.set_discardable(f, "mcu.states", fewer);
        }
    }
    for call in calls(m, f) {
        let mut operands: Vec<ValueId> = m.operands(call).collect();
        if i < operands.len() {
            operands.remove(i);
            m.set_operands(call, &operands);
        }
    }
    Some(())
}

fn result(m: &mut Module, f: OpId, i: usize) -> Option<()> {
    let (inputs, mut results) = function_type(m, f)?;
    if i >= results.len() {
        return None;
    }
    results.remove(i);
    set_function_type(m, f, &inputs, &results);
    remove_entry(m, f, "res_attrs", i);
    let last = m.entry_block(f).and_then(|b| m.last_op(b));
    if let Some(ret) = last.filter(|&op| m.op_name(op) == ReturnOp::NAME) {
        let mut values: Vec<ValueId> = m.operands(ret).collect();
        if i < values.len() {
            values.remove(i);
            m.set_operands(ret, &values);
        }
    }
    for call in calls(m, f) {
        call_without(m, call, i)?;
    }
    Some(())
}

/// A call without its `i`-th result.
fn call_without(m: &mut Module, call: OpId, i: usize) -> Option<()> {
    let old = m.results(call).to_vec();
    let mut state = OpState::new(CallOp::NAME).loc(m.op_loc(call));
    state = state.operands(&m.operands(call).collect::<Vec<_>>());
    for (at, &v) in old.iter().enumerate() {
        if at != i {
            state = state.results(&[m.value_type(v)]);
        }
    }
    for &(k, a) in m.props(call) {
        state = state.prop(m.text(k), a);
    }
    for &(k, a) in m.discardables(call) {
        state = state.attr(m.text(k), a);
    }
    let new = m.create(state);
    m.insert_before(call, new);
    let mut kept = m.results(new).to_vec().into_iter();
    for (at, v) in old.into_iter().enumerate() {
        if at != i {
            m.replace_all_uses(v, kept.next()?);
        } else if !m.uses(v).is_empty() {
            let ty = m.value_type(v);
            let other = replacement(m, new, ty)?;
            m.replace_all_uses(v, other);
        }
    }
    m.erase(call);
    Some(())
}
