//! `poison-dead-memory`: for debugging, overwrites the bytes of an arena as soon as nobody needs them any more.
//!
//! Before the first layer and after every layer, what of an arena belongs to no tensor that is read later (or is an output) is filled with
//! [`PATTERN`], by calls of one kernel an arena. A kernel that reads a byte before it is written, or a plan that gives a byte away
//! too early, then changes the outputs, in the interpreter, in the C and under the emulator alike. The calls are marked
//! `mcu.kind = "poison"`: they are no events of the memory map.

use crate::memory_map::{MemoryMap, Role};
use ir::dialects::func;
use ir::{Builder, Loc, Module, OpId};
use pass::{Failed, Pass, PassCx, PassInfo};
use std::ops::Range;

/// What dead bytes hold.
pub const PATTERN: u8 = 0xa5;

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "poison-dead-memory",
        "builtin.module",
        "Overwrite what is dead of the arenas after every layer, to find who reads it.",
        PoisonDeadMemory,
    )
}

#[derive(Clone)]
struct PoisonDeadMemory;

impl Pass for PoisonDeadMemory {
    fn run(&self, m: &mut Module, _: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
        let (Some(map), Some(main)) = (MemoryMap::of(m), m.lookup_symbol("main")) else {
            return Ok(());
        };
        let Some(end) = m.entry_block(main).and_then(|b| m.last_op(b)) else {
            return Ok(());
        };
        for arena in map.arenas.iter().filter(|a| !a.persistent && a.size > 0) {
            let mut kernel = None;
            for time in 0..=map.events.len() {
                for bytes in dead(&map, &arena.symbol, arena.size, time) {
                    let name = kernel.get_or_insert_with(|| fill(m, arena.size)).clone();
                    let at = map.events.get(time).copied().unwrap_or(end);
                    let layer = time
                        .checked_sub(1)
                        .map_or(Loc::UNKNOWN, |t| m.op_loc(map.events[t]));
                    call(m, at, layer, (&name, &arena.symbol, arena.size), bytes);
                }
            }
        }
        Ok(())
    }
}

/// The bytes of an arena that nobody needs between event `time - 1` and event `time`, lowest first.
fn dead(map: &MemoryMap, arena: &str, size: u64, time: usize) -> Vec<Range<u64>> {
    let is_needed = |role: Role, start: usize, end: usize| match role {
        Role::Input => time < end,
        Role::Output => start < time,
        Role::State => true,
        Role::Activation | Role::Scratch => start < time && time < end,
    };
    let mut live: Vec<Range<u64>> = map
        .buffers
        .iter()
        .filter(|b| b.arena.as_deref() == Some(arena) && is_needed(b.role, b.start, b.end))
        .filter_map(|b| Some(b.offset?..b.offset?.saturating_add(b.size)))
        .collect();
    live.sort_by_key(|r| (r.start, r.end));
    let mut free = Vec::new();
    let mut from = 0;
    for r in live.into_iter().chain(std::iter::once(size..size)) {
        if from < r.start {
            free.push(from..r.start);
        }
        from = from.max(r.end);
    }
    free
}

/// A kernel that fills the bytes of an arena from one subscript to below another; its name.
fn fill(m: &mut Module, size: u64) -> String {
    let (i8t, index) = (m.i8(), m.index());
    let arena = m.memref(&[size as i64], i8t);
    let mut name = "poison".to_owned();
    let mut n = 1;
    while m.lookup_symbol(&name).is_some() {
        n += 1;
        name = format!("poison_{n}");
    }
    let (f, entry) = func::build_func(m, &name, &[arena, index, index], &[], Loc::UNKNOWN);
    let private = m.str_attr("private");
    m.set_prop(f, "sym_visibility", private);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(m, entry);
    let one = b.const_index(1);
    let pattern = b.const_int(i64::from(PATTERN as i8), i8t);
    b.for_loop(args[1], args[2], one, &[], |b, i, _| {
        b.store(pattern, args[0], &[i]);
        Vec::new()
    });
    b.op("func.return", &[], &[]);
    name
}

/// Calls the kernel before an op, on behalf of a layer.
fn call(
    m: &mut Module,
    before: OpId,
    layer: Loc,
    (kernel, arena, size): (&str, &str, u64),
    bytes: Range<u64>,
) {
    let kind = m.str_attr("poison");
    let i8t = m.i8();
    let ty = m.memref(&[size as i64], i8t);
    let mut b = Builder::before(m, before);
    b.set_loc(layer);
    let base = b.get_global(arena, ty);
    let (from, to) = (
        b.const_index(bytes.start as i64),
        b.const_index(bytes.end as i64),
    );
    let call = b.call(kernel, &[base, from, to], &[]);
    m.set_discardable(call, "mcu.kind", kind);
}
