//! `share-kernels`: equal private functions become one, whose location names all the layers that it serves.

use crate::fingerprint::fingerprint;
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
    fn run(&self, m: &mut Module, root: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
        let mut first: FxHashMap<String, usize> = FxHashMap::default();
        let mut groups: Vec<Vec<OpId>> = Vec::new();
        for f in func::functions(m) {
            let private =
                m.prop(f, "sym_visibility").and_then(|a| m.attr_str(a)) == Some("private");
            if !private || m.entry_block(f).is_none() {
                continue;
            }
            let group = *first.entry(fingerprint(m, f)).or_insert(groups.len());
            if group == groups.len() {
                groups.push(Vec::new());
            }
            groups[group].push(f);
        }
        let mut renamed: FxHashMap<String, String> = FxHashMap::default();
        for group in groups.iter().filter(|g| g.len() > 1) {
            let name = m.symbol_name(group[0]).unwrap_or_default().to_owned();
            let loc = fuse(m, &name, group);
            m.set_loc(group[0], loc);
            for &f in &group[1..] {
                renamed.insert(
                    m.symbol_name(f).unwrap_or_default().to_owned(),
                    name.clone(),
                );
                m.erase(f);
            }
        }
        for op in m.walk(root, ir::WalkOrder::Pre) {
            let new = func::CallOp::cast(m, op).and_then(|c| renamed.get(&c.callee(m)));
            if let Some(new) = new {
                let callee = m.symbol_attr(new);
                m.set_prop(op, "callee", callee);
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
