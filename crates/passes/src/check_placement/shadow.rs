//! Runs kernels whose arguments share bytes, and sees whether one reads what it has overwritten.
//!
//! The placed module itself is executed, but only the calls in question, on an arena of pseudo-random bytes, since which bytes a
//! kernel touches does not depend on what is in them where this is asked. A shadow of the memory remembers which bytes the call at
//! hand has stored to. Of what a kernel both reads and writes (scratch), it may read what it wrote; of nothing else.

use interp::loops::{Limits, LoopError, Program, Watch};
use ir::{Module, OpId};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// A call to be run: positions of the arguments that its kernel both reads and writes.
pub(super) type Calls = FxHashMap<OpId, Vec<usize>>;

/// Bytes of an argument that a call read after it had overwritten them.
pub(super) struct Destroyed {
    pub call: OpId,
    /// The argument's position.
    pub argument: usize,
    /// From the argument's start.
    pub bytes: Range<usize>,
}

/// Runs the calls within about `steps` steps; the first destroyed bytes of each.
///
/// # Errors
/// What a kernel did wrong, or why it could not be run.
pub(super) fn run(m: &Module, calls: &Calls, steps: u64) -> Result<Vec<Destroyed>, String> {
    let verified = ir::verify::verify(m).map_err(|e| e.to_string())?;
    let words = |e: LoopError| e.to_string();
    let limits = Limits {
        steps,
        ..Limits::default()
    };
    let program = Program::compile(verified)
        .map_err(words)?
        .with_limits(limits);
    let inputs = inputs(m);
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let mut shadow = Shadow {
        calls,
        call: None,
        buffers: Vec::new(),
        own: Vec::new(),
        epoch: 0,
        stored: Vec::new(),
        found: Vec::new(),
    };
    program
        .run_watched("main", &inputs, &mut shadow)
        .map_err(words)?;
    Ok(shadow.found)
}

/// Zeros for every input of `@main`.
fn inputs(m: &Module) -> Vec<Vec<u8>> {
    let main = m.lookup_symbol("main");
    let count = main
        .and_then(|f| m.discardable(f, "mcu.inputs"))
        .and_then(|a| m.attr_int(a))
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(0);
    let entry = main.and_then(|f| m.entry_block(f));
    let args = entry.map_or(&[][..], |b| m.block_args(b));
    let size = |&v| m.size_bytes(m.value_type(v)).unwrap_or(0) as usize;
    args.iter().take(count).map(|v| vec![0; size(v)]).collect()
}

struct Shadow<'a> {
    calls: &'a Calls,
    /// The call that runs.
    call: Option<OpId>,
    buffers: Vec<Option<Range<usize>>>,
    /// Bytes that the call may read after it has written them.
    own: Vec<Range<usize>>,
    /// The number of the call that runs.
    epoch: u32,
    /// For every byte of memory the number of the call that stored to it last.
    stored: Vec<u32>,
    found: Vec<Destroyed>,
}

impl Watch for Shadow<'_> {
    fn begin(&mut self, memory: &mut [u8]) {
        // Below 64, so that four of them are a float of moderate size, and no integer near the ends of its range.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for byte in memory {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            *byte = (state >> 58) as u8;
        }
    }

    fn call(&mut self, call: OpId, buffers: &[Option<Range<usize>>]) -> bool {
        let Some(own) = self.calls.get(&call) else {
            return false;
        };
        self.call = Some(call);
        self.buffers = buffers.to_vec();
        self.own = own
            .iter()
            .filter_map(|&i| buffers.get(i)?.clone())
            .collect();
        self.epoch += 1;
        true
    }

    fn returned(&mut self) {
        self.call = None;
    }

    fn load(&mut self, bytes: Range<usize>) {
        let Some(call) = self.call else { return };
        let stored = self.stored.get(bytes.clone()).unwrap_or(&[]);
        if stored.contains(&self.epoch) && self.found.last().is_none_or(|d| d.call != call) {
            let within = |b: &&Option<Range<usize>>| {
                b.as_ref()
                    .is_some_and(|b| b.start <= bytes.start && bytes.end <= b.end)
            };
            let argument = self.buffers.iter().position(|b| within(&b)).unwrap_or(0);
            let start = self.buffers[argument].as_ref().map_or(0, |b| b.start);
            self.found.push(Destroyed {
                call,
                argument,
                bytes: bytes.start.saturating_sub(start)..bytes.end.saturating_sub(start),
            });
        }
    }

    fn store(&mut self, bytes: Range<usize>) {
        if self.call.is_none() || self.own.iter().any(|o| o.contains(&bytes.start)) {
            return;
        }
        if self.stored.len() < bytes.end {
            self.stored.resize(bytes.end, 0);
        }
        self.stored[bytes].fill(self.epoch);
    }
}
