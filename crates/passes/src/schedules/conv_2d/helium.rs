//! Convolutions by Helium: the depth of a pixel is one contiguous row of bytes, in the input itself or copied with its padding, and
//! `VMLADAVA` multiplies sixteen at a time with those of four or eight output channels.

use super::kernel::{LayerKernel, block_start, blocks};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::requantize_vector::VectorRequantization;
use crate::schedules::subscript::sum_of;
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Convolutions by dot products of bytes.
pub struct Helium;

/// Bytes of a vector.
const BYTES: i64 = 16;
/// Words of a vector.
const WORDS: i64 = 4;
/// Vectors of depth up to which a block's loop over them is unrolled.
const UNROLLED: i64 = 4;
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

    /// The byte at which a vector starts.
    fn start(&self, vector: i64) -> i64 {
        match self.copied {
            true => vector * BYTES,
            false => (vector * BYTES).min(self.length - BYTES),
        }
    }

    /// Scratch of a copied pixel: a short run is written as a whole vector.
    fn scratch(&self) -> i64 {
        (self.vectors() + 1) * BYTES
    }
}

/// Runs of bytes that are contiguous in the input: rows, runs in a row, bytes.
fn runs(e: &Extents) -> (i64, i64, i64) {
    match e.dilation.1 == 1 || e.kernel.1 == 1 {
        true => (e.kernel.0, 1, e.kernel.1 * e.channels),
        false => (e.kernel.0, e.kernel.1, e.channels),
    }
}

/// The weights, `[block][vector][channel of the block][byte]`, with zeros where a byte counts in another vector or stands for no tap.
fn packed(layer: &Layer, depth: &Depth, width: i64) -> Vec<i8> {
    let channels = layer.extents.out_channels;
    let mut all = Vec::new();
    for block in 0..blocks(channels, width) {
        let first = (block * width).min(channels - width);
        for vector in 0..depth.vectors() {
            let start = depth.start(vector);
            for channel in first..first + width {
                let filter = layer.filter(channel as usize);
                all.extend((start..start + BYTES).map(|at| match at >= vector * BYTES {
                    true => filter.get(at as usize).copied().unwrap_or(0),
                    false => 0,
                }));
            }
        }
    }
    all
}

/// The channels of the lanes of all blocks.
fn lanes(channels: i64, width: i64) -> Vec<usize> {
    (0..blocks(channels, width))
        .flat_map(|b| {
            let first = (b * width).min(channels - width);
            first..first + width
        })
        .map(|c| c as usize)
        .collect()
}

/// Copies `length` bytes with whole vectors, if need be one that overlaps another, or with one that is cut (`short` is its predicate);
/// what it writes behind the end is for others to overwrite.
fn copy(
    b: &mut Builder<'_>,
    (from, at): (ValueId, ValueId),
    (to, put): (ValueId, ValueId),
    length: i64,
    short: ValueId,
) {
    if length < BYTES {
        let v = b.vldr_z(short, from, &[at], 8);
        b.vstr(v, to, &[put]);
        return;
    }
    let one = |b: &mut Builder<'_>, i: Option<ValueId>, by: i64| {
        let (mut source, mut target) = (vec![(at, 1)], vec![(put, 1)]);
        if let Some(i) = i {
            source.push((i, 1));
            target.push((i, 1));
        }
        let source = sum_of(b, &source, by);
        let target = sum_of(b, &target, by);
        let v = b.vldr(from, &[source], 8);
        b.vstr(v, to, &[target]);
    };
    let whole = length - length % BYTES;
    if whole <= UNROLLED * BYTES {
        for by in (0..whole).step_by(BYTES as usize) {
            one(b, None, by);
        }
    } else {
        b.for_range(0, whole, BYTES, &[], |b, i, _| {
            one(b, Some(i), 0);
            Vec::new()
        });
    }
    if whole < length {
        one(b, None, length - BYTES);
    }
}

/// The input of a pixel, copied.
struct Gather<'a> {
    e: &'a Extents,
    input: ValueId,
    pixel: ValueId,
    /// Sixteen bytes of padding.
    padding: Option<ValueId>,
    /// Predicates of short runs: of a row's taps, of a tap's channels.
    short: (ValueId, ValueId),
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
                let put = sum_of(b, &[(ky, columns * run)], kx * run);
                copy(b, (self.input, at), (self.pixel, put), run, self.short.0);
            }
            Vec::new()
        });
    }

    /// A kernel that may hang over an edge.
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
        b.for_range(0, e.kernel.0, 1, &[], |b, ky, _| {
            let row = sum_of(b, &[(top, 1), (ky, e.dilation.0)], 0);
            let height = b.const_index(e.input.0);
            let row_inside = b.cmpi("ult", row, height);
            b.for_range(0, e.kernel.1, 1, &[], |b, kx, _| {
                let column = sum_of(b, &[(left, 1), (kx, e.dilation.1)], 0);
                let width = b.const_index(e.input.1);
                let inside = b.cmpi("ult", column, width);
                let inside = b.andi(row_inside, inside);
                let put = sum_of(b, &[(ky, e.kernel.1 * c), (kx, c)], 0);
                b.if_else(
                    inside,
                    &[],
                    |b| {
                        let at = self.source(b, n, row, column);
                        copy(b, (self.input, at), (self.pixel, put), c, self.short.1);
                        Vec::new()
                    },
                    |b| {
                        b.for_range(0, blocks(c, BYTES), 1, &[], |b, i, _| {
                            let by = match c < BYTES {
                                true => b.const_index(0),
                                false => block_start(b, i, BYTES, c),
                            };
                            let to = sum_of(b, &[(put, 1), (by, 1)], 0);
                            b.vstr(padding, self.pixel, &[to]);
                            Vec::new()
                        });
                        Vec::new()
                    },
                );
                Vec::new()
            });
            Vec::new()
        });
    }
}

/// The dot products of a pixel with a block of channels.
struct Dot {
    depth: Depth,
    width: i64,
    weights: ValueId,
}

impl Dot {
    fn sums(
        &self,
        b: &mut Builder<'_>,
        (source, at): (ValueId, ValueId),
        block: ValueId,
    ) -> Vec<ValueId> {
        let vectors = self.depth.vectors();
        let zero = b.const_i32(0);
        let mut sums = vec![zero; self.width as usize];
        let step = |b: &mut Builder<'_>, i: Option<ValueId>, vector: i64, sums: &mut [ValueId]| {
            let mut terms = vec![(at, 1)];
            let mut table = vec![(block, vectors * self.width * BYTES)];
            if let Some(i) = i {
                terms.push((i, BYTES));
                table.push((i, self.width * BYTES));
            }
            let x = sum_of(b, &terms, self.depth.start(vector));
            let x = b.vldr(source, &[x], 8);
            for (c, sum) in sums.iter_mut().enumerate() {
                let w = sum_of(b, &table, (vector * self.width + c as i64) * BYTES);
                let w = b.vldr(self.weights, &[w], 8);
                *sum = b.mve("vmladava", &[*sum, x, w]);
            }
        };
        if vectors <= UNROLLED {
            for vector in 0..vectors {
                step(b, None, vector, &mut sums);
            }
            return sums;
        }
        let looped = match self.depth.copied {
            true => vectors,
            false => self.depth.length / BYTES,
        };
        sums = b.for_range(0, looped, 1, &sums, |b, i, sums| {
            let mut sums = sums.to_vec();
            step(b, Some(i), 0, &mut sums);
            sums
        });
        if looped < vectors {
            step(b, None, looped, &mut sums);
        }
        sums
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
        if depth.copied && depth.scratch() > LARGEST_PIXEL {
            return Err("a kernel holds more bytes than a copy of them should".to_owned());
        }
        layer.vector_requantization().map(|_| ())
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        [4, 8]
            .into_iter()
            .filter(|&width| width <= layer.extents.out_channels)
            .map(|width| Knobs::new(&[("channels", width)]))
            .collect()
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, width) = (&layer.extents, knobs.get("channels"));
        let depth = Depth::new(e);
        let r = layer.vector_requantization();
        let operations = r.map_or(6, |r| r.operations()) + 4;
        let c = target.cost.vector.unwrap_or(target::VectorCost {
            load: 4,
            store: 4,
            op: 4,
        });
        let (load, store, op) = (u64::from(c.load), u64::from(c.store), u64::from(c.op));
        let (vectors, words) = (depth.vectors() as u64, (width / WORDS) as u64);
        // Loads and products overlap, but for what a compiler's order leaves.
        let step = (width as u64 + 1) * load + 3 * words;
        let block = vectors * step + words * (operations * op + store + 11) + 4;
        let copied = if depth.copied {
            let (rows, columns, run) = runs(e);
            let vectors = (columns * blocks(run, BYTES)) as u64;
            let inside = rows as u64 * (vectors * (load + store + 1) + 8) + 12;
            let across = (e.kernel.0 * e.kernel.1) as u64
                * (blocks(e.channels, BYTES) as u64 * (load + store + 1) + 16);
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
        let pixels = (e.batches * e.output.0 * e.output.1) as u64;
        let groups = blocks(e.out_channels, width);
        let unrolled = vectors.min(UNROLLED as u64);
        Cost {
            cycles: copied + pixels * (groups as u64 * block + 12) + 40,
            flash: 120
                + unrolled * 8 * (width as u64 + 1)
                + words * 64
                + if depth.copied { 200 } else { 0 }
                + (groups * depth.vectors() * width * BYTES) as u64
                + VectorRequantization::table_bytes(groups * width),
            ram: if depth.copied {
                depth.scratch() as u64
            } else {
                0
            } + 4 * width as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let (e, width) = (layer.extents, knobs.get("channels"));
        let depth = Depth::new(&e);
        let requantization = layer
            .vector_requantization()
            .expect("invariant: the schedule applies");
        k.set_name(&layer.kernel_name());
        let input = k.input(op, 0, &[e.input_len()]);
        let table = packed(layer, &depth, width);
        let weights = k.table_i8("weights", &[table.len() as i64], &table);
        let requantizer = requantization.declare(k, &lanes(e.out_channels, width));
        let padded = depth.copied && !e.is_inside();
        let zero_point = padded.then(|| k.scalar_i32(i64::from(layer.input_zero_point)));
        let output = k.output(op, 0, &[e.output_len()]);
        let (i8t, i32t) = (k.module().i8(), k.module().i32());
        let pixel = depth.copied.then(|| k.scratch(&[depth.scratch()], i8t));
        let words = k.scratch(&[width], i32t);
        let dot = Dot {
            depth,
            width,
            weights,
        };

        let mut b = k.body();
        let bounds = requantizer.bounds(&mut b, 32);
        let gather = pixel.map(|pixel| {
            let short = |b: &mut Builder<'_>, length: i64| {
                let length = b.const_i32(length.min(BYTES));
                b.mve("vctp8", &[length])
            };
            Gather {
                e: &e,
                input,
                pixel,
                padding: zero_point.map(|z| b.vdup(z, 8)),
                short: (short(&mut b, runs(&e).2), short(&mut b, e.channels)),
            }
        });
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, e.output.0, 1, &[], |b, y, _| {
                b.for_range(0, e.output.1, 1, &[], |b, x, _| {
                    let source = match &gather {
                        Some(gather) => {
                            gather.at(b, [n, y, x]);
                            (gather.pixel, b.const_index(0))
                        }
                        None => {
                            let row = e.input.1 * e.channels;
                            let terms = [
                                (n, e.input.0 * row),
                                (y, e.stride.0 * row),
                                (x, e.stride.1 * e.channels),
                            ];
                            (input, sum_of(b, &terms, 0))
                        }
                    };
                    let line = e.output.1 * e.out_channels;
                    let terms = [(n, e.output.0 * line), (y, line), (x, e.out_channels)];
                    let to = sum_of(b, &terms, 0);
                    b.for_range(0, blocks(e.out_channels, width), 1, &[], |b, block, _| {
                        let sums = dot.sums(b, source, block);
                        for (i, &sum) in sums.iter().enumerate() {
                            let at = b.const_index(i as i64);
                            b.store(sum, words, &[at]);
                        }
                        let o = block_start(b, block, width, e.out_channels);
                        for word in (0..width).step_by(WORDS as usize) {
                            let at = b.const_index(word);
                            let v = b.vldr(words, &[at], 32);
                            let lane = sum_of(b, &[(block, width)], word);
                            let v = requantizer.output(b, lane, v, bounds);
                            let at = sum_of(b, &[(to, 1), (o, 1)], word);
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
