//! Constants in fast memories: weights and tables go into what the buffers left.

use super::limits::Limits;
use super::memories::Memories;
use super::place::pool_symbol;
use crate::access_counts::AccessCounts;
use ir::dialects::memref::GlobalOp;
use ir::{AttrData, Diagnostic, Module, OpId};
use target::{MemoryKind, Target};
use usmp::pools::{Item, PoolPlan, Room, fill};

/// Of a memory that nobody limited, constants leave this share, and so many bytes at least, to stack and application.
const LEFT_SHARE: u64 = 8;
const LEFT_BYTES: u64 = 4096;

/// What was done.
#[derive(Default)]
pub(super) struct Moved {
    /// Constants that are in a memory for buffers now, and those that there are.
    pub count: (usize, usize),
    pub bytes: u64,
    /// Cycles of waiting that a run saves.
    pub cycles: u128,
}

impl Moved {
    /// In one sentence.
    pub(super) fn describe(&self) -> String {
        let (count, all) = self.count;
        let (bytes, cycles) = (self.bytes, self.cycles);
        format!(
            "{count} of {all} constants, {bytes} bytes, are in memories that are faster than flash, which saves {cycles} cycles of waiting"
        )
    }
}

/// Marks the constants that are read most, for every byte, with the memory that they fit into above the buffers (`mcu.pool`), as long as it
/// is faster than the flash that they would be in. One that has a pool already, or another section than `.rodata`, stays.
///
/// # Errors
/// A symbol that is needed is taken.
pub(super) fn move_constants(
    m: &mut Module,
    main: OpId,
    target: &Target,
    memories: &Memories<'_>,
    limits: &Limits,
    plan: &PoolPlan,
    counts: &AccessCounts,
) -> Result<Moved, Diagnostic> {
    let flash = target.memories.iter().find(|m| m.kind == MemoryKind::Flash);
    let flash = flash.map_or(0, |m| m.read_wait);
    let constants: Vec<OpId> = m
        .ops(m.body())
        .filter(|&op| GlobalOp::cast(m, op).is_some_and(|g| is_free_constant(m, g)))
        .collect();
    let items: Vec<Item> = constants
        .iter()
        .map(|&op| {
            let g = GlobalOp(op);
            let align = g.alignment(m).and_then(|a| u64::try_from(a).ok());
            Item {
                size: m.size_bytes(g.memref_type(m)).unwrap_or(0),
                align: align.filter(|a| a.is_power_of_two()).unwrap_or(16),
                access: counts.global(&g.sym_name(m)),
                read_cost: flash,
            }
        })
        .collect();
    let room = |(index, place): (usize, &super::memories::Place<'_>)| {
        let size = place
            .pool
            .size
            .map(|size| match limits.get(&place.pool.name) {
                Some(_) => size,
                None => size.saturating_sub((size / LEFT_SHARE).max(LEFT_BYTES)),
            });
        Room {
            from: plan.heights()[index],
            // Without a memory there is nothing to move to.
            size: place.memory.map_or(Some(0), |_| size),
            read_cost: place.pool.read_cost,
        }
    };
    let mut rooms: Vec<Room> = memories.0.iter().enumerate().map(room).collect();
    let places = fill(&items, &mut rooms);
    let mut moved = Moved {
        count: (0, constants.len()),
        ..Moved::default()
    };
    for ((op, item), place) in constants.into_iter().zip(&items).zip(places) {
        let Some(memory) = place.and_then(|p| memories.0[p].memory) else {
            continue;
        };
        let pool = pool_symbol(m, main, &memory.name, memory.size)?;
        m.set_discardable(op, "mcu.pool", pool);
        m.remove_discardable(op, "mcu.section");
        moved.count.0 += 1;
        moved.bytes += item.size;
        let saved = item.read_cost.saturating_sub(memory.read_wait);
        moved.cycles += u128::from(item.access.reads) * u128::from(saved);
    }
    Ok(moved)
}

fn is_free_constant(m: &Module, g: GlobalOp) -> bool {
    let value = g.initial_value(m);
    let section = m.discardable(g.0, "mcu.section");
    g.constant(m)
        && value.is_some_and(|v| *m.attr_data(v) != AttrData::Unit)
        && section.is_none_or(|s| m.attr_str(s) == Some(".rodata"))
        && m.discardable(g.0, "mcu.pool").is_none()
}
