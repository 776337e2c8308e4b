//! Convolutions by dual multiplications of the DSP extension, with weights of eight bits.

mod activations;
mod block;

use super::kernel::{LayerKernel, SCRATCH, block_start, blocks, loop_cycles};
use crate::schedules::high_word::{self, FRACTION_BITS, HighWord, LOWERED};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::subscript::sum_of;
use activations::{QUAD, QUAD_WORDS, Source, Words};
use block::{DualBlock, ENDS, Operands, REACH};
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Convolutions by dual multiplications.
pub struct DualMac;

/// Blocks of pixels × channels.
const BLOCKS: [(i64, i64); 8] = [
    (3, 2),
    (2, 3),
    (2, 2),
    (1, 4),
    (3, 1),
    (1, 2),
    (2, 1),
    (1, 1),
];
/// Quads that are multiplied without a loop.
const STRAIGHT: i64 = 16;
/// Scratch in bytes of a tile of one block.
const BLOCK_SCRATCH: i64 = 2048;
/// Scratch in bytes up to which words are made where no smaller tile does.
const LARGEST_SCRATCH: i64 = 4096;
/// Rows of a tile at most.
const ROWS: i64 = 4;
/// Cycles of a block's loop that are not counted elsewhere: addresses and what compilers keep in memory.
const BLOCK_OVERHEAD: u64 = 16;

/// A choice.
#[derive(Clone, Copy, Debug)]
struct Plan {
    block: DualBlock,
    rows: i64,
    columns: i64,
    words: Words,
}

impl Plan {
    fn new(e: &Extents, block: (i64, i64), rows: i64, columns: i64) -> Plan {
        Plan {
            block: DualBlock {
                pixels: block.0,
                channels: block.1,
            },
            rows,
            columns,
            words: Words::new(e, rows, columns),
        }
    }

    fn of(e: &Extents, knobs: &Knobs) -> Plan {
        let [pixels, channels, rows, columns] =
            ["pixels", "channels", "rows", "columns"].map(|k| knobs.get(k));
        Plan::new(e, (pixels, channels), rows, columns)
    }

    fn knobs(&self) -> Knobs {
        Knobs::new(&[
            ("pixels", self.block.pixels),
            ("channels", self.block.channels),
            ("rows", self.rows),
            ("columns", self.columns),
        ])
    }

    /// Words in scratch: of the tile, or of a block of it.
    fn len(&self) -> i64 {
        self.words.len(self.block.pixels)
    }

    fn scratch(&self) -> i64 {
        let patch = self.words.patch().map_or(0, |p| p.elements());
        self.len().saturating_mul(4).saturating_add(patch)
    }

    /// Blocks of a tile.
    fn blocks(&self) -> i64 {
        self.rows * self.columns / self.block.pixels
    }

    fn tiles(&self, e: &Extents) -> i64 {
        e.batches * blocks(e.output.0, self.rows) * blocks(e.output.1, self.columns)
    }

    fn fits(&self, e: &Extents) -> bool {
        let furthest = (self.block.pixels - 1) * self.words.pixel() + STRAIGHT * QUAD_WORDS;
        self.block.fits()
            && e.out_channels >= self.block.channels
            && e.output.0 >= self.rows
            && e.output.1 >= self.columns
            && self.words.can_gather()
            && 4 * furthest <= REACH
    }

    /// All that fit a layer, with scratch of at most so many bytes for tiles of so many blocks.
    fn all(e: &Extents, limit: impl Fn(i64) -> i64) -> Vec<Plan> {
        let mut all = Vec::new();
        for block in BLOCKS {
            let pixels = block.0;
            let mut tiles = vec![
                (1, pixels),
                (1, 2 * pixels),
                (1, 4 * pixels),
                (1, 8 * pixels),
            ];
            if Words::may_have_rows(e) {
                tiles.push((1, e.output.1));
                tiles.extend((2..=ROWS).map(|rows| (rows, e.output.1)));
            }
            for (rows, columns) in tiles {
                let plan = Plan::new(e, block, rows, columns);
                if rows * columns % pixels == 0
                    && plan.fits(e)
                    && plan.scratch() <= limit(plan.blocks())
                {
                    all.push(plan);
                }
            }
        }
        all
    }
}

/// Quads in a loop's body.
fn unroll(quads: i64) -> i64 {
    if quads <= STRAIGHT {
        return quads;
    }
    (6..=12).rev().find(|u| quads % u == 0).unwrap_or(8)
}

/// The constants of all channels; `None` if one has none that are exact. Also whether high words of negative sums are lowered.
fn high_words(layer: &Layer, order: &[Option<usize>]) -> Option<(Vec<HighWord>, bool)> {
    let channels = layer.channels();
    let (zero_point, clamp) = (layer.output_zero_point, layer.clamp);
    let signed = high_word::is_signed(&channels, zero_point, clamp);
    let words = channels.iter().enumerate().map(|(o, c)| {
        let offset = DualBlock::offset(layer.filter(o), order);
        HighWord::new(c, offset, (zero_point, clamp), signed)
    });
    let words: Option<Vec<HighWord>> = words.collect();
    Some((words?, signed))
}

impl LayerKernel for DualMac {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        if !target.has(Feature::Dsp) {
            return Err("the core has no DSP extension".to_owned());
        }
        if !target.has(Feature::Unaligned) {
            return Err("the core loads no words from everywhere".to_owned());
        }
        let e = &layer.extents;
        let order = Words::new(e, 1, 1).order();
        if !(0..e.out_channels as usize).all(|o| DualBlock::pairs_fit(layer.filter(o), &order)) {
            return Err("a pair of weights exceeds 16 bits".to_owned());
        }
        // One bit for the offset and the start.
        layer.fits_bits(31 - FRACTION_BITS)
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        let mut all = Plan::all(
            e,
            |blocks| if blocks == 1 { BLOCK_SCRATCH } else { SCRATCH },
        );
        if all.is_empty() {
            all = Plan::all(e, |_| LARGEST_SCRATCH);
        }
        all.iter().map(Plan::knobs).collect()
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, c) = (&layer.extents, &target.cost);
        let plan = Plan::of(e, knobs);
        let (block, words) = (&plan.block, &plan.words);
        let (quads, sums) = (words.quads(), (block.pixels * block.channels) as u64);
        let u = unroll(quads);
        let rounds = if quads > u {
            blocks(quads, u) as u64
        } else {
            0
        };
        let inner = quads as u64 * block.quad_cycles(words.is_raw(), target)
            + rounds * (2 * loop_cycles(target) + 2);
        let start = (block.channels + block.pixels) as u64 * u64::from(c.load_after_load);
        let channel = u64::from(4 * c.load);
        let output = u64::from(3 * c.alu + c.mul + c.store);
        let end = block.channels as u64 * channel + sums * output + BLOCK_OVERHEAD;
        let per_block = blocks(e.out_channels, block.channels) as u64 * (inner + start + end);
        let copy = words.patch().map_or(0, |p| p.cycles(c));
        let converted = if words.is_shared() {
            words.cycles(plan.columns, target)
        } else {
            plan.blocks() as u64 * words.cycles(block.pixels, target)
        };
        let per_tile = copy + converted + plan.blocks() as u64 * (per_block + 12) + 12;
        let record = 4 * block.record(quads) * blocks(e.out_channels, block.channels);
        Cost {
            cycles: plan.tiles(e) as u64 * per_tile,
            flash: 160
                + words.code_bytes()
                + block.quad_bytes() * (u + if quads > u { quads % u } else { 0 }) as u64
                + sums * 20
                + record as u64,
            ram: plan.scratch() as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let e = layer.extents;
        let plan = Plan::of(&e, knobs);
        let (block, words) = (plan.block, plan.words);
        let order = words.order();
        let quads = words.quads();
        k.set_name(&layer.kernel_name());
        let input = k.input(op, 0, &[e.input_len()]);
        let high = high_words(layer, &order);
        let count = e.out_channels as usize;
        let (starts, ends): (Vec<i32>, Vec<[i32; ENDS as usize]>) = match &high {
            Some((high, _)) => high
                .iter()
                .map(|h| (h.start, [h.multiplier, h.constant, i32::from(h.shift)]))
                .unzip(),
            // Without what is too much, the sums are those of the layer, shifted.
            None => (0..count)
                .map(|o| {
                    (
                        -DualBlock::offset(layer.filter(o), &order) as i32,
                        [0; ENDS as usize],
                    )
                })
                .unzip(),
        };
        let records = block.records(layer, &order, &starts, &ends);
        let weights = k.table_i32("weights", &[records.len() as i64], &records);
        let end = match &high {
            Some((_, signed)) => {
                let full = layer.clamp == interp::numerics::ClampI8::FULL;
                let bounds = (!full).then(|| {
                    [layer.clamp.min, layer.clamp.max].map(|x| k.scalar_i32(i64::from(x)))
                });
                End::HighWord {
                    bounds,
                    signed: *signed,
                }
            }
            None => End::Other(layer.requantization().declare(k)),
        };
        let output = k.output(op, 0, &[e.output_len()]);
        let (i8t, i32t) = (k.module().i8(), k.module().i32());
        let scratch = (!words.is_raw()).then(|| k.scratch(&[plan.len()], i32t));
        let source = Source {
            input,
            words: scratch.unwrap_or(input),
            patch: words.patch().map(|p| k.scratch(&[p.elements()], i8t)),
            padding: i64::from(layer.input_zero_point),
        };

        let mut b = k.body();
        let mut source = source;
        if words.is_raw() {
            let ty = b.m.memref(&[e.input_len() / QUAD], i32t);
            source.words = view(&mut b, input, ty);
        }
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, blocks(e.output.0, plan.rows), 1, &[], |b, ty, _| {
                let y = block_start(b, ty, plan.rows, e.output.0);
                b.for_range(0, blocks(e.output.1, plan.columns), 1, &[], |b, tx, _| {
                    let x = block_start(b, tx, plan.columns, e.output.1);
                    let shared = words.is_shared().then(|| words.fill(b, &source, [n, y, x]));
                    if shared.is_none() {
                        words.fill_patch(b, &source, [n, y, x]);
                    }
                    let line = e.output.1 * e.out_channels;
                    let terms = [(n, e.output.0 * line), (y, line), (x, e.out_channels)];
                    let to = sum_of(b, &terms, 0);
                    b.for_range(0, plan.blocks(), 1, &[], |b, i, _| {
                        let first = sum_of(b, &[(i, block.pixels)], 0);
                        let at = match shared {
                            Some(at) => sum_of(b, &[(at, 1), (first, words.pixel())], 0),
                            None => {
                                words.fill_pixels(b, &source, [n, y, x], first, block.pixels);
                                b.const_index(0)
                            }
                        };
                        let to = sum_of(b, &[(to, 1), (first, e.out_channels)], 0);
                        let count = blocks(e.out_channels, block.channels);
                        b.for_range(0, count, 1, &[], |b, ob, _| {
                            let o = block_start(b, ob, block.channels, e.out_channels);
                            let operands = Operands {
                                words: source.words,
                                raw: words.is_raw(),
                                at,
                                pixel: words.pixel(),
                                weights,
                                record: sum_of(b, &[(ob, block.record(quads))], 0),
                            };
                            let scaled = matches!(end, End::HighWord { signed: false, .. });
                            let sums = sums(b, &block, &operands, quads, scaled);
                            let to = sum_of(b, &[(to, 1), (o, 1)], 0);
                            store(
                                b,
                                &plan,
                                &operands,
                                &end,
                                &sums,
                                o,
                                output,
                                (to, e.out_channels),
                            );
                            Vec::new()
                        });
                        Vec::new()
                    });
                    Vec::new()
                });
                Vec::new()
            });
            Vec::new()
        });
    }
}

/// A buffer of bytes as one of other elements.
fn view(b: &mut Builder<'_>, bytes: ValueId, ty: ir::Type) -> ValueId {
    let zero = b.const_index(0);
    let op = b.op("memref.view", &[bytes, zero], &[ty]);
    b.m.result(op, 0)
}

/// How bytes come from sums.
enum End {
    /// By the high word, which is in place of the sum already if there are no signs to see; bounds if they are not all of int8.
    HighWord {
        bounds: Option<[ValueId; 2]>,
        signed: bool,
    },
    /// By any other sequence, from the sum without its fraction.
    Other(crate::schedules::requantize::Requantizer),
}

/// The sums of a block over all quads, scaled if asked for.
fn sums(
    b: &mut Builder<'_>,
    block: &DualBlock,
    o: &Operands,
    quads: i64,
    scaled: bool,
) -> Vec<ValueId> {
    let count = (block.pixels * block.channels) as usize;
    let u = unroll(quads);
    if quads <= u {
        return b.arm_block(count, |b| {
            let sums = block.add(b, o, None, (0, quads), None);
            if scaled {
                block.scale(b, o, quads, &sums)
            } else {
                sums
            }
        });
    }
    let starts: Vec<ValueId> = (0..block.channels)
        .map(|c| {
            let at = sum_of(b, &[(o.record, 1)], c);
            b.load(o.weights, &[at])
        })
        .collect();
    let starts: Vec<ValueId> = (0..count).map(|i| starts[i % starts.len()]).collect();
    let whole = quads - quads % u;
    let sums = b.for_range(0, whole, u, &starts, |b, i, sums| {
        b.arm_block(count, |b| block.add(b, o, Some(i), (0, u), Some(sums)))
    });
    if quads == whole && !scaled {
        return sums;
    }
    let rest = b.const_index(whole);
    b.arm_block(count, |b| {
        let sums = if quads > whole {
            block.add(b, o, Some(rest), (0, quads - whole), Some(&sums))
        } else {
            sums
        };
        if scaled {
            block.scale(b, o, quads, &sums)
        } else {
            sums
        }
    })
}

/// Makes bytes of the sums and stores them; the first pixel's first channel is at `to`, the next pixel's `pixel` behind.
fn store(
    b: &mut Builder<'_>,
    plan: &Plan,
    operands: &Operands,
    end: &End,
    sums: &[ValueId],
    o: ValueId,
    output: ValueId,
    (to, pixel): (ValueId, i64),
) {
    let i8t = b.m.i8();
    let block = &plan.block;
    for c in 0..block.channels {
        let channel = sum_of(b, &[(o, 1)], c);
        let sum = |p: i64| sums[(p * block.channels + c) as usize];
        let mut bytes = Vec::new();
        match end {
            End::HighWord { bounds, signed } => {
                let [multiplier, constant, shift] = [0, 1, 2].map(|i| {
                    let at = block.end(plan.words.quads(), c) + i;
                    let at = sum_of(b, &[(operands.record, 1)], at);
                    b.load(operands.weights, &[at])
                });
                for p in 0..block.pixels {
                    let mut v = sum(p);
                    if *signed {
                        let sign = b.const_i32(31);
                        let sign = b.shrsi(v, sign);
                        let scale = b.const_i32(1 << LOWERED);
                        let lowered = b.muli_nsw(sign, scale);
                        v = b.dsp("smmla", &[v, multiplier, constant]);
                        v = b.addi_nsw(v, lowered);
                    }
                    let v = b.shrsi(v, shift);
                    let mut v = b.dsp_by("ssat", &[v], 8);
                    if let Some([min, max]) = *bounds {
                        v = b.maxsi(v, min);
                        v = b.minsi(v, max);
                    }
                    bytes.push(b.trunci(v, i8t));
                }
            }
            End::Other(requantizer) => {
                let constants = requantizer.channel(b, channel);
                for p in 0..block.pixels {
                    let fraction = b.const_i32(i64::from(FRACTION_BITS));
                    let v = b.shrsi(sum(p), fraction);
                    bytes.push(requantizer.output(b, &constants, v));
                }
            }
        }
        for (p, byte) in bytes.into_iter().enumerate() {
            let at = sum_of(b, &[(to, 1)], p as i64 * pixel + c);
            b.store(byte, output, &[at]);
        }
    }
}
