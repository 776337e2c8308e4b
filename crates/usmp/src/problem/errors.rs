//! What can be wrong with a problem.

use std::fmt;

/// One reason why something is not a planning problem.
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
    /// Something is stated of a buffer that there is not.
    #[error("there is no buffer {index} among {count}")]
    NoSuchBuffer {
        /// The index.
        index: usize,
        /// Number of buffers.
        count: usize,
    },
    /// Something is stated of a pair of buffers that are one and the same.
    #[error("buffer `{name}` is named twice where two buffers are meant")]
    OneBuffer {
        /// Index of the buffer.
        index: usize,
        /// Name of the buffer.
        name: String,
    },
    /// Two buffers have an overlap allowance already.
    #[error(
        "buffers `{result}` and `{operand}` have an overlap allowance already, of {lead} bytes"
    )]
    DuplicateOverlap {
        /// Index of the second allowance's result.
        index: usize,
        /// Name of the second allowance's result.
        result: String,
        /// Name of the second allowance's operand.
        operand: String,
        /// Lead of the first allowance, in bytes.
        lead: u64,
    },
    /// A buffer has another fixed offset already.
    #[error("buffer `{name}` is fixed at offset {offset}, but at {first} already")]
    DuplicateOffset {
        /// Index of the buffer.
        index: usize,
        /// Name of the buffer.
        name: String,
        /// The second offset, in bytes.
        offset: u64,
        /// The first offset, in bytes.
        first: u64,
    },
    /// A fixed offset is not a multiple of the buffer's alignment.
    #[error("the fixed offset {offset} of buffer `{name}` is not aligned to {align} bytes")]
    MisalignedOffset {
        /// Index of the buffer.
        index: usize,
        /// Name of the buffer.
        name: String,
        /// The offset, in bytes.
        offset: u64,
        /// The alignment, in bytes.
        align: u64,
    },
    /// All buffers stacked above a fixed offset reach 2⁶³ bytes or more.
    #[error("with buffer `{name}` at the fixed offset {offset} addresses reach 2^63 bytes or more")]
    OffsetTooLarge {
        /// Index of the buffer.
        index: usize,
        /// Name of the buffer.
        name: String,
        /// The offset, in bytes.
        offset: u64,
    },
    /// Two buffers of fixed offsets conflict and share bytes that they may not share.
    #[error("the fixed offsets of buffers `{name}` and `{other}` put one in the way of the other")]
    FixedInTheWay {
        /// Index of one buffer.
        index: usize,
        /// Name of that buffer.
        name: String,
        /// Name of the other buffer.
        other: String,
    },
}

impl ProblemError {
    /// Index of the buffer that the error is about, which may be one that there is not.
    pub fn buffer(&self) -> usize {
        match *self {
            ProblemError::EmptyLifetime { index, .. }
            | ProblemError::Alignment { index, .. }
            | ProblemError::DuplicateName { index, .. }
            | ProblemError::TooLarge { index, .. }
            | ProblemError::NoSuchBuffer { index, .. }
            | ProblemError::OneBuffer { index, .. }
            | ProblemError::DuplicateOverlap { index, .. }
            | ProblemError::DuplicateOffset { index, .. }
            | ProblemError::MisalignedOffset { index, .. }
            | ProblemError::OffsetTooLarge { index, .. }
            | ProblemError::FixedInTheWay { index, .. } => index,
        }
    }
}

/// Everything that is wrong with a problem; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemErrors(Vec<ProblemError>);

impl ProblemErrors {
    /// These errors, of which there is at least one.
    pub(super) fn new(errors: Vec<ProblemError>) -> ProblemErrors {
        ProblemErrors(errors)
    }

    pub(super) fn one(error: ProblemError) -> ProblemErrors {
        ProblemErrors(vec![error])
    }

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
