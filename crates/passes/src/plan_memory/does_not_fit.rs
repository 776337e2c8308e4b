//! Why a plan does not fit.

use crate::memory_map::MemoryMap;
use ir::{Diagnostic, Module};
use usmp::{Buffer, Problem};

/// Adds what is live at the peak, largest first.
pub(super) fn explain(
    m: &Module,
    map: &MemoryMap,
    problem: &Problem,
    mut d: Diagnostic,
) -> Diagnostic {
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
