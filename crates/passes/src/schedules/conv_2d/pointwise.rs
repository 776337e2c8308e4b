//! 1×1 convolutions without padding: pixels are paired in scratch once, then multiplied with all output channels.

use super::block::{Arithmetic, Block, PAIR_BITS, unroll};
use super::kernel::{
    LayerKernel, SCRATCH, block_start, blocks, loop_cycles, over_taps, store_block,
    store_block_cycles,
};
use crate::schedules::layer::Layer;
use crate::schedules::subscript::sum_of;
use ir::OpId;
use pass::{Cost, KernelBuilder, Knobs};
use target::{Feature, Target};

/// 1×1 convolutions by 64-bit multiply-adds on pairs of pixels.
pub struct PointwisePairs;

fn block_of(knobs: &Knobs) -> Block {
    Block {
        arithmetic: Arithmetic::Pairs,
        pixels: knobs.get("pixels"),
        channels: knobs.get("channels"),
    }
}

impl LayerKernel for PointwisePairs {
    fn applies(&self, layer: &Layer, target: &Target) -> Result<(), String> {
        let e = &layer.extents;
        if !target.has(Feature::LongMultiply) {
            return Err("the core has no long multiplication".to_owned());
        }
        if e.kernel != (1, 1) || !e.is_inside() {
            return Err("is no 1x1 convolution without padding".to_owned());
        }
        layer.fits_bits(PAIR_BITS)
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        [(4, 2), (2, 4), (4, 1), (2, 2), (2, 1)]
            .into_iter()
            .filter(|&(pixels, channels)| {
                e.output.1 >= pixels
                    && e.out_channels >= channels
                    && 2 * pixels * e.channels <= SCRATCH
            })
            .map(|(pixels, channels)| Knobs::new(&[("pixels", pixels), ("channels", channels)]))
            .collect()
    }

    fn cost(&self, layer: &Layer, knobs: &Knobs, target: &Target) -> Cost {
        let (e, block, c) = (&layer.extents, block_of(knobs), &target.cost);
        let r = layer.requantization();
        let depth = e.channels as u64;
        let streams = block.streams() as u64;
        let u = unroll(e.channels);
        let pack =
            depth * (streams * u64::from(2 * c.load + c.store + 2 * c.alu) + loop_cycles(target));
        let inner = depth * block.step_cycles(target, streams, 0)
            + blocks(e.channels, u) as u64 * loop_cycles(target);
        let end = store_block_cycles(&block, &r, target) + 2 * loop_cycles(target);
        let per_tile = pack + blocks(e.out_channels, block.channels) as u64 * (inner + end);
        let tiles = e.batches * e.output.0 * blocks(e.output.1, block.pixels);
        let code = 100
            + u as u64
                * (8 + 4 * (streams + block.channels as u64 + streams * block.channels as u64))
            + (block.pixels * block.channels) as u64 * (r.code_bytes() + 12);
        Cost {
            cycles: tiles as u64 * per_tile,
            flash: code + layer.weight_bytes() + r.table_bytes(),
            ram: (2 * block.pixels * e.channels) as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let (e, block) = (layer.extents, block_of(knobs));
        let (depth, streams) = (e.channels, block.streams());
        k.set_name(&layer.kernel_name());
        let input = layer.declare_input(op, k);
        let order: Vec<usize> = (0..depth as usize).collect();
        let packed = layer.packed(block.channels, &order);
        let weights = k.table_i8("weights", &[packed.len() as i64], &packed);
        let requantizer = layer.requantization().declare(k);
        let output = layer.declare_output(op, k);
        let i32t = k.module().i32();
        let words = k.scratch(&[streams * depth], i32t);
        let u = unroll(depth);

        let mut b = k.body();
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, e.output.0, 1, &[], |b, y, _| {
                b.for_range(0, blocks(e.output.1, block.pixels), 1, &[], |b, t, _| {
                    let x = block_start(b, t, block.pixels, e.output.1);
                    let row = e.input.1 * depth;
                    let step = e.stride.1 * depth;
                    let from = sum_of(
                        b,
                        &[(n, e.input.0 * row), (y, e.stride.0 * row), (x, step)],
                        0,
                    );
                    b.for_range(0, depth, 1, &[], |b, i, _| {
                        let from = sum_of(b, &[(from, 1), (i, 1)], 0);
                        for s in 0..streams {
                            let at = sum_of(b, &[(from, 1)], 2 * s * step);
                            let first = b.load(input, &[at]);
                            let at = sum_of(b, &[(from, 1)], (2 * s + 1) * step);
                            let second = b.load(input, &[at]);
                            let pair = Block::pair(b, first, second);
                            let at = sum_of(b, &[(i, 1)], s * depth);
                            b.store(pair, words, &[at]);
                        }
                        Vec::new()
                    });
                    let to = sum_of(
                        b,
                        &[
                            (n, e.output.0 * e.output.1 * e.out_channels),
                            (y, e.output.1 * e.out_channels),
                            (x, e.out_channels),
                        ],
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
                                let x: Vec<_> = (0..streams)
                                    .map(|s| {
                                        let at = sum_of(b, &[(i, 1)], j + s * depth);
                                        b.load(words, &[at])
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
