//! Errors of target descriptions and of their look-up.

use thiserror::Error;

/// Why a target description cannot be used or a target is not found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The file is not TOML, or a key is missing, unknown or of the wrong type.
    #[error("{file}: {message}")]
    Parse {
        /// The description's file.
        file: String,
        /// The parser's message, with line and key.
        message: String,
    },
    /// A key has a value that cannot be.
    #[error("{file}: {key} = {value}: {help}")]
    Value {
        /// The description's file.
        file: String,
        /// Dotted path of the key.
        key: String,
        /// The value that was found, as text.
        value: String,
        /// What is wrong and what to write instead.
        help: String,
    },
    /// A second description has a name that is taken.
    #[error("{file}: name = {name:?}: a target of this name exists already; choose another name")]
    Duplicate {
        /// The description's file.
        file: String,
        /// The name that is taken.
        name: String,
    },
    /// No target has the name that was asked for.
    #[error("unknown target {name:?}{}; targets: {}", .nearest.as_ref().map(|n| format!(", did you mean {n:?}?")).unwrap_or_default(), .known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The known name that is nearest to it, if one is near.
        nearest: Option<String>,
        /// Every known name, sorted.
        known: Vec<String>,
    },
}
