//! Convolutions of tiles one row high, straight from the input, or from a patch where there is padding: no further copy, so that deep
//! inputs need little scratch.

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

/// Convolutions row by row.
pub struct Rows(pub Arithmetic);

/// Scratch in bytes up to which a patch is taken where no smaller one does.
const LARGEST_PATCH: i64 = 4096;

/// Runs of taps that are contiguous in the input, `(rows, runs in a row, length)`.
fn runs(e: &Extents) -> (i64, i64, i64) {
    if e.dilation.1 == 1 || e.kernel.1 == 1 {
        (e.kernel.0, 1, e.kernel.1 * e.channels)
    } else {
        (e.kernel.0, e.kernel.1, e.channels)
    }
}

fn patch_bytes(e: &Extents, pixels: i64) -> i64 {
    if e.is_inside() {
        0
    } else {
        Patch::new(e, 1, pixels).elements()
    }
}

impl Rows {
    fn block(&self, knobs: &Knobs) -> Block {
        Block {
            arithmetic: self.0,
            pixels: knobs.get("pixels"),
            channels: knobs.get("channels"),
        }
    }
}

impl LayerKernel for Rows {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        match self.0 {
            Arithmetic::Single => layer.fits_i32(),
            Arithmetic::Pairs if !target.has(Feature::LongMultiply) => {
                Err("the core has no long multiplication".to_owned())
            }
            Arithmetic::Pairs => layer.fits_bits(PAIR_BITS),
        }
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        let blocks: &[(i64, i64)] = match self.0 {
            Arithmetic::Single => &[(2, 4), (2, 2), (1, 4), (2, 1), (1, 2), (1, 1)],
            Arithmetic::Pairs => &[(2, 4), (4, 2), (2, 2), (4, 1), (2, 1)],
        };
        let fitting = |limit: i64| -> Vec<Knobs> {
            let fits = |&&(pixels, channels): &&(i64, i64)| {
                e.output.1 >= pixels
                    && e.out_channels >= channels
                    && patch_bytes(e, pixels) <= limit
            };
            blocks
                .iter()
                .filter(fits)
                .map(|&(p, c)| Knobs::new(&[("pixels", p), ("channels", c)]))
                .collect()
        };
        let small = fitting(SCRATCH);
        if small.is_empty() {
            fitting(LARGEST_PATCH)
        } else {
            small
        }
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, block, c) = (&layer.extents, self.block(knobs), &target.cost);
        let r = layer.requantization();
        let (rows, columns, run) = runs(e);
        let u = unroll(run);
        let copy = if e.is_inside() {
            0
        } else {
            Patch::new(e, 1, block.pixels).cycles(c)
        };
        let pairing = match self.0 {
            Arithmetic::Single => 0,
            Arithmetic::Pairs => block.streams() as u64,
        };
        let inner = layer.depth() as u64 * block.step_cycles(target, block.pixels as u64, pairing)
            + (rows * columns * (blocks(run, u) + 2)) as u64 * loop_cycles(target);
        let end = store_block_cycles(&block, &r, target) + 2 * loop_cycles(target);
        let per_tile = copy + blocks(e.out_channels, block.channels) as u64 * (inner + end);
        let tiles = e.batches * e.output.0 * blocks(e.output.1, block.pixels);
        let products = block.streams() * block.channels;
        let code = if e.is_inside() { 120 } else { 280 }
            + u as u64 * (8 + 4 * (block.pixels + block.channels + products) as u64)
            + (block.pixels * block.channels) as u64 * (r.code_bytes() + 8);
        Cost {
            cycles: tiles as u64 * per_tile,
            flash: code + layer.weight_bytes() + r.table_bytes(),
            ram: patch_bytes(e, block.pixels) as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let (e, block) = (layer.extents, self.block(knobs));
        let c = e.channels;
        k.set_name(&layer.kernel_name());
        let input = layer.declare_input(op, k);
        let order: Vec<usize> = (0..layer.depth() as usize).collect();
        let packed = layer.packed(block.channels, &order);
        let weights = k.table_i8("weights", &[packed.len() as i64], &packed);
        let requantizer = layer.requantization().declare(k);
        let zero_point = (!e.is_inside()).then(|| k.scalar_i32(i64::from(layer.input_zero_point)));
        let output = layer.declare_output(op, k);
        let patch_shape = Patch::new(&e, 1, block.pixels);
        let i8t = k.module().i8();
        let patch = zero_point.map(|z| (z, k.scratch(&[patch_shape.elements()], i8t)));
        let (rows, columns, run) = runs(&e);
        let u = unroll(run);

        let mut b = k.body();
        let patch = patch.map(|(z, patch)| (b.trunci(z, i8t), patch));
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, e.output.0, 1, &[], |b, y, _| {
                b.for_range(0, blocks(e.output.1, block.pixels), 1, &[], |b, t, _| {
                    let x = block_start(b, t, block.pixels, e.output.1);
                    let (source, row, start) = match patch {
                        Some((padding, patch)) => {
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
                            let w0 = sum_of(b, &[(ob, layer.depth() * block.channels)], 0);
                            let sums = block.start(b);
                            let sums = b.for_range(0, rows, 1, &sums, |b, ky, sums| {
                                b.for_range(0, columns, 1, sums, |b, kx, sums| {
                                    let from = sum_of(
                                        b,
                                        &[
                                            (start, 1),
                                            (ky, e.dilation.0 * row),
                                            (kx, e.dilation.1 * c),
                                        ],
                                        0,
                                    );
                                    let w0 = sum_of(
                                        b,
                                        &[
                                            (w0, 1),
                                            (ky, columns * run * block.channels),
                                            (kx, run * block.channels),
                                        ],
                                        0,
                                    );
                                    over_taps(b, run, u, sums.to_vec(), |b, i, j, sums| {
                                        let i32t = b.m.i32();
                                        let pixels: Vec<_> = (0..block.pixels)
                                            .map(|p| {
                                                let at = sum_of(
                                                    b,
                                                    &[(from, 1), (i, 1)],
                                                    j + p * e.stride.1 * c,
                                                );
                                                b.load(source, &[at])
                                            })
                                            .collect();
                                        let x: Vec<_> = match self.0 {
                                            Arithmetic::Single => {
                                                pixels.iter().map(|&x| b.extsi(x, i32t)).collect()
                                            }
                                            Arithmetic::Pairs => pixels
                                                .chunks_exact(2)
                                                .map(|p| Block::pair(b, p[0], p[1]))
                                                .collect(),
                                        };
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
                                    })
                                })
                            });
                            let to = sum_of(b, &[(to, 1), (o, 1)], 0);
                            let at: Vec<_> = (0..block.pixels)
                                .map(|p| sum_of(b, &[(to, 1)], p * e.out_channels))
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
