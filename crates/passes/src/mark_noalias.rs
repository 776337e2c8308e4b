//! `mark-noalias`: an argument of a kernel that overlaps no other at any call gets `llvm.noalias` (C: `restrict`).
//!
//! Runs after placement. Addresses are compared, not lifetimes; constants and the caller's own buffers are taken as apart from
//! everything else (the header tells the caller so).

use crate::lower_nn::is_memref;
use crate::memory_map::{ARENA, is_argument, root};
use crate::symbol_uses::SymbolUses;
use ir::dialects::{arith, func, memref};
use ir::{Module, OpId, ValueId};
use pass::{Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "mark-noalias",
        "builtin.module",
        "Mark kernel arguments that overlap no other argument at any call.",
        MarkNoalias,
    )
    .idempotent()
}

#[derive(Clone)]
struct MarkNoalias;

/// Where a buffer is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    /// In an arena: its symbol, first byte, bytes.
    Arena(String, u64, u64),
    Global(String),
    Caller(ValueId),
    Unknown,
}

impl Place {
    fn apart(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::Unknown, _) | (_, Place::Unknown) => false,
            (Place::Arena(s, a, n), Place::Arena(t, b, k)) => s != t || a + n <= *b || b + k <= *a,
            (a, b) => a != b,
        }
    }
}

fn place(m: &Module, main: OpId, v: ValueId) -> Place {
    let v = root(m, v);
    let size = m.size_bytes(m.value_type(v)).unwrap_or(0);
    if is_argument(m, v) {
        let entry = m
            .entry_block(main)
            .and_then(|e| m.block_args(e).iter().position(|&a| a == v));
        let Some(i) = entry else {
            return Place::Unknown;
        };
        return match func::arg_attr(m, main, i, "mcu.offset").and_then(|a| m.attr_int(a)) {
            Some(o) => {
                let arena = func::arg_attr(m, main, i, "mcu.arena").and_then(|a| m.attr_symbol(a));
                Place::Arena(arena.unwrap_or(ARENA).to_owned(), o as u64, size)
            }
            None => Place::Caller(v),
        };
    }
    match m.defining_op(v).map(|op| (op, m.op_name(op))) {
        Some((op, "memref.view")) => match arith::const_int_of(m, m.operand(op, 1)) {
            Some(o) => match global(m, m.defining_op(m.operand(op, 0))) {
                Some(arena) => Place::Arena(arena, o as u64, size),
                None => Place::Unknown,
            },
            None => Place::Unknown,
        },
        Some((op, "memref.get_global")) => {
            global(m, Some(op)).map_or(Place::Unknown, Place::Global)
        }
        _ => Place::Unknown,
    }
}

/// The symbol that a `memref.get_global` names.
fn global(m: &Module, op: Option<OpId>) -> Option<String> {
    Some(memref::GetGlobalOp::cast(m, op?)?.name(m))
}

impl Pass for MarkNoalias {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let Some(main) = m.lookup_symbol("main") else {
            return Ok(());
        };
        let uses = cx.analysis::<SymbolUses>(m, root);
        for f in func::functions(m) {
            let name = m.symbol_name(f).unwrap_or_default().to_owned();
            let sites: Vec<func::CallOp> = uses.calls(m, &name).collect();
            // Whoever refers to it otherwise may call it with anything.
            if sites.len() < uses.of(&name).len() {
                continue;
            }
            let Some(body) = m.entry_block(f).filter(|_| f != main && !sites.is_empty()) else {
                continue;
            };
            let count = m.block_args(body).len();
            let buffers: Vec<usize> = (0..count)
                .filter(|&i| is_memref(m, m.block_args(body)[i]))
                .collect();
            for &i in &buffers {
                let apart = sites.iter().all(|s| {
                    let at = |j: usize| place(m, main, m.operand(s.0, j));
                    buffers.iter().all(|&j| j == i || at(i).apart(&at(j)))
                });
                if apart {
                    let unit = m.unit_attr();
                    func::set_arg_attr(m, f, i, "llvm.noalias", unit);
                }
            }
        }
        Ok(())
    }
}
