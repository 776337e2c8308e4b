//! The planning problem, validated.
//!
//! What several memories, overlap allowances between two buffers, fixed offsets and conflicts beyond lifetimes need is
//! stated beside the buffers, by further `with_…` methods in the manner of [`Problem::with_capacity`], each of which
//! validates the buffer indices that it is given; the buffers themselves keep their shape. A problem that states none
//! of them means what it means today: one memory that starts at offset 0, and lifetimes as the only source of conflicts.

use std::collections::HashMap;
use std::fmt;

use crate::buffer::Buffer;

/// All addresses of all plans stay below this number of bytes, so that sums of two of them cannot overflow.
const ADDRESS_LIMIT: u64 = 1 << 63;

/// Buffers to be placed into one memory.
///
/// Buffers are referred to by their index in [`buffers`](Problem::buffers). Valid by construction:
/// - every lifetime is at least one time step long,
/// - every alignment is a power of two,
/// - names are unique,
/// - the sum of `size + align - 1` over all buffers is below 2⁶³: stacking every buffer above the others, in any order,
///   overflows nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    buffers: Vec<Buffer>,
    capacity: Option<u64>,
}

impl Problem {
    /// Validates `buffers`; no capacity is set.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the buffers.
    pub fn new(buffers: Vec<Buffer>) -> Result<Problem, ProblemErrors> {
        let mut errors = Vec::new();
        let mut first_with_name = HashMap::new();
        let mut total = Some(0u64);
        for (index, buffer) in buffers.iter().enumerate() {
            let name = || buffer.name.clone();
            if buffer.end <= buffer.start {
                errors.push(ProblemError::EmptyLifetime {
                    index,
                    name: name(),
                    start: buffer.start,
                    end: buffer.end,
                });
            }
            if !buffer.align.is_power_of_two() {
                errors.push(ProblemError::Alignment {
                    index,
                    name: name(),
                    align: buffer.align,
                });
            }
            let first = *first_with_name.entry(buffer.name.as_str()).or_insert(index);
            if first != index {
                errors.push(ProblemError::DuplicateName {
                    index,
                    name: name(),
                    first,
                });
            }
            let below_limit = total.is_some();
            total = total
                .and_then(|sum| sum.checked_add(buffer.size))
                .and_then(|sum| sum.checked_add(buffer.align.saturating_sub(1)))
                .filter(|&sum| sum < ADDRESS_LIMIT);
            if below_limit && total.is_none() {
                errors.push(ProblemError::TooLarge {
                    index,
                    name: name(),
                    size: buffer.size,
                });
            }
        }
        if errors.is_empty() {
            Ok(Problem {
                buffers,
                capacity: None,
            })
        } else {
            Err(ProblemErrors(errors))
        }
    }

    /// Sets the number of bytes of the memory.
    ///
    /// Algorithms plan as low as they can whatever the capacity; the checker reports what lies above it.
    #[must_use]
    pub fn with_capacity(mut self, capacity: u64) -> Problem {
        self.capacity = Some(capacity);
        self
    }

    /// The buffers, in the order in which they were given.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The number of bytes of the memory, if it is limited.
    pub fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    /// The largest alignment of any buffer, which the base address of the memory must have; 1 without buffers.
    pub fn alignment(&self) -> u64 {
        self.buffers.iter().map(|b| b.align).max().unwrap_or(1)
    }

    /// Whether the buffers with these indices may not share a byte: both have bytes and a common time of life.
    ///
    /// # Panics
    /// When an index is out of range.
    pub fn conflict(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.buffers[a], &self.buffers[b]);
        a.size > 0 && b.size > 0 && a.start < b.end && b.start < a.end
    }
}

/// One reason why a list of buffers is not a planning problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    /// A lifetime does not contain any time.
    #[error("buffer `{name}` is never live: its lifetime ends at {end} and starts at {start}")]
    EmptyLifetime {
        /// Index of the buffer.
        index: usize,
        /// Name of the buffer.
        name: String,
        /// First time of the lifetime.
        start: u32,
        /// End of the lifetime, not above `start`.
        end: u32,
    },
    /// An alignment is not a power of two.
    #[error("buffer `{name}` has the alignment {align}, which is not a power of two")]
    Alignment {
        /// Index of the buffer.
        index: usize,
        /// Name of the buffer.
        name: String,
        /// The alignment, in bytes.
        align: u64,
    },
    /// Two buffers have the same name.
    #[error("buffer name `{name}` is used twice")]
    DuplicateName {
        /// Index of the later buffer.
        index: usize,
        /// The name.
        name: String,
        /// Index of the first buffer of that name.
        first: usize,
    },
    /// The sizes and alignments up to this buffer add up to 2⁶³ bytes or more.
    #[error("with buffer `{name}` of {size} bytes the sizes add up to 2^63 bytes or more")]
    TooLarge {
        /// Index of the buffer at which the sum passes the limit.
        index: usize,
        /// Name of that buffer.
        name: String,
        /// Size of that buffer, in bytes.
        size: u64,
    },
}

impl ProblemError {
    /// Index of the buffer that the error is about.
    pub fn buffer(&self) -> usize {
        match *self {
            ProblemError::EmptyLifetime { index, .. }
            | ProblemError::Alignment { index, .. }
            | ProblemError::DuplicateName { index, .. }
            | ProblemError::TooLarge { index, .. } => index,
        }
    }
}

/// Everything that is wrong with a list of buffers; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemErrors(Vec<ProblemError>);

impl ProblemErrors {
    /// The errors in the order of the buffers.
    pub fn errors(&self) -> &[ProblemError] {
        &self.0
    }
}

impl fmt::Display for ProblemErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ProblemErrors {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffer::BufferKind;

    fn buffer(name: &str, size: u64, align: u64, start: u32, end: u32) -> Buffer {
        Buffer {
            name: name.to_owned(),
            size,
            align,
            start,
            end,
            kind: BufferKind::Activation,
        }
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let errors = Problem::new(vec![
            buffer("a", 4, 1, 3, 3),
            buffer("b", 4, 12, 5, 2),
            buffer("a", 4, 0, 0, 1),
        ])
        .unwrap_err();
        let found: Vec<(usize, &str)> = errors
            .errors()
            .iter()
            .map(|e| {
                let kind = match e {
                    ProblemError::EmptyLifetime { .. } => "lifetime",
                    ProblemError::Alignment { .. } => "alignment",
                    ProblemError::DuplicateName { .. } => "duplicate",
                    ProblemError::TooLarge { .. } => "large",
                };
                (e.buffer(), kind)
            })
            .collect();
        assert_eq!(
            found,
            [
                (0, "lifetime"),
                (1, "lifetime"),
                (1, "alignment"),
                (2, "alignment"),
                (2, "duplicate")
            ]
        );
        assert_eq!(errors.to_string().lines().count(), 5);
    }

    #[test]
    fn sums_at_the_address_limit() {
        let half = 1u64 << 62;
        assert!(
            Problem::new(vec![
                buffer("a", half, 1, 0, 1),
                buffer("b", half - 1, 1, 0, 1)
            ])
            .is_ok()
        );
        for rest in [half, u64::MAX] {
            let errors = Problem::new(vec![
                buffer("a", half, 1, 0, 1),
                buffer("b", rest, 1, 5, 6),
                buffer("c", u64::MAX, 1, 5, 6),
            ])
            .unwrap_err();
            assert_eq!(
                errors.errors(),
                [ProblemError::TooLarge {
                    index: 1,
                    name: "b".into(),
                    size: rest
                }]
            );
        }
        // Padding counts too.
        assert!(
            Problem::new(vec![
                buffer("a", half, 1, 0, 1),
                buffer("b", half / 2, 1 << 62, 0, 1)
            ])
            .is_err()
        );
    }

    #[test]
    fn conflicts_follow_half_open_lifetimes() {
        let problem = Problem::new(vec![
            buffer("a", 4, 1, 0, 2),
            buffer("b", 4, 8, 1, 3),
            buffer("c", 4, 2, 2, 4),
            buffer("none", 0, 1, 0, 4),
        ])
        .unwrap();
        assert!(problem.conflict(0, 1) && problem.conflict(1, 0));
        assert!(!problem.conflict(0, 2) && !problem.conflict(2, 0));
        assert!(!problem.conflict(0, 3));
        assert_eq!(problem.alignment(), 8);
        assert_eq!(problem.with_capacity(7).capacity(), Some(7));
    }

    #[test]
    fn a_problem_may_have_no_buffers() {
        let problem = Problem::new(Vec::new()).unwrap();
        assert_eq!((problem.alignment(), problem.capacity()), (1, None));
    }
}
