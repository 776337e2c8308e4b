//! The order of least peak, by bounds from below and above.

use super::bound::Needs;
use super::graph::OperatorGraph;
use super::heuristics::{beam, list_schedule};
use super::segments::segments;
use super::state::State;
use super::threshold::{Answer, Nodes, Preference, search};
use std::ops::Range;

/// The exact search with its limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Search {
    /// Operators that all of a graph's searches together may try to run.
    pub node_budget: u64,
    /// States that beam search keeps where the budget ends first.
    pub beam_width: usize,
}

impl Default for Search {
    fn default() -> Search {
        Search {
            node_budget: 1_000_000,
            beam_width: 64,
        }
    }
}

/// Beam search copies states: a width of this many entries over operators × (operators + buffers) is not exceeded.
const BEAM_WORK: usize = 1 << 31;

/// An order, and what is known of the least peak.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperatorOrder {
    order: Vec<usize>,
    peak: u64,
    lower_bound: u64,
    nodes: u64,
}

impl OperatorOrder {
    /// Operators in the order in which they run, by index.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Bytes live at the peak.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// A peak in bytes that no order is below.
    pub fn lower_bound(&self) -> u64 {
        self.lower_bound
    }

    /// Whether no order has a lower peak.
    pub fn is_optimal(&self) -> bool {
        self.peak == self.lower_bound
    }

    /// Operators that the search tried to run.
    pub fn nodes(&self) -> u64 {
        self.nodes
    }
}

/// A segment's part of an order.
struct Part {
    range: Range<usize>,
    /// Peak of the order given.
    given: u64,
    peak: u64,
    /// Proved: no order of the segment is below.
    bound: u64,
    /// The order found, if not the one given.
    order: Option<Vec<usize>>,
}

impl Search {
    /// The order of least peak, or the best found; the order given, unless another has a smaller peak.
    pub fn solve(&self, graph: &OperatorGraph) -> OperatorOrder {
        let mut spent = 0;
        let mut parts = parts(graph);
        // The worst first: what the order given does no worse than the peak reached needs no search.
        let mut worst_first: Vec<usize> = (0..parts.len()).collect();
        worst_first.sort_by_key(|&i| (std::cmp::Reverse(parts[i].given), i));
        let mut peak = 0;
        for i in worst_first {
            if parts[i].given > peak {
                let mut state = State::start(graph);
                state.run_all(0..parts[i].range.start);
                // What is left is halved, so that a hard segment leaves some for the others.
                let budget = (self.node_budget - spent).div_ceil(2);
                spent += self.part(&mut state, &mut parts[i], peak, budget);
            }
            peak = peak.max(parts[i].peak);
        }
        let lower_bound = parts.iter().map(|p| p.bound).max().unwrap_or(0);
        let order = parts.into_iter().flat_map(|p| match p.order {
            // A part that is no worse as it was given stays so.
            Some(order) if p.given > peak => order,
            _ => p.range.collect(),
        });
        OperatorOrder {
            order: order.collect(),
            peak,
            lower_bound,
            nodes: spent,
        }
    }

    /// Lowers a part's peak to `floor`, or as far as it goes with so many nodes; those that it took.
    fn part(&self, state: &mut State<'_>, part: &mut Part, floor: u64, budget: u64) -> u64 {
        let range = part.range.clone();
        let (greedy, order) = list_schedule(state, &range);
        if greedy < part.peak {
            (part.peak, part.order) = (greedy, Some(order));
        }
        let needs = Needs::of(state, &range);
        let mut spent = 0;
        // The low threshold that took too many nodes, and the one above all others that did: whether they can be kept is not known.
        let (mut low_undecided, mut undecided) = (None, 0);
        for round in 0.. {
            let low = part.bound.max(floor);
            // A refusal at the low end raises the bound, an order from the middle lowers the peak: in turns.
            let at_low = round % 2 == 0 && low_undecided != Some(low);
            let threshold = if at_low {
                low
            } else {
                low.max(undecided).midpoint(part.peak)
            };
            if low >= part.peak || (threshold >= part.peak && low_undecided == Some(low)) {
                break;
            }
            if threshold >= part.peak {
                continue;
            }
            let mut nodes = Nodes {
                spent: 0,
                budget: (budget - spent).div_ceil(if at_low { 2 } else { 8 }),
            };
            let preference = match round % 4 {
                0 | 1 => Preference::LargestDrop,
                _ => Preference::LeastLive,
            };
            let answer = search(state, &needs, &range, threshold, preference, &mut nodes);
            spent += nodes.spent;
            match answer {
                Answer::Found(order) => {
                    part.peak = state.run_all(order.iter().copied());
                    state.undo_all(&order);
                    part.order = Some(order);
                }
                Answer::Refuted { below } => part.bound = below.min(part.peak),
                Answer::OutOfNodes if at_low => low_undecided = Some(low),
                Answer::OutOfNodes => undecided = threshold + 1,
            }
        }
        if part.peak > part.bound.max(floor) {
            let graph = state.graph;
            let size = range.len() * (graph.operators().len() + graph.buffers().len());
            let width = self.beam_width.min(BEAM_WORK / size.max(1));
            if let Some((peak, order)) = beam(state, &range, width)
                && peak < part.peak
            {
                (part.peak, part.order) = (peak, Some(order));
            }
        }
        spent.min(budget)
    }

    /// Up to `count` different orders of a peak of at most `peak` bytes, found with different preferences; none is the order given.
    pub fn alternatives(&self, graph: &OperatorGraph, peak: u64, count: usize) -> Vec<Vec<usize>> {
        let given: Vec<usize> = (0..graph.operators().len()).collect();
        let preferences = [
            Preference::First,
            Preference::LeastLive,
            Preference::LargestDrop,
            Preference::Last,
        ];
        let mut found: Vec<Vec<usize>> = Vec::new();
        for preference in preferences {
            let mut nodes = Nodes {
                spent: 0,
                budget: self.node_budget / preferences.len() as u64,
            };
            let mut state = State::start(graph);
            let mut order = Vec::with_capacity(given.len());
            for range in segments(graph) {
                let needs = Needs::of(&state, &range);
                match search(&mut state, &needs, &range, peak, preference, &mut nodes) {
                    Answer::Found(part) => {
                        state.run_all(part.iter().copied());
                        order.extend(part);
                    }
                    Answer::Refuted { .. } | Answer::OutOfNodes => break,
                }
            }
            if order.len() == given.len() && order != given && !found.contains(&order) {
                found.push(order);
            }
        }
        found.truncate(count);
        found
    }
}

/// The segments with the peaks of the order given and their bounds.
fn parts(graph: &OperatorGraph) -> Vec<Part> {
    let mut state = State::start(graph);
    let part = |range: Range<usize>| {
        let bound = Needs::of(&state, &range).bound();
        let given = state.run_all(range.clone());
        Part {
            range,
            given,
            peak: given,
            bound: bound.min(given),
            order: None,
        }
    };
    segments(graph).into_iter().map(part).collect()
}
