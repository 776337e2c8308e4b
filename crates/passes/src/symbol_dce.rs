//! `symbol-dce`: removes private functions and globals that nothing public leads to.
//!
//! Public symbols stay (and what has no visibility is public), and so do symbols that an op refers to which is not registered. Private
//! symbols that refer to each other in a circle go.

use crate::symbol_uses::SymbolUses;
use ir::dialects::func;
use ir::{Module, OpId};
use pass::{Failed, Pass, PassCx, PassInfo};
use rustc_hash::{FxHashMap, FxHashSet};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "symbol-dce",
        "builtin.module",
        "Remove private functions and globals that nothing refers to.",
        SymbolDce,
    )
    .idempotent()
}

#[derive(Clone)]
struct SymbolDce;

/// Whether a top-level op may go if nothing refers to its symbol.
fn is_optional(m: &Module, op: OpId) -> bool {
    let private = m.prop(op, "sym_visibility").and_then(|a| m.attr_str(a)) == Some("private");
    private && m.op_info(op).is_some_and(|i| i.traits.symbol)
}

/// Whether an argument lies in `@arena` without naming it.
fn lies_in_arena(m: &Module, f: OpId) -> bool {
    let args = m.entry_block(f).map_or(0, |b| m.block_args(b).len());
    let has = |i, name| func::arg_attr(m, f, i, name).is_some();
    (0..args).any(|i| has(i, "mcu.offset") && !has(i, "mcu.arena"))
}

impl Pass for SymbolDce {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let uses = cx.analysis::<SymbolUses>(m, root);
        let top: Vec<OpId> = m
            .regions(root)
            .iter()
            .flat_map(|&r| m.blocks(r))
            .flat_map(|&b| m.ops(b))
            .collect();
        let by_name: FxHashMap<&str, OpId> = top
            .iter()
            .filter_map(|&op| Some((m.symbol_name(op)?, op)))
            .collect();
        // The top-level op around each op, for what it refers to.
        let mut refers: FxHashMap<OpId, Vec<OpId>> = FxHashMap::default();
        for (user, names) in uses.by_user() {
            let mut around = user;
            while let Some(p) = m.parent_op(around).filter(|&p| p != root && around != root) {
                around = p;
            }
            let targets = names.iter().filter_map(|n| by_name.get(n).copied());
            refers.entry(around).or_default().extend(targets);
        }
        let mut next: Vec<OpId> = top
            .iter()
            .copied()
            .filter(|&op| !is_optional(m, op))
            .collect();
        next.push(root);
        // Arguments that say where they lie in the arena mean it without naming it.
        if func::functions(m).into_iter().any(|f| lies_in_arena(m, f)) {
            next.extend(by_name.get("arena"));
        }
        let mut live: FxHashSet<OpId> = next.iter().copied().collect();
        while let Some(op) = next.pop() {
            for &target in refers.get(&op).into_iter().flatten() {
                if live.insert(target) {
                    next.push(target);
                }
            }
        }
        // All or none: they may refer to each other.
        let dead: Vec<OpId> = top.into_iter().filter(|op| !live.contains(op)).collect();
        if dead.is_empty() || !cx.fuel.take() {
            return Ok(());
        }
        for op in dead {
            m.erase(op);
            cx.count("erased", 1);
        }
        Ok(())
    }
}
