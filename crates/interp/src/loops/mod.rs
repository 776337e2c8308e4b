//! Execution of loop-level modules: functions on buffers, flattened to a register code first.
//!
//! A value lives in one or more 64-bit registers of its function's frame: an integer sign-extended, a
//! float as its bits, a vector as its bytes, a memref as the first and the last-but-one address of its
//! buffer in one flat memory. `scf` becomes relative jumps; parts of addresses that do not change in a
//! loop are computed before it; casts that only widen cost nothing.
//!
//! What the IR leaves undefined is reported as a [`Fault`], with the kernel and the layer: accesses
//! outside of a buffer or misaligned, writes to constants, and everything of
//! [`Undefined`](crate::scalar::Undefined). Buffers and the arena are filled with [`POISON`] before use.

mod code;
mod compile;
mod error;
mod extern_call;
mod helium;
mod machine;
mod memory;
mod program;
mod watch;

pub use error::{Fault, LoopError};
pub use program::{Argument, Limits, Program, Run};
pub use watch::{Unwatched, Watch};

/// The byte that fills buffers and the arena before they are written.
pub const POISON: u8 = 0xa5;
