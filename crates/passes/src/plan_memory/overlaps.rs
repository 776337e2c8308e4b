//! Which results may run into an operand that dies: the allowances of the planner's problem.
//!
//! An allowance wants an event that reads the operand for the last time and writes the result for the first, both as whole buffers, an
//! op with the interface [`InPlace`](ir::interfaces::InPlace) that knows its lead, and a kernel that the checker can afford to run.
//! Two arguments that share bytes lose `restrict` at every call of their kernel, so only those allowances are kept that the plan gets
//! lower by.

use super::step_count::StepCounts;
use crate::check_placement::LARGEST_RUN;
use crate::memory_map::{MemoryMap, Role, root};
use ir::dialects::func::CallOp;
use ir::{Module, OpId, TypeData, ValueId};
use rustc_hash::FxHashMap;
use usmp::{Algorithm, Overlap, Problem};

/// Plans at most that the choice of allowances may cost.
const MAX_PLANS: usize = 32;

/// A result that may run into an operand; both are indices of a memory map's buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// The event that reads the one and writes the other.
    pub event: usize,
    /// The buffer that is written.
    pub result: usize,
    /// The buffer that is read.
    pub operand: usize,
    /// The write lead, in bytes.
    pub lead: u64,
}

/// Every allowance of a lowered module, in the order of events.
pub fn allowances(m: &Module, map: &MemoryMap) -> Vec<Allowance> {
    let index: FxHashMap<ValueId, usize> = map
        .buffers
        .iter()
        .enumerate()
        .map(|(i, b)| (b.value, i))
        .collect();
    let mut leads = Leads::default();
    let mut all = Vec::new();
    for (event, &op) in map.events.iter().enumerate() {
        let operands: Vec<Operand> = m
            .operands(op)
            .enumerate()
            .filter_map(|(position, value)| {
                let buffer = *index.get(&root(m, value))?;
                Some(Operand {
                    position,
                    value,
                    buffer,
                })
            })
            .collect();
        let mut buffers: Vec<usize> = operands.iter().map(|o| o.buffer).collect();
        buffers.sort_unstable();
        buffers.dedup();
        for &operand in buffers.iter().filter(|&&i| dies(map, i, event)) {
            for &result in buffers.iter().filter(|&&i| is_born(map, i, event)) {
                let pairs = operands
                    .iter()
                    .filter(|o| o.buffer == operand)
                    .flat_map(|x| operands.iter().map(move |y| (x, y)))
                    .filter(|(_, y)| y.buffer == result);
                let lead = |(x, y): (&Operand, &Operand)| {
                    let (read, written) = ((operand, x.value), (result, y.value));
                    may_overlap(m, map, event, read, written)
                        .then(|| leads.of_operands(m, op, x.position, y.position))?
                };
                let lead = pairs.map(lead).try_fold(0, |most, l| Some(l?.max(most)));
                if let Some(lead) = lead {
                    all.push(Allowance {
                        event,
                        result,
                        operand,
                        lead,
                    });
                }
            }
        }
    }
    all
}

/// Whether a result may run into an operand at an event, as far as their buffers decide that: the one dies and the other is born
/// there, the event has both whole, and C lets accesses of the one be accesses of the other. Buffers are given by their index in the
/// map and their value at the event.
pub(crate) fn may_overlap(
    m: &Module,
    map: &MemoryMap,
    event: usize,
    operand: (usize, ValueId),
    result: (usize, ValueId),
) -> bool {
    let is_whole =
        |(b, v): (usize, ValueId)| m.size_bytes(m.value_type(v)) == Some(map.buffers[b].size);
    dies(map, operand.0, event)
        && is_born(map, result.0, event)
        && is_whole(operand)
        && is_whole(result)
        && may_alias(m, operand.1, result.1)
}

/// Whether an event is the last that needs a buffer.
fn dies(map: &MemoryMap, buffer: usize, event: usize) -> bool {
    let b = &map.buffers[buffer];
    matches!(b.role, Role::Input | Role::Activation) && b.end == event + 1 && b.size > 0
}

/// Whether an event is the first that has to do with a buffer.
fn is_born(map: &MemoryMap, buffer: usize, event: usize) -> bool {
    let b = &map.buffers[buffer];
    matches!(b.role, Role::Activation | Role::Output) && b.start == event && b.size > 0
}

/// An operand of an event that is a buffer of the map.
#[derive(Clone, Copy)]
struct Operand {
    position: usize,
    value: ValueId,
    buffer: usize,
}

/// Leads of pairs of operands, asked for once for each kernel.
#[derive(Default)]
struct Leads {
    known: FxHashMap<(String, usize, usize), Option<u64>>,
    steps: StepCounts,
}

impl Leads {
    fn of_operands(&mut self, m: &Module, op: OpId, read: usize, written: usize) -> Option<u64> {
        let callee = CallOp::cast(m, op).map(|c| c.callee(m))?;
        if let Some(&known) = self.known.get(&(callee.clone(), read, written)) {
            return known;
        }
        let lead = self.ask(m, op, &callee, read, written);
        self.known.insert((callee, read, written), lead);
        lead
    }

    fn ask(
        &mut self,
        m: &Module,
        op: OpId,
        callee: &str,
        read: usize,
        written: usize,
    ) -> Option<u64> {
        let lead = m
            .registry()
            .in_place(m.op_name(op))?
            .write_lead(m.op(op), read, written)?;
        let steps = self.steps.of_function(m, m.lookup_symbol(callee)?);
        (steps <= LARGEST_RUN).then_some(lead)
    }
}

/// Whether C lets accesses of the elements of the one be accesses of the other's: they are of one type, or bytes.
fn may_alias(m: &Module, a: ValueId, b: ValueId) -> bool {
    let element = |v: ValueId| match m.type_data(m.value_type(v)) {
        TypeData::MemRef { elem, .. } => Some(*elem),
        _ => None,
    };
    let is_byte = |e| *m.type_data(e) == TypeData::Integer(8);
    match (element(a), element(b)) {
        (Some(a), Some(b)) => a == b || is_byte(a) || is_byte(b),
        _ => false,
    }
}

/// A problem with those allowances that make its plan lower: all that is gained by all of them, with few of them.
pub(super) fn with_useful(
    problem: Problem,
    which: &[usize],
    allowances: &[Allowance],
    algorithm: &dyn Algorithm,
) -> Problem {
    let all = overlaps(which, allowances);
    if all.is_empty() {
        return problem;
    }
    let mut plans = 0;
    let mut height = |overlaps: &[Overlap]| {
        plans += 1;
        algorithm.plan(&with(&problem, overlaps)).height()
    };
    let (without, least) = (height(&[]), height(&all));
    if least >= without {
        return problem;
    }
    // Where the buffers of an event exceed the height, one of its allowances is needed. Often that is all.
    let crowded = |o: &Overlap| live_at(&problem, problem.buffers()[o.result].start) > least;
    let mut kept: Vec<Overlap> = all.iter().copied().filter(crowded).collect();
    if height(&kept) > least {
        kept = all;
    }
    let mut i = 0;
    while i < kept.len() && plans < MAX_PLANS {
        let mut fewer = kept.clone();
        fewer.remove(i);
        plans += 1;
        if algorithm.plan(&with(&problem, &fewer)).height() <= least {
            kept = fewer;
        } else {
            i += 1;
        }
    }
    with(&problem, &kept)
}

/// A problem with all of these allowances. `which` are the buffers of the map that are the problem's.
pub fn with_allowances(problem: &Problem, which: &[usize], allowances: &[Allowance]) -> Problem {
    with(problem, &overlaps(which, allowances))
}

/// The allowances between buffers that are planned, as the planner states them.
fn overlaps(which: &[usize], allowances: &[Allowance]) -> Vec<Overlap> {
    let of_map: FxHashMap<usize, usize> = which.iter().enumerate().map(|(i, &b)| (b, i)).collect();
    let planned = allowances.iter().filter_map(|a| {
        Some(Overlap {
            result: *of_map.get(&a.result)?,
            operand: *of_map.get(&a.operand)?,
            lead: a.lead,
        })
    });
    planned.collect()
}

fn with(problem: &Problem, overlaps: &[Overlap]) -> Problem {
    overlaps.iter().fold(problem.clone(), |p, &o| {
        p.with_overlap(o)
            .expect("invariant: a result and an operand are two buffers, and a pair at one event")
    })
}

/// Bytes that live at a time.
fn live_at(problem: &Problem, time: u32) -> u64 {
    let live = problem.buffers().iter();
    let live = live.filter(|b| b.start <= time && time < b.end);
    live.map(|b| b.size).sum()
}
