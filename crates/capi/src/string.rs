//! Text in both directions.

use crate::boundary::{Failure, Outcome};
use crate::status::Status;
use std::ffi::{CStr, c_char};

/// A text of the library's: `size` bytes of UTF-8 at `data`, and a NUL after them that `size` does not count. `data` is never NULL. A
/// text that came out of a model may have NULs inside; nothing else has.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StringView {
    /// The first byte.
    pub data: *const c_char,
    /// Bytes before the NUL at the end.
    pub size: usize,
}

// SAFETY: it is only handed out together with the immutable text that it points to.
unsafe impl Send for StringView {}
// SAFETY: as above; nobody writes through it.
unsafe impl Sync for StringView {}

impl StringView {
    /// The empty text, which lives for ever.
    pub(crate) const EMPTY: StringView = StringView {
        data: c"".as_ptr(),
        size: 0,
    };
}

/// A text that views may point to: its bytes never move or change while it lives.
#[derive(Debug)]
pub(crate) struct Text(Box<[u8]>);

impl Text {
    /// Of a text, or of what a file has that is no text.
    pub(crate) fn new(text: impl Into<Vec<u8>>) -> Text {
        let mut text = text.into();
        text.push(0);
        Text(text.into_boxed_slice())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }

    /// What C sees of it, valid as long as it lives.
    pub(crate) fn view(&self) -> StringView {
        StringView {
            data: self.0.as_ptr().cast(),
            size: self.0.len() - 1,
        }
    }
}

/// The text at `data`, NUL-terminated; `what` names it in the error.
///
/// # Safety
/// `data` is NULL or points to a NUL-terminated text that does not change during `'a`.
pub(crate) unsafe fn read<'a>(data: *const c_char, what: &str) -> Outcome<&'a str> {
    if data.is_null() {
        return Err(Failure::argument(format!("{what} is NULL")));
    }
    // SAFETY: it is not NULL, and the caller vouches for the rest.
    let text = unsafe { CStr::from_ptr(data) };
    text.to_str()
        .map_err(|e| Failure::new(Status::InvalidArgument, format!("{what} is no UTF-8: {e}")))
}
