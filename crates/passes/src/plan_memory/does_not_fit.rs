//! Why a plan does not fit: what is live at the peak, what there is, and what would help.

use super::memories::{LARGEST_OBJECT, Memories};
use crate::memory_map::MemoryMap;
use ir::{Diagnostic, Module};
use pass::PassCx;
use target::{Target, TargetKind};
use usmp::pools::{DoesNotFit, PoolProblem};
use usmp::{Buffer, BufferKind, Liveness, Problem};

/// Buffers that are listed one by one.
const LISTED: usize = 8;

/// Bytes of a name that is shortened.
const LONG_NAME: usize = 60;

/// Boards that are named as large enough.
const NAMED: usize = 3;

/// The error, for a problem that has no plan in `memories`.
pub(super) fn explain(
    m: &Module,
    map: &MemoryMap,
    problem: &PoolProblem,
    memories: &Memories<'_>,
    error: &DoesNotFit,
    cx: &PassCx<'_>,
) -> Diagnostic {
    let buffers = problem.problem().buffers();
    let mut d = Diagnostic::error("M006", message(memories, error, cx.target)).note(format!(
        "the peak is at layer \"{}\"",
        map.event_layer(m, error.peak as usize)
    ));
    for &i in error.live.iter().take(LISTED) {
        let b = &buffers[i];
        let (size, kind, name) = (b.size, b.kind.name(), name(b));
        d = d.note(format!("live there: {size} bytes, {kind} of \"{name}\""));
    }
    let others = error.live.iter().skip(LISTED);
    let (count, bytes) = others.fold((0u64, 0u64), |(n, sum), &i| (n + 1, sum + buffers[i].size));
    if count > 0 {
        d = d.note(format!("live there: {bytes} bytes in {count} more buffers"));
    }
    if memories.0.len() > 1 {
        for need in &error.pools {
            let (name, size) = (&need.name, need.size.unwrap_or(0));
            let short = match need.missing() {
                0 => format!("{} are used", need.height),
                missing => format!("{missing} are missing"),
            };
            d = d.note(format!("memory `{name}` has {size} bytes, {short}"));
        }
    }
    if !error.proved {
        d = d.note("not every assignment to memories was tried: another one might fit");
    }
    d.help(help(problem.problem(), cx))
}

fn message(memories: &Memories<'_>, error: &DoesNotFit, target: &Target) -> String {
    let name = &target.name;
    match (memories.0.as_slice(), error.pools.as_slice()) {
        ([place], [need]) => {
            let (height, size) = (need.height, need.size.unwrap_or(0));
            let Some(memory) = place.memory else {
                return match size {
                    LARGEST_OBJECT => format!(
                        "the arena takes {height} bytes; with addresses of 32 bits an object has {size} bytes at most"
                    ),
                    _ => format!(
                        "the arena takes {height} bytes, and no memory of {name} may be used"
                    ),
                };
            };
            match size == u64::from(memory.size) {
                true => format!("the arena takes {height} bytes, {name} has {size} bytes of RAM"),
                false => format!(
                    "the arena takes {height} bytes, it may take {size} of the {} bytes of memory `{}`",
                    memory.size, memory.name
                ),
            }
        }
        _ => {
            let missing = error.missing;
            format!(
                "the buffers do not fit into the memories of {name}: {missing} bytes are missing"
            )
        }
    }
}

/// The name without the number that makes it unique; of a long list of layers that were fused before import, the first.
fn name(b: &Buffer) -> &str {
    let name = b.name.rsplit_once(" #").map_or(&*b.name, |(name, _)| name);
    match name.split_once(';') {
        Some((first, _)) if name.len() > LONG_NAME => first,
        _ => name,
    }
}

fn help(problem: &Problem, cx: &PassCx<'_>) -> String {
    let mut ways = Vec::new();
    let inside = |b: &Buffer| !matches!(b.kind, BufferKind::Input | BufferKind::Output);
    let bound = Liveness::of(problem).bound();
    let kept: Vec<usize> = (0..problem.buffers().len())
        .filter(|&i| inside(&problem.buffers()[i]))
        .collect();
    if let Ok(part) = problem.part(&kept, 1) {
        let without = Liveness::of(&part).bound();
        if without < bound {
            ways.push(format!(
                "`--io=caller` needs {} bytes less in the arena",
                bound - without
            ));
        }
    }
    ways.push("`--optimize-for ram` may need less".to_owned());
    let boards = boards_that_hold(bound, cx);
    if !boards.is_empty() {
        ways.push(format!("boards with enough RAM: {}", boards.join(", ")));
    }
    ways.push("a smaller model".to_owned());
    ways.join("; ")
}

/// The smallest boards in one of whose memories so many bytes fit: of the target's own core first, at most [`NAMED`].
fn boards_that_hold(bytes: u64, cx: &PassCx<'_>) -> Vec<String> {
    let largest = |t: &Target| {
        let memories = t.memories.iter().filter(|m| m.kind.holds_buffers());
        memories.map(|m| u64::from(m.size)).max().unwrap_or(0)
    };
    let mut boards: Vec<&Target> = cx
        .registry
        .targets()
        .iter()
        .filter(|t| t.kind == TargetKind::Board && largest(t) >= bytes)
        .filter(|t| t.name != cx.target.name)
        .collect();
    boards.sort_by_key(|t| (t.core.cpu != cx.target.core.cpu, largest(t), t.name.clone()));
    let named = boards.iter().take(NAMED);
    named.map(|t| t.name.clone()).collect()
}
