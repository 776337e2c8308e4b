//! Between C and Rust: failures become statuses, and panics stop here.

use crate::status::Status;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Why a call did not do what it says.
#[derive(Debug)]
pub(crate) struct Failure {
    /// For programs.
    pub(crate) status: Status,
    /// For people.
    pub(crate) text: String,
}

/// What most functions inside come to.
pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Failure {
        Failure {
            status,
            text: text.into(),
        }
    }

    /// Of an argument that cannot be.
    pub(crate) fn argument(text: impl Into<String>) -> Failure {
        Failure::new(Status::InvalidArgument, text)
    }
}

/// Does `work`; a panic is a failure of the compiler. What `work` changes must be whole at every point where it may panic.
pub(crate) fn contain<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = format!("the compiler panicked: {}", words(panic.as_ref()));
        // What a panic carries may have a destructor that panics in turn.
        std::mem::forget(panic);
        Err(Failure::new(Status::Internal, text))
    })
}

/// Does `work`, and returns what it came to as C wants it.
pub(crate) fn status(work: impl FnOnce() -> Outcome<()>) -> Status {
    match contain(work) {
        Ok(()) => Status::Ok,
        Err(failure) => failure.status,
    }
}

/// Stores a result where C wants it.
///
/// # Errors
/// `place` is NULL; `what` names it.
///
/// # Safety
/// `place` is NULL or can be written to.
pub(crate) unsafe fn store<T>(place: *mut T, what: &str, value: T) -> Outcome<()> {
    if place.is_null() {
        return Err(Failure::argument(format!("{what} is NULL")));
    }
    // SAFETY: it is not NULL, and the caller vouches for the rest. What was there is C's and has no destructor.
    unsafe { place.write(value) };
    Ok(())
}

/// Stores a list where C wants it, or nothing if one of the places is NULL.
///
/// # Errors
/// A place is NULL.
///
/// # Safety
/// Both places are NULL or can be written to.
pub(crate) unsafe fn store_list<T>(
    items: *mut *const T,
    count: *mut usize,
    list: &[T],
) -> Outcome<()> {
    if items.is_null() {
        return Err(Failure::argument("the place for the list is NULL"));
    }
    // SAFETY: the caller's, for both; the first is not NULL.
    unsafe {
        store(count, "count", list.len())?;
        store(items, "the place for the list", list.as_ptr())
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let literal = panic.downcast_ref::<&str>().copied();
    let formatted = || panic.downcast_ref::<String>().map(String::as_str);
    literal.or_else(formatted).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_internal_failure_with_its_words() {
        let literal = contain::<()>(|| panic!("spoon")).unwrap_err();
        assert_eq!(literal.status, Status::Internal);
        assert_eq!(literal.text, "the compiler panicked: spoon");
        let formatted = contain::<()>(|| panic!("{} spoons", 2)).unwrap_err();
        assert_eq!(formatted.text, "the compiler panicked: 2 spoons");
        let other = contain::<()>(|| std::panic::panic_any(3)).unwrap_err();
        assert_eq!(other.text, "the compiler panicked: without a word");
    }

    #[test]
    fn what_a_panic_carries_may_panic_when_it_is_dropped() {
        struct Mine;
        impl Drop for Mine {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        assert_eq!(status(|| std::panic::panic_any(Mine)), Status::Internal);
    }
}
