//! The judge of plans: compares every buffer with every other, and nothing else.
//!
//! Invariant: no function of the planner is used here, so that a mistake there cannot hide itself.

use crate::plan::Plan;
use crate::problem::Problem;

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
/// First what concerns one buffer, then every overlapping pair, each in the order of the buffers; O(n²).
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
    missing.chain(extra).chain(misaligned).chain(over)
}

fn pairs(problem: &Problem, plan: &Plan) -> impl Iterator<Item = Violation> {
    let placed = || problem.buffers().iter().zip(plan.offsets()).enumerate();
    placed().flat_map(move |(index, (first, &first_offset))| {
        placed()
            .skip(index + 1)
            .filter_map(move |(_, (second, &second_offset))| {
                let start = first.start.max(second.start);
                let end = first.end.min(second.end);
                if start >= end {
                    return None;
                }
                let from = u128::from(first_offset.max(second_offset));
                let first_end = u128::from(first_offset) + u128::from(first.size);
                let second_end = u128::from(second_offset) + u128::from(second.size);
                let to = first_end.min(second_end);
                (from < to).then(|| Violation::Overlap {
                    first: first.name.clone(),
                    second: second.name.clone(),
                    from,
                    to,
                    start,
                    end,
                })
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
