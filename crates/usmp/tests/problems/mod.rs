//! Random planning problems.

use std::ops::RangeInclusive;

use proptest::prelude::*;
use usmp::{Buffer, BufferKind, Overlap, Problem};

/// Up to `count` buffers of these sizes, alignments up to 2 to the power `log_align`, and times up to `time`.
pub fn buffers(
    count: usize,
    size: RangeInclusive<u64>,
    log_align: u32,
    time: u32,
) -> impl Strategy<Value = Vec<Buffer>> {
    let buffer = (size, 0..=log_align, 0..time, 1..=time);
    prop::collection::vec(buffer, 0..=count).prop_map(|list| {
        let named = |(index, (size, log_align, start, length))| Buffer {
            name: format!("b{index}"),
            size,
            align: 1u64 << log_align,
            start,
            end: start + length,
            kind: BufferKind::Activation,
        };
        list.into_iter().enumerate().map(named).collect()
    })
}

/// The problem of buffers alone.
pub fn plain(buffers: impl Strategy<Value = Vec<Buffer>>) -> impl Strategy<Value = Problem> {
    buffers.prop_map(|buffers| Problem::new(buffers).expect("the buffers are valid"))
}

/// What may be stated beside the buffers: an allowance, a conflict, a fixed offset in steps of the alignment.
#[derive(Clone, Debug)]
enum Statement {
    Overlap(prop::sample::Index, prop::sample::Index, u64),
    Conflict(prop::sample::Index, prop::sample::Index),
    Offset(prop::sample::Index, u64),
}

fn statement(lead: u64) -> impl Strategy<Value = Statement> {
    use prop::sample::Index;
    prop_oneof![
        6 => (any::<[Index; 2]>(), 0..=lead).prop_map(|([a, b], lead)| Statement::Overlap(a, b, lead)),
        1 => any::<[Index; 2]>().prop_map(|[a, b]| Statement::Conflict(a, b)),
        1 => (any::<Index>(), 0u64..9).prop_map(|(a, steps)| Statement::Offset(a, steps)),
    ]
}

/// A problem with up to `statements` statements; those that contradict earlier ones are left out.
pub fn stated(
    plain: impl Strategy<Value = Problem>,
    lead: u64,
    statements: usize,
) -> impl Strategy<Value = Problem> {
    let statements = prop::collection::vec(statement(lead), 0..=statements);
    (plain, statements).prop_map(|(mut problem, statements)| {
        let count = problem.buffers().len();
        for statement in statements {
            if count == 0 {
                break;
            }
            let stated = match statement {
                Statement::Overlap(a, b, lead) => problem.clone().with_overlap(Overlap {
                    result: a.index(count),
                    operand: b.index(count),
                    lead,
                }),
                Statement::Conflict(a, b) => problem
                    .clone()
                    .with_conflict(a.index(count), b.index(count)),
                Statement::Offset(a, steps) => {
                    let index = a.index(count);
                    let align = problem.buffers()[index].align;
                    problem.clone().with_offset(index, steps * align)
                }
            };
            problem = stated.unwrap_or(problem);
        }
        problem
    })
}
