//! Convolutions of tiles two rows high: the patch under a tile is turned into words of two vertical neighbours, in the order
//! in which the taps read them, once for all output channels.

use super::block::{Arithmetic, Block, PAIR_BITS, unroll};
use super::kernel::{
    LayerKernel, SCRATCH, block_start, blocks, loop_cycles, over_taps, store_block,
    store_block_cycles,
};
use super::patch::Patch;
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::subscript::sum_of;
use ir::OpId;
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// Convolutions by 64-bit multiply-adds on pairs of vertical neighbours.
pub struct TilePairs;

/// Rows of a tile: one pair.
const ROWS: i64 = 2;

fn block_of(knobs: &Knobs) -> Block {
    Block {
        arithmetic: Arithmetic::Pairs,
        pixels: ROWS * knobs.get("columns"),
        channels: knobs.get("channels"),
    }
}

/// Words of a tile of so many columns: `[column of the patch][kernel row][channel]`.
fn words(e: &Extents, columns: i64) -> i64 {
    let width = Patch::new(e, ROWS, columns).width;
    width.saturating_mul(e.kernel.0 * e.channels)
}

/// Bytes of the patch, if one is needed.
fn patch_bytes(e: &Extents, columns: i64) -> i64 {
    if e.is_inside() {
        0
    } else {
        Patch::new(e, ROWS, columns).elements()
    }
}

impl LayerKernel for TilePairs {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        let e = &layer.extents;
        if !target.has(Feature::LongMultiply) {
            return Err("the core has no long multiplication".to_owned());
        }
        if e.dilation != (1, 1) {
            return Err("is dilated".to_owned());
        }
        layer.fits_bits(PAIR_BITS)
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        [(2, 2), (1, 4), (2, 1), (1, 2), (1, 1)]
            .into_iter()
            .filter(|&(columns, channels)| {
                e.output.0 >= ROWS
                    && e.output.1 >= columns
                    && e.out_channels >= channels
                    && words(e, columns)
                        .saturating_mul(4)
                        .saturating_add(patch_bytes(e, columns))
                        <= SCRATCH
            })
            .map(|(columns, channels)| Knobs::new(&[("columns", columns), ("channels", channels)]))
            .collect()
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, block, c) = (&layer.extents, block_of(knobs), &target.cost);
        let columns = knobs.get("columns");
        let r = layer.requantization();
        let (depth, streams, u) = (layer.depth(), block.streams() as u64, unroll(layer.depth()));
        let words = words(e, columns);
        let pack = words as u64
            * (u64::from(2 * c.load + c.store + 2 * c.alu) + loop_cycles(target))
            + if e.is_inside() {
                0
            } else {
                Patch::new(e, ROWS, columns).cycles(c)
            };
        let inner = depth as u64 * block.step_cycles(target, streams, 0)
            + blocks(depth, u) as u64 * loop_cycles(target);
        let end = store_block_cycles(&block, &r, target) + 2 * loop_cycles(target);
        let per_tile = pack + blocks(e.out_channels, block.channels) as u64 * (inner + end);
        let tiles = e.batches * blocks(e.output.0, ROWS) * blocks(e.output.1, columns);
        let code = 320
            + u as u64 * (8 + 4 * (streams + block.channels as u64 * (1 + streams)))
            + (block.pixels * block.channels) as u64 * (r.code_bytes() + 12);
        Cost {
            cycles: tiles as u64 * per_tile,
            flash: code + layer.weight_bytes() + r.table_bytes(),
            ram: (4 * words + patch_bytes(e, columns)) as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let (e, block) = (layer.extents, block_of(knobs));
        let columns = knobs.get("columns");
        let (c, (kh, kw)) = (e.channels, e.kernel);
        k.set_name(&layer.kernel_name());
        let input = layer.declare_input(op, k);
        // Taps are read column by column.
        let order: Vec<usize> = (0..kw)
            .flat_map(|x| {
                (0..kh).flat_map(move |y| (0..c).map(move |i| ((y * kw + x) * c + i) as usize))
            })
            .collect();
        let packed = layer.packed(block.channels, &order);
        let weights = k.table_i8("weights", &[packed.len() as i64], &packed);
        let requantizer = layer.requantization().declare(k);
        let zero_point = k.scalar_i32(i64::from(layer.input_zero_point));
        let output = layer.declare_output(op, k);
        let patch_shape = Patch::new(&e, ROWS, columns);
        let (i8t, i32t) = (k.module().i8(), k.module().i32());
        let patch = (!e.is_inside()).then(|| k.scratch(&[patch_shape.elements()], i8t));
        let pairs = k.scratch(&[words(&e, columns)], i32t);
        let depth = layer.depth();
        let u = unroll(depth);

        let mut b = k.body();
        let padding = b.trunci(zero_point, i8t);
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, blocks(e.output.0, ROWS), 1, &[], |b, ty, _| {
                let y = block_start(b, ty, ROWS, e.output.0);
                b.for_range(0, blocks(e.output.1, columns), 1, &[], |b, tx, _| {
                    let x = block_start(b, tx, columns, e.output.1);
                    // Where the patch is: in scratch, or in the input itself.
                    let (source, row, start) = match patch {
                        Some(patch) => {
                            patch_shape.fill(b, input, patch, padding, [n, y, x]);
                            (patch, patch_shape.row(), b.const_index(0))
                        }
                        None => {
                            let row = e.input.1 * c;
                            let terms = [
                                (n, e.input.0 * row),
                                (y, e.stride.0 * row),
                                (x, e.stride.1 * c),
                            ];
                            (input, row, sum_of(b, &terms, 0))
                        }
                    };
                    b.for_range(0, patch_shape.width, 1, &[], |b, px, _| {
                        b.for_range(0, kh, 1, &[], |b, ky, _| {
                            let from = sum_of(b, &[(start, 1), (ky, row), (px, c)], 0);
                            let to = sum_of(b, &[(px, kh * c), (ky, c)], 0);
                            b.for_range(0, c, 1, &[], |b, i, _| {
                                let at = sum_of(b, &[(from, 1), (i, 1)], 0);
                                let first = b.load(source, &[at]);
                                let at = sum_of(b, &[(from, 1), (i, 1)], e.stride.0 * row);
                                let second = b.load(source, &[at]);
                                let pair = Block::pair(b, first, second);
                                let at = sum_of(b, &[(to, 1), (i, 1)], 0);
                                b.store(pair, pairs, &[at]);
                                Vec::new()
                            });
                            Vec::new()
                        });
                        Vec::new()
                    });
                    let line = e.output.1 * e.out_channels;
                    let to = sum_of(
                        b,
                        &[(n, e.output.0 * line), (y, line), (x, e.out_channels)],
                        0,
                    );
                    b.for_range(
                        0,
                        blocks(e.out_channels, block.channels),
                        1,
                        &[],
                        |b, ob, _| {
                            let o = block_start(b, ob, block.channels, e.out_channels);
                            let w0 = sum_of(b, &[(ob, depth * block.channels)], 0);
                            let sums = block.start(b);
                            let sums = over_taps(b, depth, u, sums, |b, i, j, sums| {
                                let x: Vec<_> = (0..columns)
                                    .map(|s| {
                                        let at = sum_of(b, &[(i, 1)], j + s * e.stride.1 * kh * c);
                                        b.load(pairs, &[at])
                                    })
                                    .collect();
                                let w: Vec<_> = (0..block.channels)
                                    .map(|c| {
                                        let at = sum_of(
                                            b,
                                            &[(w0, 1), (i, block.channels)],
                                            j * block.channels + c,
                                        );
                                        b.load(weights, &[at])
                                    })
                                    .collect();
                                block.step(b, sums, &x, &w);
                            });
                            let to = sum_of(b, &[(to, 1), (o, 1)], 0);
                            let at: Vec<_> = (0..block.pixels)
                                .map(|p| {
                                    let place = p % ROWS * line + p / ROWS * e.out_channels;
                                    sum_of(b, &[(to, 1)], place)
                                })
                                .collect();
                            store_block(b, &block, &requantizer, &sums, o, &output, &at);
                            Vec::new()
                        },
                    );
                    Vec::new()
                });
                Vec::new()
            });
            Vec::new()
        });
    }
}
