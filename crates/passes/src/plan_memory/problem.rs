//! From the memory map of a lowered module to the planner's problem.

use super::BUFFER_ALIGN;
use crate::memory_map::{MemoryMap, Role};
use ir::Diagnostic;
use usmp::{Buffer, BufferKind, Problem};

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
            // Live at every time, in memory of their own.
            Role::State => continue,
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
