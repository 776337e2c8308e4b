//! Any int8 convolution, also with weights that are computed: each output by itself, the window cut to the input outside of the loops
//! over taps.

use crate::schedules::interval::{INT8, Interval};
use crate::schedules::layer::{Extents, Layer, conv_2d_i8};
use crate::schedules::requantize::{Channel, Requantization};
use crate::schedules::subscript::{at_most, sum_of};
use interp::numerics::conv2d::ConvI8Params;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// Any convolution, one output at a time.
pub struct Direct;

/// The taps of a window that are inside of the input, along one dimension: from `first` to before the second value, for a window at
/// `origin` (which may be negative).
pub fn taps_inside(
    b: &mut Builder<'_>,
    origin: ValueId,
    [kernel, dilation, extent]: [i64; 3],
    origins: (i64, i64),
) -> (ValueId, ValueId) {
    let quotient = |b: &mut Builder<'_>, v: ValueId| {
        if dilation == 1 {
            v
        } else {
            let d = b.const_index(dilation);
            b.divsi(v, d)
        }
    };
    let first = if origins.0 >= 0 {
        b.const_index(0)
    } else {
        // ⌈−origin / dilation⌉ for negative origins; the quotient toward zero is 0 for others.
        let v = sum_of(b, &[(origin, -1)], dilation - 1);
        let zero = b.const_index(0);
        let v = b.maxsi(v, zero);
        let v = quotient(b, v);
        at_most(b, v, kernel)
    };
    let end = if origins.1 + (kernel - 1) * dilation < extent {
        b.const_index(kernel)
    } else {
        let v = sum_of(b, &[(origin, -1)], extent + dilation - 1);
        let zero = b.const_index(0);
        let v = b.maxsi(v, zero);
        let v = quotient(b, v);
        at_most(b, v, kernel)
    };
    (first, end)
}

/// Requantisation of accumulators from which the input's zero point is subtracted tap by tap; the reference's own sequence where
/// the layer is not known.
pub fn requantization(known: Option<&Layer>, e: &Extents, p: &ConvI8Params) -> Requantization {
    let x = Interval {
        min: INT8.min - i128::from(p.input_zero_point.max(INT8.min as i32)),
        max: INT8.max - i128::from(p.input_zero_point.min(INT8.max as i32)),
    };
    let channels: Vec<Channel> = (0..e.out_channels as usize)
        .map(|o| Channel {
            multiplier: p.multipliers[o],
            accumulator: match known {
                Some(l) => Interval::of_products(l.filter(o).iter().map(|&w| i32::from(w)), x),
                // Nothing is proven of it.
                None => Interval {
                    min: i128::from(i64::MIN),
                    max: i128::from(i64::MAX),
                },
            },
            bias: known.map_or(0, |l| l.bias(o)),
        })
        .collect();
    if known.is_some() {
        Requantization::new(&channels, p.output_zero_point, p.clamp)
    } else {
        Requantization::reference(&channels, p.output_zero_point, p.clamp)
    }
}

impl Schedule for Direct {
    fn name(&self) -> &str {
        "conv-2d-direct"
    }

    fn op(&self) -> &str {
        "nn.conv_2d"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        conv_2d_i8(op).map(|_| ())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let (e, _) = conv_2d_i8(op).expect("invariant: the schedule applies");
        let c = &target.cost;
        let depth = (e.kernel.0 * e.kernel.1 * e.channels) as u64;
        let tap = u64::from(2 * c.load + c.mul + 2 * c.alu + 2 * c.alu + c.branch_taken);
        let end = u64::from(c.wide_mul) + 60;
        Cost {
            cycles: e.output_len() as u64 * (depth * tap + end),
            flash: 300 + e.out_channels as u64 * (depth + 17),
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let (e, p) = conv_2d_i8(m.op(op)).map_err(|why| Diagnostic::error("L003", why))?;
        let known = Layer::conv_2d(m.op(op)).ok();
        let r = requantization(known.as_ref(), &e, &p);
        let dynamic_bias = m.op(op).operand_count() > 2 && known.is_none();
        let (c, (kh, kw)) = (e.channels, e.kernel);
        k.set_name(&format!(
            "conv_2d_{kh}x{kw}_{}x{}x{c}x{}",
            e.output.0, e.output.1, e.out_channels
        ));
        let input = k.input(op, 0, &[e.input_len()]);
        let weights = k.input(op, 1, &[e.out_channels * kh * kw * c]);
        let bias = dynamic_bias.then(|| k.input(op, 2, &[e.out_channels]));
        let requantizer = r.declare(k);
        let zero_point = k.scalar_i32(i64::from(p.input_zero_point));
        let weight_zero_point =
            (p.weight_zero_point != 0).then(|| k.scalar_i32(i64::from(p.weight_zero_point)));
        let output = k.output(op, 0, &[e.output_len()]);

        let mut b = k.body();
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            b.for_range(0, e.output.0, 1, &[], |b, y, _| {
                let top = sum_of(b, &[(y, e.stride.0)], -e.pad.0);
                let last = (e.output.0 - 1) * e.stride.0 - e.pad.0;
                let rows = taps_inside(b, top, [kh, e.dilation.0, e.input.0], (-e.pad.0, last));
                b.for_range(0, e.output.1, 1, &[], |b, x, _| {
                    let left = sum_of(b, &[(x, e.stride.1)], -e.pad.1);
                    let last = (e.output.1 - 1) * e.stride.1 - e.pad.1;
                    let columns =
                        taps_inside(b, left, [kw, e.dilation.1, e.input.1], (-e.pad.1, last));
                    let line = e.output.1 * e.out_channels;
                    let to = sum_of(
                        b,
                        &[(n, e.output.0 * line), (y, line), (x, e.out_channels)],
                        0,
                    );
                    b.for_range(0, e.out_channels, 1, &[], |b, o, _| {
                        let i32t = b.m.i32();
                        let (zero, one) = (b.const_i32(0), b.const_index(1));
                        let sum = b.for_loop(rows.0, rows.1, one, &[zero], |b, ky, sum| {
                            b.for_loop(columns.0, columns.1, one, sum, |b, kx, sum| {
                                let row = e.input.1 * c;
                                let from = sum_of(
                                    b,
                                    &[
                                        (n, e.input.0 * row),
                                        (top, row),
                                        (ky, e.dilation.0 * row),
                                        (left, c),
                                        (kx, e.dilation.1 * c),
                                    ],
                                    0,
                                );
                                let filter =
                                    sum_of(b, &[(o, kh * kw * c), (ky, kw * c), (kx, c)], 0);
                                b.for_range(0, c, 1, sum, |b, i, sum| {
                                    let at = sum_of(b, &[(from, 1), (i, 1)], 0);
                                    let v = b.load(input, &[at]);
                                    let v = b.extsi(v, i32t);
                                    let v = b.subi(v, zero_point);
                                    let at = sum_of(b, &[(filter, 1), (i, 1)], 0);
                                    let w = b.load(weights, &[at]);
                                    let mut w = b.extsi(w, i32t);
                                    if let Some(z) = weight_zero_point {
                                        w = b.subi(w, z);
                                    }
                                    let product = b.muli(v, w);
                                    vec![b.addi(sum[0], product)]
                                })
                            })
                        });
                        let mut sum = sum[0];
                        if let Some(bias) = bias {
                            let bias = b.load(bias, &[o]);
                            sum = b.addi(sum, bias);
                        }
                        let constants = requantizer.channel(b, o);
                        let v = requantizer.output(b, &constants, sum);
                        let at = sum_of(b, &[(to, 1), (o, 1)], 0);
                        b.store(v, output, &[at]);
                        Vec::new()
                    });
                    Vec::new()
                });
                Vec::new()
            });
            Vec::new()
        });
        Ok(())
    }
}
