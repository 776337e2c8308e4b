//! List scheduling and beam search.

use super::graph::OperatorGraph;
use super::state::State;
use std::collections::BTreeSet;
use std::ops::Range;

/// List scheduling: of the operators that are ready, the next is the one behind which fewest bytes are live, the first in the order given
/// if equal. The order given, if that has no larger peak.
pub fn greedy(graph: &OperatorGraph) -> Vec<usize> {
    let all = 0..graph.operators().len();
    let mut state = State::start(graph);
    let (peak, order) = list_schedule(&mut state, &all);
    let given = state.run_all(all.clone());
    if peak < given { order } else { all.collect() }
}

/// Peak and order of the operators in `range`; `state` is where it starts, and is left there.
pub(super) fn list_schedule(state: &mut State<'_>, range: &Range<usize>) -> (u64, Vec<usize>) {
    let (mut peak, mut order) = (0, Vec::with_capacity(range.len()));
    while state.count() < range.end {
        let of = |&i: &usize| (state.effect(i).1, i);
        let Some(operator) = state.ready().iter().copied().min_by_key(of) else {
            break;
        };
        peak = peak.max(state.effect(operator).0);
        state.run(operator);
        order.push(operator);
    }
    state.undo_all(&order);
    (peak, order)
}

/// A state of the beam.
#[derive(Clone)]
struct Kept<'g> {
    state: State<'g>,
    peak: u64,
    order: Vec<usize>,
}

/// Keeps the `width` best sets of operators of every size: least peak so far, then fewest live bytes. Peak and order; `state` is where the
/// range starts.
pub(super) fn beam(
    state: &State<'_>,
    range: &Range<usize>,
    width: usize,
) -> Option<(u64, Vec<usize>)> {
    let mut beam = vec![Kept {
        state: state.clone(),
        peak: 0,
        order: Vec::new(),
    }];
    for _ in range.clone() {
        // Ways on, best first: peak, live bytes, which of the beam, operator.
        let mut ways: Vec<(u64, u64, usize, usize)> = Vec::new();
        for (i, kept) in beam.iter().enumerate() {
            for &operator in kept.state.ready() {
                let (peak, after) = kept.state.effect(operator);
                ways.push((peak.max(kept.peak), after, i, operator));
            }
        }
        ways.sort_unstable();
        let mut next: Vec<Kept<'_>> = Vec::new();
        let mut seen = BTreeSet::new();
        for (peak, _, i, operator) in ways {
            let mut key = beam[i].state.key(range);
            let bit = operator - range.start / 64 * 64;
            key[bit / 64] |= 1 << (bit % 64);
            // The first way to a set is the best one.
            if !seen.insert(key) {
                continue;
            }
            let mut kept = beam[i].clone();
            kept.state.run(operator);
            kept.peak = peak;
            kept.order.push(operator);
            next.push(kept);
            if next.len() == width {
                break;
            }
        }
        beam = next;
    }
    let best = beam.into_iter().next()?;
    Some((best.peak, best.order))
}
