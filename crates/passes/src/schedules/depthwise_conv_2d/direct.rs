//! Any int8 depthwise convolution, also with weights that are computed: each output by itself, the window cut to the input outside of
//! the loops over taps.

use crate::schedules::conv_2d::direct::{requantization, taps_inside};
use crate::schedules::layer::{Layer, depthwise_conv_2d_i8};
use crate::schedules::subscript::sum_of;
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// Any depthwise convolution, one output at a time.
pub struct Direct;

impl Schedule for Direct {
    fn name(&self) -> &str {
        "depthwise-conv-2d-direct"
    }

    fn op(&self) -> &str {
        "nn.depthwise_conv_2d"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        depthwise_conv_2d_i8(op).map(|_| ())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let (e, _) = depthwise_conv_2d_i8(op).expect("invariant: the schedule applies");
        let c = &target.cost;
        let taps = (e.kernel.0 * e.kernel.1) as u64;
        let tap = u64::from(2 * c.load + c.mul + 6 * c.alu + c.branch_taken);
        let row = u64::from(8 * c.alu + c.branch_taken);
        let end = u64::from(c.wide_mul) + 60;
        Cost {
            cycles: e.output_len() as u64 * (taps * tap + e.kernel.0 as u64 * row + end),
            flash: 300 + e.out_channels as u64 * (taps + 17),
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
        let (e, p) =
            depthwise_conv_2d_i8(m.op(op)).map_err(|why| Diagnostic::error("L003", why))?;
        let known = Layer::depthwise_conv_2d(m.op(op)).ok();
        let r = requantization(known.as_ref(), &e, &p);
        let dynamic_bias = m.op(op).operand_count() > 2 && known.is_none();
        let (c, (kh, kw)) = (e.channels, e.kernel);
        let multiplier = e.out_channels / c;
        k.set_name(&format!(
            "depthwise_{kh}x{kw}_{}x{}x{c}x{multiplier}",
            e.output.0, e.output.1
        ));
        let input = k.input(op, 0, &[e.input_len()]);
        let weights = k.input(op, 1, &[kh * kw * e.out_channels]);
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
                    b.for_range(0, c, 1, &[], |b, i, _| {
                        b.for_range(0, multiplier, 1, &[], |b, j, _| {
                            let i32t = b.m.i32();
                            let o = sum_of(b, &[(i, multiplier), (j, 1)], 0);
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
                                            (i, 1),
                                        ],
                                        0,
                                    );
                                    let v = b.load(input, &[from]);
                                    let v = b.extsi(v, i32t);
                                    let v = b.subi(v, zero_point);
                                    let at = sum_of(
                                        b,
                                        &[(ky, kw * e.out_channels), (kx, e.out_channels), (o, 1)],
                                        0,
                                    );
                                    let w = b.load(weights, &[at]);
                                    let mut w = b.extsi(w, i32t);
                                    if let Some(z) = weight_zero_point {
                                        w = b.subi(w, z);
                                    }
                                    let product = b.muli(v, w);
                                    vec![b.addi(sum[0], product)]
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
            Vec::new()
        });
        Ok(())
    }
}
