//! The context of a callback.

use super::error::{Error, Result};
use crate::abi::{Context, Handles, Host, I64s, Op, Status, Str};
use std::marker::PhantomData;
use std::ops::Deref;

/// What a callback may use of the host. It stays in its callback and on its thread.
pub struct Cx<'c> {
    pub(super) host: &'static Host,
    pub(super) raw: Context,
    _in_callback: PhantomData<*mut &'c ()>,
}

/// The context of a pass.
pub struct PassCx<'c>(pub(super) Cx<'c>);

impl<'c> Deref for PassCx<'c> {
    type Target = Cx<'c>;
    fn deref(&self) -> &Cx<'c> {
        &self.0
    }
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// Something that an optimiser did or did not do.
    Remark = 0,
    /// Probably not what the user wants.
    Warning = 1,
    /// Nothing comes out: the pass fails.
    Error = 2,
}

/// Calls a function of the host that gives one answer.
macro_rules! get {
    ($cx:expr, $f:ident($($arg:expr),*)) => {{
        let mut out = Default::default();
        // SAFETY: arguments are numbers or borrowed for the call; `out` is a place for the answer.
        let status = unsafe { ($cx.host.$f)($cx.raw, $($arg,)* &mut out) };
        $cx.checked(status).map(|()| out)
    }};
}

/// Calls a function of the host that gives no answer.
macro_rules! tell {
    ($cx:expr, $f:ident($($arg:expr),*)) => {{
        // SAFETY: arguments are numbers or borrowed for the call.
        let status = unsafe { ($cx.host.$f)($cx.raw $(, $arg)*) };
        $cx.checked(status)
    }};
}

pub(super) use {get, tell};

/// Text as the interface has it.
pub(super) fn text(text: &str) -> Str {
    Str {
        data: text.as_ptr().cast(),
        len: text.len(),
    }
}

pub(super) fn integers(values: &[i64]) -> I64s {
    I64s {
        data: values.as_ptr(),
        len: values.len(),
    }
}

/// A list of handles as the interface has it.
pub(super) fn handles<T: Handle>(list: &[T]) -> Handles {
    Handles {
        data: list.as_ptr().cast(),
        len: list.len(),
    }
}

/// A handle: a `u64` with a name.
///
/// # Safety
/// The type is a transparent wrapper of a `u64`.
pub(super) unsafe trait Handle: Copy {
    fn of(raw: u64) -> Self;
}

macro_rules! handle_types {
    ($($T:ident),*) => {
        $(
            // SAFETY: declared `repr(transparent)` over a `u64`.
            unsafe impl Handle for crate::abi::$T {
                fn of(raw: u64) -> Self {
                    Self(raw)
                }
            }
        )*
    };
}

handle_types!(Op, Block, Region, Value, Type, Attr);

impl<'c> Cx<'c> {
    pub(super) fn new(host: &'static Host, raw: Context) -> Cx<'c> {
        Cx {
            host,
            raw,
            _in_callback: PhantomData,
        }
    }

    pub(super) fn checked(&self, status: Status) -> Result<()> {
        match status {
            Status::OK => Ok(()),
            status => Err(Error::host(status)),
        }
    }

    /// Text that the host lent.
    pub(super) fn str(&self, text: Str) -> &'c str {
        if text.len == 0 {
            return "";
        }
        // SAFETY: the host lends UTF-8 until the callback returns, which `'c` does not outlive.
        unsafe {
            let bytes = std::slice::from_raw_parts(text.data.cast::<u8>(), text.len);
            std::str::from_utf8_unchecked(bytes)
        }
    }

    pub(super) fn list<T: Handle>(&self, list: Handles) -> Vec<T> {
        // SAFETY: the host lends as many handles as it says until the callback returns.
        let all = unsafe { lent(list.data, list.len) };
        all.iter().map(|&h| T::of(h)).collect()
    }

    /// Reports a diagnostic at an operation; `code` begins with the plug-in's name.
    ///
    /// # Errors
    /// If the code is no word.
    pub fn emit(&self, severity: Severity, code: &str, op: Op, message: &str) -> Result<()> {
        tell!(self, emit(severity as u32, text(code), op, text(message)))
    }

    /// Reports a remark at an operation.
    ///
    /// # Errors
    /// If the code is no word.
    pub fn remark(&self, code: &str, op: Op, message: &str) -> Result<()> {
        self.emit(Severity::Remark, code, op, message)
    }

    pub(super) fn set_error(&self, message: &str) {
        // A message that does not arrive is no reason to fail twice.
        let _ = tell!(self, set_error(text(message)));
    }

    /// The name of the target that is compiled for.
    ///
    /// # Errors
    /// In a callback that knows none.
    pub fn target_name(&self) -> Result<&'c str> {
        get!(self, target_name()).map(|t| self.str(t))
    }

    /// Whether the target has a feature, `dsp` or `mve` say.
    ///
    /// # Errors
    /// In a callback that knows no target, and if no core has such a feature.
    pub fn target_has(&self, feature: &str) -> Result<bool> {
        get!(self, target_has_feature(text(feature))).map(|has: u32| has != 0)
    }
}

impl<'c> PassCx<'c> {
    /// Adds to a count of the pass.
    ///
    /// # Errors
    /// Never in a pass.
    pub fn count(&self, what: &str, n: u64) -> Result<()> {
        tell!(self, count(text(what), n))
    }

    /// Takes a unit of fuel, before a change that need not be; `false` if none is left.
    ///
    /// # Errors
    /// Never in a pass.
    pub fn take_fuel(&self) -> Result<bool> {
        get!(self, fuel_take()).map(|taken: u32| taken != 0)
    }

    /// The value of an option of the pass, or its default.
    ///
    /// # Errors
    /// If the pass declares no such option.
    pub fn option(&self, name: &str) -> Result<&'c str> {
        get!(self, option(text(name))).map(|t| self.str(t))
    }

    /// The value of an option, read from its text.
    ///
    /// # Errors
    /// If there is no such option, or its text does not say such a value.
    pub fn parsed_option<T: std::str::FromStr>(&self, name: &str) -> Result<T> {
        let value = self.option(name)?;
        value
            .parse()
            .map_err(|_| Error::new(format_args!("option `{name}={value}` cannot be read")))
    }

    /// Replaces the whole module by a text, in a pass on `builtin.module`. Handles from before are stale then.
    ///
    /// # Errors
    /// If the text cannot be read.
    pub fn replace_module(&self, module: &str) -> Result<()> {
        tell!(self, module_replace(text(module)))
    }
}

/// What the host lent.
///
/// # Safety
/// `data` is valid for `len` elements for `'c`, or `len` is 0.
pub(super) unsafe fn lent<'c, T>(data: *const T, len: usize) -> &'c [T] {
    match len {
        0 => &[],
        // SAFETY: by the caller's promise.
        _ => unsafe { std::slice::from_raw_parts(data, len) },
    }
}
