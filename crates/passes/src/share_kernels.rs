//! `share-kernels`: equal private functions become one, whose location names all the layers that it serves.

use crate::fingerprint::fingerprint;
use crate::symbol_uses::SymbolUses;
use ir::dialects::func;
use ir::{Loc, LocData, Module, OpId};
use pass::{Failed, Pass, PassCx, PassInfo};
use rustc_hash::FxHashMap;

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "share-kernels",
        "builtin.module",
        "Merge private functions that differ in name and location only.",
        ShareKernels,
    )
    .idempotent()
}

#[derive(Clone)]
struct ShareKernels;

impl Pass for ShareKernels {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let uses = cx.analysis::<SymbolUses>(m, root);
        let mut first: FxHashMap<String, usize> = FxHashMap::default();
        let mut groups: Vec<Vec<OpId>> = Vec::new();
        for f in func::functions(m) {
            let private =
                m.prop(f, "sym_visibility").and_then(|a| m.attr_str(a)) == Some("private");
            // Who refers to it otherwise than by a call means this function by its name.
            let name = m.symbol_name(f).unwrap_or_default();
            let only_called = uses.calls(m, name).count() == uses.of(name).len();
            if !private || !only_called || m.entry_block(f).is_none() {
                continue;
            }
            let group = *first.entry(fingerprint(m, f)).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Vec::new());
            }
            groups[group].push(f);
        }
        for group in groups.iter().filter(|g| g.len() > 1) {
            let name = m.symbol_name(group[0]).unwrap_or_default().to_owned();
            let loc = fuse(m, &name, group);
            m.set_loc(group[0], loc);
            let callee = m.symbol_attr(&name);
            for &f in &group[1..] {
                let old = m.symbol_name(f).unwrap_or_default().to_owned();
                m.erase(f);
                // Calls inside of functions that are gone are gone too.
                let calls: Vec<OpId> = uses.calls(m, &old).map(|c| c.0).collect();
                for call in calls {
                    m.set_prop(call, "callee", callee);
                }
            }
        }
        Ok(())
    }
}

fn fuse(m: &mut Module, kernel: &str, group: &[OpId]) -> Loc {
    let mut parts: Vec<Loc> = Vec::new();
    for &f in group {
        let loc = m.op_loc(f);
        match m.loc_data(loc) {
            LocData::Fused { parts: p, .. } => parts.extend(p.clone()),
            _ => parts.push(loc),
        }
    }
    let tag = Some(m.str_attr(kernel));
    m.loc(LocData::Fused { tag, parts })
}
