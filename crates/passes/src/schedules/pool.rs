//! `nn.average_pool_2d` and `nn.max_pool_2d`, int8 and float32.
//!
//! Taps outside of the input are left out of the window by its bounds, computed once a pixel. Registers hold several channels of one pixel.
//! An int8 mean `sum / count`, rounded half away from zero, is `(sum · m + 2^(k−1)) >> k` with `m = floor(2^k / count) + 1`: the multiplier
//! is a little too large, so ties go up above zero and down below it. That this is exact is checked on every sum of every count that occurs;
//! where no `k` is, the sum is divided. Where halves are rounded up, sums are of numbers that are 128 more, and divided. A window's count is constant unless it meets the padding; then `m` is computed once a pixel.

use super::affine::{Extent, blocks, offset, plus, times};
use super::clamp::clamp_f32;
use super::parameters::{elements, kernel_name, refused, require};
use super::taps::{Axis, Taps};
use interp::nn::{PoolParams, pool_params};
use interp::numerics::{ClampF32, ClampI8};
use ir::dialects::nn::Element;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use std::collections::BTreeSet;
use target::Target;

/// Channels that are in registers at once.
const BLOCK: i64 = 4;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Average,
    Max,
}

/// Lowers one kind of pool of any element type.
struct Pool(Kind);

impl Schedule for Pool {
    fn name(&self) -> &str {
        match self.0 {
            Kind::Average => "average-pool-2d",
            Kind::Max => "max-pool-2d",
        }
    }

    fn op(&self) -> &str {
        match self.0 {
            Kind::Average => "nn.average_pool_2d",
            Kind::Max => "nn.max_pool_2d",
        }
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        let (element, _) = elements(op);
        if element == Element::F32 {
            require(op, Element::F32, Element::F32)?;
        } else {
            require(op, Element::QuantI8, Element::QuantI8)?;
        }
        pool_params(op).map_err(|e| e.to_string())?;
        let e = Extents::of(op).ok_or("an extent exceeds 31 bits")?;
        if e.rows.kernel.saturating_mul(e.columns.kernel) >= 1 << 23 {
            return Err("a window of 2^23 or more taps may overflow the sum".to_owned());
        }
        Ok(())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let Some(e) = Extents::of(op) else {
            return Cost::default();
        };
        let c = &target.cost;
        let float = elements(op).0 == Element::F32;
        let block = BLOCK.min(e.channels).max(1) as u64;
        let outputs = (e.batches * e.rows.output * e.columns.output * e.channels) as u64;
        let taps = (e.rows.kernel * e.columns.kernel) as u64;
        let (fold, finish) = match (self.0, float) {
            (Kind::Average, true) => (c.float_add, c.float_div + 4 * c.alu),
            (Kind::Average, false) => (c.alu, c.mul + 3 * c.alu),
            (Kind::Max, _) => (3 * c.alu, 4 * c.alu),
        };
        let overhead = u64::from(2 * c.alu + c.branch_taken) / block;
        Cost {
            cycles: outputs
                * (taps * (u64::from(c.load_after_load + fold) + overhead)
                    + u64::from(finish + c.store)),
            flash: 120 + 30 * block + if e.channels % BLOCK == 0 { 0 } else { 120 },
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
        let params = pool_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let e = Extents::of(m.op(op)).expect("invariant: the schedule applies");
        let kind = match self.0 {
            Kind::Average => "average",
            Kind::Max => "max",
        };
        let numbers = match params {
            PoolParams::F32 { .. } => "_f32",
            PoolParams::I8 { .. } => "",
            PoolParams::I8HalfUp { .. } => "_half_up",
        };
        k.set_name(&kernel_name(format!(
            "{kind}_pool{numbers}_{}x{}_{}x{}x{}",
            e.rows.kernel, e.columns.kernel, e.rows.input, e.columns.input, e.channels
        )));
        let pixels = |rows: i64, columns: i64| e.batches * rows * columns * e.channels;
        let input = k.input(op, 0, &[pixels(e.rows.input, e.columns.input)]);
        let output = k.output(op, 0, &[pixels(e.rows.output, e.columns.output)]);
        let number = match params {
            PoolParams::F32 { clamp, .. } => Number::f32(k, clamp),
            PoolParams::I8 { clamp, .. } => Number::i8(k, clamp, e.division(self.0), 0),
            PoolParams::I8HalfUp { clamp, .. } => Number::i8(k, clamp, Division::Divide, SHIFT),
        };
        let nest = Nest {
            e,
            kind: self.0,
            number,
            input,
            output,
        };
        nest.build(&mut k.body());
        Ok(())
    }
}

#[derive(Clone, Copy, Debug)]
struct Extents {
    batches: i64,
    rows: Axis,
    columns: Axis,
    channels: i64,
}

/// What makes int8 numbers non-negative, so that halves that are rounded away from zero are rounded up.
const SHIFT: i64 = 128;

/// How an int8 sum is divided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Division {
    /// By a multiplication and a shift to the right by so much.
    Multiply(u32),
    /// By a division.
    Divide,
}

impl Extents {
    fn of(op: OpRef<'_>) -> Option<Extents> {
        let shape = match pool_params(op).ok()? {
            PoolParams::F32 { shape, .. }
            | PoolParams::I8 { shape, .. }
            | PoolParams::I8HalfUp { shape, .. } => shape,
        };
        let [rows, columns] = Axis::of(&shape)?;
        Some(Extents {
            batches: shape.batches as i64,
            rows,
            columns,
            channels: shape.in_c as i64,
        })
    }

    fn division(&self, kind: Kind) -> Division {
        if kind == Kind::Max {
            return Division::Divide;
        }
        let rows: BTreeSet<i64> = self.rows.counts().collect();
        let columns: BTreeSet<i64> = self.columns.counts().collect();
        let counts: BTreeSet<i64> = rows
            .iter()
            .flat_map(|r| columns.iter().map(move |c| r * c))
            .collect();
        let exact = |&k: &u32| counts.iter().all(|&count| is_exact(count, k));
        (8..=23)
            .rev()
            .find(exact)
            .map_or(Division::Divide, Division::Multiply)
    }
}

/// Whether multiplying by `floor(2^k / count) + 1` gives every mean of `count` int8 numbers, in 32 bits.
///
/// Both ways of dividing grow with the sum, so they agree on all sums if they do on the first and the last of each mean.
fn is_exact(count: i64, k: u32) -> bool {
    let m = (1i64 << k) / count + 1;
    (-128..=127).all(|mean| {
        let (first, last) = sums_of(mean, count);
        [first, last].into_iter().all(|sum| {
            let product = sum * m;
            let scaled = product + (1 << (k - 1));
            let fits = i32::try_from(product).is_ok() && i32::try_from(scaled).is_ok();
            fits && scaled >> k == mean
        })
    })
}

/// The first and the last sum of `count` int8 numbers whose mean, rounded half away from zero, is `mean`.
fn sums_of(mean: i64, count: i64) -> (i64, i64) {
    let half = count / 2;
    let (first, last) = match mean {
        1.. => (mean * count - half, mean * count - half + count - 1),
        0 => (half + 1 - count, count - 1 - half),
        _ => (mean * count + half - count + 1, mean * count + half),
    };
    (first.max(-128 * count), last.min(127 * count))
}

/// What the elements are, and the constants that go with it.
#[derive(Clone, Copy)]
enum Number {
    F32 {
        min: ValueId,
        max: ValueId,
    },
    I8 {
        clamp: Option<(ValueId, ValueId)>,
        division: Division,
        /// What is added to the numbers before their mean is taken, and then taken off.
        shift: i64,
    },
}

impl Number {
    fn f32(k: &mut KernelBuilder<'_>, clamp: ClampF32) -> Number {
        Number::F32 {
            min: k.scalar_f32(clamp.min),
            max: k.scalar_f32(clamp.max),
        }
    }

    fn i8(k: &mut KernelBuilder<'_>, clamp: ClampI8, division: Division, shift: i64) -> Number {
        let scalar = |x: i32, k: &mut KernelBuilder<'_>| k.scalar_i32(x.into());
        let clamp = (clamp != ClampI8::FULL).then(|| (scalar(clamp.min, k), scalar(clamp.max, k)));
        Number::I8 {
            clamp,
            division,
            shift,
        }
    }
}

/// What a mean is computed with at one pixel.
#[derive(Clone, Copy)]
enum Mean {
    /// None is.
    Unused,
    /// `(sum · multiplier + half) >> shift`.
    Multiply {
        multiplier: ValueId,
        half: ValueId,
        shift: ValueId,
    },
    /// `(sum ± half) / count`.
    Divide { count: ValueId, half: ValueId },
    /// Float: `sum / count`.
    Float { count: ValueId },
    /// Float, of a power of two: `sum · reciprocal`, which is exact.
    Reciprocal { reciprocal: ValueId },
}

struct Nest {
    e: Extents,
    kind: Kind,
    number: Number,
    input: ValueId,
    output: ValueId,
}

impl Nest {
    fn build(&self, b: &mut Builder<'_>) {
        let e = &self.e;
        b.for_range(0, e.batches, 1, &[], |b, n, _| {
            let in_image = times(b, n, e.rows.input);
            let out_image = times(b, n, e.rows.output);
            b.for_range(0, e.rows.output, 1, &[], |b, y, _| {
                let rows = e.rows.taps(b, y);
                let in_row = plus(b, in_image, rows.input);
                let in_row = times(b, in_row, e.columns.input);
                let out_row = plus(b, out_image, y);
                let out_row = times(b, out_row, e.columns.output);
                b.for_range(0, e.columns.output, 1, &[], |b, x, _| {
                    let columns = e.columns.taps(b, x);
                    let mean = self.mean(b, rows.count, columns.count);
                    let pixel = plus(b, in_row, columns.input);
                    let pixel = times(b, pixel, e.channels);
                    let out = plus(b, out_row, x);
                    let out = times(b, out, e.channels);
                    blocks(b, e.channels, BLOCK, |b, channel, size| {
                        let pixel = plus(b, pixel, channel);
                        let out = plus(b, out, channel);
                        self.block(b, (rows, columns), mean, pixel, out, size);
                    });
                    vec![]
                });
                vec![]
            });
            vec![]
        });
    }

    fn mean(&self, b: &mut Builder<'_>, rows: Extent, columns: Extent) -> Mean {
        if self.kind == Kind::Max {
            return Mean::Unused;
        }
        let count = match (rows, columns) {
            (Extent::Known(r), Extent::Known(c)) => Extent::Known(r * c),
            (Extent::Known(r), c) => c.times(b, r),
            (r, Extent::Known(c)) => r.times(b, c),
            (Extent::Value(r), Extent::Value(c)) => Extent::Value(b.muli_nsw(r, c)),
        };
        match (self.number, count) {
            (Number::F32 { .. }, Extent::Known(n)) if n.count_ones() == 1 => Mean::Reciprocal {
                reciprocal: b.const_f32(1.0 / n as f32),
            },
            (Number::F32 { .. }, Extent::Known(n)) => Mean::Float {
                count: b.const_f32(n as f32),
            },
            (Number::F32 { .. }, Extent::Value(n)) => {
                let (i32, f32) = (b.m.i32(), b.m.f32());
                let n = b.cast("arith.index_cast", n, i32);
                Mean::Float {
                    count: b.cast("arith.sitofp", n, f32),
                }
            }
            (Number::I8 { division, .. }, count) => {
                let count = match count {
                    Extent::Known(n) => Ok(n),
                    Extent::Value(n) => {
                        let i32 = b.m.i32();
                        Err(b.cast("arith.index_cast", n, i32))
                    }
                };
                match (division, count) {
                    (Division::Multiply(k), count) => {
                        let multiplier = match count {
                            Ok(n) => b.const_i32((1 << k) / n + 1),
                            Err(n) => {
                                let (unit, one) = (b.const_i32(1 << k), b.const_i32(1));
                                let quotient = b.divsi(unit, n);
                                b.addi_nsw(quotient, one)
                            }
                        };
                        Mean::Multiply {
                            multiplier,
                            half: b.const_i32(1 << (k - 1)),
                            shift: b.const_i32(k.into()),
                        }
                    }
                    (Division::Divide, Ok(n)) => Mean::Divide {
                        count: b.const_i32(n),
                        half: b.const_i32(n / 2),
                    },
                    (Division::Divide, Err(count)) => {
                        let one = b.const_i32(1);
                        Mean::Divide {
                            count,
                            half: b.shrsi(count, one),
                        }
                    }
                }
            }
        }
    }

    /// `size` channels of one pixel.
    fn block(
        &self,
        b: &mut Builder<'_>,
        (rows, columns): (Taps, Taps),
        mean: Mean,
        pixel: ValueId,
        out: ValueId,
        size: i64,
    ) {
        let e = &self.e;
        let start = match (self.kind, self.number) {
            (Kind::Average, Number::F32 { .. }) => b.const_f32(0.0),
            (Kind::Max, Number::F32 { .. }) => b.const_f32(f32::MIN),
            (Kind::Average, Number::I8 { .. }) => b.const_i32(0),
            (Kind::Max, Number::I8 { .. }) => b.const_i32(-128),
        };
        let start = vec![start; size as usize];
        let values = if e.columns.is_whole() {
            let count = rows.count.times(b, e.columns.kernel);
            count.each(b, 1, &start, |b, tap, values| {
                self.tap(b, pixel, tap, values)
            })
        } else {
            rows.count.each(b, 1, &start, |b, ky, values| {
                let down = times(b, ky, e.columns.input * e.channels);
                let pixel = plus(b, pixel, down);
                columns
                    .count
                    .each(b, 1, values, |b, kx, values| self.tap(b, pixel, kx, values))
            })
        };
        for (j, &value) in values.iter().enumerate() {
            let value = self.finish(b, mean, value);
            let out = offset(b, out, j as i64);
            b.store(value, self.output, &[out]);
        }
    }

    /// Folds in the tap `kx` pixels to the right.
    fn tap(
        &self,
        b: &mut Builder<'_>,
        pixel: ValueId,
        kx: ValueId,
        values: &[ValueId],
    ) -> Vec<ValueId> {
        let right = times(b, kx, self.e.channels);
        let pixel = plus(b, pixel, right);
        let mut next = Vec::with_capacity(values.len());
        for (j, &value) in values.iter().enumerate() {
            let x = offset(b, pixel, j as i64);
            let x = b.load(self.input, &[x]);
            next.push(match (self.kind, self.number) {
                (Kind::Average, Number::F32 { .. }) => b.addf(value, x),
                (Kind::Max, Number::F32 { .. }) => {
                    let less = b.cmpf("olt", value, x);
                    b.select(less, x, value)
                }
                (kind, Number::I8 { shift, .. }) => {
                    let i32 = b.m.i32();
                    let mut x = b.extsi(x, i32);
                    if kind == Kind::Average {
                        if shift != 0 {
                            let shift = b.const_i32(shift);
                            x = b.addi_nsw(x, shift);
                        }
                        // At most 2^23 terms of at most 2^8.
                        b.addi_nsw(value, x)
                    } else {
                        b.maxsi(value, x)
                    }
                }
            });
        }
        next
    }

    fn finish(&self, b: &mut Builder<'_>, mean: Mean, value: ValueId) -> ValueId {
        let value = match mean {
            Mean::Unused => value,
            Mean::Float { count } => b.divf(value, count),
            Mean::Reciprocal { reciprocal } => b.mulf(value, reciprocal),
            Mean::Multiply {
                multiplier,
                half,
                shift,
            } => {
                let product = b.muli_nsw(value, multiplier);
                let rounded = b.addi_nsw(product, half);
                b.shrsi(rounded, shift)
            }
            Mean::Divide { count, half } => {
                let zero = b.const_i32(0);
                let positive = b.cmpi("sgt", value, zero);
                let (up, down) = (b.addi_nsw(value, half), b.subi_nsw(value, half));
                let rounded = b.select(positive, up, down);
                b.divsi(rounded, count)
            }
        };
        match self.number {
            Number::F32 { min, max } => clamp_f32(b, value, min, max),
            Number::I8 { clamp, shift, .. } => {
                let mut value = value;
                if shift != 0 {
                    let shift = b.const_i32(shift);
                    value = b.subi_nsw(value, shift);
                }
                let value = match clamp {
                    Some((min, max)) => {
                        let value = b.maxsi(value, min);
                        b.minsi(value, max)
                    }
                    None => value,
                };
                let i8 = b.m.i8();
                b.trunci(value, i8)
            }
        }
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Pool(Kind::Average))?;
    r.schedule(Pool(Kind::Max))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(sum: i64, count: i64) -> i64 {
        let half = if sum > 0 { count / 2 } else { -(count / 2) };
        (sum + half) / count
    }

    #[test]
    fn ends_of_means() {
        for count in 1..40 {
            let mut next = -128 * count;
            for m in -128..=127 {
                let (first, last) = sums_of(m, count);
                assert_eq!(first, next, "{count} {m}");
                assert!(mean(first, count) == m && mean(last, count) == m);
                next = last + 1;
            }
            assert_eq!(next, 127 * count + 1);
        }
    }

    /// Every sum of every count, with the most bits that are said to be exact.
    #[test]
    fn multiplication_by_brute_force() {
        let mut multiplied = 0;
        for count in (1..=300).chain([1024, 2025]) {
            for k in 8..=24 {
                let m = (1i64 << k) / count + 1;
                let exact = (-128 * count..=127 * count).all(|sum| {
                    let scaled = sum * m + (1 << (k - 1));
                    i32::try_from(sum * m).is_ok()
                        && i32::try_from(scaled).is_ok()
                        && scaled >> k == mean(sum, count)
                });
                assert_eq!(exact, is_exact(count, k), "{count} {k}");
                multiplied += i32::from(exact);
            }
        }
        assert!(multiplied > 500, "{multiplied}");
        assert!((1..=128).all(|count| (8..=23).any(|k| is_exact(count, k))));
    }
}
