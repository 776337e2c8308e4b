//! The table of functions that plug-ins call.

use super::functions;
use super::incoming::Incoming;
use super::refusal::{Outcome, Refusal};
use super::session::{Session, with};
use crate::abi::{self, *};
use ir::Diagnostic;
use std::panic::{AssertUnwindSafe, catch_unwind};

macro_rules! table {
    ($($(#[doc = $doc:literal])+ fn $name:ident($($arg:ident: $ty:ty),*);)+) => {
        /// The C side of each function: receives the arguments, catches panics, keeps the message.
        mod entries {
            use super::*;
            $(
                pub unsafe extern "C" fn $name(cx: Context $(, $arg: $ty)*) -> Status {
                    call(cx, stringify!($name), |session| {
                        $(
                            // SAFETY: a plug-in promises that its pointers are valid; see `incoming`.
                            let $arg = unsafe { <$ty as Incoming<'_>>::receive($arg) }?;
                        )*
                        functions::$name(session $(, $arg)*)
                    })
                }
            )+
        }

        /// What plug-ins get.
        pub(super) static HOST: Host = Host {
            version: abi::VERSION,
            size: size_of::<Host>() as u32,
            $($name: entries::$name,)+
        };
    };
}

abi::host_functions!(table);

/// Runs a host function in the session of a context. What went wrong is kept in the session, as the reason if the callback now fails.
fn call(cx: Context, name: &str, work: impl FnOnce(&mut Session<'_>) -> Outcome) -> Status {
    let result = catch_unwind(AssertUnwindSafe(|| {
        with(cx, |session| {
            let result = work(session);
            if let Err(refusal) = &result
                && refusal.status != Status::NO_MATCH
            {
                session.error = Some(format!("{name}: {}", refusal.why));
            }
            result
        })
    }));
    let refusal = match result {
        Ok(Ok(())) => return Status::OK,
        Ok(Err(refusal)) => return refusal.status,
        Err(payload) => match payload.downcast::<Diagnostic>() {
            // Another plug-in's callback failed, inside of the function.
            Ok(error) => Refusal::failed(error.message),
            Err(_) => Refusal {
                status: Status::PANIC,
                why: "internal: the host panicked".to_owned(),
            },
        },
    };
    let status = refusal.status;
    // The session is as good as before, whatever happened to its module: the pass fails.
    let _ = with(cx, |session| {
        session.error = Some(format!("{name}: {}", refusal.why));
        Ok(())
    });
    status
}
