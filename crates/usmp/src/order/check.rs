//! The independent judge of an order, and its planning problem. Uses nothing of the search.

use super::graph::OperatorGraph;
use crate::buffer::{Buffer, BufferKind};
use crate::problem::{Problem, ProblemErrors};

/// Why an order is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderViolation {
    /// Not every operator is there once.
    #[error("operator {operator} is in the order {times} times")]
    NotOnce {
        /// Index of the operator; the number of operators for an index that there is not.
        operator: usize,
        /// How often it is there.
        times: usize,
    },
    /// An operator runs before one that it needs.
    #[error("operator {operator} runs before operator {needs}, which it needs")]
    TooEarly {
        /// Index of the operator.
        operator: usize,
        /// Index of the one that it needs.
        needs: usize,
    },
}

/// First and last operator, by position in an order, between which a buffer is live; `None` for a buffer that never is.
type Life = Option<(usize, usize)>;

/// Judges an order; its peak in bytes: the most that is live while an operator runs.
///
/// # Errors
/// The first violation.
pub fn check_order(graph: &OperatorGraph, order: &[usize]) -> Result<u64, OrderViolation> {
    let count = graph.operators().len();
    let mut position = vec![None; count];
    for (at, &operator) in order.iter().enumerate() {
        let times = order.iter().filter(|&&o| o == operator);
        match position.get_mut(operator) {
            Some(p @ None) => *p = Some(at),
            _ => {
                let (operator, times) = (operator.min(count), times.count());
                return Err(OrderViolation::NotOnce { operator, times });
            }
        }
    }
    if let Some(operator) = position.iter().position(Option::is_none) {
        let times = 0;
        return Err(OrderViolation::NotOnce { operator, times });
    }
    let mut writers: Vec<Vec<usize>> = vec![Vec::new(); graph.buffers().len()];
    for (operator, op) in graph.operators().iter().enumerate() {
        op.writes.iter().for_each(|&b| writers[b].push(operator));
    }
    for (operator, op) in graph.operators().iter().enumerate() {
        let computed = op.reads.iter().filter(|&&b| !graph.buffers()[b].is_input);
        let sole_writers = computed.filter_map(|&b| match writers[b].as_slice() {
            &[only] if only != operator => Some(only),
            _ => None,
        });
        for needs in op.after.iter().copied().chain(sole_writers) {
            if position[needs] >= position[operator] {
                return Err(OrderViolation::TooEarly { operator, needs });
            }
        }
    }
    let lives = lives(graph, order);
    // Bytes that come to life and that die at each position.
    let (mut born, mut dead) = (vec![0u64; count], vec![0u64; count]);
    for (buffer, life) in graph.buffers().iter().zip(&lives) {
        if let Some((first, last)) = *life {
            born[first] += buffer.size;
            dead[last] += buffer.size;
        }
    }
    let (mut live, mut peak) = (0, 0);
    for (at, &operator) in order.iter().enumerate() {
        live += born[at];
        let op = &graph.operators()[operator];
        let is_new = |b: &&usize| {
            !graph.buffers()[**b].is_input && lives[**b].is_some_and(|life| life.0 == at)
        };
        let new = op.writes.iter().filter(is_new);
        let new: u64 = new.map(|&b| graph.buffers()[b].size).sum();
        let dying =
            |b: usize| !graph.buffers()[b].is_output && lives[b].is_some_and(|life| life.1 == at);
        let credits = op.in_place.iter().filter(|c| dying(c.operand));
        let credit = credits.map(|c| c.bytes.min(new)).max().unwrap_or(0);
        peak = peak.max(live - credit);
        live -= dead[at];
    }
    Ok(peak)
}

fn lives(graph: &OperatorGraph, order: &[usize]) -> Vec<Life> {
    let mut lives: Vec<Life> = vec![None; graph.buffers().len()];
    for (at, &operator) in order.iter().enumerate() {
        let op = &graph.operators()[operator];
        for &b in op.reads.iter().chain(&op.writes) {
            let first = lives[b].map_or(at, |life| life.0);
            lives[b] = Some((first, at));
        }
    }
    if order.is_empty() {
        return lives;
    }
    for (buffer, life) in graph.buffers().iter().zip(&mut lives) {
        if buffer.is_input {
            *life = Some((0, life.map_or(0, |l| l.1)));
        }
        if let Some(life) = life.as_mut().filter(|_| buffer.is_output) {
            life.1 = order.len() - 1;
        }
    }
    lives
}

/// The planning problem of an order: the buffers that are live at some time, each named by its index, with one alignment.
///
/// # Errors
/// Those of [`Problem::new`]; for a valid order only that the sizes overflow.
///
/// # Panics
/// If `order` names an operator that there is not.
pub fn planning_problem(
    graph: &OperatorGraph,
    order: &[usize],
    align: u64,
) -> Result<Problem, ProblemErrors> {
    let time = |t: usize| u32::try_from(t).unwrap_or(u32::MAX);
    let buffers = lives(graph, order).into_iter().enumerate();
    let buffers = buffers.filter_map(|(b, life)| {
        let (first, last) = life?;
        Some(Buffer {
            name: b.to_string(),
            size: graph.buffers()[b].size,
            align,
            start: time(first),
            end: time(last + 1),
            kind: BufferKind::Activation,
        })
    });
    Problem::new(buffers.collect())
}
