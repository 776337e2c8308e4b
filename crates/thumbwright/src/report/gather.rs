//! From a compiled model and measurements to the data of a report.

use super::measurements::Measurements;
use super::schema::{
    ArenaReport, BufferReport, IoTensor, KernelReport, LayerReport, MemoryReport, ModelReport,
    NetworkReport, OverlapReport, Peak, Remark, Report, StepReport, TargetReport, Tool, Totals,
};
use crate::Compiled;
use crate::layers::TensorInfo;
use ir::dialects::func::CallOp;
use ir::{Loc, LocData, Module, OpId, Severity};
use passes::front::Front;
use passes::memory_map::{MappedBuffer, MemoryMap, Role};
use usmp::{BufferKind, Liveness, Problem};

/// See [`Report::of`].
pub(crate) fn gather(compiled: &Compiled, measured: &Measurements) -> Report {
    let (m, map) = (compiled.module(), compiled.memory());
    let counts = step_counts(m, map, measured);
    let layers = layers(compiled, &counts);
    let profile = measured.profile.as_ref();
    let file = compiled.file();
    let target = compiled.target();
    Report {
        schema: super::SCHEMA.to_owned(),
        version: super::SCHEMA_VERSION,
        tool: Tool {
            name: "thumbwright".to_owned(),
            version: crate::VERSION.to_owned(),
        },
        model: ModelReport {
            name: compiled.name().to_owned(),
            file: crate::compiler::base_name(file).to_owned(),
            sha256: compiled.hash().to_owned(),
        },
        target: TargetReport {
            name: target.name.clone(),
            kind: target.kind.name().to_owned(),
            description: target.description.clone(),
            ram_bytes: target.ram_size(),
            flash_bytes: target.flash_size(),
        },
        pipeline: compiled.pipeline().to_owned(),
        inputs: io_tensors(compiled.inputs(), map, Role::Input),
        outputs: io_tensors(compiled.outputs(), map, Role::Output),
        networks: networks(m),
        memory: memory(m, map),
        kernels: kernels(m, map, &counts),
        totals: Totals {
            macs: layers.iter().map(|l| l.macs).sum(),
            weight_bytes: layers.iter().map(|l| l.weight_bytes).sum(),
            constant_bytes: constant_bytes(m),
            instructions: profile.map(|p| p.instructions),
            cycles: profile.map(|p| p.cycles),
        },
        layers,
        code: measured.code,
        stack: measured.stack,
        remarks: compiled.diagnostics().iter().map(remark).collect(),
    }
}

/// Instructions and cycles of one step.
type Count = Option<(u64, u64)>;

fn callee(m: &Module, event: OpId) -> Option<String> {
    CallOp::cast(m, event).map(|c| c.callee(m))
}

/// Of each step, if the profile's calls are those of `@main` one by one. The C names of kernels may have a prefix.
fn step_counts(m: &Module, map: &MemoryMap, measured: &Measurements) -> Vec<Count> {
    let none = vec![None; map.events.len()];
    let Some(profile) = &measured.profile else {
        return none;
    };
    let mut calls = profile.calls.iter();
    let mut counts = Vec::with_capacity(map.events.len());
    for &event in &map.events {
        let Some(kernel) = callee(m, event) else {
            counts.push(None);
            continue;
        };
        match calls.next().filter(|c| c.function.ends_with(&kernel)) {
            Some(c) => counts.push(Some((c.instructions, c.cycles))),
            None => return none,
        }
    }
    if calls.next().is_some() { none } else { counts }
}

/// The layers that a location names, by operator index and name.
pub(crate) fn named_layers(m: &Module, loc: Loc, out: &mut Vec<(u32, String)>) {
    match m.loc_data(loc) {
        LocData::Name { name, .. } => {
            let index = m.operator_index(loc).unwrap_or(0);
            out.push((index, m.text(*name).to_owned()));
        }
        LocData::Fused { parts, .. } => parts.iter().for_each(|&p| named_layers(m, p, out)),
        LocData::CallSite { caller, .. } => named_layers(m, *caller, out),
        LocData::Unknown | LocData::File { .. } => {}
    }
}

fn layers(compiled: &Compiled, counts: &[Count]) -> Vec<LayerReport> {
    let (m, map) = (compiled.module(), compiled.memory());
    let mut layers: Vec<LayerReport> = compiled
        .layers()
        .into_iter()
        .map(|l| LayerReport {
            index: l.index,
            op: l.op,
            name: l.name,
            inputs: l.inputs,
            outputs: l.outputs,
            filter: l.filter,
            macs: l.macs,
            weight_bytes: l.weight_bytes,
            activation_bytes: l.activation_bytes,
            scratch_bytes: 0,
            schedule: None,
            kernel: None,
            step: None,
            instructions: None,
            cycles: None,
        })
        .collect();
    for (step, &event) in map.events.iter().enumerate() {
        let text = |name: &str| {
            let attr = m.discardable(event, name)?;
            m.attr_str(attr).map(str::to_owned)
        };
        let op = text("mcu.op");
        let mut names = Vec::new();
        named_layers(m, m.op_loc(event), &mut names);
        let offloaded = op.as_deref() == Some(ir::dialects::nn::OffloadOp::NAME);
        let fused = names.len() > 1 || offloaded;
        let mut first = true;
        for (index, name) in names {
            let of_layer = |l: &&mut LayerReport| {
                let same_op = fused || op.as_ref().is_none_or(|op| *op == l.op);
                l.step.is_none() && l.index == index && l.name == name && same_op
            };
            let Some(l) = layers.iter_mut().find(of_layer) else {
                continue;
            };
            l.step = Some(step);
            l.schedule = text("mcu.schedule");
            l.kernel = callee(m, event);
            if std::mem::take(&mut first) {
                l.scratch_bytes = live_scratch(map, step);
                let count = counts.get(step).copied().flatten();
                (l.instructions, l.cycles) = (count.map(|c| c.0), count.map(|c| c.1));
            }
        }
    }
    layers
}

fn live_scratch(map: &MemoryMap, step: usize) -> u64 {
    let live = |b: &&MappedBuffer| b.role == Role::Scratch && (b.start..b.end).contains(&step);
    map.buffers.iter().filter(live).map(|b| b.size).sum()
}

fn kernels(m: &Module, map: &MemoryMap, counts: &[Count]) -> Vec<KernelReport> {
    let mut kernels: Vec<KernelReport> = Vec::new();
    for (step, &event) in map.events.iter().enumerate() {
        let Some(name) = callee(m, event) else {
            continue;
        };
        let known = kernels.iter().position(|k| k.name == name);
        let i = known.unwrap_or_else(|| {
            kernels.push(KernelReport {
                name,
                layers: Vec::new(),
                instructions: None,
                cycles: None,
            });
            kernels.len() - 1
        });
        let k = &mut kernels[i];
        k.layers.push(map.event_layer(m, step));
        if let Some((instructions, cycles)) = counts[step] {
            k.instructions = Some(k.instructions.unwrap_or(0) + instructions);
            k.cycles = Some(k.cycles.unwrap_or(0) + cycles);
        }
    }
    kernels
}

fn io_tensors(tensors: Vec<TensorInfo>, map: &MemoryMap, role: Role) -> Vec<IoTensor> {
    let mut buffers = map.buffers.iter().filter(|b| b.role == role);
    tensors
        .into_iter()
        .map(|tensor| {
            let buffer = buffers.next();
            IoTensor {
                tensor,
                arena: buffer.and_then(|b| b.arena.clone()),
                offset: buffer.and_then(|b| b.offset),
            }
        })
        .collect()
}

fn networks(m: &Module) -> Vec<NetworkReport> {
    let front = m.lookup_symbol("main").map(|main| Front::read(m, main));
    let points = front.unwrap_or_default().points;
    let network = |p: passes::front::Point| NetworkReport {
        cycles: p.measure.cycles,
        flash_bytes: p.measure.flash,
        ram_bytes: p.measure.ram,
        given: p.given,
        taken: p.taken,
    };
    points.into_iter().map(network).collect()
}

fn is_io(b: &MappedBuffer) -> bool {
    matches!(b.role, Role::Input | Role::Output)
}

fn memory(m: &Module, map: &MemoryMap) -> MemoryReport {
    let of_run = || map.buffers.iter().filter(|b| b.role != Role::State);
    let mut inner = of_run().filter(|b| !is_io(b));
    let has_offset = |b: &MappedBuffer| b.offset.is_some();
    let any_placed = of_run().any(has_offset);
    let io_placed = map.buffers.iter().filter(|b| is_io(b)).all(has_offset);
    let io_in_arena = io_placed || !any_placed;
    let problem = passes::plan_memory::problem(map, io_in_arena).ok();
    let liveness = problem.as_ref().map(|(p, _)| Liveness::of(p));
    let liveness_bound = liveness.as_ref().map_or(0, Liveness::bound);
    let placed = inner.all(has_offset);
    let bound = proved_bound(map).unwrap_or(match placed {
        // Where nothing is said, results may run into operands.
        true => liveness_bound.min(map.arena_size),
        false => liveness_bound,
    });
    let peak = liveness.as_ref().and_then(Liveness::peak).map(|p| {
        let step = p.start as usize;
        let layer = map.event_layer(m, step);
        Peak { step, layer }
    });
    let steps: Vec<StepReport> = (0..map.events.len())
        .map(|step| StepReport {
            layer: map.event_layer(m, step),
            op: m
                .discardable(map.events[step], "mcu.op")
                .and_then(|a| m.attr_str(a))
                .map(str::to_owned),
            kernel: callee(m, map.events[step]),
            live_bytes: liveness.as_ref().map_or(0, |l| live_at(l, step)),
            scratch_bytes: live_scratch(map, step),
        })
        .collect();
    let (scratch, buffers) = of_run()
        .map(|b| buffer(m, map, b))
        .partition(|b| b.role == Role::Scratch.name());
    let arenas: Vec<ArenaReport> = map
        .arenas
        .iter()
        .filter(|a| !a.persistent)
        .map(|a| ArenaReport {
            name: a.symbol.clone(),
            pool: a.pool.clone(),
            bytes: a.size,
        })
        .collect();
    let activation_bytes = arenas.iter().map(|a| kept_end(map, &a.name)).sum();
    MemoryReport {
        placed,
        io: if io_in_arena { "arena" } else { "caller" }.to_owned(),
        arena_bytes: map.arena_size,
        arenas,
        algorithm: map.arenas.iter().find_map(|a| a.algorithm.clone()),
        bound_bytes: bound,
        gap_bytes: map.arena_size.saturating_sub(bound),
        liveness_bound_bytes: liveness_bound,
        activation_bytes,
        activation_bound_bytes: problem.map_or(0, |(p, _)| bound_without_scratch(&p)),
        scratch_bytes: steps.iter().map(|s| s.scratch_bytes).max().unwrap_or(0),
        peak,
        steps,
        buffers,
        scratch,
        overlaps: overlaps(map),
        state_bytes: map.state_size(),
        states: map
            .buffers
            .iter()
            .filter(|b| b.role == Role::State)
            .map(|b| buffer(m, map, b))
            .collect(),
    }
}

/// Bytes that the arenas take at least, if all of them say so.
fn proved_bound(map: &MemoryMap) -> Option<u64> {
    let mut arenas = map.arenas.iter().filter(|a| !a.persistent).peekable();
    arenas.peek()?;
    arenas.map(|a| a.lower_bound).sum()
}

/// Every pair of buffers that share bytes of an arena while both are live, in the order of the later one's birth.
fn overlaps(map: &MemoryMap) -> Vec<OverlapReport> {
    let placed = || map.buffers.iter().filter(|b| b.size > 0);
    let mut overlaps = Vec::new();
    for (i, a) in placed().enumerate() {
        for b in placed().skip(i + 1) {
            // The later one is the result, which the step that reads the other for the last time writes.
            let (operand, result) = if a.start <= b.start { (a, b) } else { (b, a) };
            if result.start >= operand.end || a.arena != b.arena {
                continue;
            }
            let (Some(arena), Some(from), Some(to)) = (&a.arena, operand.offset, result.offset)
            else {
                continue;
            };
            let offset = from.max(to);
            let end = from
                .saturating_add(operand.size)
                .min(to.saturating_add(result.size));
            if offset < end {
                overlaps.push(OverlapReport {
                    result: result.layer.clone(),
                    operand: operand.layer.clone(),
                    step: result.start,
                    arena: arena.clone(),
                    offset,
                    bytes: end - offset,
                });
            }
        }
    }
    overlaps.sort_by_key(|o| (o.step, o.offset));
    overlaps
}

/// End of the highest buffer in an arena that is no scratch.
fn kept_end(map: &MemoryMap, arena: &str) -> u64 {
    let kept = |b: &&MappedBuffer| b.role != Role::Scratch && b.arena.as_deref() == Some(arena);
    let ends = map.buffers.iter().filter(kept);
    ends.filter_map(|b| b.offset.map(|o| o.saturating_add(b.size)))
        .max()
        .unwrap_or(0)
}

fn live_at(liveness: &Liveness, step: usize) -> u64 {
    let during = liveness
        .profile()
        .iter()
        .find(|p| (p.start as usize..p.end as usize).contains(&step));
    during.map_or(0, |p| p.live_bytes)
}

fn bound_without_scratch(problem: &Problem) -> u64 {
    let kept = problem
        .buffers()
        .iter()
        .filter(|b| b.kind != BufferKind::Scratch);
    let problem = Problem::new(kept.cloned().collect());
    problem.map_or(0, |p| Liveness::of(&p).bound())
}

fn buffer(m: &Module, map: &MemoryMap, b: &MappedBuffer) -> BufferReport {
    BufferReport {
        name: b.layer.clone(),
        layer: (!matches!(b.role, Role::Input | Role::State)).then(|| map.event_layer(m, b.start)),
        role: b.role.name().to_owned(),
        bytes: b.size,
        arena: b.arena.clone(),
        offset: b.offset,
        start: b.start,
        end: b.end,
    }
}

fn constant_bytes(m: &Module) -> u64 {
    let constants = m
        .ops(m.body())
        .filter(|&op| m.op_name(op) == "memref.global" && m.prop(op, "constant").is_some());
    constants
        .filter_map(|op| m.prop(op, "type").and_then(|a| m.attr_type(a)))
        .filter_map(|t| m.size_bytes(t))
        .sum()
}

fn remark(d: &ir::Diagnostic) -> Remark {
    let severity = match d.severity {
        Severity::Remark => "remark",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    Remark {
        severity: severity.to_owned(),
        code: d.code.to_string(),
        message: d.message.clone(),
        location: d.location.clone(),
        notes: d.notes.clone(),
        help: d.help.clone(),
    }
}
