//! A panic inside of a pass is an error of the compile, not its end.

use ir::Diagnostic;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is being turned into a diagnostic: a panic hook need not tell anybody then.
pub fn panics_are_caught() -> bool {
    CAUGHT.get()
}

/// How work ended early.
pub(crate) enum Ended {
    /// It failed where it had no way to say so but [`fail_by_unwinding`].
    Failed(Diagnostic),
    /// It panicked.
    Panicked(String),
}

/// Ends the running pass with an error, for whoever cannot return one: a rewrite pattern or an op interface that runs foreign code.
///
/// It unwinds up to the pass manager; no panic hook is called.
pub fn fail_by_unwinding(error: Diagnostic) -> ! {
    resume_unwind(Box::new(error))
}

/// Does `work`; how it ended if it panics. Whatever `work` changed is of no use then.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Ended> {
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    result.map_err(|payload| {
        let payload = match payload.downcast::<Diagnostic>() {
            Ok(error) => return Ended::Failed(*error),
            Err(payload) => payload,
        };
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        Ended::Panicked(text.unwrap_or_else(|| "no message".to_owned()))
    })
}
