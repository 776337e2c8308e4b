//! Writes a plan into the module: the arena, a view of it for every buffer.

use super::ARENA_ALIGN;
use crate::memory_map::MemoryMap;
use ir::dialects::func;
use ir::{Builder, Module, OpId, OpState};
use usmp::Problem;

/// Replaces the buffers of `which` by places in a new global `@arena`.
pub(super) fn place(
    m: &mut Module,
    main: OpId,
    map: &MemoryMap,
    plan: &usmp::Plan,
    which: &[usize],
    problem: &Problem,
) {
    let size = i64::try_from(plan.height()).expect("invariant: the planner checks that sums fit");
    let i8 = m.i8();
    let arena = m.memref(&[size], i8);
    if size > 0 {
        let (name, private, ty, unit) = (
            m.str_attr("arena"),
            m.str_attr("private"),
            m.type_attr(arena),
            m.unit_attr(),
        );
        let align = m.i64_attr(ARENA_ALIGN.max(problem.alignment()) as i64);
        let state = OpState::new("memref.global")
            .prop("sym_name", name)
            .prop("sym_visibility", private)
            .prop("type", ty);
        let global = m.create(state.prop("initial_value", unit).prop("alignment", align));
        m.insert_before(main, global);
    }
    for (&offset, &i) in plan.offsets().iter().zip(which) {
        let b = &map.buffers[i];
        let offset = i64::try_from(offset).expect("invariant: the planner checks that sums fit");
        match m.defining_op(b.value) {
            None => {
                let entry = m.entry_block(main).expect("invariant: @main has a body");
                let arg = m.block_args(entry).iter().position(|&v| v == b.value);
                let value = m.i64_attr(offset);
                func::set_arg_attr(
                    m,
                    main,
                    arg.expect("invariant: an argument of @main"),
                    "mcu.offset",
                    value,
                );
            }
            Some(alloc) => {
                let ty = m.value_type(b.value);
                let kind = m.discardable(alloc, "mcu.kind");
                let mut builder = Builder::before(m, alloc);
                let base = builder.get_global("arena", arena);
                let shift = builder.const_index(offset);
                let mut state = OpState::new("memref.view")
                    .operands(&[base, shift])
                    .results(&[ty]);
                if let Some(kind) = kind {
                    state = state.attr("mcu.kind", kind);
                }
                let view = builder.insert(state);
                let view = m.result(view, 0);
                m.replace_all_uses(b.value, view);
                m.erase(alloc);
            }
        }
    }
}
