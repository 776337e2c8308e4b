//! Depthwise 3×3 convolutions by Helium: a word holds four neighbouring rows of a column and channel, and one `VMLADAVA` multiplies four
//! such columns with the nine weights of an output, each at its place among sixteen, zeros elsewhere.
//!
//! So an output takes one multiplication, whatever its weights are. Four columns of four rows are those of two by two outputs, or with
//! stride 2 of one. The weights of a channel are eleven bytes of column-major taps, five zeros before and behind: loads that start
//! earlier have the taps further down and to the right.

use crate::schedules::conv_2d::kernel::{LayerKernel, block_start, blocks};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::requantize_vector::{VectorRequantization, VectorRequantizer, vector_cycles};
use crate::schedules::subscript::{at_least, at_most, sum_of};
use ir::dialects::arm_mve::vector_type;
use ir::{Builder, OpId, OpState, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Depthwise 3×3 convolutions of at least sixteen channels, sixteen at a time.
pub struct HeliumColumns;

/// Channels of a group: lanes of a vector of bytes, words of a column.
const GROUP: i64 = 16;
/// Lanes of a vector of words: channels of a block, columns and rows of a multiplication.
const WORDS: i64 = 4;
/// Scratch in bytes that a tile may take.
const LARGEST_TILE: i64 = 1280;
/// The word of a column that channel `4·i + n` of the group has, less `i`: as [`transposed`] leaves them.
const FIRST_WORDS: [i64; 4] = [0, 8, 4, 12];

/// A tile: one row of multiplications.
#[derive(Clone, Copy)]
struct Tile {
    /// Multiplications for each channel and output of a block.
    steps: i64,
    /// Rows and columns of outputs of a step.
    side: i64,
    /// Columns of outputs that are stored.
    columns: i64,
}

impl Tile {
    fn new(e: &Extents, steps: i64) -> Tile {
        let side = if e.stride == (1, 1) { 2 } else { 1 };
        Tile {
            steps,
            side,
            columns: (steps * side).min(e.output.1),
        }
    }

    /// Columns of the input; steps are two apart.
    fn width(&self) -> i64 {
        2 * self.steps + 2
    }

    /// Rows of the input that count.
    fn height(&self) -> i64 {
        self.side + 2
    }

    /// Outputs of a channel, stored or not.
    fn outputs(&self) -> i64 {
        self.steps * self.side * self.side
    }

    /// Words of scratch: columns, and sums of a block of channels.
    fn words(&self) -> (i64, i64) {
        (self.width() * GROUP, self.outputs() * WORDS)
    }

    fn bytes(&self) -> i64 {
        4 * (self.words().0 + self.words().1)
    }

    /// Tiles of an image, all channels.
    fn count(&self, e: &Extents) -> i64 {
        blocks(e.output.0, self.side) * blocks(e.output.1, self.columns) * blocks(e.channels, GROUP)
    }
}

/// The weights of a channel in front of its zeros, sixteen bytes a channel, behind five zeros.
fn packed(layer: &Layer) -> Vec<i8> {
    let mut all = vec![0; WORDS as usize + 1];
    for c in 0..layer.extents.channels {
        let filter = layer.filter(c as usize);
        for column in 0..4 {
            for row in 0..4 {
                all.push(match (row, column) {
                    (0..3, 0..3) => filter[row * 3 + column],
                    _ => 0,
                });
            }
        }
    }
    all
}

/// Three or four rows of sixteen channels as four vectors of words, a word a channel: of channels 0, 4, 8, 12; 2, 6, …; 1, 5, …; 3, 7, ….
fn transposed(b: &mut Builder<'_>, rows: &[ValueId]) -> [ValueId; 4] {
    let [halves, words] = [16, 32].map(|w| vector_type(b.m, w));
    // The even lanes of two vectors side by side, and the odd ones.
    let zipped = |b: &mut Builder<'_>, [low, high]: [ValueId; 2], width: i64| {
        let wide = if width == 8 { halves } else { words };
        let [low_wide, high_wide] = [low, high].map(|v| b.cast("vector.bitcast", v, wide));
        let even = b.mve("vmovnt", &[low, high_wide]);
        let down = b.mve_by("vshr_n", &[low_wide], width);
        let odd = b.mve("vmovnb", &[high, down]);
        [even, odd].map(|v| b.cast("vector.bitcast", v, wide))
    };
    let upper = zipped(b, [rows[0], rows[1]], 8);
    let lower = match rows.get(3) {
        Some(&last) => zipped(b, [rows[2], last], 8),
        // What is beside the third row does not matter.
        None => {
            let even = b.cast("vector.bitcast", rows[2], halves);
            [even, b.mve_by("vshr_n", &[even], 8)]
        }
    };
    let [evens, odds] = [0, 1].map(|i| zipped(b, [upper[i], lower[i]], 16));
    [evens[0], evens[1], odds[0], odds[1]]
}

/// What the loops share.
struct Columns<'a> {
    e: &'a Extents,
    tile: Tile,
    input: ValueId,
    weights: ValueId,
    columns: ValueId,
    words: ValueId,
    output: ValueId,
    requantizer: VectorRequantizer,
    /// Sixteen bytes of padding.
    padding: ValueId,
    /// Words of a column apart.
    offsets: ValueId,
    bounds: (ValueId, ValueId),
}

impl Columns<'_> {
    fn put(&self, b: &mut Builder<'_>, column: ValueId, words: [ValueId; 4]) {
        for (i, v) in words.into_iter().enumerate() {
            let at = sum_of(b, &[(column, GROUP)], i as i64 * WORDS);
            b.vstr(v, self.columns, &[at]);
        }
    }

    /// The columns of the input at output (`y`, `x`) of image `n`, from channel `first` on.
    fn fill(&self, b: &mut Builder<'_>, [n, y, x, first]: [ValueId; 4]) {
        let (e, width) = (self.e, self.tile.width());
        let top = sum_of(b, &[(y, e.stride.0)], -e.pad.0);
        let left = sum_of(b, &[(x, e.stride.1)], -e.pad.1);
        let from = sum_of(b, &[(left, -1)], 0);
        let from = at_least(b, from, 0);
        let from = at_most(b, from, width);
        let to = sum_of(b, &[(left, -1)], e.input.1);
        let to = at_most(b, to, width);
        let to = at_least(b, to, 0);
        let (zero, one, end) = (b.const_index(0), b.const_index(1), b.const_index(width));
        let words = vector_type(b.m, 32);
        let padding = b.cast("vector.bitcast", self.padding, words);
        for (from, to) in [(zero, from), (to, end)] {
            b.for_loop(from, to, one, &[], |b, i, _| {
                self.put(b, i, [padding; 4]);
                Vec::new()
            });
        }
        let height = self.tile.height();
        let line = e.input.1 * e.channels;
        let load = |b: &mut Builder<'_>, row: ValueId, i: ValueId| {
            let terms = [
                (n, e.input.0 * line),
                (row, line),
                (left, e.channels),
                (i, e.channels),
                (first, 1),
            ];
            let at = sum_of(b, &terms, 0);
            b.vldr(self.input, &[at], 8)
        };
        let across = |b: &mut Builder<'_>| {
            // Rows outside of the input are others, then replaced.
            let rows: Vec<(ValueId, ValueId)> = (0..height)
                .map(|r| {
                    let row = sum_of(b, &[(top, 1)], r);
                    let limit = b.const_index(e.input.0);
                    let inside = b.cmpi("ult", row, limit);
                    let (all, none) = (b.const_i32(GROUP), b.const_i32(0));
                    let lanes = b.select(inside, all, none);
                    let row = at_least(b, row, 0);
                    (at_most(b, row, e.input.0 - 1), lanes)
                })
                .collect();
            b.for_loop(from, to, one, &[], |b, i, _| {
                let mut vectors: Vec<ValueId> = Vec::new();
                for &(row, lanes) in &rows {
                    let v = load(b, row, i);
                    let inside = b.mve("vctp8", &[lanes]);
                    vectors.push(b.mve("vpsel", &[v, self.padding, inside]));
                }
                let words = transposed(b, &vectors);
                self.put(b, i, words);
                Vec::new()
            });
        };
        if e.input.0 < height {
            across(b);
            return;
        }
        let limit = b.const_index(e.input.0 - height + 1);
        // Unsigned, so that negative rows are not below the limit either.
        let inside = b.cmpi("ult", top, limit);
        b.if_else(
            inside,
            &[],
            |b| {
                b.for_loop(from, to, one, &[], |b, i, _| {
                    let rows: Vec<ValueId> = (0..height)
                        .map(|r| {
                            let row = sum_of(b, &[(top, 1)], r);
                            load(b, row, i)
                        })
                        .collect();
                    let words = transposed(b, &rows);
                    self.put(b, i, words);
                    Vec::new()
                });
                Vec::new()
            },
            |b| {
                across(b);
                Vec::new()
            },
        );
    }

    /// The sums of channel `4·block + n` of the group for all outputs of the tile, into `words[output][n]`; `first` is the group's first.
    fn multiply(&self, b: &mut Builder<'_>, first: ValueId, block: ValueId, n: i64) {
        let side = self.tile.side;
        let weights: Vec<ValueId> = (0..side * side)
            .map(|i| {
                let shift = i / side + WORDS * (i % side);
                let terms = [(first, GROUP), (block, WORDS * GROUP)];
                let at = sum_of(b, &terms, n * GROUP + WORDS + 1 - shift);
                b.vldr(self.weights, &[at], 8)
            })
            .collect();
        let bytes = vector_type(b.m, 8);
        let zero = b.const_i32(0);
        for step in 0..self.tile.steps {
            let by = 2 * step * GROUP + FIRST_WORDS[n as usize];
            let at = sum_of(b, &[(block, 1)], by);
            let x = b.vldr_gather(self.offsets, self.columns, &[at]);
            let x = b.cast("vector.bitcast", x, bytes);
            for (i, &w) in weights.iter().enumerate() {
                let sum = b.mve("vmladava", &[zero, x, w]);
                let (row, column) = (i as i64 / side, step * side + i as i64 % side);
                let output = row * self.tile.steps * side + column;
                let at = b.const_index(output * WORDS + n);
                b.store(sum, self.words, &[at]);
            }
        }
    }

    /// The outputs of a block of channels; `to` is where those of the tile and group are.
    fn finish(&self, b: &mut Builder<'_>, to: ValueId, lane: ValueId, block: ValueId) {
        let e = self.e;
        let line = e.output.1 * e.channels;
        for row in 0..self.tile.side {
            let first = row * self.tile.steps * self.tile.side;
            b.for_range(0, self.tile.columns, 1, &[], |b, column, _| {
                let at = sum_of(b, &[(column, WORDS)], first * WORDS);
                let v = b.vldr(self.words, &[at], 32);
                let v = self.requantizer.biased(b, lane, v);
                let v = self.requantizer.output(b, lane, v, self.bounds);
                let terms = [(to, 1), (column, e.channels), (block, WORDS)];
                let at = sum_of(b, &terms, row * line);
                b.vstr(v, self.output, &[at]);
                Vec::new()
            });
        }
    }
}

impl LayerKernel for HeliumColumns {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        let e = &layer.extents;
        if !target.has(Feature::Mve) {
            return Err("the core has no Helium".to_owned());
        }
        if e.channels != e.out_channels || e.channels < GROUP {
            return Err("has several outputs a channel or fewer than sixteen channels".to_owned());
        }
        if e.kernel != (3, 3) || e.dilation != (1, 1) {
            return Err("the kernel is not 3×3".to_owned());
        }
        if e.stride != (1, 1) && e.stride != (2, 2) {
            return Err("the stride is neither 1 nor 2 both ways".to_owned());
        }
        if e.output.0 < Tile::new(e, 1).side {
            return Err("has a single row".to_owned());
        }
        layer.vector_requantization().map(|_| ())
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        (1..=8)
            .take_while(|&steps| {
                let tile = Tile::new(e, steps);
                tile.bytes() <= LARGEST_TILE && (steps == 1 || (steps - 1) * tile.side < e.output.1)
            })
            .map(|steps| Knobs::new(&[("steps", steps)]))
            .collect()
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let e = &layer.extents;
        let tile = Tile::new(e, knobs.get("steps"));
        let r = layer.vector_requantization();
        let operations = r.map_or(5, |r| r.operations()) + 4;
        let (load, store, op) = vector_cycles(target);
        let (steps, side) = (tile.steps as u64, tile.side as u64);
        // The constants are measured.
        let swaps = if side == 2 { 12 } else { 9 };
        let columns = tile.width() as u64 * (swaps * op + 11 * store) + 40;
        let channel = side * side * load + steps * (load + side * side * op * 9 / 8) + 2;
        let outputs = side * (tile.columns as u64 * (operations * op + 1) + 8);
        let block = WORDS as u64 * channel + outputs + 12;
        let groups = blocks(e.channels, GROUP);
        Cost {
            cycles: (e.batches * tile.count(e)) as u64 * (columns + WORDS as u64 * block + 30) + 60,
            flash: 700
                + 4 * steps * (side * side * 10 + 6)
                + (GROUP * e.channels + 5) as u64
                + VectorRequantization::table_bytes(groups * GROUP),
            ram: tile.bytes() as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let e = layer.extents;
        let tile = Tile::new(&e, knobs.get("steps"));
        let requantization = layer
            .vector_requantization()
            .expect("invariant: the schedule applies");
        k.set_name(&layer.kernel_name());
        let input = k.input(op, 0, &[e.input_len()]);
        let table = packed(layer);
        let weights = k.table_i8("weights", &[table.len() as i64], &table);
        let channels: Vec<usize> = (0..e.channels as usize).collect();
        let requantizer = requantization.declare(k, &channels);
        let zero_point = k.scalar_i32(i64::from(layer.input_zero_point));
        let output = k.output(op, 0, &[e.output_len()]);
        let i32t = k.module().i32();
        let (columns, words) = tile.words();
        let columns = k.scratch(&[columns], i32t);
        let words = k.scratch(&[words], i32t);

        let mut b = k.body();
        let offsets: Vec<u8> = (0..WORDS)
            .flat_map(|i| (i as i32 * GROUP as i32).to_le_bytes())
            .collect();
        let ty = vector_type(b.m, 32);
        let offsets = b.m.dense_attr(ty, offsets);
        let state = OpState::new("arith.constant").prop("value", offsets);
        let offsets = b.insert(state.results(&[ty]));
        let offsets = b.m.result(offsets, 0);
        let all = Columns {
            e: &e,
            tile,
            input,
            weights,
            columns,
            words,
            output,
            requantizer,
            padding: b.vdup(zero_point, 8),
            offsets,
            bounds: requantizer.bounds(&mut b, 32),
        };
        let c = e.channels;
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, blocks(c, GROUP), 1, &[], |b, group, _| {
                let first = block_start(b, group, GROUP, c);
                b.for_range(0, blocks(e.output.0, tile.side), 1, &[], |b, ty, _| {
                    let y = block_start(b, ty, tile.side, e.output.0);
                    b.for_range(0, blocks(e.output.1, tile.columns), 1, &[], |b, tx, _| {
                        let x = block_start(b, tx, tile.columns, e.output.1);
                        all.fill(b, [n, y, x, first]);
                        let line = e.output.1 * c;
                        let terms = [(n, e.output.0 * line), (y, line), (x, c), (first, 1)];
                        let to = sum_of(b, &terms, 0);
                        b.for_range(0, GROUP / WORDS, 1, &[], |b, block, _| {
                            for n in 0..WORDS {
                                all.multiply(b, first, block, n);
                            }
                            let lane = sum_of(b, &[(first, 1), (block, WORDS)], 0);
                            all.finish(b, to, lane, block);
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
