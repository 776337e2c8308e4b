//! Symbols: each `builtin.module` has a table of those that the ops directly in it define.

use crate::{Module, OpId, WalkOrder};
use rustc_hash::FxHashMap;

/// The symbol tables of a module.
#[derive(Default)]
pub(super) struct SymbolTables<'m> {
    tables: FxHashMap<OpId, FxHashMap<&'m str, OpId>>,
    duplicates: Vec<(OpId, &'m str)>,
}

fn is_table(m: &Module, op: OpId) -> bool {
    m.op_name(op) == "builtin.module"
}

impl<'m> SymbolTables<'m> {
    pub(super) fn of(m: &'m Module) -> SymbolTables<'m> {
        let mut all = SymbolTables::default();
        for op in m.walk(m.root(), WalkOrder::Pre) {
            if is_table(m, op) {
                all.tables.entry(op).or_default();
            }
            let (Some(name), Some(parent)) = (m.symbol_name(op), m.parent_op(op)) else {
                continue;
            };
            // A table comes before the ops in it.
            if let Some(table) = all.tables.get_mut(&parent)
                && *table.entry(name).or_insert(op) != op
            {
                all.duplicates.push((op, name));
            }
        }
        all
    }

    /// Each op that defines a symbol of its table again.
    pub(super) fn duplicates(&self) -> Vec<(OpId, &'m str)> {
        self.duplicates.clone()
    }

    /// The op that defines a symbol in the nearest table around an op.
    pub(super) fn lookup(&self, m: &Module, from: OpId, name: &str) -> Option<OpId> {
        let mut around = std::iter::successors(m.parent_op(from), |&op| m.parent_op(op));
        let table = around.find(|&op| is_table(m, op))?;
        self.tables.get(&table)?.get(name).copied()
    }
}
