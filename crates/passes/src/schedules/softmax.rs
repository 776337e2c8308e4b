//! `nn.softmax`, int8 and float32, of rows of the last dimension.
//!
//! Int8: the difference of an element to its row's maximum is in −255..=0 and the input's scale is known, so its exponential comes from a
//! table, cut where it no longer changes a sum or an output (below 2^11 in Q0.31). The reciprocal of the sum is gemmlowp's Newton-Raphson
//! iteration; its saturations are left out where they cannot happen: the iterates lie in 0.9..=2 in Q2.29 and the corrections below 1/8.
//! Float32: the interpreter's operations in its order.

use super::affine::{plus, times};
use super::parameters::{elements, kernel_name, output_len, refused, require};
use interp::nn::softmax_params;
use interp::numerics::softmax::SoftmaxI8Params;
use ir::dialects::nn::{Element, shape};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.softmax` of int8.
struct SoftmaxI8;

/// Lowers `nn.softmax` of float32.
struct SoftmaxF32;

/// The largest depth whose sum fits Q12.19.
const MAX_DEPTH: i64 = 4095;

/// Rows and their length.
fn extents(op: OpRef<'_>) -> Option<(i64, i64)> {
    let depth = op
        .operand(0)
        .map(|v| shape(op.module, v).last().copied().unwrap_or(1))?;
    (depth > 0).then(|| (output_len(op) / depth, depth))
}

/// The exponentials of 0, −1, −2 … steps of the input; cut behind the last one of at least 2^11, which rounds to one unit of the sum, and
/// ended by 0 unless there are 256.
fn exponentials(p: &SoftmaxI8Params) -> Vec<i32> {
    let at = |diff: i32| if diff < p.diff_min { 0 } else { p.exp(diff) };
    let all: Vec<i32> = (0..256).map(|d| at(-d)).collect();
    let used = all
        .iter()
        .rposition(|&e| e >= 1 << 11)
        .map_or(0, |last| last + 1);
    let mut table = all[..used].to_vec();
    if used < 256 {
        table.push(0);
    }
    table
}

impl Schedule for SoftmaxI8 {
    fn name(&self) -> &str {
        "softmax-i8"
    }

    fn op(&self) -> &str {
        "nn.softmax"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)?;
        softmax_params(op).map_err(|e| e.to_string())?;
        match extents(op) {
            Some((_, depth)) if depth <= MAX_DEPTH => Ok(()),
            _ => Err(format!(
                "is made for 1 to {MAX_DEPTH} elements in the last dimension"
            )),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let (Some((rows, depth)), Ok(p)) = (extents(op), softmax_params(op)) else {
            return Cost::default();
        };
        let c = &target.cost;
        let overhead = 2 * c.alu + c.branch_taken;
        let element =
            3 * (c.load + overhead) + 2 * c.load + c.wide_mul + c.wide_add + c.store + 12 * c.alu;
        let row = 7 * (c.wide_mul + c.wide_add + c.wide_shift) + 30 * c.alu;
        Cost {
            cycles: rows as u64 * (depth as u64 * u64::from(element) + u64::from(row)),
            flash: 400 + 4 * exponentials(&p).len() as u64,
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
        let params = softmax_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let (rows, depth) = extents(m.op(op)).expect("invariant: the schedule applies");
        let exps = exponentials(&params);
        let len = exps.len() as i64;
        k.set_name(&kernel_name(format!("softmax_{rows}x{depth}")));
        let input = k.input(op, 0, &[rows * depth]);
        let table = k.table_i32("exp", &[len], &exps);
        let output = k.output(op, 0, &[rows * depth]);
        let kernel = RowsI8 {
            depth,
            input,
            table,
            len,
            output,
        };
        k.body().for_range(0, rows, 1, &[], |b, row, _| {
            let first = times(b, row, depth);
            kernel.row(b, first);
            vec![]
        });
        Ok(())
    }
}

struct RowsI8 {
    depth: i64,
    input: ValueId,
    table: ValueId,
    len: i64,
    output: ValueId,
}

impl RowsI8 {
    fn row(&self, b: &mut Builder<'_>, first: ValueId) {
        let i32 = b.m.i32();
        let start = b.const_i32(-128);
        let max = b.for_range(0, self.depth, 1, &[start], |b, i, max| {
            let i = plus(b, first, i);
            let x = b.load(self.input, &[i]);
            let x = b.extsi(x, i32);
            vec![b.maxsi(max[0], x)]
        })[0];
        let zero = b.const_i32(0);
        let sum = b.for_range(0, self.depth, 1, &[zero], |b, i, sum| {
            let i = plus(b, first, i);
            let exp = self.exp(b, max, i);
            // At most 2^31 − 1 before the addition: in 32 bits without a sign.
            let (half, twelve) = (b.const_i32(1 << 11), b.const_i32(12));
            let rounded = b.addi(exp, half);
            let term = b.shrui(rounded, twelve);
            // At most 4095 terms of at most 2^19.
            vec![b.addi_nsw(sum[0], term)]
        })[0];
        let (scale, exponent) = reciprocal(b, sum);
        let one = b.const_i32(1);
        let half = b.subi_nsw(exponent, one);
        let half = b.shli(one, half);
        b.for_range(0, self.depth, 1, &[], |b, i, _| {
            let i = plus(b, first, i);
            let exp = self.exp(b, max, i);
            let product = high_mul(b, scale, exp);
            // Neither is negative, and the sum fits 32 bits without a sign.
            let rounded = b.addi(product, half);
            let y = b.shrui(rounded, exponent);
            let (upper, zero_point) = (b.const_i32(255), b.const_i32(-128));
            let y = b.minsi(y, upper);
            let y = b.addi_nsw(y, zero_point);
            let i8 = b.m.i8();
            let y = b.trunci(y, i8);
            b.store(y, self.output, &[i]);
            vec![]
        });
    }

    /// The exponential of element `i` less the maximum.
    fn exp(&self, b: &mut Builder<'_>, max: ValueId, i: ValueId) -> ValueId {
        let (i32, index) = (b.m.i32(), b.m.index());
        let x = b.load(self.input, &[i]);
        let x = b.extsi(x, i32);
        let mut distance = b.subi_nsw(max, x);
        if self.len < 256 {
            let last = b.const_i32(self.len - 1);
            distance = b.minsi(distance, last);
        }
        let at = b.cast("arith.index_cast", distance, index);
        b.load(self.table, &[at])
    }
}

/// The high 32 bits of `2 · x · y`, rounded; not both are the smallest number.
fn high_mul(b: &mut Builder<'_>, x: ValueId, y: ValueId) -> ValueId {
    let (i32, i64) = (b.m.i32(), b.m.i64());
    let (x, y) = (b.extsi(x, i64), b.extsi(y, i64));
    let product = b.muli_nsw(x, y);
    let (half, bits) = (b.const_i64(1 << 30), b.const_i64(31));
    let rounded = b.addi_nsw(product, half);
    let high = b.shrsi(rounded, bits);
    b.trunci(high, i32)
}

/// The reciprocal of `sum` in Q12.19, which is at least 1: its significand in Q0.31, and how far a product with it in Q0.31 is to be
/// shifted to the right to be in units of 1/256.
fn reciprocal(b: &mut Builder<'_>, sum: ValueId) -> (ValueId, ValueId) {
    // The leading zeros, 1 to 12, by bisection.
    let mut x = sum;
    let mut exponent = b.const_i32(35);
    for step in [8i64, 4, 2, 1] {
        let (limit, shift) = (
            b.const_i32(i64::from(1i32 << (32 - step))),
            b.const_i32(step),
        );
        let small = b.cmpi("ult", x, limit);
        let (shifted, less) = (b.shli(x, shift), b.subi_nsw(exponent, shift));
        x = b.select(small, shifted, x);
        exponent = b.select(small, less, exponent);
    }
    let limit = b.const_i32(31);
    let exponent = b.minsi(exponent, limit);
    // (1 + (x − 1)) / 2 in Q0.31, exactly.
    let one = b.const_i32(1);
    let half_denominator = b.shrui(x, one);
    let (slope, intercept) = (b.const_i32(-1_010_580_540), b.const_i32(1_515_870_810));
    let product = high_mul(b, half_denominator, slope);
    let mut y = b.addi_nsw(intercept, product);
    for _ in 0..3 {
        let product = high_mul(b, half_denominator, y);
        let unit = b.const_i32(1 << 29);
        let error = b.subi_nsw(unit, product);
        let correction = high_mul(b, y, error);
        let two = b.const_i32(2);
        let correction = b.shli(correction, two);
        y = b.addi_nsw(y, correction);
    }
    // Q2.29 of half of it to Q0.31, saturated at 1.
    let (limit, most) = (b.const_i32((1 << 30) - 1), b.const_i32(i32::MAX.into()));
    let large = b.cmpi("sgt", y, limit);
    let doubled = b.shli(y, one);
    (b.select(large, most, doubled), exponent)
}

impl Schedule for SoftmaxF32 {
    fn name(&self) -> &str {
        "softmax-f32"
    }

    fn op(&self) -> &str {
        "nn.softmax"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)?;
        beta(op).ok_or("attribute `beta` is missing")?;
        extents(op)
            .map(|_| ())
            .ok_or_else(|| "the last dimension is empty".to_owned())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let exp = 9 * c.float_add + 10 * c.float_mul + 20 * c.alu + c.call;
        let element = 4 * c.load + 2 * c.store + 3 * c.float_add + c.float_mul + c.float_div + exp;
        let overhead = 3 * (2 * c.alu + c.branch_taken);
        Cost {
            cycles: output_len(op) as u64 * u64::from(element + overhead),
            flash: 400,
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
        debug_assert_eq!(elements(m.op(op)).0, Element::F32);
        let (rows, depth) = extents(m.op(op)).expect("invariant: the schedule applies");
        let beta = beta(m.op(op)).expect("invariant: the schedule applies");
        k.set_name(&kernel_name(format!("softmax_f32_{rows}x{depth}")));
        let (input, output) = (
            k.input(op, 0, &[rows * depth]),
            k.output(op, 0, &[rows * depth]),
        );
        // A product with 1 changes nothing.
        let beta = (beta.to_bits() != 1f32.to_bits()).then(|| k.scalar_f32(beta));
        k.body().for_range(0, rows, 1, &[], |b, row, _| {
            let first = times(b, row, depth);
            let lowest = b.const_f32(f32::MIN);
            let max = b.for_range(0, depth, 1, &[lowest], |b, i, max| {
                let i = plus(b, first, i);
                let x = b.load(input, &[i]);
                let less = b.cmpf("olt", max[0], x);
                vec![b.select(less, x, max[0])]
            })[0];
            let zero = b.const_f32(0.0);
            let sum = b.for_range(0, depth, 1, &[zero], |b, i, sum| {
                let i = plus(b, first, i);
                let x = b.load(input, &[i]);
                let mut x = b.subf(x, max);
                if let Some(beta) = beta {
                    x = b.mulf(x, beta);
                }
                let exp = b.exp(x);
                b.store(exp, output, &[i]);
                vec![b.addf(sum[0], exp)]
            })[0];
            b.for_range(0, depth, 1, &[], |b, i, _| {
                let i = plus(b, first, i);
                let exp = b.load(output, &[i]);
                let y = b.divf(exp, sum);
                b.store(y, output, &[i]);
                vec![]
            });
            vec![]
        });
        Ok(())
    }
}

fn beta(op: OpRef<'_>) -> Option<f32> {
    op.prop("beta")
        .and_then(|a| op.module.attr_float(a))
        .map(|b| b as f32)
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(SoftmaxI8)?;
    r.schedule(SoftmaxF32)?;
    Ok(())
}
