//! `nn.depthwise_conv_2d` of float32, any depth multiplier.
//!
//! Each output is one sum over kernel rows and columns, started at 0, never split; then the bias, then the clamp: bit for bit the
//! interpreter's. Registers hold the sums of several channels of one pixel: neighbours in the input where the multiplier is 1, else of one
//! input channel, which is loaded once. The filter stays in its layout, so it need not be constant.

use super::affine::{blocks, offset, plus, times};
use super::clamp::clamp_f32;
use super::parameters::{kernel_name, refused, require};
use super::taps::{Axis, Taps};
use interp::nn::{ConvParams, depthwise_conv_2d_params};
use interp::numerics::ClampF32;
use ir::dialects::nn::Element;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Channels whose sums are in registers at once.
const BLOCK: i64 = 4;

/// Lowers every float32 `nn.depthwise_conv_2d`.
struct DepthwiseConv2dF32;

#[derive(Clone, Copy)]
struct Extents {
    batches: i64,
    rows: Axis,
    columns: Axis,
    channels: i64,
    multiplier: i64,
}

fn extents(op: OpRef<'_>) -> Option<(Extents, ClampF32)> {
    let Ok(ConvParams::F32 { shape, clamp }) = depthwise_conv_2d_params(op) else {
        return None;
    };
    let [rows, columns] = Axis::of(&shape)?;
    let e = Extents {
        batches: shape.batches as i64,
        rows,
        columns,
        channels: shape.in_c as i64,
        multiplier: (shape.out_c / shape.in_c.max(1)) as i64,
    };
    Some((e, clamp))
}

impl Schedule for DepthwiseConv2dF32 {
    fn name(&self) -> &str {
        "depthwise-conv-2d-f32"
    }

    fn op(&self) -> &str {
        "nn.depthwise_conv_2d"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)?;
        depthwise_conv_2d_params(op).map_err(|e| e.to_string())?;
        extents(op)
            .map(|_| ())
            .ok_or_else(|| "an extent exceeds 31 bits".to_owned())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let Some((e, _)) = extents(op) else {
            return Cost::default();
        };
        let c = &target.cost;
        let outputs = (e.batches * e.rows.output * e.columns.output * e.out_channels()) as u64;
        let taps = (e.rows.kernel * e.columns.kernel) as u64;
        let group = if e.multiplier == 1 {
            e.channels
        } else {
            e.multiplier
        };
        let block = BLOCK.min(group).max(1) as u64;
        let tap = u64::from(2 * c.load_after_load + c.float_mul + c.float_add);
        let overhead = u64::from(4 * c.alu + c.branch_taken);
        let finish = u64::from(2 * c.load + c.float_add + 4 * c.alu + c.store);
        Cost {
            cycles: outputs * (taps * (tap + overhead / block) + finish),
            flash: 180 + 40 * block + if group % BLOCK == 0 { 0 } else { 150 },
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
        depthwise_conv_2d_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let (e, clamp) = extents(m.op(op)).expect("invariant: the schedule applies");
        k.set_name(&kernel_name(format!(
            "depthwise_f32_{}x{}_{}x{}x{}_{}",
            e.rows.kernel,
            e.columns.kernel,
            e.rows.input,
            e.columns.input,
            e.channels,
            e.out_channels()
        )));
        e.lower(op, clamp, k);
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Buffers {
    input: ValueId,
    filter: ValueId,
    bias: Option<ValueId>,
    output: ValueId,
    min: ValueId,
    max: ValueId,
}

/// Where in the loop nest a block of channels is computed.
#[derive(Clone, Copy)]
struct Place {
    rows: Taps,
    columns: Taps,
    /// The first element of the first tap's pixel.
    pixel: ValueId,
    /// The first element of the output pixel.
    out: ValueId,
}

impl Extents {
    fn out_channels(&self) -> i64 {
        self.channels * self.multiplier
    }

    fn lower(&self, op: OpId, clamp: ClampF32, k: &mut KernelBuilder<'_>) {
        let has_bias = k.module().operands(op).len() > 2;
        let outputs = self.out_channels();
        let pixels = self.batches * self.rows.input * self.columns.input;
        let input = k.input(op, 0, &[pixels * self.channels]);
        let filter = k.input(op, 1, &[self.rows.kernel * self.columns.kernel * outputs]);
        let bias = has_bias.then(|| k.input(op, 2, &[outputs]));
        let output = k.output(
            op,
            0,
            &[self.batches * self.rows.output * self.columns.output * outputs],
        );
        let (min, max) = (k.scalar_f32(clamp.min), k.scalar_f32(clamp.max));
        let buffers = Buffers {
            input,
            filter,
            bias,
            output,
            min,
            max,
        };
        let mut b = k.body();
        b.for_range(0, self.batches, 1, &[], |b, n, _| {
            let in_image = times(b, n, self.rows.input);
            let out_image = times(b, n, self.rows.output);
            b.for_range(0, self.rows.output, 1, &[], |b, y, _| {
                let rows = self.rows.taps(b, y);
                let in_row = plus(b, in_image, rows.input);
                let in_row = times(b, in_row, self.columns.input);
                let out_row = plus(b, out_image, y);
                let out_row = times(b, out_row, self.columns.output);
                b.for_range(0, self.columns.output, 1, &[], |b, x, _| {
                    let columns = self.columns.taps(b, x);
                    let pixel = plus(b, in_row, columns.input);
                    let pixel = times(b, pixel, self.channels);
                    let out = plus(b, out_row, x);
                    let out = times(b, out, outputs);
                    let place = Place {
                        rows,
                        columns,
                        pixel,
                        out,
                    };
                    if self.multiplier == 1 {
                        blocks(b, self.channels, BLOCK, |b, c, size| {
                            self.block(b, &buffers, place, c, c, size)
                        });
                    } else {
                        b.for_range(0, self.channels, 1, &[], |b, c, _| {
                            let first = times(b, c, self.multiplier);
                            blocks(b, self.multiplier, BLOCK, |b, k, size| {
                                let out_channel = plus(b, first, k);
                                self.block(b, &buffers, place, c, out_channel, size);
                            });
                            vec![]
                        });
                    }
                    vec![]
                });
                vec![]
            });
            vec![]
        });
    }

    /// `size` output channels from `channel` on of one pixel.
    fn block(
        &self,
        b: &mut Builder<'_>,
        buffers: &Buffers,
        place: Place,
        in_channel: ValueId,
        channel: ValueId,
        size: i64,
    ) {
        let Place { rows, columns, .. } = place;
        let kernel_row = self.columns.kernel * self.out_channels();
        let zero = b.const_f32(0.0);
        let sums = vec![zero; size as usize];
        let pixel = plus(b, place.pixel, in_channel);
        let first = times(b, rows.kernel, self.columns.kernel);
        let first = plus(b, first, columns.kernel);
        let first = times(b, first, self.out_channels());
        let filter = plus(b, first, channel);
        let sums = if self.columns.is_whole() && self.rows.dilation == 1 {
            let count = rows.count.times(b, self.columns.kernel);
            count.each(b, 1, &sums, |b, tap, sums| {
                self.tap(b, buffers, pixel, filter, tap, sums)
            })
        } else {
            rows.count.each(b, 1, &sums, |b, ky, sums| {
                let down = times(
                    b,
                    ky,
                    self.rows.dilation * self.columns.input * self.channels,
                );
                let pixel = plus(b, pixel, down);
                let down = times(b, ky, kernel_row);
                let filter = plus(b, filter, down);
                columns.count.each(b, 1, sums, |b, kx, sums| {
                    self.tap(b, buffers, pixel, filter, kx, sums)
                })
            })
        };
        for (j, &sum) in sums.iter().enumerate() {
            let channel = offset(b, channel, j as i64);
            let sum = match buffers.bias {
                Some(bias) => {
                    let bias = b.load(bias, &[channel]);
                    b.addf(sum, bias)
                }
                None => sum,
            };
            let sum = clamp_f32(b, sum, buffers.min, buffers.max);
            let out = plus(b, place.out, channel);
            b.store(sum, buffers.output, &[out]);
        }
    }

    /// Adds the products of the tap `kx` to the right.
    fn tap(
        &self,
        b: &mut Builder<'_>,
        buffers: &Buffers,
        pixel: ValueId,
        filter: ValueId,
        kx: ValueId,
        sums: &[ValueId],
    ) -> Vec<ValueId> {
        let right = times(b, kx, self.columns.dilation * self.channels);
        let pixel = plus(b, pixel, right);
        let right = times(b, kx, self.out_channels());
        let filter = plus(b, filter, right);
        let shared = (self.multiplier > 1).then(|| b.load(buffers.input, &[pixel]));
        let mut next = Vec::with_capacity(sums.len());
        for (j, &sum) in sums.iter().enumerate() {
            let x = match shared {
                Some(x) => x,
                None => {
                    let x = offset(b, pixel, j as i64);
                    b.load(buffers.input, &[x])
                }
            };
            let w = offset(b, filter, j as i64);
            let w = b.load(buffers.filter, &[w]);
            let product = b.mulf(x, w);
            next.push(b.addf(sum, product));
        }
        next
    }
}

/// Registers the schedule.
///
/// # Errors
/// If its name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(DepthwiseConv2dF32)?;
    Ok(())
}
