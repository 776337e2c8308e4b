//! Convolutions by dual multiplications of the DSP extension, with weights of eight bits.

mod activations;
mod block;
mod end;
mod plan;

use super::kernel::{LayerKernel, block_start, blocks, loop_cycles};
use crate::schedules::high_word::{self, FRACTION_BITS};
use crate::schedules::layer::Layer;
use crate::schedules::subscript::sum_of;
use activations::{QUAD, Source, Words};
use block::{DualBlock, Operands};
use end::Constants;
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use plan::{Plan, unroll};
use target::{Feature, Target};

/// Convolutions by dual multiplications.
pub struct DualMac;

/// Cycles of a row of a patch beside a cycle a byte.
const PATCH_ROW: i64 = 40;
/// Cycles of a block's loop that are not counted elsewhere: addresses and what compilers keep in memory.
const BLOCK_OVERHEAD: u64 = 12;

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
        plan::space(&layer.extents)
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
            + rounds * (2 * loop_cycles(target) + 6);
        let signed = high_word::is_signed(&layer.channels(), layer.output_zero_point, layer.clamp);
        let start = sums * u64::from(c.load_after_load);
        let channel = u64::from(2 * c.load + c.load_after_load);
        let alu = if signed { 5 * c.alu } else { 2 * c.alu };
        let output = u64::from(alu + c.mul + c.store);
        let end = block.channels as u64 * channel + sums * output + BLOCK_OVERHEAD;
        let per_block = blocks(e.out_channels, block.channels) as u64 * (inner + start + end);
        let copy = words.patch().map_or(0, |p| {
            // Rows are copied by `memcpy`.
            (p.elements() + PATCH_ROW * p.height) as u64
        });
        let converted = if words.is_shared() {
            words.cycles(plan.rows * plan.columns, target)
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
        let input = layer.declare_input(op, k);
        let constants = Constants::new(layer, &order);
        let records = block.records(layer, &order, &constants.starts, &constants.ends);
        let weights = k.table_i32("weights", &[records.len() as i64], &records);
        let end = constants.declare(layer, k);
        let output = layer.declare_output(op, k);
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
                            let sums = sums(b, &block, &operands, quads, end.is_scaled());
                            let to = sum_of(b, &[(to, 1), (o, 1)], 0);
                            let place = (&output, to, e.out_channels);
                            end.store(b, (&block, quads), &operands, (&sums, o), place);
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
    let starts = b.arm_block(count, |b| block.starts(b, o));
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
