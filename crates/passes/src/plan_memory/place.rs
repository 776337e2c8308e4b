//! Writes a plan into the module: the arenas, and a view of one for every buffer.

use super::ARENA_ALIGN;
use super::memories::Memories;
use crate::memory_map::{ALGORITHM, ARENA, LOWER_BOUND, MemoryMap};
use ir::dialects::func;
use ir::{Builder, Diagnostic, Module, OpId, OpState, Type};
use usmp::pools::{PoolPlan, PoolProblem};

/// An arena that is to be made: its symbol, and its type.
struct Arena {
    symbol: String,
    ty: Type,
}

/// Replaces the buffers of `which` by places in new globals: `@arena` if one memory holds everything, else one `@arena_<memory>` each. On
/// a target with memories each names its own by `mcu.pool`. Each says which `algorithm` has planned it, and what that has proved.
///
/// # Errors
/// A symbol that is needed is taken.
pub(super) fn place(
    m: &mut Module,
    main: OpId,
    map: &MemoryMap,
    (problem, plan): (&PoolProblem, &PoolPlan),
    which: &[usize],
    memories: &Memories<'_>,
    algorithm: &str,
) -> Result<(), Diagnostic> {
    let used: Vec<usize> = (0..memories.0.len())
        .filter(|&pool| plan.heights()[pool] > 0)
        .collect();
    // Buffers without bytes are in some arena too.
    let only = (used.len() <= 1).then(|| used.first().copied().unwrap_or(0));
    let mut arenas: Vec<Option<Arena>> = Vec::new();
    for (index, place) in memories.0.iter().enumerate() {
        let height = plan.heights()[index];
        let wanted = height > 0 || only == Some(index);
        if !wanted {
            arenas.push(None);
            continue;
        }
        let symbol = match only {
            Some(_) => ARENA.to_owned(),
            None => format!("{ARENA}_{}", place.pool.name),
        };
        let i8 = m.i8();
        let size = i64::try_from(height).expect("invariant: the planner checks that sums fit");
        let ty = m.memref(&[size], i8);
        if height > 0 {
            let align = ARENA_ALIGN
                .max(problem.problem().alignment())
                .max(place.pool.align);
            let pool = match place.memory {
                Some(memory) => Some(pool_symbol(m, main, &memory.name, memory.size)?),
                None => None,
            };
            let global = arena_global(m, main, &symbol, ty, align, pool)?;
            let algorithm = m.str_attr(algorithm);
            m.set_discardable(global, ALGORITHM, algorithm);
            if let Some(bound) = i64::try_from(plan.lower_bounds()[index])
                .ok()
                .filter(|&b| b > 0)
            {
                let bound = m.i64_attr(bound);
                m.set_discardable(global, LOWER_BOUND, bound);
            }
        }
        arenas.push(Some(Arena { symbol, ty }));
    }
    for (position, &i) in which.iter().enumerate() {
        // A buffer without bytes may be alone in its pool, which then has no arena: any other does for it.
        let own = arenas[plan.pools()[position]].as_ref();
        let arena = own.or_else(|| arenas.iter().flatten().next());
        let arena = arena.expect("invariant: there is an arena for every buffer");
        let offset = match own {
            Some(_) => plan.offsets()[position],
            None => 0,
        };
        let offset = i64::try_from(offset).expect("invariant: the planner checks that sums fit");
        let b = &map.buffers[i];
        match m.defining_op(b.value) {
            None => {
                let entry = m.entry_block(main).expect("invariant: @main has a body");
                let arg = m.block_args(entry).iter().position(|&v| v == b.value);
                let arg = arg.expect("invariant: an argument of @main");
                let value = m.i64_attr(offset);
                func::set_arg_attr(m, main, arg, "mcu.offset", value);
                if arena.symbol != ARENA {
                    let symbol = m.symbol_attr(&arena.symbol);
                    func::set_arg_attr(m, main, arg, "mcu.arena", symbol);
                }
            }
            Some(alloc) => view(m, alloc, arena, offset),
        }
    }
    Ok(())
}

/// Replaces an allocation by a view of an arena.
fn view(m: &mut Module, alloc: OpId, arena: &Arena, offset: i64) {
    let value = m.result(alloc, 0);
    let ty = m.value_type(value);
    let kind = m.discardable(alloc, "mcu.kind");
    let mut builder = Builder::before(m, alloc);
    let base = builder.get_global(&arena.symbol, arena.ty);
    let shift = builder.const_index(offset);
    let mut state = OpState::new("memref.view")
        .operands(&[base, shift])
        .results(&[ty]);
    if let Some(kind) = kind {
        state = state.attr("mcu.kind", kind);
    }
    let view = builder.insert(state);
    let view = m.result(view, 0);
    m.replace_all_uses(value, view);
    m.erase(alloc);
}

/// A global of so many bytes without a value, in front of `@main`.
///
/// # Errors
/// Something else has its symbol.
pub(super) fn arena_global(
    m: &mut Module,
    main: OpId,
    symbol: &str,
    ty: Type,
    align: u64,
    pool: Option<ir::Attr>,
) -> Result<OpId, Diagnostic> {
    free(m, symbol)?;
    let (name, private, ty, unit) = (
        m.str_attr(symbol),
        m.str_attr("private"),
        m.type_attr(ty),
        m.unit_attr(),
    );
    let align = m.i64_attr(i64::try_from(align).unwrap_or(i64::MAX));
    let mut state = OpState::new("memref.global")
        .prop("sym_name", name)
        .prop("sym_visibility", private)
        .prop("type", ty)
        .prop("initial_value", unit)
        .prop("alignment", align);
    if let Some(pool) = pool {
        state = state.attr("mcu.pool", pool);
    }
    let global = m.create(state);
    m.insert_before(main, global);
    Ok(global)
}

/// A reference to the `mcu.pool` of a memory, which is made if it is not there.
///
/// # Errors
/// Something else has its symbol.
pub(super) fn pool_symbol(
    m: &mut Module,
    main: OpId,
    memory: &str,
    size: u32,
) -> Result<ir::Attr, Diagnostic> {
    let there = m.lookup_symbol(memory);
    if there.is_none_or(|op| m.op_name(op) != "mcu.pool") {
        free(m, memory)?;
        let (name, size) = (m.str_attr(memory), m.i64_attr(i64::from(size)));
        let state = OpState::new("mcu.pool")
            .prop("sym_name", name)
            .prop("size", size);
        let pool = m.create(state);
        // Pools first, in the order in which they are made.
        let first = m.ops(m.body()).find(|&op| m.op_name(op) != "mcu.pool");
        let first = first.unwrap_or(main);
        m.insert_before(first, pool);
    }
    Ok(m.symbol_attr(memory))
}

fn free(m: &Module, symbol: &str) -> Result<(), Diagnostic> {
    match m.lookup_symbol(symbol) {
        None => Ok(()),
        Some(_) => Err(Diagnostic::error(
            "M003",
            format!("the plan needs the symbol @{symbol}, which the module has already"),
        )),
    }
}
