//! Depthwise convolutions by dual multiply-adds on columns of four rows: a strip of rows of four channels is copied to scratch as words
//! of four vertical neighbours of a channel, then each channel is swept with its weights in registers.
//!
//! `SXTB16` of such a word, plain and rotated, gives the rows (0, 2) and (1, 3). With three kernel rows and stride 1, two rows of
//! outputs come from one word: the first from (0, 2) by `SMLAD` and row 1 alone, the second from (1, 3) by `SMLAD` and row 2 alone. Other
//! heights and strides do the same with other rows. Weights are scaled by 256, as [`HighWord`] wants them.

use crate::schedules::conv_2d::kernel::{LayerKernel, SCRATCH, block_start, blocks, loop_cycles};
use crate::schedules::epilogue::Sink;
use crate::schedules::high_word::{FRACTION_BITS, HighWord, LOWERED, is_signed};
use crate::schedules::interval::{INT8, Interval};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::subscript::{at_least, at_most, sum_of};
use interp::numerics::ClampI8;
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Depthwise convolutions by quads of rows.
pub struct Quads;

/// Rows of a word, and channels of a strip.
const QUAD: i64 = 4;
/// Scratch in bytes up to which a strip is taken where no smaller one does.
const LARGEST_STRIP: i64 = 4096;
/// Registers of a block of instructions besides weights and sums: address, start, and two halves of a word.
const OTHER_REGISTERS: i64 = 4;
/// Steps of a row that are written out instead of counted.
const UNROLLED_STEPS: i64 = 3;
/// Registers of a block of instructions: one less than there are, since gcc does not always find a place for all.
const REGISTERS: i64 = 13;

/// A strip of quads of rows.
#[derive(Clone, Copy)]
struct Shape {
    /// Quads of rows of a strip.
    quads: i64,
    /// Outputs of a step in a row.
    outputs: i64,
    /// Rows of outputs of a quad.
    rows: i64,
    /// Rows of the input of a quad.
    height: i64,
    width: i64,
    /// Columns that come from the input.
    copied: i64,
}

impl Shape {
    /// `None` if a quad has no room for a window.
    fn new(e: &Extents, quads: i64, outputs: i64) -> Option<Shape> {
        let reach = e.reach();
        if reach.0 > QUAD {
            return None;
        }
        let rows = ((QUAD - reach.0) / e.stride.0 + 1).min(e.output.0);
        let width = (e.output.1 - 1) * e.stride.1 + reach.1;
        Some(Shape {
            quads,
            outputs,
            rows,
            height: (rows - 1) * e.stride.0 + reach.0,
            width,
            copied: e.input.1.min(width - e.pad.1).max(0),
        })
    }

    fn of(e: &Extents, knobs: &Knobs) -> Shape {
        Shape::new(e, knobs.get("quads"), knobs.get("outputs"))
            .expect("invariant: the schedule applies")
    }

    fn words(&self) -> i64 {
        self.quads.saturating_mul(self.width).saturating_mul(QUAD)
    }
}

/// A multiplication of a step: two rows of a column at once, or one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Product {
    /// The rows of one parity and the weight word.
    Both { odd: bool, word: usize },
    /// A half of the rows of one parity, and a half of the weight word.
    One {
        odd: bool,
        high: bool,
        word: usize,
        high_weight: bool,
    },
}

/// The words of a channel's weights and the products of each output row and kernel column.
struct Taps {
    /// Positions in the filter of the low and the high half; none is 0.
    words: Vec<[Option<usize>; 2]>,
    /// `[output row][kernel column]`.
    products: Vec<Vec<Vec<Product>>>,
}

impl Taps {
    fn new(e: &Extents, s: &Shape) -> Taps {
        let (kh, kw) = e.kernel;
        // The kernel row that meets a row of the quad, for a row of outputs.
        let meets = |output: i64, row: i64| {
            let d = row - output * e.stride.0;
            (d >= 0 && d % e.dilation.0 == 0 && d / e.dilation.0 < kh).then(|| d / e.dilation.0)
        };
        let mut words: Vec<[Option<usize>; 2]> = Vec::new();
        let tap = |ky: i64, kx: i64| (ky * kw + kx) as usize;
        // Pairs come first, so that single rows find their weights in them.
        for kx in 0..kw {
            for output in 0..s.rows {
                for row in 0..2 {
                    if let (Some(a), Some(b)) = (meets(output, row), meets(output, row + 2)) {
                        let word = [Some(tap(a, kx)), Some(tap(b, kx))];
                        if !words.contains(&word) {
                            words.push(word);
                        }
                    }
                }
            }
        }
        let mut half = |at: usize| -> (usize, bool) {
            for (i, word) in words.iter_mut().enumerate() {
                if let Some(h) = word.iter().position(|&w| w == Some(at)) {
                    return (i, h == 1);
                }
                if word[1].is_none() {
                    word[1] = Some(at);
                    return (i, true);
                }
            }
            words.push([Some(at), None]);
            (words.len() - 1, false)
        };
        let mut singles = Vec::new();
        for kx in 0..kw {
            for output in 0..s.rows {
                for row in 0..2 {
                    let met = [meets(output, row), meets(output, row + 2)];
                    if let [Some(ky), None] | [None, Some(ky)] = met {
                        let (word, high_weight) = half(tap(ky, kx));
                        let product = Product::One {
                            odd: row == 1,
                            high: met[0].is_none(),
                            word,
                            high_weight,
                        };
                        singles.push((output, kx, product));
                    }
                }
            }
        }
        let products = (0..s.rows)
            .map(|output| {
                (0..kw)
                    .map(|kx| {
                        let both = (0..2).filter_map(|row| {
                            let pair = (meets(output, row)?, meets(output, row + 2)?);
                            let word = [Some(tap(pair.0, kx)), Some(tap(pair.1, kx))];
                            let word = words.iter().position(|w| *w == word)?;
                            Some(Product::Both {
                                odd: row == 1,
                                word,
                            })
                        });
                        let one = singles.iter().filter(|s| (s.0, s.1) == (output, kx));
                        both.chain(one.map(|s| s.2)).collect()
                    })
                    .collect()
            })
            .collect();
        Taps { words, products }
    }

    /// Multiplications of one output.
    fn multiplications(&self) -> usize {
        let all = self.products.iter().flatten().map(Vec::len).sum::<usize>();
        all.div_ceil(self.products.len().max(1))
    }

    /// Whether a step of so many outputs keeps its values in registers.
    fn fits(&self, s: &Shape) -> bool {
        self.words.len() as i64 + s.outputs * s.rows + OTHER_REGISTERS <= REGISTERS
    }
}

/// What a channel's row in the table of constants has after the weights.
const START: i64 = 0;
const MULTIPLIER: i64 = 1;
const CONSTANT: i64 = 2;
const SHIFT: i64 = 3;
const CONSTANTS: i64 = 4;

/// Whether the high words of negative sums are lowered.
fn lowers(layer: &Layer) -> bool {
    is_signed(&layer.channels(), layer.output_zero_point, layer.clamp)
}

/// The constants of all channels; `None` if one has none.
fn high_words(layer: &Layer) -> Option<Vec<HighWord>> {
    let scaled = |w: &i8| i32::from(*w) << FRACTION_BITS;
    let signed = lowers(layer);
    let bounds = (layer.output_zero_point, layer.clamp);
    layer
        .channels()
        .iter()
        .enumerate()
        .map(|(o, c)| {
            // Partial sums stay within 32 bits, too.
            let sums = Interval::of_products(layer.filter(o).iter().map(scaled), INT8);
            let h = HighWord::new(c, 0, bounds, signed)?;
            sums.plus(i128::from(h.start)).fits_i32().then_some(h)
        })
        .collect()
}

impl LayerKernel for Quads {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        let e = &layer.extents;
        if !target.has(Feature::Dsp) {
            return Err("the core has no DSP extension".to_owned());
        }
        if e.channels < QUAD {
            return Err("has fewer than four channels".to_owned());
        }
        if Shape::new(e, 1, 1).is_none() {
            return Err("a window has more than four rows".to_owned());
        }
        layer.fits_i32()?;
        match high_words(layer) {
            Some(_) => Ok(()),
            None => Err("a channel's outputs are not a high word of a product".to_owned()),
        }
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        let fitting = |limit: i64| -> Vec<Knobs> {
            let shapes = |outputs| {
                let one = Shape::new(e, 1, outputs).filter(|s| 4 * s.words() <= limit)?;
                if outputs > e.output.1 || !Taps::new(e, &one).fits(&one) {
                    return None;
                }
                let most = (limit / (4 * one.words())).min(blocks(e.output.0, one.rows));
                // Strips of equal height.
                let all = blocks(e.output.0, one.rows);
                let quads = blocks(all, blocks(all, most));
                Some(Knobs::new(&[("quads", quads), ("outputs", outputs)]))
            };
            (1..=QUAD).rev().filter_map(shapes).collect()
        };
        let small = fitting(SCRATCH);
        if small.is_empty() {
            fitting(LARGEST_STRIP)
        } else {
            small
        }
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, c) = (&layer.extents, &target.cost);
        let s = Shape::of(e, knobs);
        let taps = Taps::new(e, &s);
        let simd = target.cost.simd.unwrap_or(target::SimdCost {
            dual_mac: c.mul,
            permute: c.alu,
        });
        let (mac, permute) = (u64::from(simd.dual_mac), u64::from(simd.permute));
        let (load, store, alu) = (u64::from(c.load), u64::from(c.store), u64::from(c.alu));
        let multiplier = (e.out_channels / e.channels) as u64;
        // A step of `outputs` columns of outputs.
        let step = |outputs: i64| {
            let columns = ((outputs - 1) * e.stride.1 + e.reach().1) as u64;
            let sums = (outputs * s.rows) as u64;
            let finish = mac + 2 * alu + store;
            columns * (load + 2 * permute)
                + sums * (taps.multiplications() as u64 * mac + finish)
                // What does not stay in registers.
                + 4 * load
                + 2
        };
        let (whole, rest) = (e.output.1 / s.outputs, e.output.1 % s.outputs);
        // Around the steps: as measured.
        let around = match (whole > UNROLLED_STEPS, rest > 0) {
            (true, _) => whole as u64 * (loop_cycles(target) + 4 * alu) + 10,
            (false, false) => 20,
            (false, true) => 30,
        };
        let row = whole as u64 * step(s.outputs) + if rest > 0 { step(rest) } else { 0 } + around;
        let copied = s.copied as u64;
        let interleaved = [0, 1, 4, 5, 8][s.height as usize];
        let column = s.height as u64 * u64::from(c.load_after_load)
            + (load - u64::from(c.load_after_load))
            + (interleaved + 4 + 4) * alu
            + 4 * store
            + loop_cycles(target);
        let outside = copied * s.height as u64 * 3 * alu;
        let quads = (e.batches * blocks(e.output.0, s.rows)) as u64;
        let borders = quads.min(2 * e.batches as u64);
        let groups = blocks(e.channels, QUAD) as u64;
        let strips = (e.batches * blocks(blocks(e.output.0, s.rows), s.quads)) as u64;
        let channel = (taps.words.len() as u64 + CONSTANTS as u64 + 8) * load;
        let sweeps = QUAD as u64 * multiplier;
        let cycles = groups
            * (quads * (copied * column + 20 + sweeps * row) + strips * sweeps * channel)
            + groups * borders * outside
            + s.words() as u64 * 2;
        let products = (taps.multiplications() as i64 * s.rows) as u64;
        let code_of = |outputs: i64| 24 + 4 * outputs as u64 * (products + 5 * s.rows as u64 + 3);
        let code = 440 + code_of(s.outputs) + if rest > 0 { code_of(rest) } else { 0 };
        let table = 4 * (taps.words.len() as i64 + CONSTANTS) * e.out_channels;
        Cost {
            cycles,
            flash: code + table as u64,
            ram: 4 * s.words() as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let e = layer.extents;
        let s = Shape::of(&e, knobs);
        let taps = Taps::new(&e, &s);
        let c = e.channels;
        let multiplier = e.out_channels / c;
        k.set_name(&layer.kernel_name());
        let input = layer.declare_input(op, k);
        let record = taps.words.len() as i64 + CONSTANTS;
        let table = records(layer, &taps);
        let table = k.table_i32("channels", &[table.len() as i64], &table);
        let padding = (!e.is_inside()).then(|| {
            let byte = layer.input_zero_point as u8;
            k.scalar_i32(i64::from(i32::from_le_bytes([byte; 4])))
        });
        let clamp = layer.clamp;
        let bounds = (clamp != ClampI8::FULL).then(|| {
            [
                k.scalar_i32(i64::from(clamp.min)),
                k.scalar_i32(i64::from(clamp.max)),
            ]
        });
        let output = layer.declare_output(op, k);
        let i32t = k.module().i32();
        let strip = k.scratch(&[s.words()], i32t);
        let kernel = Kernel {
            e,
            s,
            taps,
            input,
            strip,
            table,
            signed: lowers(layer),
            bounds,
            output,
        };
        let all = blocks(e.output.0, s.rows);

        let mut b = k.body();
        let one = b.const_index(1);
        let zero = b.const_index(0);
        if let Some(padding) = padding {
            // Columns that are padding stay so.
            b.for_range(0, s.words(), 1, &[], |b, i, _| {
                b.store(padding, strip, &[i]);
                Vec::new()
            });
        }
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, blocks(all, s.quads), 1, &[], |b, t, _| {
                let first = sum_of(b, &[(t, s.quads)], 0);
                let end = if all % s.quads == 0 {
                    b.const_index(s.quads)
                } else {
                    let left = sum_of(b, &[(first, -1)], all);
                    at_most(b, left, s.quads)
                };
                // The first row of outputs of a quad.
                let row_of = |b: &mut Builder<'_>, q: ValueId| {
                    let y = sum_of(b, &[(first, s.rows), (q, s.rows)], 0);
                    if e.output.0 % s.rows == 0 {
                        y
                    } else {
                        at_most(b, y, e.output.0 - s.rows)
                    }
                };
                b.for_range(0, blocks(c, QUAD), 1, &[], |b, g, _| {
                    let c0 = block_start(b, g, QUAD, c);
                    b.for_loop(zero, end, one, &[], |b, q, _| {
                        let y = row_of(b, q);
                        kernel.pack(b, padding, [n, y, c0, q]);
                        Vec::new()
                    });
                    b.for_range(0, QUAD, 1, &[], |b, i, _| {
                        b.for_range(0, multiplier, 1, &[], |b, j, _| {
                            let o = sum_of(b, &[(c0, multiplier), (i, multiplier), (j, 1)], 0);
                            let channel = kernel.channel(b, o, record);
                            b.for_loop(zero, end, one, &[], |b, q, _| {
                                let y = row_of(b, q);
                                let line = e.output.1 * e.out_channels;
                                let to = sum_of(b, &[(n, e.output.0 * line), (y, line), (o, 1)], 0);
                                let from = sum_of(b, &[(q, QUAD * s.width), (i, s.width)], 0);
                                kernel.sweep(b, &channel, from, to);
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
            Vec::new()
        });
    }
}

/// For each output channel its words of weights, then start, multiplier, constant and shift.
fn records(layer: &Layer, taps: &Taps) -> Vec<i32> {
    let constants = high_words(layer).expect("invariant: the schedule applies");
    let mut table = Vec::new();
    for (o, h) in constants.iter().enumerate() {
        let filter = layer.filter(o);
        for word in &taps.words {
            let half = |i: usize| word[i].map_or(0, |at| i32::from(filter[at]) << FRACTION_BITS);
            table.push((half(0) & 0xffff) | (half(1) << 16));
        }
        table.extend([h.start, h.multiplier, h.constant, i32::from(h.shift)]);
    }
    table
}

/// A channel's constants, loaded.
struct Channel {
    weights: Vec<ValueId>,
    start: ValueId,
    multiplier: ValueId,
    constant: ValueId,
    shift: ValueId,
}

/// What the parts of the kernel share.
struct Kernel {
    e: Extents,
    s: Shape,
    taps: Taps,
    input: ValueId,
    strip: ValueId,
    table: ValueId,
    signed: bool,
    bounds: Option<[ValueId; 2]>,
    output: Sink,
}

impl Kernel {
    fn channel(&self, b: &mut Builder<'_>, o: ValueId, record: i64) -> Channel {
        let words = self.taps.words.len() as i64;
        let mut word = |at: i64| {
            let at = sum_of(b, &[(o, record)], at);
            b.load(self.table, &[at])
        };
        Channel {
            weights: (0..words).map(&mut word).collect(),
            start: word(words + START),
            multiplier: word(words + MULTIPLIER),
            constant: word(words + CONSTANT),
            shift: word(words + SHIFT),
        }
    }

    /// Copies the rows of quad `q` of the strip, of which the first row of outputs is `y`, for the channels from `c0` on.
    fn pack(&self, b: &mut Builder<'_>, padding: Option<ValueId>, at: [ValueId; 4]) {
        let (e, s) = (&self.e, &self.s);
        let top = sum_of(b, &[(at[1], e.stride.0)], -e.pad.0);
        let last = (e.output.0 - s.rows) * e.stride.0 - e.pad.0;
        let leaves = e.pad.0 > 0 || last + s.height > e.input.0;
        match padding.filter(|_| leaves) {
            None => self.copy(b, None, top, at),
            Some(padding) => {
                // Rows from which on no row of the quad is outside; a negative one is a large number.
                let starts = b.const_index((e.input.0 - s.height + 1).max(0));
                let inside = b.cmpi("ult", top, starts);
                b.if_else(
                    inside,
                    &[],
                    |b| {
                        self.copy(b, None, top, at);
                        Vec::new()
                    },
                    |b| {
                        self.copy(b, Some(padding), top, at);
                        Vec::new()
                    },
                );
            }
        }
    }

    /// The loop over columns; with `padding` for quads of which rows are outside.
    fn copy(&self, b: &mut Builder<'_>, padding: Option<ValueId>, top: ValueId, at: [ValueId; 4]) {
        let (e, s) = (&self.e, &self.s);
        let [n, _, c0, q] = at;
        let (c, line) = (e.channels, e.input.1 * e.channels);
        let aligned = (c % QUAD == 0).then_some(QUAD);
        let first = sum_of(b, &[(n, e.input.0 * line), (c0, 1)], 0);
        // Where each row begins; which bits of it count, and what the others are.
        let rows: Vec<(ValueId, Option<[ValueId; 2]>)> = (0..s.height)
            .map(|r| match padding {
                None => (sum_of(b, &[(first, 1), (top, line)], r * line), None),
                Some(padding) => {
                    let row = sum_of(b, &[(top, 1)], r);
                    let end = b.const_index(e.input.0);
                    let inside = b.cmpi("ult", row, end);
                    let nearest = at_least(b, row, 0);
                    let nearest = at_most(b, nearest, e.input.0 - 1);
                    let start = sum_of(b, &[(first, 1), (nearest, line)], 0);
                    let (none, all) = (b.const_i32(0), b.const_i32(-1));
                    let kept = b.select(inside, all, none);
                    let filled = b.select(inside, none, padding);
                    (start, Some([kept, filled]))
                }
            })
            .collect();
        let to = sum_of(b, &[(q, QUAD * s.width)], e.pad.1);
        b.for_range(0, s.copied, 1, &[], |b, x, _| {
            let i32t = b.m.i32();
            let word = b.m.vector(&[1], i32t);
            let loaded: Vec<ValueId> = rows
                .iter()
                .map(|&(start, _)| {
                    let from = sum_of(b, &[(start, 1), (x, c)], 0);
                    let bytes = b.vload(self.input, &[from], QUAD, aligned);
                    let bits = b.cast("vector.bitcast", bytes, word);
                    b.extract(bits, 0)
                })
                .collect();
            let mut r: Vec<ValueId> = loaded
                .iter()
                .zip(&rows)
                .map(|(&v, &(_, padding))| match padding {
                    None => v,
                    Some([kept, filled]) => {
                        let v = b.andi(v, kept);
                        b.ori(v, filled)
                    }
                })
                .collect();
            // Channels (0, 2) and (1, 3) of rows (0, 1), then of rows (2, 3).
            let upper = interleave(b, r[0], r.get(1).copied());
            let lower = match r.len() {
                0..=2 => upper,
                _ => {
                    let last = r.get(3).copied();
                    let third = r.swap_remove(2);
                    interleave(b, third, last)
                }
            };
            for half in 0..2 {
                let (u, l) = (upper[half], lower[half]);
                let low = b.dsp_by("pkhbt", &[u, l], 16);
                let high = b.dsp_by("pkhtb", &[l, u], 16);
                for (channel, v) in [(half as i64, low), (half as i64 + 2, high)] {
                    let to = sum_of(b, &[(to, 1), (x, 1)], channel * s.width);
                    b.store(v, self.strip, &[to]);
                }
            }
            Vec::new()
        });
    }

    /// Two or fewer rows of outputs of a channel, from its words of the quad at `from` on.
    fn sweep(&self, b: &mut Builder<'_>, channel: &Channel, from: ValueId, to: ValueId) {
        let (e, s) = (&self.e, &self.s);
        let rest = e.output.1 % s.outputs;
        let whole = e.output.1 - rest;
        if whole <= UNROLLED_STEPS * s.outputs {
            for step in 0..whole / s.outputs {
                let x = b.const_index(step * s.outputs);
                self.step(b, channel, s.outputs, [x, from, to]);
            }
        } else {
            b.for_range(0, whole, s.outputs, &[], |b, x, _| {
                self.step(b, channel, s.outputs, [x, from, to]);
                Vec::new()
            });
        }
        if rest > 0 {
            let x = b.const_index(whole);
            self.step(b, channel, rest, [x, from, to]);
        }
    }

    fn step(
        &self,
        b: &mut Builder<'_>,
        channel: &Channel,
        outputs: i64,
        [x, from, to]: [ValueId; 3],
    ) {
        let (e, s) = (&self.e, &self.s);
        let from = sum_of(b, &[(from, 1), (x, e.stride.1)], 0);
        let count = (outputs * s.rows) as usize;
        let sums = b.arm_block(count, |b| {
            let mut sums = vec![channel.start; count];
            let last = (outputs - 1) * e.stride.1 + (e.kernel.1 - 1) * e.dilation.1;
            for column in 0..=last {
                let uses: Vec<(i64, i64)> = (0..outputs)
                    .filter_map(|j| {
                        let d = column - j * e.stride.1;
                        (d >= 0 && d % e.dilation.1 == 0 && d / e.dilation.1 < e.kernel.1)
                            .then_some((j, d / e.dilation.1))
                    })
                    .collect();
                if uses.is_empty() {
                    continue;
                }
                let at = sum_of(b, &[(from, 1)], column);
                let v = b.load(self.strip, &[at]);
                let even = b.dsp_by("sxtb16", &[v], 0);
                let odd = b.dsp_by("sxtb16", &[v], 8);
                for (j, kx) in uses {
                    for row in 0..s.rows {
                        let sum = &mut sums[(j * s.rows + row) as usize];
                        for p in &self.taps.products[row as usize][kx as usize] {
                            *sum = product(b, p, [even, odd], &channel.weights, *sum);
                        }
                    }
                }
            }
            sums
        });
        let line = e.output.1 * e.out_channels;
        let to = sum_of(b, &[(to, 1), (x, e.out_channels)], 0);
        for j in 0..outputs {
            for row in 0..s.rows {
                let sum = sums[(j * s.rows + row) as usize];
                let y = self.finish(b, channel, sum);
                let at = sum_of(b, &[(to, 1)], j * e.out_channels + row * line);
                self.output.store(b, y, at);
            }
        }
    }

    /// The output byte of a sum.
    fn finish(&self, b: &mut Builder<'_>, c: &Channel, sum: ValueId) -> ValueId {
        let mut high = b.dsp("smmla", &[sum, c.multiplier, c.constant]);
        if self.signed {
            let [sign, lowered] = [31, i64::from(LOWERED)].map(|n| b.const_i32(n));
            let negative = b.shrui(sum, sign);
            let lowered = b.shli(negative, lowered);
            high = b.subi(high, lowered);
        }
        let value = b.shrsi(high, c.shift);
        let value = match self.bounds {
            None => b.dsp_by("ssat", &[value], 8),
            Some([min, max]) => {
                let value = b.maxsi(value, min);
                b.minsi(value, max)
            }
        };
        let i8t = b.m.i8();
        b.trunci(value, i8t)
    }
}

/// Of two words of four bytes, those at 0 and 2, alternating, and those at 1 and 3; without a second word its bytes are any.
fn interleave(b: &mut Builder<'_>, first: ValueId, second: Option<ValueId>) -> [ValueId; 2] {
    let eight = b.const_i32(8);
    let shifted = b.shrui(first, eight);
    let Some(second) = second else {
        return [first, shifted];
    };
    let mask = b.const_i32(0x00ff_00ff);
    let difference = b.xori(shifted, second);
    let difference = b.andi(difference, mask);
    let odd = b.xori(second, difference);
    let back = b.shli(difference, eight);
    let even = b.xori(first, back);
    [even, odd]
}

fn product(
    b: &mut Builder<'_>,
    p: &Product,
    rows: [ValueId; 2],
    weights: &[ValueId],
    sum: ValueId,
) -> ValueId {
    match *p {
        Product::Both { odd, word } => {
            b.dsp("smlad", &[rows[usize::from(odd)], weights[word], sum])
        }
        Product::One {
            odd,
            high,
            word,
            high_weight,
        } => {
            let name = match (high, high_weight) {
                (false, false) => "smlabb",
                (false, true) => "smlabt",
                (true, false) => "smlatb",
                (true, true) => "smlatt",
            };
            b.dsp(name, &[rows[usize::from(odd)], weights[word], sum])
        }
    }
}
