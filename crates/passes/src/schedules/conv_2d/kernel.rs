//! What the fast convolutions have in common: how they are registered for each op that is a convolution, the loop over taps, and the
//! end of a block.

use super::block::Block;
use crate::schedules::epilogue::Sink;
use crate::schedules::layer::Layer;
use crate::schedules::requantize::{Requantization, Requantizer};
use crate::schedules::subscript::sum_of;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// Scratch of a kernel in bytes that buys speed.
pub const SCRATCH: i64 = 1024;

/// A way to compute a [`Layer`].
pub trait LayerKernel: Send + Sync {
    /// Whether it can.
    ///
    /// # Errors
    /// The reason why not, in words.
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String>;

    /// The choices; none only where it does not apply.
    fn space(&self, layer: &Layer, target: &Target) -> Vec<Knobs>;

    /// What a choice costs.
    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost;

    /// Builds the kernel of an op that has the layer in it; [`Layer::declare_input`] and [`Layer::declare_output`] give its buffers.
    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>);
}

/// A [`LayerKernel`] as a schedule of an op.
pub struct OfOp<K> {
    /// The schedule's name.
    pub name: &'static str,
    /// The op.
    pub op: &'static str,
    /// The op as a layer.
    pub layer: fn(OpRef<'_>) -> Result<Layer, String>,
    /// The way to compute it.
    pub kernel: K,
}

impl<K> OfOp<K> {
    fn layer(&self, op: OpRef<'_>) -> Layer {
        (self.layer)(op).expect("invariant: the schedule applies")
    }
}

impl<K: LayerKernel> Schedule for OfOp<K> {
    fn name(&self) -> &str {
        self.name
    }

    fn op(&self) -> &str {
        self.op
    }

    fn applies(&self, op: OpRef<'_>, target: &Target) -> Result<(), String> {
        let layer = (self.layer)(op)?;
        self.kernel.applies(&layer, target)?;
        if self.kernel.space(&layer, target).is_empty() {
            return Err(
                "no block of pixels and channels fits the shape and the scratch".to_owned(),
            );
        }
        Ok(())
    }

    fn space(&self, op: OpRef<'_>, target: &Target) -> Vec<Knobs> {
        self.kernel.space(&self.layer(op), target)
    }

    fn cost(&self, op: OpRef<'_>, knobs: &Knobs, target: &Target) -> Cost {
        let layer = self.layer(op);
        let mut cost = self.kernel.cost(&layer, knobs, target);
        let outputs = layer.extents.output_len() as u64;
        cost.cycles = cost
            .cycles
            .saturating_add(outputs.saturating_mul(layer.epilogue.cycles(target)));
        let at_once = ["pixels", "columns", "channels", "outputs"];
        let at_once: i64 = at_once.iter().filter_map(|n| knobs.find(n)).product();
        cost.flash += layer.epilogue.flash(at_once.max(1) as u64);
        cost
    }

    fn lower(
        &self,
        op: OpId,
        knobs: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let layer = (self.layer)(m.op(op)).map_err(|why| Diagnostic::error("L003", why))?;
        self.kernel.lower(&layer, knobs, op, k);
        Ok(())
    }
}

/// A loop over `length` taps, `unroll` at a time; `tap` gets where the taps start and how far behind that its own is.
pub fn over_taps(
    b: &mut Builder<'_>,
    length: i64,
    unroll: i64,
    sums: Vec<ValueId>,
    tap: impl Fn(&mut Builder<'_>, ValueId, i64, &mut [ValueId]),
) -> Vec<ValueId> {
    let whole = length - length % unroll;
    let mut sums = b.for_range(0, whole, unroll, &sums, |b, k, sums| {
        let mut sums = sums.to_vec();
        for u in 0..unroll {
            tap(b, k, u, &mut sums);
        }
        sums
    });
    let rest = b.const_index(whole);
    for u in 0..length % unroll {
        tap(b, rest, u, &mut sums);
    }
    sums
}

/// Requantises and stores a block; `at` is where the output of a pixel of the block and its first channel is.
pub fn store_block(
    b: &mut Builder<'_>,
    block: &Block,
    requantizer: &Requantizer,
    sums: &[ValueId],
    first_channel: ValueId,
    output: &Sink,
    at: &[ValueId],
) {
    for c in 0..block.channels {
        let channel = sum_of(b, &[(first_channel, 1)], c);
        let constants = requantizer.channel(b, channel);
        for (p, &at) in at.iter().enumerate() {
            let sum = block.sum(b, sums, p as i64, c);
            let y = requantizer.output(b, &constants, sum);
            let at = sum_of(b, &[(at, 1)], c);
            output.store(b, y, at);
        }
    }
}

/// Cycles of [`store_block`].
pub fn store_block_cycles(block: &Block, r: &Requantization, target: &Target) -> u64 {
    let output = block.sum_cycles(target) + r.cycles(target) + u64::from(target.cost.store) + 1;
    block.channels as u64 * (r.channel_cycles(target) + block.pixels as u64 * output)
}

/// Cycles of a loop's counting, comparison and branch.
pub fn loop_cycles(target: &Target) -> u64 {
    u64::from(target.cost.branch_taken) + 2 * u64::from(target.cost.alu)
}

/// Number of blocks of `width` that cover `length`.
pub fn blocks(length: i64, width: i64) -> i64 {
    (length + width - 1) / width
}

/// The first element of block `i`: blocks of `width`, the last one moved back to end with `length`.
pub fn block_start(b: &mut Builder<'_>, i: ValueId, width: i64, length: i64) -> ValueId {
    let start = sum_of(b, &[(i, width)], 0);
    if length % width == 0 {
        start
    } else {
        crate::schedules::subscript::at_most(b, start, length - width)
    }
}

/// Does `inside` where `row` is one of the `height` rows of an image, and `outside` where it is padding.
pub fn row_or_padding(
    b: &mut Builder<'_>,
    row: ValueId,
    height: i64,
    inside: impl FnOnce(&mut Builder<'_>),
    outside: impl FnOnce(&mut Builder<'_>),
) {
    let height = b.const_index(height);
    // Unsigned, so that negative rows are not below the height either.
    let is_row = b.cmpi("ult", row, height);
    b.if_else(
        is_row,
        &[],
        |b| {
            inside(b);
            Vec::new()
        },
        |b| {
            outside(b);
            Vec::new()
        },
    );
}
