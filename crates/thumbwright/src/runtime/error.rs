//! Why a model did not run.

use emulate::EmulateError;
use interp::{LoopError, NetworkError};
use thiserror::Error;

use super::samples::InputError;
use crate::CompileError;

/// Why a model could not be built for a runtime, or did not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The runtime's name is neither one of ours nor a target's.
    #[error("{0}; runtimes without a target: interp, interp-loops, host")]
    UnknownRuntime(target::TargetError),
    /// The inputs do not fit the model.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The module has no C form, or does not verify.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// The nn interpreter failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The executor of loops failed.
    #[error(transparent)]
    Loops(#[from] LoopError),
    /// Building or running the C failed.
    #[error(transparent)]
    Emulate(#[from] EmulateError),
    /// The generated function returned an error code.
    #[error("`{model}` returned {status} on sample {sample}")]
    Status {
        /// The model's C name.
        model: String,
        /// Index of the sample.
        sample: usize,
        /// What the function returned.
        status: i32,
    },
    /// The generated function wrote past the end of a buffer.
    #[error("`{model}` wrote past the end of: {} (sample {sample})", .buffers.join(", "))]
    Overrun {
        /// The model's C name.
        model: String,
        /// Index of the sample.
        sample: usize,
        /// `arena`, `output`, `input`, `stack`.
        buffers: Vec<&'static str>,
    },
    /// A library that the model calls has no C that could be built.
    #[error(
        "the C of the kernel library `{library}` is not there to be built: give `--with {library}=DIR` the folder of its sources, or name \
         `sources` in a table of your own"
    )]
    NoLibraryCode {
        /// The library's name.
        library: String,
    },
    /// A profile was asked of a runtime that has none.
    #[error("`{runtime}` has no profile; it takes a core or a board")]
    NoProfile {
        /// The runtime's name.
        runtime: String,
    },
    /// The calls that a profile counted are not those of the module.
    #[error("the profile of `{model}` does not match its module: {what}")]
    Profile {
        /// The model's C name.
        model: String,
        /// What differs.
        what: String,
    },
    /// A number is too large for a runtime of 32 bits.
    #[error("`{model}`: {what} takes {bytes} bytes, which is too large for 32 bits")]
    TooLarge {
        /// The model's C name.
        model: String,
        /// What is too large.
        what: String,
        /// Bytes.
        bytes: u64,
    },
    /// There is no model with that index.
    #[error("there is no model {index}; there are {count}")]
    NoModel {
        /// The index asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

impl RunError {
    /// Whether the compiler is at fault, not who called it: what it made did something undefined, or does not build.
    pub fn is_bug(&self) -> bool {
        match self {
            RunError::UnknownRuntime(_)
            | RunError::Input(_)
            | RunError::NoLibraryCode { .. }
            | RunError::NoProfile { .. }
            | RunError::TooLarge { .. }
            | RunError::NoModel { .. } => false,
            RunError::Compile(e) => e.is_bug(),
            RunError::Network(_) => false,
            RunError::Loops(_)
            | RunError::Status { .. }
            | RunError::Overrun { .. }
            | RunError::Profile { .. } => true,
            RunError::Emulate(e) => matches!(
                e,
                EmulateError::Case { .. }
                    | EmulateError::Tool { .. }
                    | EmulateError::Fault(_)
                    | EmulateError::Stopped { .. }
                    | EmulateError::Format { .. }
            ),
        }
    }
}
