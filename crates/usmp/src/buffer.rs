//! A buffer: a contiguous block of bytes that is needed for a stretch of time.

/// What a buffer holds.
///
/// Planning into a single memory treats all kinds alike: the lifetime alone decides what may share bytes. The kind says
/// what a report names a buffer, and which memories may hold it once there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BufferKind {
    /// The result of an operator, read by later operators.
    Activation,
    /// Working memory of one operator.
    Scratch,
    /// An input of the whole program.
    Input,
    /// An output of the whole program.
    Output,
    /// Read-only data that is copied to working memory.
    Constant,
    /// Data that survives from one run to the next: live at every time.
    State,
}

impl BufferKind {
    /// The kind's name as reports and messages print it.
    pub fn name(self) -> &'static str {
        match self {
            BufferKind::Activation => "activation",
            BufferKind::Scratch => "scratch",
            BufferKind::Input => "input",
            BufferKind::Output => "output",
            BufferKind::Constant => "constant",
            BufferKind::State => "state",
        }
    }
}

/// A contiguous block of bytes with a lifetime.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Buffer {
    /// Name that messages use; unique within a problem.
    pub name: String,
    /// Size in bytes; a buffer of no bytes conflicts with nothing.
    pub size: u64,
    /// The offset is a multiple of this number of bytes; a power of two.
    pub align: u64,
    /// First time at which the buffer is live.
    pub start: u32,
    /// First time after `start` at which the buffer is no longer live.
    pub end: u32,
    /// What the buffer holds.
    pub kind: BufferKind,
}
