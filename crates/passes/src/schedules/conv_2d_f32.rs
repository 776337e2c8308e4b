//! `nn.conv_2d` and `nn.fully_connected` of float32.
//!
//! Each output is one sum over kernel rows, columns and input channels, started at 0, never split; then the bias, then the clamp: bit for
//! bit the interpreter's. (Without a bias the interpreter adds 0, which changes no sum that began with +0.) Registers hold the sums of
//! several output channels of one pixel, which share the loads of the input. The filter stays in its layout, so it need not be constant.

use super::affine::{Extent, blocks, offset, plus, times};
use super::clamp::clamp_f32;
use super::parameters::{kernel_name, refused, require};
use super::taps::{Axis, Taps};
use interp::nn::{ConvParams, conv_2d_params};
use interp::numerics::ClampF32;
use ir::dialects::nn::Element;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Output channels of a pixel whose sums are in registers at once.
const BLOCK: i64 = 4;

/// Neighbouring pixels that share the loads of the filter, where no window of a row meets the padding.
const PIXELS: i64 = 2;

/// Extents of a convolution of float32.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extents {
    pub batches: i64,
    pub rows: Axis,
    pub columns: Axis,
    pub in_channels: i64,
    pub out_channels: i64,
}

/// Lowers every float32 `nn.conv_2d`.
struct Conv2dF32;

fn extents(op: OpRef<'_>) -> Option<(Extents, ClampF32)> {
    let Ok(ConvParams::F32 { shape, clamp }) = conv_2d_params(op) else {
        return None;
    };
    let [rows, columns] = Axis::of(&shape)?;
    let e = Extents {
        batches: shape.batches as i64,
        rows,
        columns,
        in_channels: shape.in_c as i64,
        out_channels: shape.out_c as i64,
    };
    Some((e.simplified(), clamp))
}

impl Schedule for Conv2dF32 {
    fn name(&self) -> &str {
        "conv-2d-f32"
    }

    fn op(&self) -> &str {
        "nn.conv_2d"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)?;
        conv_2d_params(op).map_err(|e| e.to_string())?;
        extents(op)
            .map(|_| ())
            .ok_or_else(|| "an extent exceeds 31 bits".to_owned())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        extents(op).map_or(Cost::default(), |(e, _)| e.cost(target))
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let params = conv_2d_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let (e, clamp) = extents(m.op(op)).expect("invariant: the schedule applies");
        let ConvParams::F32 { shape: s, .. } = params else {
            unreachable!("the schedule applies to float32")
        };
        k.set_name(&kernel_name(format!(
            "conv_2d_f32_{}x{}_{}x{}x{}_{}",
            s.kernel_h, s.kernel_w, s.in_h, s.in_w, s.in_c, s.out_c
        )));
        e.lower(op, clamp, k);
        Ok(())
    }
}

/// The buffers of a kernel.
#[derive(Clone, Copy)]
struct Buffers {
    input: ValueId,
    filter: ValueId,
    bias: Option<ValueId>,
    output: ValueId,
    min: ValueId,
    max: ValueId,
}

impl Extents {
    /// With pixels as one row where the window is one pixel and moves by one.
    pub(super) fn simplified(mut self) -> Extents {
        let unit =
            |a: &Axis| a.kernel == 1 && a.stride == 1 && a.is_inside() && a.input == a.output;
        if unit(&self.rows) && unit(&self.columns) {
            let pixels = self.batches * self.rows.input * self.columns.input;
            self.batches = 1;
            (self.rows.input, self.rows.output) = (1, 1);
            (self.columns.input, self.columns.output) = (pixels, pixels);
        }
        self
    }

    /// Elements of one filter.
    fn filter_len(&self) -> i64 {
        self.rows.kernel * self.columns.kernel * self.in_channels
    }

    fn pixels(&self) -> i64 {
        self.batches * self.rows.output * self.columns.output
    }

    pub(super) fn cost(&self, target: &Target) -> Cost {
        let c = &target.cost;
        let channels = BLOCK.min(self.out_channels).max(1) as u64;
        let pixels = self.pixels_at_once() as u64;
        let per_block = channels * pixels;
        let unroll = self.unroll() as u64;
        let outputs = (self.pixels() * self.out_channels) as u64;
        let macs = outputs * self.filter_len() as u64;
        // A step of the inner loop: an input a pixel, a weight a channel.
        let loads = u64::from(c.load) + (channels + pixels - 1) * u64::from(c.load_after_load);
        let step = loads + per_block * u64::from(c.float_mul + c.float_add);
        let overhead = u64::from(2 * c.alu + c.branch_taken);
        let finish = u64::from(2 * c.load + c.float_add + 4 * c.alu + c.store);
        Cost {
            cycles: macs / per_block * (unroll * step + overhead) / unroll + outputs * finish,
            flash: 200
                + 16 * per_block * (unroll + 1)
                + if self.out_channels % BLOCK == 0 {
                    0
                } else {
                    150
                },
            ram: 0,
        }
    }

    pub(super) fn lower(&self, op: OpId, clamp: ClampF32, k: &mut KernelBuilder<'_>) {
        let has_bias = k.module().operands(op).len() > 2;
        let pixels = self.batches * self.rows.input * self.columns.input;
        let input = k.input(op, 0, &[pixels * self.in_channels]);
        let filter = k.input(op, 1, &[self.out_channels * self.filter_len()]);
        let bias = has_bias.then(|| k.input(op, 2, &[self.out_channels]));
        let output = k.output(op, 0, &[self.pixels() * self.out_channels]);
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
                let pixels = self.pixels_at_once();
                b.for_range(0, self.columns.output, pixels, &[], |b, x, _| {
                    // The last step may repeat a pixel of the one before.
                    let x = if self.columns.output % pixels == 0 {
                        x
                    } else {
                        let last = b.const_index(self.columns.output - pixels);
                        b.minsi(x, last)
                    };
                    let columns = self.columns.taps(b, x);
                    let pixel = plus(b, in_row, columns.input);
                    let pixel = times(b, pixel, self.in_channels);
                    let out = plus(b, out_row, x);
                    let out = times(b, out, self.out_channels);
                    blocks(b, self.out_channels, BLOCK, |b, channel, size| {
                        self.block(b, &buffers, (rows, columns), pixel, out, channel, size);
                    });
                    vec![]
                });
                vec![]
            });
            vec![]
        });
    }

    /// Pixels of a row that are computed together.
    fn pixels_at_once(&self) -> i64 {
        if self.columns.is_inside() && self.columns.output >= PIXELS {
            PIXELS
        } else {
            1
        }
    }

    /// Steps of the inner loop that are written out.
    fn unroll(&self) -> i64 {
        if self.in_channels % 2 == 0 { 2 } else { 1 }
    }

    /// `size` output channels of [`pixels_at_once`](Self::pixels_at_once) pixels, `out` being where the first is put.
    #[expect(clippy::too_many_arguments, reason = "one place in a loop nest")]
    fn block(
        &self,
        b: &mut Builder<'_>,
        buffers: &Buffers,
        (rows, columns): (Taps, Taps),
        pixel: ValueId,
        out: ValueId,
        channel: ValueId,
        size: i64,
    ) {
        let channels = self.in_channels;
        let kernel_row = self.columns.kernel * channels;
        let zero = b.const_f32(0.0);
        let sums = vec![zero; (self.pixels_at_once() * size) as usize];
        let filter = times(b, channel, self.filter_len());
        let first = times(b, rows.kernel, self.columns.kernel);
        let first = plus(b, first, columns.kernel);
        let first = times(b, first, channels);
        let filter = plus(b, filter, first);
        let whole_rows = self.columns.is_whole() && self.rows.dilation == 1;
        let sums = if whole_rows {
            let count = rows.count.times(b, kernel_row);
            self.run(b, buffers, pixel, filter, count, &sums)
        } else {
            rows.count.each(b, 1, &sums, |b, ky, sums| {
                let down = times(b, ky, self.rows.dilation * self.columns.input * channels);
                let pixel = plus(b, pixel, down);
                let down = times(b, ky, kernel_row);
                let filter = plus(b, filter, down);
                if self.columns.dilation == 1 {
                    let count = columns.count.times(b, channels);
                    return self.run(b, buffers, pixel, filter, count, sums);
                }
                columns.count.each(b, 1, sums, |b, kx, sums| {
                    let right = times(b, kx, self.columns.dilation * channels);
                    let pixel = plus(b, pixel, right);
                    let right = times(b, kx, channels);
                    let filter = plus(b, filter, right);
                    self.run(b, buffers, pixel, filter, Extent::Known(channels), sums)
                })
            })
        };
        for j in 0..size {
            let channel = offset(b, channel, j);
            let bias = buffers.bias.map(|bias| b.load(bias, &[channel]));
            let out = plus(b, out, channel);
            let pixels = sums.iter().skip(j as usize).step_by(size as usize);
            for (p, &sum) in (0..).zip(pixels) {
                let sum = match bias {
                    Some(bias) => b.addf(sum, bias),
                    None => sum,
                };
                let sum = clamp_f32(b, sum, buffers.min, buffers.max);
                let out = offset(b, out, p * self.out_channels);
                b.store(sum, buffers.output, &[out]);
            }
        }
    }

    /// Adds the products of `count` elements that follow one another in input and filter.
    fn run(
        &self,
        b: &mut Builder<'_>,
        buffers: &Buffers,
        pixel: ValueId,
        filter: ValueId,
        count: Extent,
        sums: &[ValueId],
    ) -> Vec<ValueId> {
        let unroll = self.unroll();
        count.each(b, unroll, sums, |b, i, sums| {
            let mut sums = sums.to_vec();
            let x = plus(b, pixel, i);
            let w = plus(b, filter, i);
            let pixels = self.pixels_at_once();
            let size = sums.len() as i64 / pixels;
            let apart = self.columns.stride * self.in_channels;
            for u in 0..unroll {
                let mut xs = Vec::with_capacity(pixels as usize);
                for p in 0..pixels {
                    let x = offset(b, x, p * apart + u);
                    xs.push(b.load(buffers.input, &[x]));
                }
                for j in 0..size {
                    let w = offset(b, w, j * self.filter_len() + u);
                    let w = b.load(buffers.filter, &[w]);
                    for (p, &x) in (0..).zip(&xs) {
                        let sum = &mut sums[(p * size + j) as usize];
                        let product = b.mulf(x, w);
                        *sum = b.addf(*sum, product);
                    }
                }
            }
            sums
        })
    }
}

/// Registers the schedule.
///
/// # Errors
/// If its name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Conv2dF32)?;
    Ok(())
}
