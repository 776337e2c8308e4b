//! Register blocks of dual multiplications: sums of some pixels times some output channels, in the order in which a core that overlaps
//! only neighbouring loads computes them fastest.
//!
//! A quad of weights `w₀ w₁ w₂ w₃` of a channel is one word with the halves `256·w₀ + w₁` and `256·w₂ + w₃`. Its product with the even
//! activations `(x₀, x₂)`, plus the product of its low bytes `(w₁, w₃)` with the odd ones `(256·x₁ + 127 − x₀, …)`, is
//! `256·(x₀w₀ + x₁w₁ + x₂w₂ + x₃w₃) + 127·(w₁ + w₃)`: four products in two instructions and the extension of the low bytes, which all
//! pixels share.

use super::activations::{self, QUAD, QUAD_WORDS};
use crate::schedules::layer::Layer;
use crate::schedules::subscript::sum_of;
use ir::{Builder, ValueId};
use target::Target;

/// General registers that a block of instructions may use, so that compilers keep one for themselves.
pub const REGISTERS: i64 = 13;
/// Words at the end of a record for each channel.
pub const ENDS: i64 = 3;
/// Bytes that a load reaches behind its address.
pub const REACH: i64 = 4092;

/// A block of `pixels` × `channels` sums.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DualBlock {
    /// Pixels.
    pub pixels: i64,
    /// Output channels.
    pub channels: i64,
}

/// Where a block of instructions finds its words.
#[derive(Clone, Copy, Debug)]
pub struct Operands {
    /// The words of the activations.
    pub words: ValueId,
    /// Whether they are the bytes of the input as they are, a word a quad, which the instructions make two of.
    pub raw: bool,
    /// Where those of the first pixel begin.
    pub at: ValueId,
    /// Words between pixels.
    pub pixel: i64,
    /// The words of the weights.
    pub weights: ValueId,
    /// Where those of the block begin.
    pub record: ValueId,
}

impl DualBlock {
    fn sums(&self) -> i64 {
        self.pixels * self.channels
    }

    /// Whether even and odd activations of a quad are loaded at once.
    fn loads_both(&self) -> bool {
        self.sums() + self.channels + 2 * self.pixels + 2 <= REGISTERS
    }

    /// Whether the registers suffice.
    pub fn fits(&self) -> bool {
        self.sums() + self.channels + self.pixels + 2 <= REGISTERS
    }

    /// Cycles of a quad.
    pub fn quad_cycles(&self, raw: bool, target: &Target) -> u64 {
        let c = &target.cost;
        let (first, next) = (u64::from(c.load), u64::from(c.load_after_load));
        let dual = target.cost.simd.map_or(1, |s| u64::from(s.dual_mac));
        let permute = target.cost.simd.map_or(1, |s| u64::from(s.permute));
        let clusters = if raw || self.loads_both() { 1 } else { 2 };
        let words = if raw { 1 } else { QUAD_WORDS };
        let loads = (self.channels + words * self.pixels) as u64;
        let made = if raw {
            self.pixels as u64 * (permute + u64::from(c.alu))
        } else {
            0
        };
        clusters * first
            + (loads - clusters) * next
            + made
            + self.channels as u64 * permute
            + 2 * self.sums() as u64 * dual
    }

    /// Bytes of code of a quad.
    pub fn quad_bytes(&self) -> u64 {
        4 * (2 * self.channels + 2 * self.pixels + 2 * self.sums()) as u64
    }

    /// Words of a block's record: starts, quads of weights, and multiplier, constant and shift of each channel.
    pub fn record(&self, quads: i64) -> i64 {
        self.channels * (1 + quads + ENDS)
    }

    /// Where the multiplier, constant and shift of a channel are in a record.
    pub fn end(&self, quads: i64, channel: i64) -> i64 {
        self.channels * (1 + quads) + ENDS * channel
    }

    /// The words of weights and constants; `starts` and `ends` are those of each channel.
    pub fn records(
        &self,
        layer: &Layer,
        order: &[Option<usize>],
        starts: &[i32],
        ends: &[[i32; ENDS as usize]],
    ) -> Vec<i32> {
        let (channels, width) = (layer.extents.out_channels, self.channels);
        let mut all = Vec::new();
        for block in 0..(channels + width - 1) / width {
            // The last block ends with the last channel.
            let first = (block * width).min(channels - width) as usize;
            let block = first..first + width as usize;
            all.extend(block.clone().map(|o| starts[o]));
            for quad in order.chunks(QUAD as usize) {
                for o in block.clone() {
                    let w = |i: usize| {
                        let tap = quad.get(i).copied().flatten();
                        tap.map_or(0, |tap| i32::from(layer.filter(o)[tap]))
                    };
                    let (low, high) = (256 * w(0) + w(1), 256 * w(2) + w(3));
                    all.push((low & 0xffff) | (high << 16));
                }
            }
            for o in block {
                all.extend(ends[o]);
            }
        }
        all
    }

    /// What the sums have too much: 127 times the weights that the odd activations meet.
    pub fn offset(filter: &[i8], order: &[Option<usize>]) -> i64 {
        let odd = order.iter().skip(1).step_by(2).flatten();
        127 * odd.map(|&tap| i64::from(filter[tap])).sum::<i64>()
    }

    /// Whether the pairs of weights fit their halves.
    pub fn pairs_fit(filter: &[i8], order: &[Option<usize>]) -> bool {
        order.chunks(2).all(|pair| {
            let w = |i: usize| {
                let tap = pair.get(i).copied().flatten();
                tap.map_or(0, |tap| i32::from(filter[tap]))
            };
            i16::try_from(256 * w(0) + w(1)).is_ok()
        })
    }

    /// Adds quads `from..to`, counted from `quad` on, to the sums (`[pixel][channel]`), inside of a block of instructions. Where there are
    /// no sums yet, they begin with the record's starts.
    pub fn add(
        &self,
        b: &mut Builder<'_>,
        o: &Operands,
        quad: Option<ValueId>,
        (from, to): (i64, i64),
        sums: Option<&[ValueId]>,
    ) -> Vec<ValueId> {
        // A load for each sum, straight to its register: neighbouring loads are cheap, registers are not.
        let mut sums: Vec<ValueId> = match sums {
            Some(sums) => sums.to_vec(),
            None => (0..self.sums())
                .map(|i| {
                    let at = sum_of(b, &[(o.record, 1)], i % self.channels);
                    b.load(o.weights, &[at])
                })
                .collect(),
        };
        for q in from..to {
            let words = if o.raw { 1 } else { QUAD_WORDS };
            let activation = |b: &mut Builder<'_>, p: i64, odd: i64| {
                let constant = p * o.pixel + q * words + odd;
                let at = match quad {
                    Some(quad) => sum_of(b, &[(o.at, 1), (quad, words)], constant),
                    None => sum_of(b, &[(o.at, 1)], constant),
                };
                b.load(o.words, &[at])
            };
            let mut w: Vec<ValueId> = (0..self.channels)
                .map(|c| {
                    let constant = self.channels + q * self.channels + c;
                    let at = match quad {
                        Some(quad) => sum_of(b, &[(o.record, 1), (quad, self.channels)], constant),
                        None => sum_of(b, &[(o.record, 1)], constant),
                    };
                    b.load(o.weights, &[at])
                })
                .collect();
            let mut even: Vec<ValueId> = (0..self.pixels).map(|p| activation(b, p, 0)).collect();
            let mut odd = Vec::new();
            if o.raw {
                odd = even.iter().map(|&x| activations::odd(b, x)).collect();
                even = even.iter().map(|&x| activations::even(b, x)).collect();
            } else if self.loads_both() {
                odd = (0..self.pixels).map(|p| activation(b, p, 1)).collect();
            }
            multiply(b, &mut sums, &even, &w);
            for w in &mut w {
                *w = b.dsp_by("sxtb16", &[*w], 0);
            }
            if odd.is_empty() {
                odd = (0..self.pixels).map(|p| activation(b, p, 1)).collect();
            }
            multiply(b, &mut sums, &odd, &w);
        }
        sums
    }

    /// The high words of the sums times their multipliers, plus their constants, inside of a block of instructions.
    pub fn scale(
        &self,
        b: &mut Builder<'_>,
        o: &Operands,
        quads: i64,
        sums: &[ValueId],
    ) -> Vec<ValueId> {
        let mut out = sums.to_vec();
        for c in 0..self.channels {
            let place = self.end(quads, c);
            let [multiplier, constant] = [0, 1].map(|i| {
                let at = sum_of(b, &[(o.record, 1)], place + i);
                b.load(o.weights, &[at])
            });
            for p in 0..self.pixels {
                let sum = &mut out[(p * self.channels + c) as usize];
                *sum = b.dsp("smmla", &[*sum, multiplier, constant]);
            }
        }
        out
    }
}

/// Adds the products of each pixel's activations with each channel's weights.
fn multiply(b: &mut Builder<'_>, sums: &mut [ValueId], x: &[ValueId], w: &[ValueId]) {
    for (row, &x) in sums.chunks_mut(w.len()).zip(x) {
        for (sum, &w) in row.iter_mut().zip(w) {
            *sum = b.dsp("smlad", &[x, w, *sum]);
        }
    }
}
