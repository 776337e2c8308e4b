//! The end of a block: from sums to bytes in the output.

use super::block::{DualBlock, ENDS, Operands};
use crate::schedules::epilogue::Sink;
use crate::schedules::high_word::{self, FRACTION_BITS, HighWord, LOWERED};
use crate::schedules::layer::Layer;
use crate::schedules::requantize::Requantizer;
use crate::schedules::subscript::sum_of;
use interp::numerics::ClampI8;
use ir::{Builder, ValueId};
use pass::KernelBuilder;

/// What the records of a layer's blocks hold beside the weights.
pub struct Constants {
    /// What the sum of each channel begins with.
    pub starts: Vec<i32>,
    /// Multiplier, constant and shift of each channel.
    pub ends: Vec<[i32; ENDS as usize]>,
    form: Form,
}

/// How a layer's sums become bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// By the high word; whether that of negative sums is lowered.
    HighWord { signed: bool },
    /// By any other sequence, from the sum without its fraction.
    Other,
}

impl Constants {
    /// For a layer with its taps in an order.
    pub fn new(layer: &Layer, order: &[Option<usize>]) -> Constants {
        let channels = layer.channels();
        let numerics = (layer.output_zero_point, layer.clamp);
        let signed = high_word::is_signed(&channels, numerics.0, numerics.1);
        let offset = |o: usize| DualBlock::offset(layer.filter(o), order);
        let words = channels
            .iter()
            .enumerate()
            .map(|(o, c)| HighWord::new(c, offset(o), numerics, signed));
        match words.collect::<Option<Vec<HighWord>>>() {
            Some(words) => Constants {
                starts: words.iter().map(|h| h.start).collect(),
                ends: words
                    .iter()
                    .map(|h| [h.multiplier, h.constant, i32::from(h.shift)])
                    .collect(),
                form: Form::HighWord { signed },
            },
            // Without what is too much, the sums are those of the layer, shifted.
            None => Constants {
                starts: (0..channels.len()).map(|o| -offset(o) as i32).collect(),
                ends: vec![[0; ENDS as usize]; channels.len()],
                form: Form::Other,
            },
        }
    }

    /// Declares what else the end needs as arguments of a kernel.
    pub fn declare(&self, layer: &Layer, k: &mut KernelBuilder<'_>) -> End {
        match self.form {
            Form::HighWord { signed } => {
                let bounds = (layer.clamp != ClampI8::FULL).then(|| {
                    [layer.clamp.min, layer.clamp.max].map(|x| k.scalar_i32(i64::from(x)))
                });
                End::HighWord { bounds, signed }
            }
            Form::Other => End::Other(layer.requantization().declare(k)),
        }
    }
}

/// How a kernel makes bytes of sums.
pub enum End {
    /// By the high word; bounds if they are not all of int8, and whether the high word of a negative sum is lowered.
    HighWord {
        bounds: Option<[ValueId; 2]>,
        signed: bool,
    },
    /// By any other sequence, from the sum without its fraction.
    Other(Requantizer),
}

impl End {
    /// Whether the block of instructions takes the high words itself: where nobody needs the sum any more.
    pub fn is_scaled(&self) -> bool {
        matches!(self, End::HighWord { signed: false, .. })
    }

    /// The bytes of a channel's sums.
    fn bytes(
        &self,
        b: &mut Builder<'_>,
        operands: &Operands,
        place: i64,
        channel: ValueId,
        sums: &[ValueId],
    ) -> Vec<ValueId> {
        let i8t = b.m.i8();
        match self {
            End::HighWord { bounds, signed } => {
                let [multiplier, constant, shift] = [0, 1, 2].map(|i| {
                    let at = sum_of(b, &[(operands.record, 1)], place + i);
                    b.load(operands.weights, &[at])
                });
                let mut byte = |&sum: &ValueId| {
                    let mut v = sum;
                    if *signed {
                        let sign = b.const_i32(31);
                        let sign = b.shrsi(sum, sign);
                        let scale = b.const_i32(1 << LOWERED);
                        let lowered = b.muli_nsw(sign, scale);
                        v = b.dsp("smmla", &[sum, multiplier, constant]);
                        v = b.addi_nsw(v, lowered);
                    }
                    let v = b.shrsi(v, shift);
                    let mut v = b.dsp_by("ssat", &[v], 8);
                    if let Some([min, max]) = *bounds {
                        v = b.maxsi(v, min);
                        v = b.minsi(v, max);
                    }
                    b.trunci(v, i8t)
                };
                sums.iter().map(&mut byte).collect()
            }
            End::Other(requantizer) => {
                let constants = requantizer.channel(b, channel);
                let mut byte = |&sum: &ValueId| {
                    let fraction = b.const_i32(i64::from(FRACTION_BITS));
                    let v = b.shrsi(sum, fraction);
                    requantizer.output(b, &constants, v)
                };
                sums.iter().map(&mut byte).collect()
            }
        }
    }

    /// Makes bytes of a block's sums (`[pixel][channel]`) and stores them; the first pixel's first channel, `first`, is at `to` of the
    /// output, the next pixel's `pixel` behind.
    pub fn store(
        &self,
        b: &mut Builder<'_>,
        (block, quads): (&DualBlock, i64),
        operands: &Operands,
        (sums, first): (&[ValueId], ValueId),
        (output, to, pixel): (&Sink, ValueId, i64),
    ) {
        for c in 0..block.channels {
            let channel = sum_of(b, &[(first, 1)], c);
            let of: Vec<ValueId> = sums
                .iter()
                .copied()
                .skip(c as usize)
                .step_by(block.channels as usize)
                .collect();
            let bytes = self.bytes(b, operands, block.end(quads, c), channel, &of);
            for (p, byte) in bytes.into_iter().enumerate() {
                let at = sum_of(b, &[(to, 1)], p as i64 * pixel + c);
                output.store(b, byte, at);
            }
        }
    }
}
