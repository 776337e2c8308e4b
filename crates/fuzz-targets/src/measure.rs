//! Runs a target on an input and measures: a panic, too much time or too much memory is a failure.

use crate::{Outcome, Target};
use peak_alloc::PeakAlloc;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What an input cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spent {
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
    /// Most bytes allocated at once, beyond those before.
    pub memory: usize,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The target panicked: where, and what it said.
    Panic {
        /// File and line.
        place: String,
        /// The message.
        message: String,
    },
    /// It took too long.
    Slow(Duration),
    /// It allocated too many bytes.
    Large(usize),
}

impl Failure {
    /// Whether another failure is probably the same: of one kind, and at one place.
    pub fn is_like(&self, other: &Failure) -> bool {
        match (self, other) {
            (Failure::Panic { place: a, .. }, Failure::Panic { place: b, .. }) => a == b,
            (Failure::Slow(_), Failure::Slow(_)) | (Failure::Large(_), Failure::Large(_)) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Panic { place, message } => write!(f, "panic at {place}: {message}"),
            Failure::Slow(time) => write!(f, "it took {time:?}"),
            Failure::Large(bytes) => write!(f, "it allocated {bytes} bytes"),
        }
    }
}

thread_local! {
    static LAST_PANIC: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// From now on a panic is kept for [`measure`] to return instead of being printed.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let payload = info.payload();
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or_default()
            .to_owned();
        LAST_PANIC.set(Some(Failure::Panic { place, message }));
    }));
}

/// Runs a target on an input. Memory is counted for the whole process, so this is done one at a time.
///
/// # Errors
/// The failure.
pub fn measure(target: &Target, data: &[u8]) -> Result<Spent, Failure> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let start = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| (target.body)(data)));
    let time = start.elapsed();
    let memory = MEMORY.peak_usage().saturating_sub(before);
    let unknown = || Failure::Panic {
        place: String::new(),
        message: String::new(),
    };
    let outcome = result.map_err(|_| LAST_PANIC.take().unwrap_or_else(unknown))?;
    if time > target.time {
        return Err(Failure::Slow(time));
    }
    if memory > target.memory {
        return Err(Failure::Large(memory));
    }
    Ok(Spent {
        outcome,
        time,
        memory,
    })
}
