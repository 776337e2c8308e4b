//! `propagate-constants`: an argument of a private function that is the same constant at every call becomes that constant inside.

use crate::symbol_uses::SymbolUses;
use ir::dialects::{arith, func};
use ir::{Attr, AttrData, Builder, Module, OpId, Type, TypeData, ValueId};
use pass::{Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "propagate-constants",
        "builtin.module",
        "Move scalar arguments that are equal at all calls into the function.",
        PropagateConstants,
    )
    .idempotent()
}

#[derive(Clone)]
struct PropagateConstants;

impl Pass for PropagateConstants {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let uses = cx.analysis::<SymbolUses>(m, root);
        // What became a constant in a function may be the argument of a call there.
        while propagate(m, &uses) {}
        Ok(())
    }
}

/// Moves what can be moved, once through all functions; whether anything could.
fn propagate(m: &mut Module, uses: &SymbolUses) -> bool {
    let mut changed = false;
    for f in func::functions(m) {
        let private = m.prop(f, "sym_visibility").and_then(|a| m.attr_str(a)) == Some("private");
        let name = m.symbol_name(f).unwrap_or_default().to_owned();
        let sites: Vec<OpId> = uses.calls(m, &name).map(|c| c.0).collect();
        // Whoever refers to it otherwise may call it with anything.
        let only_called = !sites.is_empty() && sites.len() == uses.of(&name).len();
        let Some(entry) = m.entry_block(f).filter(|_| private && only_called) else {
            continue;
        };
        for i in (0..m.block_args(entry).len()).rev() {
            let Some(value) = same_constant(m, &sites, i) else {
                continue;
            };
            changed = true;
            replace_argument(m, f, i, value);
            for &call in &sites {
                let mut operands: Vec<ValueId> = m.operands(call).collect();
                operands.remove(i);
                m.set_operands(call, &operands);
            }
        }
    }
    changed
}

fn same_constant(m: &Module, sites: &[OpId], i: usize) -> Option<Attr> {
    let first = arith::constant_of(m, m.operand(sites[0], i))?;
    let scalar = matches!(
        m.attr_data(first),
        AttrData::Integer { .. } | AttrData::Float { .. }
    );
    (scalar
        && sites
            .iter()
            .all(|&s| arith::constant_of(m, m.operand(s, i)) == Some(first)))
    .then_some(first)
}

fn replace_argument(m: &mut Module, f: OpId, i: usize, value: Attr) {
    let Some(entry) = m.entry_block(f) else {
        return;
    };
    let arg = m.block_args(entry)[i];
    let ty = m.value_type(arg);
    let first = m.ops(entry).next();
    if let Some(first) = first {
        let mut b = Builder::before(m, first);
        let op = b.insert(
            ir::OpState::new("arith.constant")
                .prop("value", value)
                .results(&[ty]),
        );
        let constant = m.result(op, 0);
        m.replace_all_uses(arg, constant);
    }
    m.remove_block_arg(entry, i);
    let types: Vec<Type> = m
        .block_args(entry)
        .iter()
        .map(|&v| m.value_type(v))
        .collect();
    let ty = m.prop(f, "function_type").and_then(|a| m.attr_type(a));
    let results = match ty.map(|t| m.type_data(t)) {
        Some(TypeData::Function { results, .. }) => results.clone(),
        _ => Vec::new(),
    };
    let ty = m.function(&types, &results);
    let ty = m.type_attr(ty);
    m.set_prop(f, "function_type", ty);
    if let Some(AttrData::Array(list)) = m.prop(f, "arg_attrs").map(|a| m.attr_data(a).clone()) {
        let mut list = list;
        list.remove(i);
        let list = m.attr(AttrData::Array(list));
        m.set_prop(f, "arg_attrs", list);
    }
}
