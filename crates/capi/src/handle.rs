//! Handles: what C has is a pointer to a type that it knows nothing of; behind it is a value with a tag, by which wrong ones are told.

use crate::boundary::{Failure, Outcome};
use crate::status::Status;

/// What a handle stands for.
pub(crate) trait Handle: Send + Sync {
    /// The type that C knows by name.
    type Opaque;
    /// What it is called in errors.
    const NAME: &str;
    /// Eight bytes that no other kind of handle begins with.
    const TAG: u64;
}

/// What a destroyed handle begins with, as long as its memory is not used for something else.
const DESTROYED: u64 = 0;

/// The tag comes first in every kind of handle, so that a handle of another kind can be looked at.
#[repr(C)]
struct Tagged<T> {
    tag: u64,
    value: T,
}

/// A new handle, owned by whoever receives it.
pub(crate) fn into_raw<T: Handle>(value: T) -> *mut T::Opaque {
    Box::into_raw(Box::new(Tagged { tag: T::TAG, value })).cast()
}

/// What is behind a handle.
///
/// # Errors
/// It is NULL, of another kind, or visibly destroyed.
///
/// # Safety
/// `handle` is NULL or came from [`into_raw`], of whatever kind, and is not destroyed during `'a`.
pub(crate) unsafe fn get<'a, T: Handle>(handle: *const T::Opaque) -> Outcome<&'a T> {
    let at = check::<T>(handle)?;
    // SAFETY: the tag says that it is a `Tagged<T>`; nobody has it mutably, and it lives during `'a`, as the caller vouches.
    Ok(unsafe { &(*at).value })
}

/// Destroys what is behind a handle.
///
/// # Errors
/// As of [`get`].
///
/// # Safety
/// As of [`get`]; nobody uses it now or later.
pub(crate) unsafe fn destroy<T: Handle>(handle: *mut T::Opaque) -> Outcome<()> {
    let at = check::<T>(handle)?.cast_mut();
    // SAFETY: the tag says that it is a `Tagged<T>` that `into_raw` made, and nobody else uses it. The write is volatile because
    // nothing can read it by the rules: it is for those who break them.
    drop(unsafe {
        (&raw mut (*at).tag).write_volatile(DESTROYED);
        Box::from_raw(at)
    });
    Ok(())
}

fn check<T: Handle>(handle: *const T::Opaque) -> Outcome<*const Tagged<T>> {
    let wrong = |how: &str| {
        Err(Failure::new(
            Status::InvalidHandle,
            format!("the {} is {how}", T::NAME),
        ))
    };
    let at: *const Tagged<T> = handle.cast();
    if at.is_null() {
        return wrong("NULL");
    }
    if !at.is_aligned() {
        return wrong("no handle");
    }
    // SAFETY: not NULL and aligned; behind every handle is a tag first, whatever its kind. A destroyed handle breaks the contract of the
    // functions that call this, and is looked at in the hope that its memory is still there.
    let tag = unsafe { at.cast::<u64>().read_volatile() };
    match tag {
        DESTROYED => wrong("destroyed"),
        tag if tag == T::TAG => Ok(at),
        _ => wrong("a handle of another kind"),
    }
}
