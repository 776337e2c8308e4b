//! What comes from a plug-in: pointers and lengths become references, or are refused.
//!
//! This is where the interface's one promise is used that a host cannot check: a pointer that a plug-in passes is valid for its length,
//! and nobody writes there during the call. Null, misaligned and absurdly long ones are refused all the same.

use super::refusal::{Outcome, bad_argument};
use crate::abi;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// An argument of a host function.
pub(super) trait Incoming<'p>: Sized {
    /// What the function works with.
    type Safe;

    /// Checks what can be checked.
    ///
    /// # Safety
    /// Pointers in it are null or valid for their lengths, for `'p`, and nobody writes there meanwhile.
    unsafe fn receive(self) -> Outcome<Self::Safe>;
}

macro_rules! plain {
    ($($ty:ty),*) => {
        $(impl<'p> Incoming<'p> for $ty {
            type Safe = $ty;
            unsafe fn receive(self) -> Outcome<$ty> {
                Ok(self)
            }
        })*
    };
}

plain!(
    u32,
    u64,
    i64,
    f64,
    abi::Op,
    abi::Block,
    abi::Region,
    abi::Value,
    abi::Type,
    abi::Attr,
    abi::Loc
);

/// `len` elements at `data`.
///
/// # Safety
/// `data` is null or valid for `len` elements for `'p`, and nobody writes there meanwhile.
pub(super) unsafe fn slice<'p, T>(data: *const T, len: usize) -> Outcome<&'p [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    if data.is_null() {
        return bad_argument("a null pointer with a length");
    }
    if !data.is_aligned() {
        return bad_argument("a misaligned pointer");
    }
    if len > isize::MAX as usize / size_of::<T>().max(1) {
        return bad_argument("a length beyond all memory");
    }
    // SAFETY: not null, aligned, of a possible size; valid by the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(data, len) })
}

macro_rules! slices {
    ($($ty:ty => $elem:ty),*) => {
        $(impl<'p> Incoming<'p> for $ty {
            type Safe = &'p [$elem];
            unsafe fn receive(self) -> Outcome<&'p [$elem]> {
                // SAFETY: the caller's promise is this one's.
                unsafe { slice(self.data, self.len) }
            }
        })*
    };
}

slices!(abi::Bytes => u8, abi::Handles => u64, abi::I64s => i64);

impl<'p> Incoming<'p> for abi::Str {
    type Safe = &'p str;
    unsafe fn receive(self) -> Outcome<&'p str> {
        // SAFETY: the caller's promise is this one's.
        let bytes: &[u8] = unsafe { slice(self.data.cast(), self.len) }?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => bad_argument("text that is not UTF-8"),
        }
    }
}

impl<'p> Incoming<'p> for abi::NamedAttrs {
    type Safe = Vec<(&'p str, abi::Attr)>;
    unsafe fn receive(self) -> Outcome<Self::Safe> {
        // SAFETY: the caller's promise is this one's.
        let all = unsafe { slice(self.data, self.len) }?;
        all.iter()
            // SAFETY: the promise covers the names.
            .map(|a| Ok((unsafe { a.name.receive() }?, a.value)))
            .collect()
    }
}

/// Where a function writes its answer.
pub(super) struct Out<'p, T>(NonNull<T>, PhantomData<&'p mut T>);

impl<T> Out<'_, T> {
    pub fn set(self, value: T) -> Outcome {
        // SAFETY: `receive` was promised a place for a `T`, and found the pointer aligned.
        unsafe { self.0.write(value) };
        Ok(())
    }
}

impl<'p, T: 'p> Incoming<'p> for *mut T {
    type Safe = Out<'p, T>;
    unsafe fn receive(self) -> Outcome<Out<'p, T>> {
        match NonNull::new(self) {
            Some(place) if self.is_aligned() => Ok(Out(place, PhantomData)),
            Some(_) => bad_argument("a misaligned pointer"),
            None => bad_argument("a null pointer for the answer"),
        }
    }
}

/// A struct of the interface, of which every value of the right size is one.
pub(super) trait Record: Copy + Default {
    /// Whether it begins with its size, and so may be shorter or longer than ours.
    const HAS_SIZE: bool;
    /// Bytes of its first version.
    const FIRST_SIZE: usize;
}

macro_rules! sized_structs {
    ($($ty:ty),*) => {
        $(impl Record for $ty {
            const HAS_SIZE: bool = true;
            const FIRST_SIZE: usize = size_of::<$ty>();
        })*
    };
}

// Version 1 is the first: the first size of every struct is its size.
sized_structs!(
    abi::OpState,
    abi::OpInfo,
    abi::Interfaces,
    abi::PassInfo,
    abi::PatternInfo,
    abi::ScheduleInfo
);

impl Record for abi::Datum {
    const HAS_SIZE: bool = false;
    const FIRST_SIZE: usize = size_of::<abi::Datum>();
}

impl<'p, T: Record> Incoming<'p> for *const T {
    type Safe = T;
    /// A copy: fields behind the plug-in's size are zero, bytes behind ours are ignored.
    unsafe fn receive(self) -> Outcome<T> {
        if self.is_null() {
            return bad_argument("a null pointer to a struct");
        }
        if !self.is_aligned() {
            return bad_argument("a misaligned pointer");
        }
        let size = match T::HAS_SIZE {
            // SAFETY: not null, aligned; valid for its first field by the caller's promise, which every such struct has.
            true => (unsafe { self.cast::<u32>().read() }) as usize,
            false => size_of::<T>(),
        };
        if size < T::FIRST_SIZE {
            return bad_argument(format!(
                "a struct of {size} bytes, wants {}: set `size` to its sizeof",
                T::FIRST_SIZE
            ));
        }
        let mut value = T::default();
        // SAFETY: the struct is valid for the size that it states, by the caller's promise; at most ours is written. Any bytes are a
        // value: its fields are integers, floats, raw pointers and optional functions.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.cast::<u8>(),
                (&raw mut value).cast::<u8>(),
                size.min(size_of::<T>()),
            );
        }
        Ok(value)
    }
}

/// A part of a struct that was received.
pub(super) fn part<'p, T: Incoming<'p>>(part: T) -> Outcome<T::Safe> {
    // SAFETY: the promise for a struct covers what its fields point to; only structs that plug-ins passed have parts.
    unsafe { part.receive() }
}

/// An array that a struct that was received points to.
pub(super) fn array<'p, T>(data: *const T, len: usize) -> Outcome<&'p [T]> {
    // SAFETY: as for `part`.
    unsafe { slice(data, len) }
}
