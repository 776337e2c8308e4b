//! What a call came to.

use std::ffi::{CStr, c_char};

/// What a call came to. Later versions may add failures; whatever is not `TW_STATUS_OK` is one.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It did what it says.
    Ok = 0,
    /// A pointer is NULL that must not be, a text is no UTF-8, or a size is larger than memory can be.
    InvalidArgument = 1,
    /// A handle is NULL, of another kind, or visibly destroyed.
    InvalidHandle = 2,
    /// The session is at work: on another thread, or in the very call whose callback made this one.
    Busy = 3,
    /// The header that the program was compiled with is of a version that the library does not serve.
    AbiMismatch = 4,
    /// No option has the name.
    UnknownOption = 5,
    /// The option exists and cannot have the value, or what describes a target is wrong.
    InvalidValue = 6,
    /// The session has no model or no target yet.
    Incomplete = 7,
    /// Nothing came out; the diagnostics say what is wrong with model, target, options or pipeline.
    CompileFailed = 8,
    /// There is nothing of that name.
    NotFound = 9,
    /// The compiler is at fault. The session can be used again.
    Internal = 10,
    /// A plug-in or kernel library cannot be loaded; the diagnostics say why.
    LoadFailed = 11,
}

impl Status {
    const ALL: [Status; 12] = [
        Status::Ok,
        Status::InvalidArgument,
        Status::InvalidHandle,
        Status::Busy,
        Status::AbiMismatch,
        Status::UnknownOption,
        Status::InvalidValue,
        Status::Incomplete,
        Status::CompileFailed,
        Status::NotFound,
        Status::Internal,
        Status::LoadFailed,
    ];

    fn text(self) -> &'static CStr {
        match self {
            Status::Ok => c"no error",
            Status::InvalidArgument => c"an argument is NULL, no UTF-8 or too large",
            Status::InvalidHandle => c"a handle is NULL, of another kind or destroyed",
            Status::Busy => c"the session is in use",
            Status::AbiMismatch => c"header and library do not fit together",
            Status::UnknownOption => c"no option has the name",
            Status::InvalidValue => c"the value cannot be",
            Status::Incomplete => c"the session has no model or no target",
            Status::CompileFailed => c"the model was not compiled; the diagnostics say why",
            Status::NotFound => c"there is nothing of that name",
            Status::Internal => c"the compiler is at fault",
            Status::LoadFailed => c"the plug-in or library was not loaded; the diagnostics say why",
        }
    }
}

/// A status in words, for people; also of numbers that are no status. The text lives as long as the program.
#[unsafe(no_mangle)]
pub extern "C" fn tw_status_text(status: i32) -> *const c_char {
    let known = Status::ALL.into_iter().find(|s| *s as i32 == status);
    known.map_or(c"no status", Status::text).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words_of_its_own() {
        // The numbers are the interface: 0 to 11 without a gap.
        let texts: std::collections::BTreeSet<&CStr> = (0..12)
            .map(|n| {
                let status = Status::ALL[n as usize];
                assert_eq!(status as i32, n);
                status.text()
            })
            .collect();
        assert_eq!(texts.len(), 12);
    }
}
