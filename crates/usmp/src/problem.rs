//! The planning problem, validated.
//!
//! Buffers and their lifetimes make a *plain* problem. What lifetimes cannot say is stated beside them, by the `with_…`
//! methods, each of which validates what it is given: overlap allowances, conflicts beyond lifetimes, fixed offsets.
//!
//! # What a plan must obey
//! Of two buffers `a` and `b` that [`conflict`](Problem::conflict), one is the lower one:
//! `offset(b) >= offset(a) + d(a, b)` or `offset(a) >= offset(b) + d(b, a)`, where [`d`](Problem::distance) is the size
//! of its first argument, but `lead` bytes for the result and the operand of an [`Overlap`]. A buffer with a fixed
//! offset lies there, every buffer lies at a multiple of its alignment, and that is all.

mod errors;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::buffer::Buffer;

pub use errors::{ProblemError, ProblemErrors};

/// All addresses of all plans stay below this number of bytes, so that sums of two of them cannot overflow.
const ADDRESS_LIMIT: u64 = 1 << 63;

/// Buffers to be placed into one memory.
///
/// Buffers are referred to by their index in [`buffers`](Problem::buffers). Valid by construction:
/// - every lifetime is at least one time step long,
/// - every alignment is a power of two,
/// - names are unique,
/// - the sum of `size + align - 1` over all buffers is below 2⁶³, also above the highest buffer of fixed offset: stacking
///   every buffer above the others, in any order, overflows nothing,
/// - what is stated of pairs names two buffers that exist, and of one pair there is one allowance at most,
/// - fixed offsets are aligned, and no two buffers of fixed offsets are in each other's way: there is a valid plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    buffers: Vec<Buffer>,
    capacity: Option<u64>,
    /// By the pair's smaller and larger index.
    overlaps: BTreeMap<(usize, usize), Overlap>,
    /// Pairs of smaller and larger index.
    conflicts: BTreeSet<(usize, usize)>,
    offsets: BTreeMap<usize, u64>,
    /// Sum of `size + align - 1` over all buffers, in bytes.
    total: u64,
}

/// Leave for the result of an operator to run into one of its operands.
///
/// The two buffers need not be apart where the result starts `lead` bytes or more below the operand. That is sound when,
/// at the time at which byte `i` of the result is written, the operand's bytes up to and including `i - lead` have been
/// read for the last time. Places without a common byte stay allowed, on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Overlap {
    /// Index of the buffer that is written.
    pub result: usize,
    /// Index of the buffer that is read.
    pub operand: usize,
    /// Bytes by which the result must start below the operand at least: `offset(operand) >= offset(result) + lead`.
    /// From the result's size on this is nothing but two buffers apart.
    pub lead: u64,
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
        match total {
            Some(total) if errors.is_empty() => Ok(Problem {
                buffers,
                capacity: None,
                overlaps: BTreeMap::new(),
                conflicts: BTreeSet::new(),
                offsets: BTreeMap::new(),
                total,
            }),
            _ => Err(ProblemErrors::new(errors)),
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

    /// Lets a result run into an operand; see [`Overlap`].
    ///
    /// Means nothing, and is not kept, when the lead is the result's size or more. Harmless between buffers that do not
    /// conflict; outweighed by [`with_conflict`](Problem::with_conflict) of the same two buffers.
    ///
    /// # Errors
    /// An index without a buffer, one buffer twice, a second allowance of one pair.
    pub fn with_overlap(mut self, overlap: Overlap) -> Result<Problem, ProblemErrors> {
        let pair = self.pair(overlap.result, overlap.operand)?;
        if let Some(first) = self.overlaps.get(&pair) {
            return Err(ProblemErrors::one(ProblemError::DuplicateOverlap {
                index: overlap.result,
                result: self.name(overlap.result),
                operand: self.name(overlap.operand),
                lead: first.lead,
            }));
        }
        if overlap.lead < self.buffers[overlap.result].size {
            self.overlaps.insert(pair, overlap);
        }
        Ok(self)
    }

    /// Forbids two buffers to share a byte, whatever their lifetimes and allowances. Saying so again changes nothing.
    ///
    /// # Errors
    /// An index without a buffer, one buffer twice, two fixed offsets that share bytes.
    pub fn with_conflict(mut self, a: usize, b: usize) -> Result<Problem, ProblemErrors> {
        let pair = self.pair(a, b)?;
        self.conflicts.insert(pair);
        self.check_fixed(pair.0, pair.1)?;
        Ok(self)
    }

    /// Fixes the place of a buffer: every plan has it at that offset, in bytes.
    ///
    /// Allowances that let two buffers of fixed offsets overlap are to be stated before.
    ///
    /// # Errors
    /// An index without a buffer, another offset for a buffer that has one, an offset that is not a multiple of the
    /// buffer's alignment or so high that stacking the other buffers above passes 2⁶³ bytes, an offset at which the buffer
    /// is in the way of another one of fixed offset.
    pub fn with_offset(mut self, buffer: usize, offset: u64) -> Result<Problem, ProblemErrors> {
        self.exists(buffer)?;
        let (size, align) = (self.buffers[buffer].size, self.buffers[buffer].align);
        let name = self.name(buffer);
        if let Some(&first) = self.offsets.get(&buffer).filter(|&&first| first != offset) {
            return Err(ProblemErrors::one(ProblemError::DuplicateOffset {
                index: buffer,
                name,
                offset,
                first,
            }));
        }
        if offset % align != 0 {
            return Err(ProblemErrors::one(ProblemError::MisalignedOffset {
                index: buffer,
                name,
                offset,
                align,
            }));
        }
        let top = [size, self.total]
            .into_iter()
            .try_fold(offset, u64::checked_add);
        if top.is_none_or(|top| top >= ADDRESS_LIMIT) {
            return Err(ProblemErrors::one(ProblemError::OffsetTooLarge {
                index: buffer,
                name,
                offset,
            }));
        }
        self.offsets.insert(buffer, offset);
        let others: Vec<usize> = self.offsets.keys().copied().collect();
        for other in others.into_iter().filter(|&other| other != buffer) {
            self.check_fixed(other, buffer)?;
        }
        Ok(self)
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

    /// The overlap allowances, ordered by the smaller and the larger index of their buffers.
    pub fn overlaps(&self) -> impl Iterator<Item = &Overlap> {
        self.overlaps.values()
    }

    /// The conflicts stated beyond lifetimes, each by the smaller and the larger index, ascending.
    pub fn stated_conflicts(&self) -> impl Iterator<Item = (usize, usize)> {
        self.conflicts.iter().copied()
    }

    /// The fixed offset of the buffer with this index, in bytes; none where the planner chooses.
    pub fn fixed_offset(&self, buffer: usize) -> Option<u64> {
        self.offsets.get(&buffer).copied()
    }

    /// The buffers of fixed offsets with these, in bytes, by ascending index.
    pub fn fixed_offsets(&self) -> impl Iterator<Item = (usize, u64)> {
        self.offsets
            .iter()
            .map(|(&buffer, &offset)| (buffer, offset))
    }

    /// Whether lifetimes say all: nothing is stated of pairs and no offset is fixed.
    pub fn is_plain(&self) -> bool {
        self.overlaps.is_empty() && self.conflicts.is_empty() && self.offsets.is_empty()
    }

    /// The buffers with these indices, in that order, as a problem of their own, with what is stated of them, in which every buffer is
    /// aligned to `align` at least; without a capacity.
    ///
    /// # Errors
    /// `align` is not a power of two; with the larger alignments the sums are too large, or a fixed offset is not aligned; an index is
    /// given twice.
    ///
    /// # Panics
    /// When an index is out of range.
    pub fn part(&self, which: &[usize], align: u64) -> Result<Problem, ProblemErrors> {
        let buffers = which.iter().map(|&index| {
            let mut buffer = self.buffers[index].clone();
            buffer.align = buffer.align.max(align);
            buffer
        });
        let mut part = Problem::new(buffers.collect())?;
        if self.is_plain() {
            return Ok(part);
        }
        let inside: BTreeMap<usize, usize> = which.iter().copied().zip(0..).collect();
        let pair = |a: usize, b: usize| Some((*inside.get(&a)?, *inside.get(&b)?));
        for overlap in self.overlaps() {
            if let Some((result, operand)) = pair(overlap.result, overlap.operand) {
                let lead = overlap.lead;
                part = part.with_overlap(Overlap {
                    result,
                    operand,
                    lead,
                })?;
            }
        }
        for (a, b) in self.stated_conflicts() {
            if let Some((a, b)) = pair(a, b) {
                part = part.with_conflict(a, b)?;
            }
        }
        for (buffer, offset) in self.fixed_offsets() {
            if let Some(&buffer) = inside.get(&buffer) {
                part = part.with_offset(buffer, offset)?;
            }
        }
        Ok(part)
    }

    /// Whether the buffers with these indices are in each other's way: both have bytes, and they have a common time of
    /// life or a stated conflict. An [`Overlap`] between them says where they may share bytes nevertheless.
    ///
    /// # Panics
    /// When an index is out of range.
    pub fn conflict(&self, a: usize, b: usize) -> bool {
        let (first, second) = (&self.buffers[a], &self.buffers[b]);
        let live_together = first.start < second.end && second.start < first.end;
        first.size > 0
            && second.size > 0
            && (live_together || self.conflicts.contains(&ordered(a, b)))
    }

    /// The least distance in bytes from the start of buffer `lower` to the start of buffer `upper`, where the two
    /// conflict and the latter is the upper one: the size of `lower`, or the lead of their allowance.
    ///
    /// # Panics
    /// When an index is out of range.
    pub fn distance(&self, lower: usize, upper: usize) -> u64 {
        let size = self.buffers[lower].size;
        match self.allowance(lower, upper) {
            Some(overlap) if overlap.result == lower => overlap.lead.min(size),
            _ => size,
        }
    }

    /// The allowance between two buffers that no stated conflict outweighs.
    pub fn allowance(&self, a: usize, b: usize) -> Option<Overlap> {
        let pair = ordered(a, b);
        let overlap = self.overlaps.get(&pair).copied()?;
        (!self.conflicts.contains(&pair)).then_some(overlap)
    }

    fn name(&self, index: usize) -> String {
        self.buffers[index].name.clone()
    }

    fn exists(&self, index: usize) -> Result<(), ProblemErrors> {
        let count = self.buffers.len();
        if index < count {
            return Ok(());
        }
        let error = ProblemError::NoSuchBuffer { index, count };
        Err(ProblemErrors::one(error))
    }

    /// The two indices in ascending order, of two different buffers that exist.
    fn pair(&self, a: usize, b: usize) -> Result<(usize, usize), ProblemErrors> {
        self.exists(a)?;
        self.exists(b)?;
        if a == b {
            let name = self.name(a);
            return Err(ProblemErrors::one(ProblemError::OneBuffer {
                index: a,
                name,
            }));
        }
        Ok(ordered(a, b))
    }

    /// Refuses two fixed offsets at which the buffers are in each other's way.
    fn check_fixed(&self, a: usize, b: usize) -> Result<(), ProblemErrors> {
        let (Some(&first), Some(&second)) = (self.offsets.get(&a), self.offsets.get(&b)) else {
            return Ok(());
        };
        let apart = second >= first + self.distance(a, b) || first >= second + self.distance(b, a);
        if apart || !self.conflict(a, b) {
            return Ok(());
        }
        Err(ProblemErrors::one(ProblemError::FixedInTheWay {
            index: b,
            name: self.name(b),
            other: self.name(a),
        }))
    }
}

fn ordered(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

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
                    other => panic!("{other}"),
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

    /// Four buffers of 4 to 10 bytes that are all live at once but for the last.
    fn four() -> Problem {
        Problem::new(vec![
            buffer("a", 10, 1, 0, 2),
            buffer("b", 8, 4, 1, 3),
            buffer("c", 4, 2, 1, 4),
            buffer("d", 6, 1, 7, 8),
        ])
        .unwrap()
    }

    fn overlap(result: usize, operand: usize, lead: u64) -> Overlap {
        Overlap {
            result,
            operand,
            lead,
        }
    }

    #[test]
    fn an_allowance_shortens_one_direction_of_one_pair() {
        let problem = four().with_overlap(overlap(1, 0, 3)).unwrap();
        assert!(problem.conflict(0, 1) && !problem.is_plain());
        assert_eq!((problem.distance(1, 0), problem.distance(0, 1)), (3, 10));
        assert_eq!((problem.distance(1, 2), problem.distance(2, 1)), (8, 4));
        // A stated conflict outweighs it.
        let apart = problem.with_conflict(0, 1).unwrap();
        assert_eq!((apart.distance(1, 0), apart.allowance(0, 1)), (8, None));
        // From the size of the result on an allowance allows nothing.
        assert!(four().with_overlap(overlap(1, 0, 8)).unwrap().is_plain());
    }

    #[test]
    fn a_stated_conflict_needs_no_common_time() {
        let problem = four()
            .with_conflict(3, 0)
            .unwrap()
            .with_conflict(0, 3)
            .unwrap();
        assert!(problem.conflict(0, 3) && problem.conflict(3, 0) && !problem.conflict(1, 3));
        assert_eq!(problem.stated_conflicts().collect::<Vec<_>>(), [(0, 3)]);
    }

    #[test]
    fn fixed_offsets_of_buffers_that_may_overlap() {
        let problem = four().with_overlap(overlap(1, 0, 3)).unwrap();
        let fixed = problem
            .with_offset(1, 4)
            .unwrap()
            .with_offset(0, 7)
            .unwrap();
        let fixed = fixed.with_offset(3, 0).unwrap().with_offset(3, 0).unwrap();
        assert_eq!(
            fixed.fixed_offsets().collect::<Vec<_>>(),
            [(0, 7), (1, 4), (3, 0)]
        );
        assert_eq!(fixed.fixed_offset(2), None);
    }

    #[test]
    fn what_is_stated_wrongly_is_refused() {
        let with_overlap = four().with_overlap(overlap(0, 1, 3)).unwrap();
        let fixed = four().with_offset(0, 5).unwrap();
        let beside = four().with_offset(0, 0).unwrap().with_offset(3, 9).unwrap();
        let limit = ADDRESS_LIMIT - 1;
        let refused = [
            (
                four().with_overlap(overlap(4, 0, 0)),
                "there is no buffer 4 among 4",
            ),
            (four().with_conflict(0, 9), "there is no buffer 9 among 4"),
            (four().with_offset(7, 0), "there is no buffer 7 among 4"),
            (
                four().with_conflict(2, 2),
                "buffer `c` is named twice where two buffers are meant",
            ),
            (
                four().with_overlap(overlap(2, 2, 0)),
                "buffer `c` is named twice where two buffers are meant",
            ),
            (
                with_overlap.with_overlap(overlap(1, 0, 5)),
                "buffers `b` and `a` have an overlap allowance already, of 3 bytes",
            ),
            (
                four().with_offset(1, 6),
                "the fixed offset 6 of buffer `b` is not aligned to 4 bytes",
            ),
            (
                fixed.clone().with_offset(0, 6),
                "buffer `a` is fixed at offset 6, but at 5 already",
            ),
            (
                fixed.with_offset(1, 12),
                "the fixed offsets of buffers `b` and `a` put one in the way of the other",
            ),
            (
                beside.with_conflict(0, 3),
                "the fixed offsets of buffers `d` and `a` put one in the way of the other",
            ),
            (
                four().with_offset(0, limit),
                "with buffer `a` at the fixed offset 9223372036854775807 addresses reach 2^63 bytes or more",
            ),
            (
                four().with_offset(0, u64::MAX),
                "with buffer `a` at the fixed offset 18446744073709551615 addresses reach 2^63 bytes or more",
            ),
        ];
        for (result, message) in refused {
            assert_eq!(result.unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_problem_may_have_no_buffers() {
        let problem = Problem::new(Vec::new()).unwrap();
        assert_eq!((problem.alignment(), problem.capacity()), (1, None));
    }
}
