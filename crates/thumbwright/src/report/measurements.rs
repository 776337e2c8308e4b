//! What was measured of the emitted code, if it was.

use emulate::Profile;
use serde::Serialize;

/// What was measured; everything may be missing.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Measurements {
    /// Of one run on the target.
    pub profile: Option<Profile>,
    /// Of the compiled C.
    pub code: Option<CodeSize>,
    /// Of one run, or as the compiler states it.
    pub stack: Option<StackNeed>,
}

/// Bytes of flash that the compiled C takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct CodeSize {
    /// Bytes of machine code in `<name>.c`.
    pub text_bytes: u64,
    /// Bytes of constants that the compiler puts beside the code of `<name>.c`.
    pub rodata_bytes: u64,
    /// Bytes of `<name>_data.c`: weights and constant tables.
    pub data_bytes: u64,
}

/// How much stack a run takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct StackNeed {
    /// Bytes below the stack pointer of the caller.
    pub bytes: u64,
    /// How it is known.
    pub source: StackSource,
}

/// How a stack need is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackSource {
    /// An upper bound: the deepest chain of calls, with frames as `-fstack-usage` states them.
    Stated,
    /// What a run on the emulated target touched.
    Measured,
}

impl StackSource {
    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            StackSource::Stated => "stated by the compiler",
            StackSource::Measured => "measured in a run",
        }
    }
}
