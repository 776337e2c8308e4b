//! How a function of the host says no.

use crate::abi::Status;

/// A status and, in words, why.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: Status,
    pub why: String,
}

pub(super) type Outcome<T = ()> = Result<T, Refusal>;

impl Refusal {
    pub fn handle(why: impl Into<String>) -> Refusal {
        let why = why.into();
        Refusal {
            status: Status::BAD_HANDLE,
            why,
        }
    }
    pub fn argument(why: impl Into<String>) -> Refusal {
        let why = why.into();
        Refusal {
            status: Status::BAD_ARGUMENT,
            why,
        }
    }
    pub fn failed(why: impl Into<String>) -> Refusal {
        let why = why.into();
        Refusal {
            status: Status::FAILED,
            why,
        }
    }
    /// No without being wrong.
    pub fn no_match(why: impl Into<String>) -> Refusal {
        let why = why.into();
        Refusal {
            status: Status::NO_MATCH,
            why,
        }
    }
}

pub(super) fn not_allowed<T>(why: impl Into<String>) -> Outcome<T> {
    let why = why.into();
    Err(Refusal {
        status: Status::NOT_ALLOWED,
        why,
    })
}

pub(super) fn bad_argument<T>(why: impl Into<String>) -> Outcome<T> {
    Err(Refusal::argument(why))
}
