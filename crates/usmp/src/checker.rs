//! The judge of plans: compares every buffer with every other, and nothing else.
//!
//! Invariant: no function of the planner is used here, so that a mistake there cannot hide itself.

use std::collections::{HashMap, HashSet};

use crate::plan::Plan;
use crate::problem::{Overlap, Problem};

/// The list of violations ends here: a plan that is wrong in more ways is not worth more memory.
pub const MAX_VIOLATIONS: usize = 1000;

/// One way in which a plan is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A buffer has no offset.
    #[error("buffer `{name}` has no offset")]
    Missing {
        /// Name of the buffer.
        name: String,
    },
    /// The plan has offsets for which there is no buffer.
    #[error("the plan has {extra} offsets more than there are buffers")]
    Extra {
        /// Number of offsets too many.
        extra: usize,
    },
    /// An offset is not a multiple of the buffer's alignment.
    #[error("buffer `{name}` at offset {offset} is not aligned to {align} bytes")]
    Misaligned {
        /// Name of the buffer.
        name: String,
        /// Its offset, in bytes.
        offset: u64,
        /// Its alignment, in bytes.
        align: u64,
    },
    /// A buffer ends above the capacity of the memory.
    #[error("buffer `{name}` ends at byte {end} of a memory of {capacity} bytes")]
    OverCapacity {
        /// Name of the buffer.
        name: String,
        /// Its offset plus its size, in bytes.
        end: u128,
        /// Size of the memory, in bytes.
        capacity: u64,
    },
    /// Two buffers that are live at the same time share bytes.
    #[error(
        "buffers `{first}` and `{second}` share the bytes {from} to {to} (excluded) at the times {start} to {end} (excluded)"
    )]
    Overlap {
        /// Name of the buffer with the lower index.
        first: String,
        /// Name of the buffer with the higher index.
        second: String,
        /// First shared byte.
        from: u128,
        /// First byte after the shared ones.
        to: u128,
        /// First time at which both are live.
        start: u32,
        /// First time after it at which they are no longer both live.
        end: u32,
    },
    /// A buffer does not lie at its fixed offset.
    #[error("buffer `{name}` is at offset {offset}, its place is fixed at {fixed}")]
    Moved {
        /// Name of the buffer.
        name: String,
        /// Its offset, in bytes.
        offset: u64,
        /// Where it must be, in bytes.
        fixed: u64,
    },
    /// Two buffers share bytes though that is forbidden at any time.
    #[error(
        "buffers `{first}` and `{second}` share the bytes {from} to {to} (excluded), which they must not at any time"
    )]
    Conflict {
        /// Name of the buffer with the lower index.
        first: String,
        /// Name of the buffer with the higher index.
        second: String,
        /// First shared byte.
        from: u128,
        /// First byte after the shared ones.
        to: u128,
    },
    /// A result runs into an operand with a smaller lead than it must have.
    #[error(
        "buffer `{result}` at offset {result_offset} shares bytes with its operand `{operand}` at {operand_offset}, \
         below which it must start by {lead} bytes or more"
    )]
    Lead {
        /// Name of the buffer that is written.
        result: String,
        /// Its offset, in bytes.
        result_offset: u64,
        /// Name of the buffer that is read.
        operand: String,
        /// Its offset, in bytes.
        operand_offset: u64,
        /// The lead that the allowance asks for, in bytes.
        lead: u64,
    },
    /// The plan states another height than its offsets have.
    #[error("the plan states a height of {stated} bytes, its offsets have {actual}")]
    Height {
        /// The height that the plan states, in bytes.
        stated: u64,
        /// Largest offset plus size, in bytes.
        actual: u128,
    },
}

/// Everything that is wrong with `plan` as a plan for `problem`, at most [`MAX_VIOLATIONS`]; empty for a valid plan.
///
/// First what concerns one buffer, then every pair that shares bytes and must not, each in the order of the buffers; O(n²).
pub fn check(problem: &Problem, plan: &Plan) -> Vec<Violation> {
    let mut violations: Vec<Violation> = single_buffers(problem, plan)
        .chain(pairs(problem, plan))
        .take(MAX_VIOLATIONS)
        .collect();
    let actual = problem
        .buffers()
        .iter()
        .zip(plan.offsets())
        .map(|(buffer, &offset)| u128::from(offset) + u128::from(buffer.size))
        .max()
        .unwrap_or(0);
    if u128::from(plan.height()) != actual && violations.len() < MAX_VIOLATIONS {
        let stated = plan.height();
        violations.push(Violation::Height { stated, actual });
    }
    violations
}

fn single_buffers(problem: &Problem, plan: &Plan) -> impl Iterator<Item = Violation> {
    let buffers = problem.buffers();
    let offsets = plan.offsets();
    let missing = buffers
        .iter()
        .skip(offsets.len())
        .map(|buffer| Violation::Missing {
            name: buffer.name.clone(),
        });
    let extra = (offsets.len() > buffers.len()).then(|| Violation::Extra {
        extra: offsets.len() - buffers.len(),
    });
    let misaligned = buffers
        .iter()
        .zip(offsets)
        .filter(|(buffer, offset)| *offset % buffer.align != 0)
        .map(|(buffer, &offset)| Violation::Misaligned {
            name: buffer.name.clone(),
            offset,
            align: buffer.align,
        });
    let over = buffers.iter().zip(offsets).filter_map(|(buffer, &offset)| {
        let end = u128::from(offset) + u128::from(buffer.size);
        let capacity = problem
            .capacity()
            .filter(|&capacity| end > u128::from(capacity))?;
        Some(Violation::OverCapacity {
            name: buffer.name.clone(),
            end,
            capacity,
        })
    });
    let moved = problem.fixed_offsets().filter_map(|(index, fixed)| {
        let offset = *offsets.get(index)?;
        (offset != fixed).then(|| Violation::Moved {
            name: buffers[index].name.clone(),
            offset,
            fixed,
        })
    });
    missing
        .chain(extra)
        .chain(misaligned)
        .chain(over)
        .chain(moved)
}

fn pairs(problem: &Problem, plan: &Plan) -> impl Iterator<Item = Violation> {
    let forbidden: HashSet<(usize, usize)> = problem.stated_conflicts().collect();
    let allowed: HashMap<(usize, usize), Overlap> = problem
        .overlaps()
        .map(|&overlap| {
            let (result, operand) = (overlap.result, overlap.operand);
            ((result.min(operand), result.max(operand)), overlap)
        })
        .collect();
    let count = problem.buffers().len().min(plan.offsets().len());
    let all =
        (0..count).flat_map(move |first| (first + 1..count).map(move |second| (first, second)));
    all.filter_map(move |pair| {
        let (first, second) = (&problem.buffers()[pair.0], &problem.buffers()[pair.1]);
        let (first_offset, second_offset) = (plan.offsets()[pair.0], plan.offsets()[pair.1]);
        let from = u128::from(first_offset.max(second_offset));
        let first_end = u128::from(first_offset) + u128::from(first.size);
        let second_end = u128::from(second_offset) + u128::from(second.size);
        let to = first_end.min(second_end);
        if from >= to {
            return None;
        }
        if forbidden.contains(&pair) {
            return Some(Violation::Conflict {
                first: first.name.clone(),
                second: second.name.clone(),
                from,
                to,
            });
        }
        let start = first.start.max(second.start);
        let end = first.end.min(second.end);
        if start >= end {
            return None;
        }
        let Some(overlap) = allowed.get(&pair) else {
            return Some(Violation::Overlap {
                first: first.name.clone(),
                second: second.name.clone(),
                from,
                to,
                start,
                end,
            });
        };
        let result_offset = plan.offsets()[overlap.result];
        let operand_offset = plan.offsets()[overlap.operand];
        let wanted = u128::from(result_offset) + u128::from(overlap.lead);
        (u128::from(operand_offset) < wanted).then(|| Violation::Lead {
            result: problem.buffers()[overlap.result].name.clone(),
            result_offset,
            operand: problem.buffers()[overlap.operand].name.clone(),
            operand_offset,
            lead: overlap.lead,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::{Buffer, BufferKind};

    fn problem(buffers: &[(&str, u64, u64, u32, u32)]) -> Problem {
        let buffer = |&(name, size, align, start, end): &(&str, u64, u64, u32, u32)| Buffer {
            name: name.to_owned(),
            size,
            align,
            start,
            end,
            kind: BufferKind::Activation,
        };
        Problem::new(buffers.iter().map(buffer).collect()).unwrap()
    }

    fn violations(problem: &Problem, offsets: &[u64]) -> Vec<String> {
        let plan = Plan::new(problem, offsets.to_vec());
        check(problem, &plan)
            .iter()
            .map(Violation::to_string)
            .collect()
    }

    #[test]
    fn neighbours_in_space_and_time_are_fine() {
        let chain =
            problem(&[("a", 8, 4, 0, 2), ("b", 8, 4, 1, 3), ("c", 8, 4, 2, 4)]).with_capacity(16);
        assert_eq!(violations(&chain, &[0, 8, 0]), [""; 0]);
    }

    #[test]
    fn every_violation_is_named() {
        let chain = problem(&[
            ("a", 8, 4, 0, 2),
            ("b", 8, 4, 1, 3),
            ("c", 8, 4, 2, 4),
            ("d", 1, 1, 9, 10),
        ])
        .with_capacity(13);
        assert_eq!(
            violations(&chain, &[0, 6, 6]),
            [
                "buffer `d` has no offset",
                "buffer `b` at offset 6 is not aligned to 4 bytes",
                "buffer `c` at offset 6 is not aligned to 4 bytes",
                "buffer `b` ends at byte 14 of a memory of 13 bytes",
                "buffer `c` ends at byte 14 of a memory of 13 bytes",
                "buffers `a` and `b` share the bytes 6 to 8 (excluded) at the times 1 to 2 (excluded)",
                "buffers `b` and `c` share the bytes 6 to 14 (excluded) at the times 2 to 3 (excluded)",
            ]
        );
        assert_eq!(
            violations(&chain, &[0, 8, 0, 0, 5]),
            [
                "the plan has 1 offsets more than there are buffers",
                "buffer `b` ends at byte 16 of a memory of 13 bytes"
            ]
        );
    }

    /// What a problem states beside its buffers, broken and kept.
    #[test]
    fn stated_rules_are_judged() {
        let stated = problem(&[("a", 8, 1, 0, 2), ("b", 6, 1, 1, 3), ("c", 4, 1, 5, 6)])
            .with_overlap(Overlap {
                result: 1,
                operand: 0,
                lead: 2,
            })
            .and_then(|problem| problem.with_conflict(0, 2))
            .and_then(|problem| problem.with_offset(2, 20))
            .unwrap();
        for kept in [[3, 1, 20], [2, 0, 20], [0, 8, 20], [24, 18, 20], [6, 0, 20]] {
            assert_eq!(violations(&stated, &kept), [""; 0], "{kept:?}");
        }
        assert_eq!(
            violations(&stated, &[2, 1, 0]),
            [
                "buffer `c` is at offset 0, its place is fixed at 20",
                "buffer `b` at offset 1 shares bytes with its operand `a` at 2, below which it must start by 2 bytes or \
                 more",
                "buffers `a` and `c` share the bytes 2 to 4 (excluded), which they must not at any time",
            ]
        );
        assert_eq!(
            violations(&stated, &[0, 7, 20]),
            [
                "buffer `b` at offset 7 shares bytes with its operand `a` at 0, below which it must start by 2 bytes or more"
            ]
        );
        // A conflict outweighs an allowance.
        let apart = stated.with_conflict(1, 0).unwrap();
        assert_eq!(
            violations(&apart, &[2, 0, 20]),
            [
                "buffers `a` and `b` share the bytes 2 to 6 (excluded), which they must not at any time"
            ]
        );
    }

    #[test]
    fn a_plan_of_another_problem_has_another_height() {
        let small = problem(&[("a", 8, 1, 0, 1)]);
        let large = problem(&[("a", 9, 1, 0, 1)]);
        assert_eq!(
            check(&large, &Plan::new(&small, vec![0])),
            [Violation::Height {
                stated: 8,
                actual: 9
            }]
        );
    }

    #[test]
    fn ends_beyond_the_address_space_are_violations() {
        let one = problem(&[("a", 2, 1, 0, 1), ("b", 2, 1, 0, 1)]);
        assert_eq!(
            check(&one, &Plan::new(&one, vec![u64::MAX, 0])),
            [Violation::Height {
                stated: u64::MAX,
                actual: u128::from(u64::MAX) + 2
            }]
        );
    }

    #[test]
    fn a_buffer_of_no_bytes_meets_nothing() {
        let empty = problem(&[("a", 8, 1, 0, 2), ("none", 0, 1, 0, 2)]);
        assert_eq!(violations(&empty, &[0, 4]), [""; 0]);
    }

    #[test]
    fn the_list_is_cut() {
        let names: Vec<String> = (0..60).map(|i| format!("b{i}")).collect();
        let all: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), 1, 1, 0, 1))
            .collect();
        // 60 * 59 / 2 pairs.
        assert_eq!(violations(&problem(&all), &[0; 60]).len(), MAX_VIOLATIONS);
    }
}
