//! How many bytes overlap allowances can save at one moment.

use crate::problem::{Overlap, Problem};

/// Groups of at most this many buffers are stacked in every order; for larger ones the estimate is coarser.
const MAX_GROUP: usize = 6;

/// Allowances that hold between buffers of one problem that are all live at one moment.
///
/// Allowances hang buffers together in *groups*. Only buffers of one group share bytes, so that the bytes which a group
/// takes up, whoever shares them, add up over the groups. Without the gaps between them the buffers of a group still obey
/// their rules; hence they take up no fewer bytes than their lowest stack is high, which [`lowest_stack`] finds. What is
/// saved is the difference to the sum of the sizes.
#[derive(Default)]
pub(super) struct Allowances {
    active: Vec<Overlap>,
}

impl Allowances {
    pub(super) fn extend(&mut self, overlaps: impl IntoIterator<Item = Overlap>) {
        self.active.extend(overlaps);
    }

    /// Drops the allowances of buffers that are not live at `time`.
    pub(super) fn advance(&mut self, problem: &Problem, time: u32) {
        let live = |index: usize| problem.buffers()[index].end > time;
        self.active.retain(|o| live(o.result) && live(o.operand));
    }

    /// The most bytes that can be saved among the buffers whose alignment is at least `align`, with sizes and leads in
    /// whole steps of `align`.
    pub(super) fn saving(&self, problem: &Problem, align: u64) -> u64 {
        let aligned = |index: usize| problem.buffers()[index].align >= align;
        let mut rest: Vec<Overlap> = self
            .active
            .iter()
            .copied()
            .filter(|o| aligned(o.result) && aligned(o.operand))
            .collect();
        let mut saving = 0;
        while let Some(first) = rest.pop() {
            let mut members = vec![first.result, first.operand];
            loop {
                let touches =
                    |o: &Overlap| members.contains(&o.result) || members.contains(&o.operand);
                let Some(next) = rest.iter().position(touches) else {
                    break;
                };
                let next = rest.swap_remove(next);
                for index in [next.result, next.operand] {
                    if !members.contains(&index) {
                        members.push(index);
                    }
                }
            }
            members.sort_unstable();
            saving += saving_of_group(&Group::new(problem, &members, align));
        }
        saving
    }
}

/// Buffers by position in the group, in steps of some alignment.
struct Group {
    sizes: Vec<u64>,
    /// `distance[lower][upper]`; see [`Problem::distance`].
    distance: Vec<Vec<u64>>,
}

impl Group {
    fn new(problem: &Problem, members: &[usize], align: u64) -> Group {
        let size = |&a: &usize| problem.buffers()[a].size.next_multiple_of(align);
        let row = |&a: &usize| {
            let distance = |&b: &usize| problem.distance(a, b).next_multiple_of(align);
            members.iter().map(distance).collect()
        };
        Group {
            sizes: members.iter().map(size).collect(),
            distance: members.iter().map(row).collect(),
        }
    }

    /// Whether a ring of leads of 0 lets buffers start at one address in no order.
    fn has_ring(&self) -> bool {
        let mut rest: Vec<usize> = (0..self.sizes.len()).collect();
        while !rest.is_empty() {
            let first = rest
                .iter()
                .position(|&b| rest.iter().all(|&a| a == b || self.distance[a][b] > 0));
            let Some(first) = first else {
                return true;
            };
            rest.swap_remove(first);
        }
        false
    }
}

fn saving_of_group(group: &Group) -> u64 {
    let total: u64 = group.sizes.iter().sum();
    if group.sizes.len() <= MAX_GROUP && !group.has_ring() {
        return total - lowest_stack(group);
    }
    // Of a buffer, at most what it shares with those before it, each pair taken by itself.
    let of_pair = |a: usize, b: usize| {
        let into = |result: usize, operand: usize| {
            let beyond = group.sizes[result] - group.distance[result][operand];
            beyond.min(group.sizes[operand])
        };
        into(a, b).max(into(b, a))
    };
    let of_buffer = |b: usize| {
        let shared: u64 = (0..b).map(|a| of_pair(a, b)).sum();
        shared.min(group.sizes[b])
    };
    (0..group.sizes.len()).map(of_buffer).sum()
}

/// Height of the lowest stack of a group without rings: by ascending start, each buffer as low as those before it allow.
fn lowest_stack(group: &Group) -> u64 {
    fn extend(group: &Group, starts: &mut Vec<Option<u64>>, height: u64, lowest: &mut u64) {
        if height >= *lowest {
            return;
        }
        if starts.iter().all(Option::is_some) {
            *lowest = height;
            return;
        }
        let last = starts.iter().copied().flatten().max().unwrap_or(0);
        for index in 0..starts.len() {
            if starts[index].is_some() {
                continue;
            }
            let above = |(lower, start): (usize, &Option<u64>)| {
                start.map(|start| start + group.distance[lower][index])
            };
            let start = starts.iter().enumerate().filter_map(above).max();
            let start = start.unwrap_or(0).max(last);
            starts[index] = Some(start);
            extend(
                group,
                starts,
                height.max(start + group.sizes[index]),
                lowest,
            );
            starts[index] = None;
        }
    }
    let mut lowest = group.sizes.iter().sum::<u64>() + 1;
    extend(group, &mut vec![None; group.sizes.len()], 0, &mut lowest);
    lowest
}
