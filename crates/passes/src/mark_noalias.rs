//! `mark-noalias`: an argument of a kernel that overlaps no other at any call gets `llvm.noalias` (C: `restrict`).
//!
//! Runs after placement. Addresses are compared, not lifetimes; constants and the caller's own buffers are taken as apart from
//! everything else (the header tells the caller so).

use crate::lower_nn::is_memref;
use crate::memory_map::{ARENA, is_argument, within};
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

/// What a buffer lies in.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Base {
    /// An arena or a constant, by its symbol.
    Global(String),
    Caller(ValueId),
}

/// Where a buffer, or a view of a part of one, is.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Place {
    base: Base,
    from: u64,
    size: u64,
}

impl Place {
    fn apart(&self, other: &Place) -> bool {
        let after = |a: &Place, b: &Place| a.from.saturating_add(a.size) <= b.from;
        self.base != other.base || after(self, other) || after(other, self)
    }
}

/// The place of an operand of a call of `@main`; `None` if it is not known.
fn place(m: &Module, main: OpId, v: ValueId) -> Option<Place> {
    let size = m.size_bytes(m.value_type(v)).unwrap_or(0);
    let (buffer, within) = within(m, v);
    let offset = |o: i64| u64::try_from(o).ok();
    let (base, start) = if is_argument(m, buffer) {
        let entry = m.entry_block(main)?;
        let i = m.block_args(entry).iter().position(|&a| a == buffer)?;
        match func::arg_attr(m, main, i, "mcu.offset").and_then(|a| m.attr_int(a)) {
            Some(o) => {
                let arena = func::arg_attr(m, main, i, "mcu.arena").and_then(|a| m.attr_symbol(a));
                let arena = arena.unwrap_or(ARENA).to_owned();
                (Base::Global(arena), offset(o)?)
            }
            None => (Base::Caller(buffer), 0),
        }
    } else {
        let op = m.defining_op(buffer)?;
        match m.op_name(op) {
            "memref.view" => {
                let arena = global(m, m.defining_op(m.operand(op, 0))?)?;
                let shift = arith::const_int_of(m, m.operand(op, 1))?;
                (Base::Global(arena), offset(shift)?)
            }
            "memref.get_global" => (Base::Global(global(m, op)?), 0),
            _ => return None,
        }
    };
    let from = start.checked_add(within?)?;
    Some(Place { base, from, size })
}

/// The symbol that a `memref.get_global` names.
fn global(m: &Module, op: OpId) -> Option<String> {
    Some(memref::GetGlobalOp::cast(m, op)?.name(m))
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
                    let apart = |j| at(i).zip(at(j)).is_some_and(|(a, b)| a.apart(&b));
                    buffers.iter().all(|&j| j == i || apart(j))
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
