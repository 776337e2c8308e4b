//! Depthwise convolutions by Helium: the lanes are sixteen channels of a pixel, or those of two or four neighbouring pixels.
//!
//! A tile of the input is copied with its padding. Bytes are multiplied to 16 bits (`VMULLB`, `VMULLT`) and added there as long as the
//! weights prove that no sum leaves them, then in 32 bits.

use crate::schedules::conv_2d::kernel::{
    LayerKernel, SCRATCH, block_start, blocks, row_or_padding,
};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::requantize_vector::{VectorRequantization, vector_cycles};
use crate::schedules::subscript::{at_least, at_most, sum_of};
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Depthwise convolutions, sixteen outputs at a time.
pub struct Helium;

/// Lanes of a vector of bytes.
const LANES: i64 = 16;
/// Lanes of a vector of words.
const WORDS: i64 = 4;
/// Taps of a kernel at most: they are unrolled.
const TAPS: i64 = 25;
/// Scratch in bytes up to which a tile is taken where no smaller one does.
const LARGEST_TILE: i64 = 4096;
/// What the magnitudes of weights may sum to, so that their products with bytes fit 16 bits.
const WEIGHTS_OF_16_BITS: u32 = 255;
/// The bytes whose sums are each lane's of four vectors of words.
const ORDER: [usize; 16] = [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15];

/// A tile of `rows` × `columns` outputs over `group` channels.
#[derive(Clone, Copy)]
struct Tile {
    /// Channels: sixteen, or all.
    group: i64,
    rows: i64,
    columns: i64,
    /// Rows and columns of the input.
    height: i64,
    width: i64,
}

impl Tile {
    fn new(e: &Extents, rows: i64, columns: i64) -> Tile {
        let reach = e.reach();
        Tile {
            group: e.channels.min(LANES),
            rows,
            columns,
            height: (rows - 1) * e.stride.0 + reach.0,
            width: (columns - 1) * e.stride.1 + reach.1,
        }
    }

    fn of(e: &Extents, knobs: &Knobs) -> Tile {
        Tile::new(e, knobs.get("rows"), knobs.get("columns"))
    }

    fn bytes(&self) -> i64 {
        self.height
            .saturating_mul(self.width)
            .saturating_mul(self.group)
    }

    /// Pixels of a vector.
    fn pixels(&self) -> i64 {
        LANES / self.group
    }

    /// Tiles of an image, all channels.
    fn count(&self, e: &Extents) -> i64 {
        blocks(e.output.0, self.rows)
            * blocks(e.output.1, self.columns)
            * blocks(e.channels, self.group)
    }

    /// Bits of a lane when a pixel of the group is one vector.
    fn lane_bits(&self) -> u32 {
        8 * self.pixels() as u32
    }
}

/// The first channel of a group.
fn first_channel(e: &Extents, tile: &Tile, group: i64) -> i64 {
    (group * tile.group).min(e.channels - tile.group)
}

/// Runs of taps whose sums fit 16 bits.
fn chains(layer: &Layer) -> Vec<Vec<usize>> {
    let channels = layer.extents.out_channels as usize;
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut sums = vec![0u32; channels];
    for tap in 0..layer.depth() as usize {
        let weight = |c: usize| u32::from(layer.filter(c)[tap].unsigned_abs());
        let fits = (0..channels).all(|c| sums[c] + weight(c) <= WEIGHTS_OF_16_BITS);
        if !fits || all.is_empty() {
            sums.fill(0);
            all.push(Vec::new());
        }
        for (c, sum) in sums.iter_mut().enumerate() {
            *sum += weight(c);
        }
        if let Some(chain) = all.last_mut() {
            chain.push(tap);
        }
    }
    all
}

/// The weights, `[group][tap][lane]`.
fn packed(layer: &Layer, tile: &Tile) -> Vec<i8> {
    let e = &layer.extents;
    let mut all = Vec::new();
    for group in 0..blocks(e.channels, tile.group) {
        let first = first_channel(e, tile, group);
        for tap in 0..layer.depth() as usize {
            all.extend((0..LANES).map(|l| layer.filter((first + l % tile.group) as usize)[tap]));
        }
    }
    all
}

/// The channels of the lanes, in the order in which they are requantised.
fn lanes(e: &Extents, tile: &Tile) -> Vec<usize> {
    (0..blocks(e.channels, tile.group))
        .flat_map(|group| {
            let first = first_channel(e, tile, group);
            ORDER.map(|l| (first + l as i64 % tile.group) as usize)
        })
        .collect()
}

/// Copies the tile's input at output (`y`, `x`) of image `n`, from channel `first` on; outside of the input is `padding`, a vector of the
/// lanes of a pixel.
fn fill(
    b: &mut Builder<'_>,
    (e, tile): (&Extents, &Tile),
    (input, scratch): (ValueId, ValueId),
    padding: ValueId,
    [n, y, x, first]: [ValueId; 4],
) {
    let bits = tile.lane_bits();
    let top = sum_of(b, &[(y, e.stride.0)], -e.pad.0);
    let left = sum_of(b, &[(x, e.stride.1)], -e.pad.1);
    let from = sum_of(b, &[(left, -1)], 0);
    let from = at_least(b, from, 0);
    let from = at_most(b, from, tile.width);
    let to = sum_of(b, &[(left, -1)], e.input.1);
    let to = at_most(b, to, tile.width);
    let to = at_least(b, to, 0);
    let (zero, one) = (b.const_index(0), b.const_index(1));
    let end = b.const_index(tile.width);
    let pad = |b: &mut Builder<'_>, row: ValueId, from: ValueId, to: ValueId| {
        b.for_loop(from, to, one, &[], |b, i, _| {
            let at = sum_of(b, &[(row, 1), (i, tile.group)], 0);
            b.vstr(padding, scratch, &[at]);
            Vec::new()
        });
    };
    b.for_range(0, tile.height, 1, &[], |b, r, _| {
        let put = sum_of(b, &[(r, tile.width * tile.group)], 0);
        let row = sum_of(b, &[(top, 1), (r, 1)], 0);
        let copy = |b: &mut Builder<'_>| {
            pad(b, put, zero, from);
            let line = e.input.1 * e.channels;
            let terms = [
                (n, e.input.0 * line),
                (row, line),
                (left, e.channels),
                (first, 1),
            ];
            let source = sum_of(b, &terms, 0);
            b.for_loop(from, to, one, &[], |b, i, _| {
                let at = sum_of(b, &[(source, 1), (i, e.channels)], 0);
                let v = b.vldr(input, &[at], bits);
                let at = sum_of(b, &[(put, 1), (i, tile.group)], 0);
                b.vstr(v, scratch, &[at]);
                Vec::new()
            });
            pad(b, put, to, end);
        };
        row_or_padding(b, row, e.input.0, copy, |b| pad(b, put, zero, end));
        Vec::new()
    });
}

impl LayerKernel for Helium {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        let e = &layer.extents;
        if !target.has(Feature::Mve) {
            return Err("the core has no Helium".to_owned());
        }
        if e.channels != e.out_channels {
            return Err("has several outputs a channel".to_owned());
        }
        match e.channels {
            LANES.. => {}
            4 | 8 if e.stride.1 == 1 => {}
            _ => return Err("its channels do not fill vectors".to_owned()),
        }
        if layer.depth() > TAPS {
            return Err("has more taps than are unrolled".to_owned());
        }
        layer.small_sums()?;
        layer.vector_requantization().map(|_| ())
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        let fitting = |limit: i64| -> Vec<Knobs> {
            let fits = |rows: i64, columns: i64| Tile::new(e, rows, columns).bytes() <= limit;
            let least = Tile::new(e, 1, 1).pixels();
            if e.output.1 < least || !fits(1, least) {
                return Vec::new();
            }
            let columns = (least..=e.output.1).rev().find(|&c| fits(1, c));
            let parts = blocks(e.output.1, columns.unwrap_or(least));
            let columns = blocks(e.output.1, parts).max(least);
            let rows = (1..=e.output.0.min(limit))
                .rev()
                .find(|&r| fits(r, columns));
            let rows = blocks(e.output.0, blocks(e.output.0, rows.unwrap_or(1)));
            vec![Knobs::new(&[("rows", rows), ("columns", columns)])]
        };
        let small = fitting(SCRATCH);
        if small.is_empty() {
            fitting(LARGEST_TILE)
        } else {
            small
        }
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let e = &layer.extents;
        let tile = Tile::of(e, knobs);
        let r = layer.vector_requantization();
        let operations = r.map_or(5, |r| r.operations()) + 1;
        let (load, store, op) = vector_cycles(target);
        let (taps, chains) = (layer.depth() as u64, chains(layer).len() as u64);
        // Products and sums in 16 bits, sums in 32, requantisation, narrowing.
        let arithmetic = 4 * taps - 2 * chains + 8 * chains - 4 + 4 * operations + 10;
        // The last constant is measured: compilers keep more vectors than there are registers.
        let vector = arithmetic * op + store + 110;
        let copied =
            (tile.height * tile.width) as u64 * (load + store + 3) + tile.height as u64 * 20 + 30;
        let vectors = (tile.rows * blocks(tile.columns, tile.pixels())) as u64;
        let groups = blocks(e.channels, tile.group);
        Cost {
            cycles: (e.batches * tile.count(e)) as u64 * (copied + vectors * vector) + 40,
            flash: 400
                + 28 * taps
                + 48 * chains
                + (groups * layer.depth() * LANES) as u64
                + VectorRequantization::table_bytes(groups * LANES),
            ram: tile.bytes() as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let e = layer.extents;
        let tile = Tile::of(&e, knobs);
        let requantization = layer
            .vector_requantization()
            .expect("invariant: the schedule applies");
        k.set_name(&layer.kernel_name());
        let input = k.input(op, 0, &[e.input_len()]);
        let table = packed(layer, &tile);
        let weights = k.table_i8("weights", &[table.len() as i64], &table);
        let requantizer = requantization.declare(k, &lanes(&e, &tile));
        let zero_point = k.scalar_i32(i64::from(layer.input_zero_point));
        let output = k.output(op, 0, &[e.output_len()]);
        let i8t = k.module().i8();
        let scratch = k.scratch(&[tile.bytes()], i8t);
        let (taps, chains) = (layer.depth(), chains(layer));
        let c = e.channels;

        let mut b = k.body();
        let padding = b.vdup(zero_point, tile.lane_bits());
        // The even bytes first, then the odd ones: so few vectors are live that they are all in registers.
        let half = |b: &mut Builder<'_>, at: ValueId, group: ValueId, odd: i64| -> ValueId {
            let multiply = ["vmullb", "vmullt"][odd as usize];
            let lane = sum_of(b, &[(group, LANES)], 2 * WORDS * odd);
            let mut words: Option<[ValueId; 2]> = None;
            for chain in &chains {
                let mut sum: Option<ValueId> = None;
                for &tap in chain {
                    let (ky, kx) = (tap as i64 / e.kernel.1, tap as i64 % e.kernel.1);
                    let by = ky * e.dilation.0 * tile.width + kx * e.dilation.1;
                    let x = sum_of(b, &[(at, 1)], by * tile.group);
                    let x = b.vldr(scratch, &[x], 8);
                    let w = sum_of(b, &[(group, taps * LANES)], tap as i64 * LANES);
                    let w = b.vldr(weights, &[w], 8);
                    let product = b.mve(multiply, &[x, w]);
                    sum = Some(match sum {
                        None => product,
                        Some(sum) => b.mve("vadd", &[sum, product]),
                    });
                }
                let sum = sum.expect("invariant: a chain has a tap");
                let widen = |b: &mut Builder<'_>, i: usize| {
                    let v = b.mve(["vmovlb", "vmovlt"][i], &[sum]);
                    match words {
                        None => {
                            let lane = sum_of(b, &[(lane, 1)], i as i64 * WORDS);
                            requantizer.biased(b, lane, v)
                        }
                        Some(sums) => b.mve("vadd", &[sums[i], v]),
                    }
                };
                words = Some([widen(b, 0), widen(b, 1)]);
            }
            let words = words.expect("invariant: a kernel has a tap");
            requantizer.halves(b, lane, words)
        };
        let one = |b: &mut Builder<'_>, at: ValueId, group: ValueId| -> ValueId {
            let halves = [half(b, at, group, 0), half(b, at, group, 1)];
            requantizer.bytes(b, halves)
        };
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, blocks(c, tile.group), 1, &[], |b, group, _| {
                let first = block_start(b, group, tile.group, c);
                b.for_range(0, blocks(e.output.0, tile.rows), 1, &[], |b, ty, _| {
                    let y = block_start(b, ty, tile.rows, e.output.0);
                    b.for_range(0, blocks(e.output.1, tile.columns), 1, &[], |b, tx, _| {
                        let x = block_start(b, tx, tile.columns, e.output.1);
                        let place = [n, y, x, first];
                        fill(b, (&e, &tile), (input, scratch), padding, place);
                        b.for_range(0, tile.rows, 1, &[], |b, r, _| {
                            let line = e.output.1 * c;
                            let terms = [
                                (n, e.output.0 * line),
                                (y, line),
                                (r, line),
                                (x, c),
                                (first, 1),
                            ];
                            let to = sum_of(b, &terms, 0);
                            let row = sum_of(b, &[(r, e.stride.0 * tile.width * tile.group)], 0);
                            let count = blocks(tile.columns, tile.pixels());
                            b.for_range(0, count, 1, &[], |b, i, _| {
                                let column = block_start(b, i, tile.pixels(), tile.columns);
                                let terms = [(row, 1), (column, e.stride.1 * tile.group)];
                                let at = sum_of(b, &terms, 0);
                                let v = one(b, at, group);
                                let at = sum_of(b, &[(to, 1), (column, c)], 0);
                                b.vstr(v, output, &[at]);
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
