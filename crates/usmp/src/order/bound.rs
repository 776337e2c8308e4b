//! Bytes that no order of a segment can be below.

use super::state::State;
use std::ops::Range;

/// Segments of more operators than this get the simple bound: each operator needs what it touches.
const MAX_OPERATORS: usize = 2048;

/// A peak in bytes that no order of the operators in `range` is below; `state` is where the range starts.
///
/// While an operator runs, live is at least what it touches, and every buffer that must be there before it (live at the start of the
/// range, or written by one that must run before it) and is needed after it (by one that must run after it, or behind the range).
pub(super) fn bound(state: &State<'_>, range: &Range<usize>) -> u64 {
    let graph = state.graph;
    let count = range.len();
    let credit = |i: usize| {
        let op = &graph.operators()[i];
        let new: u64 = op.writes.iter().map(|&b| graph.buffers()[b].size).sum();
        op.in_place
            .iter()
            .map(|c| c.bytes.min(new))
            .max()
            .unwrap_or(0)
    };
    let sets = (count <= MAX_OPERATORS).then(|| reach(state, range));
    let mut need = vec![0u64; count];
    let mut through = state.live();
    for (b, touchers, writers) in buffers_of(state, range) {
        if state.is_live(b) {
            through -= graph.buffers()[b].size;
        }
        let mut live = vec![0u64; count.div_ceil(64)];
        if let Some(sets) = &sets {
            let mut there = vec![if state.is_live(b) { u64::MAX } else { 0 }; live.len()];
            for &w in &writers {
                there
                    .iter_mut()
                    .zip(&sets[w].after)
                    .for_each(|(a, b)| *a |= b);
            }
            let behind = state.left(b) as usize > touchers.len() || graph.buffers()[b].is_output;
            let mut needed = vec![if behind { u64::MAX } else { 0 }; live.len()];
            for &t in &touchers {
                needed
                    .iter_mut()
                    .zip(&sets[t].before)
                    .for_each(|(a, b)| *a |= b);
            }
            for (l, (t, n)) in live.iter_mut().zip(there.iter().zip(needed)) {
                *l = t & n;
            }
        }
        for &t in &touchers {
            live[t / 64] |= 1 << (t % 64);
        }
        for (i, need) in need.iter_mut().enumerate() {
            if live[i / 64] >> (i % 64) & 1 == 1 {
                *need += graph.buffers()[b].size;
            }
        }
    }
    let of = |(i, need): (usize, &u64)| (need + through).saturating_sub(credit(range.start + i));
    need.iter().enumerate().map(of).max().unwrap_or(0)
}

/// Each buffer that the range touches, with the operators that touch and that write it, counted from the range's start.
fn buffers_of(state: &State<'_>, range: &Range<usize>) -> Vec<(usize, Vec<usize>, Vec<usize>)> {
    let mut touches: Vec<(usize, usize)> = Vec::new();
    for i in range.clone() {
        touches.extend(state.graph.touched(i).iter().map(|&b| (b, i - range.start)));
    }
    touches.sort_unstable();
    touches
        .chunk_by(|a, b| a.0 == b.0)
        .map(|of| {
            let (b, touchers) = (of[0].0, of.iter().map(|t| t.1));
            let writes = |i: &usize| {
                let op = &state.graph.operators()[range.start + i];
                op.writes.binary_search(&b).is_ok()
            };
            (
                b,
                touchers.clone().collect(),
                touchers.filter(writes).collect(),
            )
        })
        .collect()
}

/// One bit an operator of the range.
struct Reach {
    before: Vec<u64>,
    after: Vec<u64>,
}

/// For each operator of the range, those of the range that must run before and after it.
fn reach(state: &State<'_>, range: &Range<usize>) -> Vec<Reach> {
    let count = range.len();
    let words = count.div_ceil(64);
    let none = || Reach {
        before: vec![0; words],
        after: vec![0; words],
    };
    let mut sets: Vec<Reach> = (0..count).map(|_| none()).collect();
    let inside = |list: &[usize]| -> Vec<usize> {
        let of = list.iter().filter(|i| range.contains(i));
        of.map(|i| i - range.start).collect()
    };
    for i in 0..count {
        for j in inside(state.graph.before(range.start + i)) {
            let mut set = std::mem::take(&mut sets[i].before);
            set[j / 64] |= 1 << (j % 64);
            set.iter_mut()
                .zip(&sets[j].before)
                .for_each(|(a, b)| *a |= b);
            sets[i].before = set;
        }
    }
    for i in (0..count).rev() {
        for j in inside(state.graph.behind(range.start + i)) {
            let mut set = std::mem::take(&mut sets[i].after);
            set[j / 64] |= 1 << (j % 64);
            set.iter_mut()
                .zip(&sets[j].after)
                .for_each(|(a, b)| *a |= b);
            sets[i].after = set;
        }
    }
    sets
}
