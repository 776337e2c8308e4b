//! `nn.resize_bilinear`, int8 and float32: positions and weights of rows and columns are tables.
//!
//! Int8 sums of four products are at most 2^29: weights of a dimension sum to 1024 and are between −512 and 1536. A sum is rounded half away from
//! zero by adding a half, less one unit where it is negative, before the shift.

use super::affine::{blocks, offset, plus, times};
use super::parameters::{elements, kernel_name, output_len, refused, require};
use interp::nn::resize_bilinear_params;
use interp::numerics::resize_bilinear::{Position, ResizeShape, positions_f32, positions_i32};
use ir::dialects::nn::{Element, ResizeBilinearOp};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Channels of a pixel that are computed together.
const BLOCK: i64 = 2;

/// Fractional bits of a product of weights.
const FRACTION: i64 = 20;

/// Lowers every `nn.resize_bilinear`.
struct ResizeBilinear;

/// Where the two elements around each position are, in steps of `step`.
fn places<T: Copy>(positions: &[Position<T>], step: i64) -> Vec<i32> {
    let pair = |p: &Position<T>| [p.first, p.second].map(|i| (i as i64 * step) as i32);
    positions.iter().flat_map(pair).collect()
}

fn weights<T: Copy>(positions: &[Position<T>]) -> Vec<T> {
    let pair = |p: &Position<T>| [p.of_first, p.of_second];
    positions.iter().flat_map(pair).collect()
}

impl Schedule for ResizeBilinear {
    fn name(&self) -> &str {
        "resize-bilinear"
    }

    fn op(&self) -> &str {
        ResizeBilinearOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        let s = resize_bilinear_params(op).map_err(|e| e.to_string())?;
        if elements(op).0 == Element::F32 {
            return require(op, Element::F32, Element::F32);
        }
        require(op, Element::QuantI8, Element::QuantI8)?;
        for d in 0..2 {
            let all = positions_i32(s.input[d], s.output[d], s.placement);
            let all = all.map_err(|e| e.to_string())?;
            if !all.iter().all(|p| (-512..=1536).contains(&p.of_second)) {
                return Err("a weight exceeds its bounds".to_owned());
            }
        }
        Ok(())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let Ok(s) = resize_bilinear_params(op) else {
            return Cost::default();
        };
        let c = &target.cost;
        let float = elements(op).0 == Element::F32;
        let (element, pixel) = if float {
            (8 * c.float_mul + 3 * c.float_add, 4 * c.load)
        } else {
            (4 * c.mul + 6 * c.alu, 4 * c.load + 4 * c.mul)
        };
        let element = element + 4 * c.load_after_load + c.store;
        let overhead = 2 * c.alu + c.branch_taken;
        let pixels = (s.batches * s.output[0] * s.output[1]) as u64;
        let tables = (s.output[0] + s.output[1]) as u64 * 16;
        Cost {
            cycles: output_len(op) as u64 * u64::from(element + overhead / BLOCK as u32)
                + pixels * u64::from(pixel + 8 * c.alu + overhead),
            flash: 260 + tables,
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
        let s = resize_bilinear_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let float = elements(m.op(op)).0 == Element::F32;
        let ([h, w], [oh, ow]) = (s.input, s.output);
        let numbers = if float { "_f32" } else { "" };
        let channels = s.channels;
        k.set_name(&kernel_name(format!(
            "resize_bilinear{numbers}_{h}x{w}x{channels}_{oh}x{ow}"
        )));
        let nest = Nest::declare(op, &s, float, k);
        let nest = nest.map_err(|e| refused(k.module(), op, &e.into()))?;
        nest.build(&mut k.body());
        Ok(())
    }
}

/// The tables of a dimension: places and weights, two each a position.
#[derive(Clone, Copy)]
struct Axis {
    places: ValueId,
    weights: ValueId,
}

struct Nest {
    batches: i64,
    image: i64,
    output: [i64; 2],
    channels: i64,
    float: bool,
    rows: Axis,
    columns: Axis,
    from: ValueId,
    to: ValueId,
}

/// The places and weights around a position.
#[derive(Clone, Copy)]
struct Around {
    places: [ValueId; 2],
    weights: [ValueId; 2],
}

impl Nest {
    fn declare(
        op: OpId,
        s: &ResizeShape,
        float: bool,
        k: &mut KernelBuilder<'_>,
    ) -> Result<Nest, interp::numerics::NumericsError> {
        let extents = [s.input[0], s.input[1], s.output[0], s.output[1]];
        let [h, w, oh, ow] = extents.map(|n| n as i64);
        let (batches, channels) = (s.batches as i64, s.channels as i64);
        let from = k.input(op, 0, &[batches * h * w * channels]);
        let mut axes = Vec::with_capacity(2);
        for (d, step) in [w * channels, channels].into_iter().enumerate() {
            let n = 2 * s.output[d] as i64;
            let (places, weights) = if float {
                let all = positions_f32(s.input[d], s.output[d], s.placement)?;
                let places = k.table_i32("places", &[n], &places(&all, step));
                (places, k.table_f32("weights", &[n], &weights(&all)))
            } else {
                let all = positions_i32(s.input[d], s.output[d], s.placement)?;
                let places = k.table_i32("places", &[n], &places(&all, step));
                (places, k.table_i32("weights", &[n], &weights(&all)))
            };
            axes.push(Axis { places, weights });
        }
        Ok(Nest {
            batches,
            image: h * w * channels,
            output: [oh, ow],
            channels,
            float,
            rows: axes[0],
            columns: axes[1],
            from,
            to: k.output(op, 0, &[batches * oh * ow * channels]),
        })
    }

    fn around(b: &mut Builder<'_>, axis: Axis, at: ValueId) -> Around {
        let index = b.m.index();
        let first = times(b, at, 2);
        let second = offset(b, first, 1);
        let mut place = |at: ValueId| {
            let place = b.load(axis.places, &[at]);
            b.cast("arith.index_cast", place, index)
        };
        let places = [place(first), place(second)];
        let weights = [first, second].map(|at| b.load(axis.weights, &[at]));
        Around { places, weights }
    }

    fn build(&self, b: &mut Builder<'_>) {
        let [oh, ow] = self.output;
        b.for_range(0, self.batches, 1, &[], |b, n, _| {
            let image = times(b, n, self.image);
            let first_row = times(b, n, oh);
            b.for_range(0, oh, 1, &[], |b, y, _| {
                let rows = Self::around(b, self.rows, y);
                let rows_at = rows.places.map(|row| plus(b, image, row));
                let row = plus(b, first_row, y);
                let row = times(b, row, ow);
                b.for_range(0, ow, 1, &[], |b, x, _| {
                    let columns = Self::around(b, self.columns, x);
                    let pixel = plus(b, row, x);
                    let pixel = times(b, pixel, self.channels);
                    // By columns, then rows: the order of the sum.
                    let mut places = Vec::with_capacity(4);
                    let mut products = Vec::with_capacity(4);
                    for (column, &of_column) in columns.places.iter().zip(&columns.weights) {
                        for (row, &of_row) in rows_at.iter().zip(&rows.weights) {
                            places.push(plus(b, *row, *column));
                            if !self.float {
                                products.push(b.muli_nsw(of_row, of_column));
                            }
                        }
                    }
                    blocks(b, self.channels, BLOCK, |b, channel, size| {
                        let places: Vec<ValueId> =
                            places.iter().map(|&p| plus(b, p, channel)).collect();
                        let to = plus(b, pixel, channel);
                        for i in 0..size {
                            let values: Vec<ValueId> = places
                                .iter()
                                .map(|&p| {
                                    let at = offset(b, p, i);
                                    b.load(self.from, &[at])
                                })
                                .collect();
                            let value = if self.float {
                                floats(b, &values, rows.weights, columns.weights)
                            } else {
                                bytes(b, &values, &products)
                            };
                            let at = offset(b, to, i);
                            b.store(value, self.to, &[at]);
                        }
                    });
                    vec![]
                });
                vec![]
            });
            vec![]
        });
    }
}

/// The sum of four floats, each by the row's weight and then the column's.
fn floats(
    b: &mut Builder<'_>,
    values: &[ValueId],
    rows: [ValueId; 2],
    columns: [ValueId; 2],
) -> ValueId {
    let mut sum = None;
    for (i, &value) in values.iter().enumerate() {
        let product = b.mulf(value, rows[i % 2]);
        let product = b.mulf(product, columns[i / 2]);
        sum = Some(match sum {
            None => product,
            Some(sum) => b.addf(sum, product),
        });
    }
    sum.expect("invariant: there are four values")
}

/// The sum of four bytes by their weights, rounded.
fn bytes(b: &mut Builder<'_>, values: &[ValueId], products: &[ValueId]) -> ValueId {
    let (i8, i32) = (b.m.i8(), b.m.i32());
    let mut sum = b.const_i32(0);
    for (i, (&value, &weight)) in values.iter().zip(products).enumerate() {
        let value = b.extsi(value, i32);
        let product = b.muli_nsw(value, weight);
        sum = if i == 0 {
            product
        } else {
            b.addi_nsw(sum, product)
        };
    }
    let (half, sign, shift) = (
        b.const_i32(1 << (FRACTION - 1)),
        b.const_i32(31),
        b.const_i32(FRACTION),
    );
    let negative = b.shrsi(sum, sign);
    let sum = b.addi_nsw(sum, half);
    let sum = b.addi_nsw(sum, negative);
    let sum = b.shrsi(sum, shift);
    b.trunci(sum, i8)
}

/// Registers the schedule.
///
/// # Errors
/// If its name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(ResizeBilinear)?;
    Ok(())
}
