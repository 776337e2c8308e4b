//! Convolutions by Helium: the depth of a pixel is one contiguous row of bytes, in the input itself or copied with its padding, and
//! `VMLADAVA` multiplies sixteen at a time with those of an output channel.
//!
//! A sum begins with its bias, in a general register. Loads of weights alternate with multiplications, so that memory and arithmetic
//! overlap: where the depth is at most four vectors, they stay in registers while the channels go by, else four sums share each.

use super::kernel::{LayerKernel, block_start, blocks};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::requantize_vector::{VectorRequantization, VectorRequantizer, vector_cycles};
use crate::schedules::subscript::sum_of;
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Convolutions by dot products of bytes.
pub struct Helium;

/// Bytes of a vector.
const BYTES: i64 = 16;
/// Words of a vector: output channels of a block.
const WORDS: i64 = 4;
/// Vectors of activations that are held in registers.
const HELD: i64 = 4;
/// Bytes of a copied pixel at most.
const LARGEST_PIXEL: i64 = 4096;

/// How a pixel's depth lies in memory.
#[derive(Clone, Copy)]
struct Depth {
    length: i64,
    /// Whether it is copied to scratch, padded to vectors.
    copied: bool,
}

impl Depth {
    fn new(e: &Extents) -> Depth {
        let length = e.kernel.0 * e.kernel.1 * e.channels;
        Depth {
            length,
            copied: e.kernel != (1, 1) || !e.is_inside() || length < BYTES,
        }
    }

    /// Vectors, the last of which may overlap the one before.
    fn vectors(&self) -> i64 {
        blocks(self.length, BYTES)
    }

    /// Vectors that a loop goes over, [`HELD`] at a time, and how many are left; where a loop would run once, there is none.
    fn looped(&self) -> (i64, i64) {
        let even = match self.copied {
            true => self.vectors(),
            false => self.length / BYTES,
        };
        let looped = even - even % HELD;
        match self.vectors() <= HELD {
            true => (0, self.vectors()),
            false => (looped, self.vectors() - looped),
        }
    }

    /// The byte at which a vector starts.
    fn start(&self, vector: i64) -> i64 {
        match self.copied {
            true => vector * BYTES,
            false => (vector * BYTES).min(self.length - BYTES),
        }
    }

    /// Bytes of a copied pixel.
    fn bytes(&self) -> i64 {
        self.vectors() * BYTES
    }

    /// Scratch of so many pixels in bytes: short padding is written as a whole vector.
    fn scratch(&self, pixels: i64) -> i64 {
        match self.copied {
            true => (pixels * self.vectors() + 1) * BYTES,
            false => 0,
        }
    }
}

/// Runs of bytes that are contiguous in the input: rows, runs in a row, bytes.
fn runs(e: &Extents) -> (i64, i64, i64) {
    match e.dilation.1 == 1 || e.kernel.1 == 1 {
        true => (e.kernel.0, 1, e.kernel.1 * e.channels),
        false => (e.kernel.0, e.kernel.1, e.channels),
    }
}

/// The weights as words, `[block][group of vectors][channel of the block][vector of the group][byte]`, with zeros where a byte counts in
/// another vector or stands for no tap.
fn packed(layer: &Layer, depth: &Depth) -> Vec<i32> {
    let channels = layer.extents.out_channels;
    let mut bytes: Vec<i8> = Vec::new();
    for block in 0..blocks(channels, WORDS) {
        let first = (block * WORDS).min(channels - WORDS);
        for group in 0..blocks(depth.vectors(), HELD) {
            let vectors = group * HELD..((group + 1) * HELD).min(depth.vectors());
            for channel in first..first + WORDS {
                let filter = layer.filter(channel as usize);
                for vector in vectors.clone() {
                    let start = depth.start(vector);
                    bytes.extend((start..start + BYTES).map(|at| match at >= vector * BYTES {
                        true => filter.get(at as usize).copied().unwrap_or(0),
                        false => 0,
                    }));
                }
            }
        }
    }
    let word = |w: &[i8]| {
        w.iter()
            .rev()
            .fold(0, |all, &b| all << 8 | i32::from(b as u8))
    };
    bytes.chunks(4).map(word).collect()
}

/// The channels of the lanes of all blocks.
fn lanes(channels: i64) -> Vec<usize> {
    (0..blocks(channels, WORDS))
        .flat_map(|b| {
            let first = (b * WORDS).min(channels - WORDS);
            first..first + WORDS
        })
        .map(|c| c as usize)
        .collect()
}

/// Copies `length` bytes in the largest pieces that fit, if need be one that overlaps another.
fn copy(
    b: &mut Builder<'_>,
    (from, at): (ValueId, ValueId),
    (to, put): (ValueId, ValueId),
    length: i64,
) {
    let piece = [BYTES, WORDS, 1].into_iter().find(|&p| p <= length);
    let piece = piece.unwrap_or(1);
    let one = |b: &mut Builder<'_>, i: Option<ValueId>, by: i64| {
        let i: Vec<(ValueId, i64)> = i.map(|i| (i, 1)).into_iter().collect();
        let source = sum_of(b, &[&[(at, 1)], &i[..]].concat(), by);
        let target = sum_of(b, &[&[(put, 1)], &i[..]].concat(), by);
        match piece {
            BYTES => {
                let v = b.vldr(from, &[source], 8);
                b.vstr(v, to, &[target]);
            }
            WORDS => {
                let v = b.vload(from, &[source], WORDS, None);
                b.vstore(v, to, &[target], None);
            }
            _ => {
                let v = b.load(from, &[source]);
                b.store(v, to, &[target]);
            }
        }
    };
    let whole = length - length % piece;
    if whole <= HELD * piece {
        for by in (0..whole).step_by(piece as usize) {
            one(b, None, by);
        }
    } else {
        b.for_range(0, whole, piece, &[], |b, i, _| {
            one(b, Some(i), 0);
            Vec::new()
        });
    }
    if whole < length {
        one(b, None, length - piece);
    }
}

/// The input of a pixel, copied.
struct Gather<'a> {
    e: &'a Extents,
    input: ValueId,
    pixel: ValueId,
    /// Where in `pixel` it goes.
    to: i64,
    /// Sixteen bytes of padding.
    padding: Option<ValueId>,
}

impl Gather<'_> {
    /// The bytes under the kernel at output (`y`, `x`) of image `n`.
    fn at(&self, b: &mut Builder<'_>, [n, y, x]: [ValueId; 3]) {
        let e = self.e;
        let top = sum_of(b, &[(y, e.stride.0)], -e.pad.0);
        let left = sum_of(b, &[(x, e.stride.1)], -e.pad.1);
        let Some(padding) = self.padding else {
            self.inside(b, n, top, left);
            return;
        };
        let reach = e.reach();
        let room = (e.input.0 - reach.0 + 1, e.input.1 - reach.1 + 1);
        if room.0 <= 0 || room.1 <= 0 {
            self.across(b, n, top, left, padding);
            return;
        }
        // Unsigned, so that what is negative is not below either.
        let limit = b.const_index(room.0);
        let rows = b.cmpi("ult", top, limit);
        let limit = b.const_index(room.1);
        let columns = b.cmpi("ult", left, limit);
        let inside = b.andi(rows, columns);
        b.if_else(
            inside,
            &[],
            |b| {
                self.inside(b, n, top, left);
                Vec::new()
            },
            |b| {
                self.across(b, n, top, left, padding);
                Vec::new()
            },
        );
    }

    /// Where a row of the input starts, counted in bytes, at a column.
    fn source(&self, b: &mut Builder<'_>, n: ValueId, row: ValueId, column: ValueId) -> ValueId {
        let line = self.e.input.1 * self.e.channels;
        let terms = [
            (n, self.e.input.0 * line),
            (row, line),
            (column, self.e.channels),
        ];
        sum_of(b, &terms, 0)
    }

    /// A kernel that is all inside.
    fn inside(&self, b: &mut Builder<'_>, n: ValueId, top: ValueId, left: ValueId) {
        let e = self.e;
        let (rows, columns, run) = runs(e);
        b.for_range(0, rows, 1, &[], |b, ky, _| {
            let row = sum_of(b, &[(top, 1), (ky, e.dilation.0)], 0);
            let from = self.source(b, n, row, left);
            for kx in 0..columns {
                let at = sum_of(b, &[(from, 1)], kx * e.dilation.1 * e.channels);
                let put = sum_of(b, &[(ky, columns * run)], self.to + kx * run);
                copy(b, (self.input, at), (self.pixel, put), run);
            }
            Vec::new()
        });
    }

    /// A kernel that may hang over an edge: each row is padding first, then the taps that are inside.
    fn across(
        &self,
        b: &mut Builder<'_>,
        n: ValueId,
        top: ValueId,
        left: ValueId,
        padding: ValueId,
    ) {
        let e = self.e;
        let c = e.channels;
        let line = e.kernel.1 * c;
        b.for_range(0, e.kernel.0, 1, &[], |b, ky, _| {
            let put = sum_of(b, &[(ky, line)], self.to);
            b.for_range(0, blocks(line, BYTES), 1, &[], |b, i, _| {
                // What a short row's padding is too long is for the next row to overwrite.
                let by = match line < BYTES {
                    true => b.const_index(0),
                    false => block_start(b, i, BYTES, line),
                };
                let to = sum_of(b, &[(put, 1), (by, 1)], 0);
                b.vstr(padding, self.pixel, &[to]);
                Vec::new()
            });
            let row = sum_of(b, &[(top, 1), (ky, e.dilation.0)], 0);
            let height = b.const_index(e.input.0);
            let inside = b.cmpi("ult", row, height);
            b.if_then(inside, |b| {
                b.for_range(0, e.kernel.1, 1, &[], |b, kx, _| {
                    let column = sum_of(b, &[(left, 1), (kx, e.dilation.1)], 0);
                    let width = b.const_index(e.input.1);
                    let inside = b.cmpi("ult", column, width);
                    b.if_then(inside, |b| {
                        let at = self.source(b, n, row, column);
                        let put = sum_of(b, &[(put, 1), (kx, c)], 0);
                        copy(b, (self.input, at), (self.pixel, put), c);
                    });
                    Vec::new()
                });
            });
            Vec::new()
        });
    }
}

/// Sums of a block of channels for some pixels, in scratch: `words[pixel][channel]`.
struct Dot {
    depth: Depth,
    weights: ValueId,
    words: ValueId,
    requantizer: VectorRequantizer,
}

impl Dot {
    /// Sixteen bytes of weights: of a block, those of word `at`, for a group of a loop.
    fn weight(
        &self,
        b: &mut Builder<'_>,
        block: ValueId,
        group: Option<ValueId>,
        at: i64,
    ) -> ValueId {
        let all = self.depth.vectors() * WORDS * WORDS;
        let mut terms = vec![(block, all)];
        terms.extend(group.map(|g| (g, HELD * WORDS * WORDS)));
        let at = sum_of(b, &terms, at);
        let w = b.vldr(self.weights, &[at], 32);
        let bytes = ir::dialects::arm_mve::vector_type(b.m, 8);
        b.cast("vector.bitcast", w, bytes)
    }

    /// Some vectors of a pixel; a group of a loop is that many times [`HELD`] vectors behind.
    fn pixel(
        &self,
        b: &mut Builder<'_>,
        (source, at): (ValueId, ValueId),
        group: Option<ValueId>,
        vectors: std::ops::Range<i64>,
    ) -> Vec<ValueId> {
        vectors
            .map(|vector| {
                let mut terms = vec![(at, 1)];
                terms.extend(group.map(|g| (g, HELD * BYTES)));
                let at = sum_of(b, &terms, self.depth.start(vector));
                b.vldr(source, &[at], 8)
            })
            .collect()
    }

    fn bias(&self, b: &mut Builder<'_>, block: ValueId, channel: i64) -> ValueId {
        let lane = sum_of(b, &[(block, WORDS)], channel);
        self.requantizer.bias(b, lane)
    }

    fn put(&self, b: &mut Builder<'_>, pixel: i64, channel: i64, sum: ValueId) {
        let at = b.const_index(pixel * WORDS + channel);
        b.store(sum, self.words, &[at]);
    }

    /// Of pixels that are held in registers.
    fn held(&self, b: &mut Builder<'_>, pixels: &[Vec<ValueId>], block: ValueId) {
        let vectors = self.depth.vectors();
        for channel in 0..WORDS {
            let bias = self.bias(b, block, channel);
            let mut sums = vec![bias; pixels.len()];
            for vector in 0..vectors {
                let w = self.weight(b, block, None, (channel * vectors + vector) * WORDS);
                for (sum, pixel) in sums.iter_mut().zip(pixels) {
                    *sum = b.mve("vmladava", &[*sum, pixel[vector as usize], w]);
                }
            }
            for (p, &sum) in sums.iter().enumerate() {
                self.put(b, p as i64, channel, sum);
            }
        }
    }

    /// Of one pixel of any depth.
    fn looped(&self, b: &mut Builder<'_>, pixel: (ValueId, ValueId), block: ValueId) {
        let (looped, left) = self.depth.looped();
        let mut sums: Vec<ValueId> = (0..WORDS).map(|c| self.bias(b, block, c)).collect();
        let group =
            |b: &mut Builder<'_>, i: Option<ValueId>, from: i64, n: i64, sums: &[ValueId]| {
                let xs = self.pixel(b, pixel, i, from..from + n);
                let mut sums = sums.to_vec();
                for (channel, sum) in sums.iter_mut().enumerate() {
                    for (vector, &x) in xs.iter().enumerate() {
                        let at = (from * WORDS + channel as i64 * n + vector as i64) * WORDS;
                        let w = self.weight(b, block, i, at);
                        *sum = b.mve("vmladava", &[*sum, x, w]);
                    }
                }
                sums
            };
        sums = b.for_range(0, looped / HELD, 1, &sums, |b, i, sums| {
            group(b, Some(i), 0, HELD, sums)
        });
        if left > 0 {
            sums = group(b, None, looped, left, &sums);
        }
        for (channel, &sum) in sums.iter().enumerate() {
            self.put(b, 0, channel as i64, sum);
        }
    }
}

/// Pixels whose depth is held in registers while the channels go by; 0 if it is too deep.
fn held_pixels(depth: &Depth) -> i64 {
    HELD / depth.vectors()
}

/// Rows of output pixels and pixels of a row; where the input has none between the pixels of its own, all of them are one row.
fn grid(e: &Extents, depth: &Depth) -> (i64, i64, i64) {
    match !depth.copied && e.stride == (1, 1) {
        true => (1, 1, e.batches * e.output.0 * e.output.1),
        false => (e.batches, e.output.0, e.output.1),
    }
}

impl LayerKernel for Helium {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        if !target.has(Feature::Mve) {
            return Err("the core has no Helium".to_owned());
        }
        if layer.extents.out_channels < WORDS {
            return Err("has fewer than four output channels".to_owned());
        }
        let depth = Depth::new(&layer.extents);
        if depth.scratch(1) > LARGEST_PIXEL {
            return Err("a kernel holds more bytes than a copy of them should".to_owned());
        }
        layer.vector_requantization().map(|_| ())
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let depth = Depth::new(&layer.extents);
        let row = grid(&layer.extents, &depth).2;
        [1, 2, 4]
            .into_iter()
            .filter(|&p| p <= held_pixels(&depth).max(1) && p <= row)
            .map(|p| Knobs::new(&[("pixels", p)]))
            .collect()
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, pixels) = (&layer.extents, knobs.get("pixels"));
        let depth = Depth::new(e);
        let r = layer.vector_requantization();
        let operations = r.map_or(5, |r| r.operations()) + 3;
        let (load, store, op) = vector_cycles(target);
        let (vectors, p, words) = (depth.vectors() as u64, pixels as u64, WORDS as u64);
        // Loads overlap with products; the constants are measured.
        let block = match held_pixels(&depth) {
            0 => vectors * (words + 1) * load * 9 / 8 + operations * op + 30,
            _ => p * (words * vectors * op + operations * op + 9) + 10,
        };
        let copied = if depth.copied {
            let pieces = |run: i64| match run {
                BYTES.. => blocks(run, BYTES) as u64 * (load + store + 1),
                _ => {
                    let piece = if run < WORDS { 1 } else { WORDS };
                    let one = u64::from(target.cost.load + target.cost.store) + 1;
                    blocks(run, piece) as u64 * one
                }
            };
            let (rows, columns, run) = runs(e);
            let (edges, looped) = (!e.is_inside(), rows > 1);
            let row = columns as u64 * pieces(run) + if looped { 8 } else { 0 };
            let inside = rows as u64 * row + if edges { 12 } else { 0 };
            let padding = blocks(e.kernel.1 * e.channels, BYTES) as u64 * (store + 1);
            let across = rows as u64 * (padding + e.kernel.1 as u64 * (pieces(e.channels) + 6) + 8);
            let interior = |output: i64, stride: i64, pad: i64, reach: i64, input: i64| {
                (0..output)
                    .filter(|i| (0..=input - reach).contains(&(i * stride - pad)))
                    .count() as u64
            };
            let reach = e.reach();
            let inner = interior(e.output.0, e.stride.0, e.pad.0, reach.0, e.input.0)
                * interior(e.output.1, e.stride.1, e.pad.1, reach.1, e.input.1);
            let all = (e.output.0 * e.output.1) as u64;
            (inner * inside + (all - inner) * across) * e.batches as u64
        } else {
            0
        };
        let (images, rows, row) = grid(e, &depth);
        let tiles = (images * rows * blocks(row, pixels)) as u64;
        let groups = blocks(e.out_channels, WORDS);
        Cost {
            cycles: copied + tiles * (groups as u64 * block + 12) + 40,
            flash: 220
                + 12 * vectors.min(2 * HELD as u64) * (words + 1)
                + p * 64
                + if depth.copied { 200 } else { 0 }
                + (groups * depth.vectors() * WORDS * BYTES) as u64
                + VectorRequantization::table_bytes(groups * WORDS),
            ram: (depth.scratch(pixels) + 4 * WORDS * pixels) as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let (e, pixels) = (layer.extents, knobs.get("pixels"));
        let depth = Depth::new(&e);
        let requantization = layer
            .vector_requantization()
            .expect("invariant: the schedule applies");
        k.set_name(&layer.kernel_name());
        let input = k.input(op, 0, &[e.input_len()]);
        let table = packed(layer, &depth);
        let weights = k.table_i32("weights", &[table.len() as i64], &table);
        let requantizer = requantization.declare(k, &lanes(e.out_channels));
        let padded = depth.copied && !e.is_inside();
        let zero_point = padded.then(|| k.scalar_i32(i64::from(layer.input_zero_point)));
        let output = k.output(op, 0, &[e.output_len()]);
        let (i8t, i32t) = (k.module().i8(), k.module().i32());
        let copies = (depth.copied).then(|| k.scratch(&[depth.scratch(pixels)], i8t));
        let words = k.scratch(&[WORDS * pixels], i32t);
        let dot = Dot {
            depth,
            weights,
            words,
            requantizer,
        };

        let mut b = k.body();
        let bounds = requantizer.bounds(&mut b, 32);
        let padding = zero_point.map(|z| b.vdup(z, 8));
        let (images, rows, row) = grid(&e, &depth);
        b.for_range(0, images, 1, &[], |b, n, _| {
            b.for_range(0, rows, 1, &[], |b, y, _| {
                b.for_range(0, blocks(row, pixels), 1, &[], |b, tile, _| {
                    let x = block_start(b, tile, pixels, row);
                    let sources: Vec<(ValueId, ValueId)> = (0..pixels)
                        .map(|p| {
                            let x = sum_of(b, &[(x, 1)], p);
                            let Some(pixel) = copies else {
                                let line = e.input.1 * e.channels;
                                let terms = [
                                    (n, e.input.0 * line),
                                    (y, e.stride.0 * line),
                                    (x, e.stride.1 * e.channels),
                                ];
                                return (input, sum_of(b, &terms, 0));
                            };
                            let gather = Gather {
                                e: &e,
                                input,
                                pixel,
                                to: p * depth.bytes(),
                                padding,
                            };
                            gather.at(b, [n, y, x]);
                            (pixel, b.const_index(p * depth.bytes()))
                        })
                        .collect();
                    let held: Vec<Vec<ValueId>> = (sources.iter())
                        .filter(|_| held_pixels(&depth) > 0)
                        .map(|&s| dot.pixel(b, s, None, 0..depth.vectors()))
                        .collect();
                    let line = e.output.1 * e.out_channels;
                    let terms = [(n, e.output.0 * line), (y, line), (x, e.out_channels)];
                    let to = sum_of(b, &terms, 0);
                    b.for_range(0, blocks(e.out_channels, WORDS), 1, &[], |b, block, _| {
                        match held.is_empty() {
                            true => dot.looped(b, sources[0], block),
                            false => dot.held(b, &held, block),
                        }
                        let o = block_start(b, block, WORDS, e.out_channels);
                        let lane = sum_of(b, &[(block, WORDS)], 0);
                        for p in 0..pixels {
                            let at = b.const_index(p * WORDS);
                            let v = b.vldr(words, &[at], 32);
                            let v = requantizer.output(b, lane, v, bounds);
                            let at = sum_of(b, &[(to, 1), (o, 1)], p * e.out_channels);
                            b.vstr(v, output, &[at]);
                        }
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
