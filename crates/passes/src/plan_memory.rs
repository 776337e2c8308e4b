//! `plan-memory`: every buffer of `@main` gets an address in the arena, by usmp.
//!
//! With `io=arena` (the default) inputs and outputs live in the arena as well, at the argument attribute `mcu.offset`; with `io=caller`
//! they stay the caller's.

use crate::memory_map::{MemoryMap, Role};
use ir::dialects::func;
use ir::{Builder, Diagnostic, Module, OpId, OpState};
use pass::{Failed, OptionError, Options, Pass, PassCx, PassInfo};
use usmp::{Algorithms, Buffer, BufferKind, Problem};

/// The pass.
pub fn info() -> PassInfo {
    let algorithms = Algorithms::builtin();
    let names: Vec<&str> = algorithms.names().collect();
    PassInfo::with_options(
        "plan-memory",
        "builtin.module",
        "Place activation and scratch buffers in the arena.",
        PlanMemory::new,
    )
    .option(
        "algorithm",
        &names.join("|"),
        Algorithms::DEFAULT,
        "The planning algorithm.",
    )
    .option(
        "io",
        "arena|caller",
        "arena",
        "Where inputs and outputs live.",
    )
}

/// Every buffer starts at a multiple of this, so that kernels may load words; the arena itself at [`ARENA_ALIGN`].
pub const BUFFER_ALIGN: u64 = 4;
/// Alignment of the arena.
pub const ARENA_ALIGN: u64 = 16;

struct PlanMemory {
    algorithm: String,
    io_in_arena: bool,
}

impl PlanMemory {
    fn new(o: &Options<'_>) -> Result<PlanMemory, OptionError> {
        let io_in_arena = o.choice("io", &["arena", "caller"])? == "arena";
        let algorithm = o.text("algorithm").to_owned();
        if let Err(e) = Algorithms::builtin().get(&algorithm) {
            return Err(o.refuse("algorithm", e.to_string()));
        }
        Ok(PlanMemory {
            algorithm,
            io_in_arena,
        })
    }
}

/// The planner's problem of a lowered module, one buffer for each in the map's order; those that are not planned are left out.
pub fn problem(map: &MemoryMap, io_in_arena: bool) -> Result<(Problem, Vec<usize>), Diagnostic> {
    let mut buffers = Vec::new();
    let mut which = Vec::new();
    for (i, b) in map.buffers.iter().enumerate() {
        let kind = match b.role {
            Role::Input => BufferKind::Input,
            Role::Output => BufferKind::Output,
            Role::Activation => BufferKind::Activation,
            Role::Scratch => BufferKind::Scratch,
        };
        if !io_in_arena && matches!(b.role, Role::Input | Role::Output) {
            continue;
        }
        let time = |t: usize| {
            u32::try_from(t).map_err(|_| Diagnostic::error("M001", "more than 2^32 layers"))
        };
        buffers.push(Buffer {
            name: format!("{} #{i}", b.layer),
            size: b.size,
            align: b.elem_bytes.max(BUFFER_ALIGN),
            start: time(b.start)?,
            end: time(b.end)?,
            kind,
        });
        which.push(i);
    }
    let problem = Problem::new(buffers)
        .map_err(|e| Diagnostic::error("M001", format!("cannot plan the memory: {e}")))?;
    Ok((problem, which))
}

impl Pass for PlanMemory {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let (Some(map), Some(main)) = (MemoryMap::of(m), m.lookup_symbol("main")) else {
            let e = Diagnostic::error("M002", "the module has no lowered function @main");
            return cx.fail(e.help("run `lower-nn` before `plan-memory`"));
        };
        if m.lookup_symbol("arena").is_some() {
            return cx.fail(Diagnostic::error(
                "M003",
                "the memory of this module is planned already: it has a symbol @arena",
            ));
        }
        let (problem, which) = match problem(&map, self.io_in_arena) {
            Ok(p) => p,
            Err(e) => return cx.fail(e),
        };
        let algorithms = Algorithms::builtin();
        let Ok(algorithm) = algorithms.get(&self.algorithm) else {
            return cx.fail(Diagnostic::error(
                "M004",
                format!("no algorithm `{}`", self.algorithm),
            ));
        };
        let plan = algorithm.plan(&problem);
        let violations = usmp::check(&problem, &plan);
        if let Some(v) = violations.first() {
            let e = Diagnostic::error(
                "M005",
                format!("algorithm `{}` made a wrong plan: {v}", self.algorithm),
            );
            return cx.fail(e.help("this is a bug of the algorithm"));
        }
        let bound = usmp::Liveness::of(&problem).bound();
        cx.diagnostics.push(Diagnostic::remark(
            "remark.plan",
            format!(
                "plan of {} bytes, liveness bound {bound} bytes, by {}",
                plan.height(),
                self.algorithm
            ),
        ));
        if let Some(ram) = cx.target.ram_size().filter(|&ram| plan.height() > ram) {
            let message = format!(
                "the arena takes {} bytes, {} has {ram} bytes of RAM",
                plan.height(),
                cx.target.name
            );
            return cx.fail(too_large(
                m,
                &map,
                &problem,
                Diagnostic::error("M006", message),
            ));
        }
        place(m, main, &map, &plan, &which, &problem);
        Ok(())
    }
}

/// Adds what is live at the peak, largest first.
fn too_large(m: &Module, map: &MemoryMap, problem: &Problem, mut d: Diagnostic) -> Diagnostic {
    let liveness = usmp::Liveness::of(problem);
    if let Some(peak) = liveness.peak() {
        d = d.note(format!(
            "the peak is at layer \"{}\"",
            map.event_layer(m, peak.start as usize)
        ));
        let mut live: Vec<&Buffer> = liveness
            .live_at_peak()
            .iter()
            .map(|&i| &problem.buffers()[i])
            .collect();
        live.sort_by_key(|b| std::cmp::Reverse(b.size));
        for b in live.iter().take(5) {
            d = d.note(format!(
                "live there: {} bytes, {} of \"{}\"",
                b.size,
                b.kind.name(),
                b.name
            ));
        }
    }
    d.help("choose a target with more RAM, `--io=caller`, or a smaller model")
}

fn place(
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
