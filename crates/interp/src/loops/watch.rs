//! Watching a run: which bytes it reads and writes, call by call.

use ir::OpId;
use std::ops::Range;

/// Sees what a run does to memory. Addresses are those of the run's one flat memory, and mean nothing beyond it.
///
/// [`Unwatched`] costs nothing: the executor is compiled once for each watcher.
pub trait Watch {
    /// Before a run of a function of `@main`'s form, whose inputs come in later: arenas and other memory that is no constant, to
    /// be filled with something else than poison.
    fn begin(&mut self, memory: &mut [u8]) {
        let _ = memory;
    }

    /// Before a call that the function that runs makes itself, not one of its callees; `buffers` has the bytes of every operand
    /// that is a memref. Says whether the call is to run: one that is not, leaves memory as it is.
    fn call(&mut self, call: OpId, buffers: &[Option<Range<usize>>]) -> bool {
        let _ = (call, buffers);
        true
    }

    /// After such a call has returned.
    fn returned(&mut self) {}

    /// Bytes are about to be read.
    fn load(&mut self, bytes: Range<usize>) {
        let _ = bytes;
    }

    /// Bytes are about to be written.
    fn store(&mut self, bytes: Range<usize>) {
        let _ = bytes;
    }
}

/// Nobody watches.
pub struct Unwatched;

impl Watch for Unwatched {}

impl<W: Watch> Watch for &mut W {
    fn begin(&mut self, memory: &mut [u8]) {
        (**self).begin(memory);
    }

    fn call(&mut self, call: OpId, buffers: &[Option<Range<usize>>]) -> bool {
        (**self).call(call, buffers)
    }

    fn returned(&mut self) {
        (**self).returned();
    }

    fn load(&mut self, bytes: Range<usize>) {
        (**self).load(bytes);
    }

    fn store(&mut self, bytes: Range<usize>) {
        (**self).store(bytes);
    }
}
