//! How many bytes are live when, and the height that no plan can be below.

mod saving;

use std::collections::BTreeMap;

use crate::buffer::Buffer;
use crate::problem::{Overlap, Problem};
use saving::Allowances;

/// A stretch of time in which no buffer starts or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// First time of the stretch.
    pub start: u32,
    /// First time after the stretch.
    pub end: u32,
    /// Sum of the sizes of the live buffers, in bytes.
    pub live_bytes: u64,
    /// Height in bytes that the live buffers need at least, given their alignments, what may overlap, and fixed offsets;
    /// at least `live_bytes` where nothing may overlap.
    pub bound: u64,
}

/// The liveness profile of a problem.
///
/// The bound of a moment: among the buffers that are live in it, take those whose alignment is at least some `a`. Their
/// offsets are multiples of `a`, so each of them reaches, in steps of `a`, at least its size rounded up to `a` above
/// its offset before the next of them can start; only the topmost may end short of the full step. Together they
/// therefore reach up to the sum of the rounded sizes less the largest rounding among them. The bound is the largest
/// such value over all `a` that occur. Where all alignments are equal, rounding it up to that alignment gives the sum of
/// the rounded sizes.
///
/// Where results may run into operands, what that can save at most at the moment is taken off the sum: the allowances hang
/// live buffers together in groups, and a group takes up at least the height of its lowest stack, in steps of `a` as well.
/// A buffer at a fixed offset needs a memory up to its end. Stated conflicts count only where they are live together.
///
/// The bound holds for the lifetimes as stated: computing in place (two buffers made one) or another order of operators
/// is another problem with another bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liveness {
    profile: Vec<Moment>,
    peak: Option<usize>,
    live_at_peak: Vec<usize>,
}

impl Liveness {
    /// Sweeps over the lifetimes of `problem`: O(n log n) for n buffers and a fixed number of distinct alignments.
    pub fn of(problem: &Problem) -> Liveness {
        let profile = profile(problem);
        let mut peak = None;
        let mut highest = 0;
        for (index, moment) in profile.iter().enumerate() {
            if peak.is_none() || moment.bound > highest {
                (peak, highest) = (Some(index), moment.bound);
            }
        }
        let live_at_peak =
            peak.map_or_else(Vec::new, |index| live_at(problem, profile[index].start));
        Liveness {
            profile,
            peak,
            live_at_peak,
        }
    }

    /// The liveness bound in bytes: no plan's height can be below it. 0 without buffers.
    pub fn bound(&self) -> u64 {
        self.peak().map_or(0, |moment| moment.bound)
    }

    /// The stretches of time from the first start to the last end, in order and without gaps.
    pub fn profile(&self) -> &[Moment] {
        &self.profile
    }

    /// The first moment at which the bound is reached; none without buffers.
    pub fn peak(&self) -> Option<&Moment> {
        self.peak.map(|index| &self.profile[index])
    }

    /// Indices of the buffers that are live at the peak, ascending.
    pub fn live_at_peak(&self) -> &[usize] {
        &self.live_at_peak
    }
}

/// Indices of the buffers of `problem` that are live at time `t`, ascending.
pub fn live_at(problem: &Problem, t: u32) -> Vec<usize> {
    let live = |b: &Buffer| b.start <= t && t < b.end;
    (0..problem.buffers().len())
        .filter(|&index| live(&problem.buffers()[index]))
        .collect()
}

/// The allowances by which buffers can share bytes while both are live, with the time from which they are, descending.
fn allowances(problem: &Problem) -> Vec<(u32, Overlap)> {
    let buffers = problem.buffers();
    let mut allowances: Vec<(u32, Overlap)> = problem
        .overlaps()
        .filter(|o| problem.conflict(o.result, o.operand))
        .filter_map(|o| problem.allowance(o.result, o.operand))
        .map(|o| (buffers[o.result].start.max(buffers[o.operand].start), o))
        .collect();
    allowances.sort_unstable_by(|a, b| b.cmp(a));
    allowances
}

fn profile(problem: &Problem) -> Vec<Moment> {
    let buffers = problem.buffers();
    let mut starts: Vec<usize> = (0..buffers.len()).collect();
    starts.sort_by_key(|&index| buffers[index].start);
    let mut ends: Vec<usize> = (0..buffers.len()).collect();
    ends.sort_by_key(|&index| buffers[index].end);
    let mut coming = allowances(problem);
    let mut active = Allowances::default();
    let mut times: Vec<u32> = buffers.iter().flat_map(|b| [b.start, b.end]).collect();
    times.sort_unstable();
    times.dedup();

    let mut live = Live::new(buffers);
    let (mut started, mut ended) = (0, 0);
    let mut moments = Vec::with_capacity(times.len().saturating_sub(1));
    for stretch in times.windows(2) {
        let (start, end) = (stretch[0], stretch[1]);
        while ended < ends.len() && buffers[ends[ended]].end <= start {
            live.remove(&buffers[ends[ended]], problem.fixed_offset(ends[ended]));
            ended += 1;
        }
        while started < starts.len() && buffers[starts[started]].start <= start {
            let index = starts[started];
            live.add(&buffers[index], problem.fixed_offset(index));
            started += 1;
        }
        active.advance(problem, start);
        while coming.last().is_some_and(|(from, _)| *from <= start) {
            active.extend(coming.pop().map(|(_, overlap)| overlap));
        }
        moments.push(Moment {
            start,
            end,
            live_bytes: live.bytes,
            bound: live.bound(|align| active.saving(problem, align)),
        });
    }
    moments
}

/// The live buffers of a moment, summed.
struct Live {
    bytes: u64,
    /// One entry a distinct alignment of the problem.
    steps: Vec<Step>,
    /// How many buffers of fixed offsets have which end.
    fixed_ends: BTreeMap<u64, usize>,
}

/// The live buffers whose offsets are multiples of `align`, in steps of `align`.
struct Step {
    align: u64,
    /// Sum of the sizes rounded up to `align`.
    rounded: u64,
    /// How many buffers have which difference between rounded and exact size.
    roundings: BTreeMap<u64, usize>,
}

impl Live {
    fn new(buffers: &[Buffer]) -> Live {
        let mut aligns: Vec<u64> = buffers.iter().map(|b| b.align).collect();
        aligns.sort_unstable();
        aligns.dedup();
        let step = |align| Step {
            align,
            rounded: 0,
            roundings: BTreeMap::new(),
        };
        Live {
            bytes: 0,
            steps: aligns.into_iter().map(step).collect(),
            fixed_ends: BTreeMap::new(),
        }
    }

    fn add(&mut self, buffer: &Buffer, fixed: Option<u64>) {
        self.bytes += buffer.size;
        if let Some(offset) = fixed {
            *self.fixed_ends.entry(offset + buffer.size).or_insert(0) += 1;
        }
        for step in self.steps.iter_mut().filter(|s| s.align <= buffer.align) {
            let rounded = buffer.size.next_multiple_of(step.align);
            step.rounded += rounded;
            *step.roundings.entry(rounded - buffer.size).or_insert(0) += 1;
        }
    }

    fn remove(&mut self, buffer: &Buffer, fixed: Option<u64>) {
        self.bytes -= buffer.size;
        if let Some(offset) = fixed {
            take_one(&mut self.fixed_ends, offset + buffer.size);
        }
        for step in self.steps.iter_mut().filter(|s| s.align <= buffer.align) {
            let rounded = buffer.size.next_multiple_of(step.align);
            step.rounded -= rounded;
            take_one(&mut step.roundings, rounded - buffer.size);
        }
    }

    /// The least height, where `saving` says what allowances save of the sizes in steps of an alignment.
    fn bound(&self, saving: impl Fn(u64) -> u64) -> u64 {
        let of_step = |step: &Step| {
            let largest = step
                .roundings
                .last_key_value()
                .map_or(0, |(&rounding, _)| rounding);
            (step.rounded - saving(step.align)).saturating_sub(largest)
        };
        let fixed = self.fixed_ends.last_key_value().map(|(&end, _)| end);
        self.steps
            .iter()
            .map(of_step)
            .chain(fixed)
            .max()
            .unwrap_or(0)
    }
}

/// Counts one less of a key, which has been counted.
fn take_one(counts: &mut BTreeMap<u64, usize>, key: u64) {
    let count = counts
        .get_mut(&key)
        .expect("invariant: a buffer is added before it is removed");
    *count -= 1;
    if *count == 0 {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::BufferKind;

    /// A problem from `(size, align, start, end)`.
    fn problem(buffers: &[(u64, u64, u32, u32)]) -> Problem {
        let buffer = |(index, &(size, align, start, end)): (usize, &(u64, u64, u32, u32))| Buffer {
            name: index.to_string(),
            size,
            align,
            start,
            end,
            kind: BufferKind::Activation,
        };
        Problem::new(buffers.iter().enumerate().map(buffer).collect()).unwrap()
    }

    #[test]
    fn profile_and_peak_of_a_chain_with_a_gap() {
        let liveness = Liveness::of(&problem(&[(10, 1, 0, 2), (20, 1, 1, 3), (5, 1, 5, 6)]));
        let moment = |start, end, live_bytes| Moment {
            start,
            end,
            live_bytes,
            bound: live_bytes,
        };
        assert_eq!(
            liveness.profile(),
            [
                moment(0, 1, 10),
                moment(1, 2, 30),
                moment(2, 3, 20),
                moment(3, 5, 0),
                moment(5, 6, 5)
            ]
        );
        assert_eq!(liveness.bound(), 30);
        assert_eq!(liveness.peak(), Some(&moment(1, 2, 30)));
        assert_eq!(liveness.live_at_peak(), [0, 1]);
    }

    #[test]
    fn the_topmost_buffer_is_not_rounded() {
        // 16-byte steps: the buffer with the most rounding goes on top, 16 + 32 + 1.
        assert_eq!(
            Liveness::of(&problem(&[(10, 16, 0, 1), (30, 16, 0, 1), (1, 16, 0, 1)])).bound(),
            49
        );
    }

    #[test]
    fn small_alignments_fill_the_rounding_of_large_ones() {
        // 17 bytes at 0 and 10 bytes at 17 do: nothing is lost to alignment.
        assert_eq!(
            Liveness::of(&problem(&[(17, 16, 0, 1), (10, 1, 0, 1)])).bound(),
            27
        );
        // Two large alignments alone need 64 + 1, more than the 12 bytes that are live.
        let liveness = Liveness::of(&problem(&[(1, 64, 0, 1), (1, 64, 0, 1), (10, 1, 0, 1)]));
        assert_eq!(liveness.bound(), 65);
        assert_eq!(liveness.peak().unwrap().live_bytes, 12);
    }

    /// A problem whose buffers are all live at once, from sizes, an alignment and allowances `(result, operand, lead)`.
    fn at_once(sizes: &[u64], align: u64, overlaps: &[(usize, usize, u64)]) -> Problem {
        let buffers: Vec<_> = sizes.iter().map(|&size| (size, align, 0, 1)).collect();
        overlaps
            .iter()
            .fold(problem(&buffers), |problem, &(result, operand, lead)| {
                problem
                    .with_overlap(Overlap {
                        result,
                        operand,
                        lead,
                    })
                    .unwrap()
            })
    }

    #[test]
    fn what_may_overlap_is_counted_once() {
        let bound = |sizes: &[u64], align, overlaps: &[_]| {
            Liveness::of(&at_once(sizes, align, overlaps)).bound()
        };
        // A result of 10 bytes that may start 3 bytes below its operand, and one that is larger than that.
        assert_eq!(bound(&[10, 20], 1, &[(0, 1, 3)]), 23);
        assert_eq!(bound(&[30, 20], 1, &[(0, 1, 3)]), 30);
        // In steps of 16: the lead is 16, and the operand is the topmost.
        assert_eq!(bound(&[20, 20], 16, &[(0, 1, 3)]), 36);
        // A buffer without an allowance counts whole.
        assert_eq!(bound(&[10, 20, 7], 1, &[(0, 1, 3)]), 30);
        // Two operands are still apart: the result takes nothing beyond them.
        assert_eq!(bound(&[10, 10, 10], 1, &[(0, 1, 0), (0, 2, 0)]), 20);
        // Each in the place of the next: the largest of them.
        assert_eq!(bound(&[10, 20, 15], 1, &[(0, 1, 0), (1, 2, 0)]), 25);
        // A ring of leads of 0: all three may start at one address.
        assert_eq!(
            bound(&[10, 10, 10], 1, &[(0, 1, 0), (1, 2, 0), (2, 0, 0)]),
            10
        );
    }

    #[test]
    fn a_fixed_offset_needs_its_end() {
        let fixed = problem(&[(10, 1, 0, 2), (5, 1, 4, 5)])
            .with_offset(0, 100)
            .unwrap();
        let liveness = Liveness::of(&fixed);
        let bounds: Vec<u64> = liveness.profile().iter().map(|m| m.bound).collect();
        assert_eq!((bounds, liveness.bound()), (vec![110, 0, 5], 110));
    }

    #[test]
    fn nothing_is_live_without_buffers() {
        let liveness = Liveness::of(&problem(&[]));
        assert_eq!((liveness.bound(), liveness.peak()), (0, None));
        assert!(liveness.profile().is_empty() && liveness.live_at_peak().is_empty());
    }

    #[test]
    fn a_buffer_without_bytes_has_a_peak_of_none() {
        let liveness = Liveness::of(&problem(&[(0, 16, 2, 3)]));
        assert_eq!(liveness.bound(), 0);
        assert_eq!(liveness.live_at_peak(), [0]);
    }
}
