//! Places what a network remembers between runs: a global `@state` of its own.
//!
//! States are live at every time, so no plan takes less than one behind the other, in their order.

use super::place::{arena_global, pool_symbol};
use super::{ARENA_ALIGN, BUFFER_ALIGN};
use crate::memory_map::{MemoryMap, Role};
use ir::dialects::func;
use ir::{Diagnostic, Module, OpId};
use target::Memory;

/// The global's symbol.
const STATE: &str = "state";

/// Where each state goes, and how many bytes all of them take.
pub(super) struct StatePlan {
    offsets: Vec<u64>,
    pub size: u64,
    align: u64,
}

impl StatePlan {
    /// Of the states of a map.
    ///
    /// # Errors
    /// `M001` when their sizes overflow.
    pub(super) fn of(map: &MemoryMap) -> Result<StatePlan, Diagnostic> {
        let mut plan = StatePlan {
            offsets: Vec::new(),
            size: 0,
            align: ARENA_ALIGN,
        };
        for b in map.buffers.iter().filter(|b| b.role == Role::State) {
            let align = b.elem_bytes.max(BUFFER_ALIGN);
            plan.align = plan.align.max(align);
            let offset = plan.size.checked_next_multiple_of(align);
            let end = offset.and_then(|o| o.checked_add(b.size));
            let (Some(offset), Some(end)) = (offset, end.filter(|&e| e <= i64::MAX as u64)) else {
                let text = format!("the states up to \"{}\" add up to 2^63 bytes", b.layer);
                return Err(Diagnostic::error("M001", text));
            };
            plan.offsets.push(offset);
            plan.size = end;
        }
        Ok(plan)
    }

    /// Makes the global, if there are states, in a memory of the target, and says at their arguments where they are.
    ///
    /// # Errors
    /// A symbol that is needed is taken.
    pub(super) fn place(
        &self,
        m: &mut Module,
        main: OpId,
        map: &MemoryMap,
        memory: Option<&Memory>,
    ) -> Result<(), Diagnostic> {
        if self.offsets.is_empty() {
            return Ok(());
        }
        let pool = memory.map(|p| pool_symbol(m, main, &p.name, p.size));
        let pool = pool.transpose()?;
        let i8 = m.i8();
        let ty = m.memref(&[self.size.max(1) as i64], i8);
        let global = arena_global(m, main, STATE, ty, self.align, pool)?;
        let unit = m.unit_attr();
        m.set_discardable(global, "mcu.persistent", unit);
        let args = m.entry_block(main).map(|b| m.block_args(b).to_vec());
        let args = args.unwrap_or_default();
        let states = map.buffers.iter().filter(|b| b.role == Role::State);
        let symbol = m.symbol_attr(STATE);
        for (b, &offset) in states.zip(&self.offsets) {
            let arg = args.iter().position(|&v| v == b.value);
            let arg = arg.expect("invariant: a state is an argument of @main");
            let offset = m.i64_attr(offset as i64);
            func::set_arg_attr(m, main, arg, "mcu.offset", offset);
            func::set_arg_attr(m, main, arg, "mcu.arena", symbol);
        }
        Ok(())
    }
}
