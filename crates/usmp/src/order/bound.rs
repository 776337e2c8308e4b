//! Bytes that no order of a segment can be below, at its start and after some of its operators have run.

use super::state::State;
use std::ops::Range;

/// Segments of more operators than this get the simple bound: each operator needs what it touches.
const MAX_OPERATORS: usize = 2048;

/// What each operator of a segment needs at least while it runs, in bytes.
///
/// Live is at least what the operator touches, and every buffer that must be there before it (live at the start of the segment, or
/// written by an operator that must run before it) and is needed after it (by an operator that must run after it, or behind the
/// segment). If a buffer that need not be there before it is there nevertheless, because others ran first, it counts as well, where it
/// is needed after the operator.
pub(super) struct Needs {
    range: Range<usize>,
    /// For each operator of the segment: what it needs in every order.
    always: Vec<u64>,
    /// For each buffer that an operator of the segment writes: the operators, one bit each, that it is live with if it was written
    /// before they run, but that need not follow any who writes it.
    once_written: Vec<(usize, Vec<u64>)>,
}

impl Needs {
    /// Of the operators in `range`; `state` is where the range starts.
    pub(super) fn of(state: &State<'_>, range: &Range<usize>) -> Needs {
        let graph = state.graph;
        let count = range.len();
        let credit = |i: usize| {
            let op = &graph.operators()[i];
            let new: u64 = op.writes.iter().map(|&b| graph.buffers()[b].size).sum();
            let credits = op.in_place.iter().map(|c| c.bytes.min(new));
            credits.max().unwrap_or(0)
        };
        let sets = (count <= MAX_OPERATORS).then(|| reach(state, range));
        let mut always = vec![0u64; count];
        let mut once_written = Vec::new();
        let mut through = state.live();
        for (b, touchers, writers) in buffers_of(state, range) {
            let size = graph.buffers()[b].size;
            let is_live = state.is_live(b);
            if is_live {
                through -= size;
            }
            let mut live = Bits::new(count);
            if let Some(sets) = &sets {
                let is_needed_behind =
                    state.left(b) as usize > touchers.len() || graph.buffers()[b].is_output;
                let mut needed = Bits::filled(count, is_needed_behind);
                touchers.iter().for_each(|&t| needed.add(&sets[t].before));
                let mut there = Bits::filled(count, is_live);
                writers.iter().for_each(|&w| there.add(&sets[w].after));
                live = Bits(needed.0.iter().zip(&there.0).map(|(n, t)| n & t).collect());
                if !is_live && !writers.is_empty() {
                    touchers.iter().for_each(|&t| there.set(t));
                    let only = needed.0.iter().zip(&there.0).map(|(n, t)| n & !t);
                    once_written.push((b, only.collect()));
                }
            }
            touchers.iter().for_each(|&t| live.set(t));
            ones(&live.0)
                .filter(|&i| i < count)
                .for_each(|i| always[i] += size);
        }
        for (i, need) in always.iter_mut().enumerate() {
            *need = (*need + through).saturating_sub(credit(range.start + i));
        }
        Needs {
            range: range.clone(),
            always,
            once_written,
        }
    }

    /// A peak in bytes that no order of the segment is below.
    pub(super) fn bound(&self) -> u64 {
        self.always.iter().copied().max().unwrap_or(0)
    }

    /// The needs at the start of the segment.
    pub(super) fn start(&self) -> Vec<u64> {
        self.always.clone()
    }

    /// Applies a change to the need of every operator that a buffer is live with once it was written.
    pub(super) fn for_written(&self, buffer: usize, mut change: impl FnMut(usize)) {
        let at = self.once_written.binary_search_by_key(&buffer, |w| w.0);
        if let Ok(at) = at {
            let operators = ones(&self.once_written[at].1);
            let inside = operators.filter(|&i| i < self.always.len());
            inside.for_each(&mut change);
        }
    }

    /// The largest of some needs whose operators have not run: every order that goes on from here reaches it.
    pub(super) fn ahead(&self, needs: &[u64], state: &State<'_>) -> u64 {
        let ahead = needs.iter().zip(self.range.clone());
        let ahead = ahead.filter(|&(_, i)| !state.has_run(i));
        ahead.map(|(&need, _)| need).max().unwrap_or(0)
    }
}

/// One bit an operator of the segment.
struct Bits(Vec<u64>);

impl Bits {
    fn new(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(64)])
    }

    fn filled(count: usize, value: bool) -> Bits {
        Bits(vec![if value { u64::MAX } else { 0 }; count.div_ceil(64)])
    }

    fn set(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    fn add(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a |= b);
    }
}

/// The bits that are set, ascending.
fn ones(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(at, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(64 * at + bit)
        })
    })
}

/// Each buffer that the range touches, with the operators that touch and that write it, counted from the range's start.
fn buffers_of(state: &State<'_>, range: &Range<usize>) -> Vec<(usize, Vec<usize>, Vec<usize>)> {
    let mut touches: Vec<(usize, usize)> = Vec::new();
    for i in range.clone() {
        let touched = state.graph.touched(i).iter();
        touches.extend(touched.map(|&b| (b, i - range.start)));
    }
    touches.sort_unstable();
    let of = |of: &[(usize, usize)]| {
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
    };
    touches.chunk_by(|a, b| a.0 == b.0).map(of).collect()
}

/// The operators of the range that must run before and after one.
struct Reach {
    before: Bits,
    after: Bits,
}

fn reach(state: &State<'_>, range: &Range<usize>) -> Vec<Reach> {
    let count = range.len();
    let none = || Reach {
        before: Bits::new(count),
        after: Bits::new(count),
    };
    let mut sets: Vec<Reach> = (0..count).map(|_| none()).collect();
    let inside = |list: &[usize]| -> Vec<usize> {
        let of = list.iter().filter(|i| range.contains(i));
        of.map(|i| i - range.start).collect()
    };
    for i in 0..count {
        let mut set = Bits::new(count);
        for j in inside(state.graph.before(range.start + i)) {
            set.set(j);
            set.add(&sets[j].before);
        }
        sets[i].before = set;
    }
    for i in (0..count).rev() {
        let mut set = Bits::new(count);
        for j in inside(state.graph.behind(range.start + i)) {
            set.set(j);
            set.add(&sets[j].after);
        }
        sets[i].after = set;
    }
    sets
}
