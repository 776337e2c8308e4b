//! The entry of a plug-in.

use super::register::Registrar;
use super::{Cx, Result};
use crate::abi::{self, Context, Host, Plugin, Status};
use std::any::Any;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Exports the entry of a plug-in; see [`sdk`](crate::sdk).
#[macro_export]
macro_rules! export_plugin {
    (name: $name:expr, summary: $summary:expr, register: $register:expr $(,)?) => {
        /// What the host asks for the plug-in's head.
        ///
        /// # Safety
        /// `host` is the host's table, alive as long as the process.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn tw_plugin_query(
            max_version: u32,
            host: *const $crate::abi::Host,
        ) -> *const $crate::abi::Plugin {
            // SAFETY: by the promise of whoever calls the entry.
            unsafe { $crate::sdk::query(max_version, host, $name, $summary, $register) }
        }
    };
}

/// What a plug-in's registration is called with.
struct Registration {
    host: &'static Host,
    register: fn(&Registrar<'_>) -> Result<()>,
}

/// The head of a plug-in for a host; null if the host is older than this SDK. What it returns stays.
///
/// # Safety
/// `host` is null, or a host's table that is alive as long as the process.
#[doc(hidden)]
pub unsafe fn query(
    max_version: u32,
    host: *const Host,
    name: &'static str,
    summary: &'static str,
    register: fn(&Registrar<'_>) -> Result<()>,
) -> *const Plugin {
    if host.is_null() || max_version < abi::VERSION {
        return std::ptr::null();
    }
    // SAFETY: not null, and a table of at least this version by the caller's promise.
    let host = unsafe { &*host };
    let registration = Box::leak(Box::new(Registration { host, register }));
    Box::leak(Box::new(Plugin {
        version: abi::VERSION,
        size: size_of::<Plugin>() as u32,
        name: super::context::text(name),
        summary: super::context::text(summary),
        register_all: Some(register_all),
        user: std::ptr::from_mut(registration).cast(),
    }))
}

unsafe extern "C" fn register_all(user: *mut c_void, cx: Context) -> Status {
    // SAFETY: the host passes back what `query` gave it, which stays.
    let registration = unsafe { &*user.cast::<Registration>() };
    guarded(registration.host, cx, |cx| {
        (registration.register)(&Registrar(cx)).map(|()| true)
    })
}

/// Runs a callback: `false` is [`Status::NO_MATCH`], an error goes to the host, a panic too.
pub(super) fn guarded(
    host: &'static Host,
    raw: Context,
    work: impl FnOnce(Cx<'_>) -> Result<bool>,
) -> Status {
    match catch_unwind(AssertUnwindSafe(|| work(Cx::new(host, raw)))) {
        Ok(Ok(true)) => Status::OK,
        Ok(Ok(false)) => Status::NO_MATCH,
        Ok(Err(error)) => {
            if !error.message.is_empty() {
                Cx::new(host, raw).set_error(&error.message);
            }
            match error.status {
                // A host function that says no is, if nobody takes it for an answer, a failure.
                Status::NO_MATCH => Status::FAILED,
                status => status,
            }
        }
        Err(payload) => {
            let message = format!("panicked: {}", panic_text(&*payload));
            Cx::new(host, raw).set_error(&message);
            Status::PANIC
        }
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
