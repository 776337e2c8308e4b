//! Depthwise convolutions channel by channel: a strip of rows of a few channels is copied to scratch with its padding, then each channel
//! is swept, several outputs of a row at once with their taps in registers.

use crate::schedules::conv_2d::block::is_thumb1;
use crate::schedules::conv_2d::kernel::{LayerKernel, SCRATCH, block_start, blocks, loop_cycles};
use crate::schedules::layer::{Extents, Layer};
use crate::schedules::subscript::{at_least, at_most, sum_of};
use ir::{Builder, OpId, ValueId};
use pass::{Cost, KernelBuilder, Knobs};
use target::Target;

/// Depthwise convolutions by strips.
pub struct Strip;

/// Multiplications of a step up to which kernel rows are unrolled, too.
const UNROLLED: i64 = 60;
/// Scratch in bytes up to which a strip is taken where no smaller one does.
const LARGEST_STRIP: i64 = 4096;

/// A strip of `rows` rows of outputs over `group` channels.
#[derive(Clone, Copy)]
struct Shape {
    group: i64,
    rows: i64,
    /// Outputs of a step.
    outputs: i64,
    height: i64,
    width: i64,
    /// Columns that come from the input.
    copied: i64,
}

impl Shape {
    fn new(e: &Extents, group: i64, rows: i64, outputs: i64) -> Shape {
        let reach = e.reach();
        let width = (e.output.1 - 1) * e.stride.1 + reach.1;
        Shape {
            group,
            rows,
            outputs,
            height: (rows - 1) * e.stride.0 + reach.0,
            width,
            copied: e.input.1.min(width - e.pad.1).max(0),
        }
    }

    fn of(e: &Extents, knobs: &Knobs) -> Shape {
        Shape::new(
            e,
            knobs.get("group"),
            knobs.get("rows"),
            knobs.get("outputs"),
        )
    }

    fn bytes(&self) -> i64 {
        self.height
            .saturating_mul(self.width)
            .saturating_mul(self.group)
    }

    /// The columns that a step reads of a row, relative to its first, and for each the outputs and taps that it serves.
    fn columns(&self, e: &Extents) -> Vec<(i64, Vec<(usize, i64)>)> {
        let last = (self.outputs - 1) * e.stride.1 + (e.kernel.1 - 1) * e.dilation.1;
        (0..=last)
            .map(|column| {
                let uses = (0..self.outputs)
                    .filter_map(|j| {
                        let d = column - j * e.stride.1;
                        (d >= 0 && d % e.dilation.1 == 0 && d / e.dilation.1 < e.kernel.1)
                            .then_some((j as usize, d / e.dilation.1))
                    })
                    .collect::<Vec<_>>();
                (column, uses)
            })
            .filter(|(_, uses)| !uses.is_empty())
            .collect()
    }

    fn unrolls_rows(&self, e: &Extents) -> bool {
        e.kernel.0 * e.kernel.1 * self.outputs <= UNROLLED
    }
}

impl LayerKernel for Strip {
    fn applies(&self, layer: &Layer, _: &Target) -> Result<(), String> {
        layer.fits_i32()
    }

    fn space(&self, layer: &Layer, _: &Target) -> Vec<Knobs> {
        let e = &layer.extents;
        let fitting = |limit: i64| -> Vec<Knobs> {
            let mut all = Vec::new();
            for group in [4, 2, 1] {
                let fits = |rows: i64| Shape::new(e, group, rows, 1).bytes() <= limit;
                if group > e.channels || !fits(1) {
                    continue;
                }
                // As many rows as fit, then strips of equal height.
                let most = (1..=e.output.0.min(limit)).rev().find(|&r| fits(r));
                let rows = blocks(e.output.0, blocks(e.output.0, most.unwrap_or(1)));
                for outputs in (1..=6).rev() {
                    if outputs <= e.output.1 && e.kernel.1 * outputs <= UNROLLED {
                        all.push(Knobs::new(&[
                            ("group", group),
                            ("rows", rows),
                            ("outputs", outputs),
                        ]));
                    }
                }
            }
            all
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
        let r = layer.requantization();
        let multiplier = (e.out_channels / e.channels) as u64;
        let columns = s.columns(e).len() as i64;
        let (kh, kw) = e.kernel;
        let loads = (kh * (columns + kw)) as u64;
        let (multiply, loads, spilled) = if is_thumb1(target) {
            let spilled = ((s.outputs - 1) * kh * kw) as u64;
            let traffic = u64::from(c.load + c.store + 2 * c.alu);
            (
                u64::from(c.mul + c.alu),
                loads * u64::from(c.load + c.alu),
                spilled * traffic,
            )
        } else {
            let spilled = ((s.outputs - 4).max(0) * kh) as u64;
            let traffic = u64::from(c.load + c.store);
            (
                u64::from(c.mul),
                loads * u64::from(c.load),
                spilled * traffic,
            )
        };
        let rows = if s.unrolls_rows(e) {
            0
        } else {
            kh as u64 * loop_cycles(target)
        };
        let output = r.cycles(target) + u64::from(c.store) + 1;
        let step = (kh * kw * s.outputs) as u64 * multiply
            + loads
            + spilled
            + rows
            + s.outputs as u64 * output
            + loop_cycles(target);
        let sweep = s.rows as u64 * (blocks(e.output.1, s.outputs) as u64 * step + 8)
            + r.channel_cycles(target);
        let copy = (s.height * s.copied) as u64
            * (u64::from(c.load + c.store) + loop_cycles(target) + u64::from(c.alu));
        let group = copy + s.group as u64 * multiplier * sweep;
        let strips = e.batches * blocks(e.output.0, s.rows);
        let fill = s.bytes() as u64 / 2;
        let rows_of_code = if s.unrolls_rows(e) { kh } else { 1 };
        let code = 240
            + 4 * (rows_of_code * (columns + kw + kw * s.outputs)) as u64
            + s.outputs as u64 * (r.code_bytes() + 8);
        Cost {
            cycles: strips as u64 * (fill + blocks(e.channels, s.group) as u64 * group),
            flash: code + layer.weight_bytes() + r.table_bytes(),
            ram: s.bytes() as u64,
        }
    }

    fn lower(&self, layer: &Layer, knobs: &Knobs, op: OpId, k: &mut KernelBuilder<'_>) {
        let e = layer.extents;
        let s = Shape::of(&e, knobs);
        let (c, (kh, kw)) = (e.channels, e.kernel);
        let multiplier = e.out_channels / c;
        k.set_name(&layer.kernel_name());
        let input = layer.declare_input(op, k);
        let order: Vec<usize> = (0..(kh * kw) as usize).collect();
        let packed = layer.packed(1, &order);
        let weights = k.table_i8("weights", &[packed.len() as i64], &packed);
        let requantizer = layer.requantization().declare(k);
        let zero_point = (!e.is_inside()).then(|| k.scalar_i32(i64::from(layer.input_zero_point)));
        let output = layer.declare_output(op, k);
        let i8t = k.module().i8();
        let strip = k.scratch(&[s.bytes()], i8t);
        let sweep = Sweep {
            e,
            s,
            strip,
            weights,
        };

        let mut b = k.body();
        let padding = zero_point.map(|z| b.trunci(z, i8t));
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, blocks(e.output.0, s.rows), 1, &[], |b, t, _| {
                let y0 = block_start(b, t, s.rows, e.output.0);
                let (zero, one) = (b.const_index(0), b.const_index(1));
                if let Some(padding) = padding {
                    b.for_range(0, s.bytes(), 1, &[], |b, i, _| {
                        b.store(padding, strip, &[i]);
                        Vec::new()
                    });
                }
                let top = sum_of(b, &[(y0, e.stride.0)], -e.pad.0);
                let first = sum_of(b, &[(top, -1)], 0);
                let first = if e.pad.0 > 0 {
                    at_least(b, first, 0)
                } else {
                    zero
                };
                let end = sum_of(b, &[(top, -1)], e.input.0);
                let end = at_most(b, end, s.height);
                b.for_range(0, blocks(c, s.group), 1, &[], |b, g, _| {
                    let c0 = block_start(b, g, s.group, c);
                    let aligned = (c % s.group == 0).then_some(s.group);
                    b.for_loop(first, end, one, &[], |b, r, _| {
                        let row = e.input.1 * c;
                        let from =
                            sum_of(b, &[(n, e.input.0 * row), (top, row), (r, row), (c0, 1)], 0);
                        let to = sum_of(b, &[(r, s.width * s.group)], e.pad.1 * s.group);
                        b.for_range(0, s.copied, 1, &[], |b, i, _| {
                            let from = sum_of(b, &[(from, 1), (i, c)], 0);
                            let to = sum_of(b, &[(to, 1), (i, s.group)], 0);
                            if s.group == 1 {
                                let v = b.load(input, &[from]);
                                b.store(v, strip, &[to]);
                            } else {
                                let v = b.vload(input, &[from], s.group, aligned);
                                b.vstore(v, strip, &[to], Some(s.group));
                            }
                            Vec::new()
                        });
                        Vec::new()
                    });
                    b.for_range(0, s.group, 1, &[], |b, i, _| {
                        b.for_range(0, multiplier, 1, &[], |b, j, _| {
                            let o = sum_of(b, &[(c0, multiplier), (i, multiplier), (j, 1)], 0);
                            let constants = requantizer.channel(b, o);
                            let w0 = sum_of(b, &[(o, kh * kw)], 0);
                            b.for_range(0, s.rows, 1, &[], |b, y, _| {
                                b.for_range(0, blocks(e.output.1, s.outputs), 1, &[], |b, t, _| {
                                    let x = block_start(b, t, s.outputs, e.output.1);
                                    let sums = sweep.step(b, [y, x, i], w0);
                                    let line = e.output.1 * e.out_channels;
                                    let to = sum_of(
                                        b,
                                        &[
                                            (n, e.output.0 * line),
                                            (y0, line),
                                            (y, line),
                                            (x, e.out_channels),
                                            (o, 1),
                                        ],
                                        0,
                                    );
                                    for (j, &sum) in sums.iter().enumerate() {
                                        let v = requantizer.output(b, &constants, sum);
                                        let at = sum_of(b, &[(to, 1)], j as i64 * e.out_channels);
                                        output.store(b, v, at);
                                    }
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
            Vec::new()
        });
    }
}

/// What a step reads.
struct Sweep {
    e: Extents,
    s: Shape,
    strip: ValueId,
    weights: ValueId,
}

impl Sweep {
    /// The sums of the outputs at row `y` of the strip from column `x` on, for channel `i` of the group.
    fn step(&self, b: &mut Builder<'_>, [y, x, i]: [ValueId; 3], w0: ValueId) -> Vec<ValueId> {
        let (e, s) = (&self.e, &self.s);
        let zero = b.const_i32(0);
        let start = vec![zero; s.outputs as usize];
        let from = sum_of(
            b,
            &[
                (y, e.stride.0 * s.width * s.group),
                (x, e.stride.1 * s.group),
                (i, 1),
            ],
            0,
        );
        let columns = s.columns(e);
        let row = |b: &mut Builder<'_>, ky: ValueId, sums: &[ValueId]| -> Vec<ValueId> {
            let i32t = b.m.i32();
            let mut sums = sums.to_vec();
            let w: Vec<ValueId> = (0..e.kernel.1)
                .map(|kx| {
                    let at = sum_of(b, &[(w0, 1), (ky, e.kernel.1)], kx);
                    let w = b.load(self.weights, &[at]);
                    b.extsi(w, i32t)
                })
                .collect();
            for (column, uses) in &columns {
                let at = sum_of(
                    b,
                    &[(from, 1), (ky, e.dilation.0 * s.width * s.group)],
                    column * s.group,
                );
                let v = b.load(self.strip, &[at]);
                let v = b.extsi(v, i32t);
                for &(output, tap) in uses {
                    let product = b.muli_nsw(v, w[tap as usize]);
                    sums[output] = b.addi_nsw(sums[output], product);
                }
            }
            sums
        };
        if s.unrolls_rows(e) {
            let mut sums = start;
            for ky in 0..e.kernel.0 {
                let ky = b.const_index(ky);
                sums = row(b, ky, &sums);
            }
            sums
        } else {
            b.for_range(0, e.kernel.0, 1, &start, row)
        }
    }
}
