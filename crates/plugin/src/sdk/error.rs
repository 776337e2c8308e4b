//! Errors of a plug-in.

use crate::abi::Status;
use std::fmt;

/// Why a callback fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error {
    pub(super) status: Status,
    /// Empty if the host knows it better.
    pub(super) message: String,
}

/// What a callback, and whatever it calls, returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// With a message for the user.
    pub fn new(message: impl fmt::Display) -> Error {
        Error {
            status: Status::FAILED,
            message: message.to_string(),
        }
    }

    /// In an interpretation: the operation leaves its result undefined here.
    pub fn poison(message: impl fmt::Display) -> Error {
        Error {
            status: Status::POISON,
            message: message.to_string(),
        }
    }

    /// What a function of the host said; the host keeps the words.
    pub(super) fn host(status: Status) -> Error {
        Error {
            status,
            message: String::new(),
        }
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.is_empty() {
            true => write!(f, "the host refused, status {}", self.status.0),
            false => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}
