//! `nn.add`, int8 and float32, with broadcasting.
//!
//! Dimensions over which both operands move alike are one loop; an operand that stands still in the innermost loop is loaded before it.
//! Int8: [`AffineSum`] where there is one, else the reference's own sequence in its simplest exact form: `(x − z) << 20` times a multiplier
//! in Q0.31, rounded, is `((x − z) · m + 2^10) >> 11`, and `(x − z) << 19` where the multiplier is ½; no sum reaches 2^30, so nothing saturates.

use super::affine::{offset, plus, times};
use super::affine_sum::AffineSum;
use super::clamp::clamp_f32;
use super::elementwise::unroll;
use super::parameters::{elements, kernel_name, output_len, refused, require};
use interp::nn::{activation_of, add_params};
use interp::numerics::add::{AddI8Params, AddOperand};
use interp::numerics::{ClampF32, QuantizedMultiplier};
use ir::dialects::nn::{Element, shape};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.add` of float32.
struct AddF32;

/// Lowers `nn.add` of int8 where a plane gives every sum.
struct AddI8Affine;

/// Lowers every `nn.add` of int8 by the reference's sequence.
struct AddI8Rescale;

/// One loop of a broadcast: how often, and how far each operand moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Dimension {
    extent: i64,
    lhs: i64,
    rhs: i64,
}

/// The loops over an output of shape `out`, as few as there can be; the output itself is walked in order.
fn dimensions(lhs: &[i64], rhs: &[i64], out: &[i64]) -> Vec<Dimension> {
    let strides = |shape: &[i64]| {
        let mut strides = vec![0; out.len()];
        let mut stride = 1;
        for (i, &extent) in shape.iter().enumerate().rev() {
            if extent != 1 {
                strides[out.len() - shape.len() + i] = stride;
            }
            stride *= extent;
        }
        strides
    };
    let mut all: Vec<Dimension> = Vec::new();
    for ((&extent, lhs), rhs) in out.iter().zip(strides(lhs)).zip(strides(rhs)) {
        if extent == 1 {
            continue;
        }
        match all.last_mut() {
            Some(d) if d.lhs == lhs * extent && d.rhs == rhs * extent => {
                *d = Dimension {
                    extent: d.extent * extent,
                    lhs,
                    rhs,
                };
            }
            _ => all.push(Dimension { extent, lhs, rhs }),
        }
    }
    all
}

fn dimensions_of(op: OpRef<'_>) -> Vec<Dimension> {
    let of = |i| {
        op.operand(i)
            .map(|v| shape(op.module, v))
            .unwrap_or_default()
    };
    let out = op
        .results()
        .first()
        .map(|&v| shape(op.module, v))
        .unwrap_or_default();
    dimensions(of(0), of(1), out)
}

/// What an addition does to one operand before the sum, and to both.
trait Sum {
    /// What is left of the left operand to be computed where it stands still, and once an element otherwise.
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId;
    /// As [`left`](Self::left).
    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId;
    /// The element to be stored.
    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId;
}

struct Buffers {
    lhs: ValueId,
    rhs: ValueId,
    output: ValueId,
}

/// Asks for the operands and the result as flat buffers.
fn buffers(op: OpId, k: &mut KernelBuilder<'_>) -> Buffers {
    let len = |k: &mut KernelBuilder<'_>, v: ValueId| {
        let m = k.module();
        m.num_elements(m.value_type(v)).map_or(0, |n| n as i64)
    };
    let (lhs, rhs) = (k.module().operand(op, 0), k.module().operand(op, 1));
    let out = k.module().result(op, 0);
    let (lhs, rhs, out) = (len(k, lhs), len(k, rhs), len(k, out));
    Buffers {
        lhs: k.input(op, 0, &[lhs]),
        rhs: k.input(op, 1, &[rhs]),
        output: k.output(op, 0, &[out]),
    }
}

/// Positions in the operands and in the output.
type Place = [ValueId; 3];

fn nest(b: &mut Builder<'_>, dims: &[Dimension], at: Place, buffers: &Buffers, sum: &dyn Sum) {
    let out: i64 = dims.iter().skip(1).map(|d| d.extent).product();
    match dims {
        [] => {
            let x = b.load(buffers.lhs, &[at[0]]);
            let y = b.load(buffers.rhs, &[at[1]]);
            let (x, y) = (sum.left(b, x), sum.right(b, y));
            let z = sum.sum(b, x, y);
            b.store(z, buffers.output, &[at[2]]);
        }
        [d] => innermost(b, *d, at, buffers, sum),
        [d, inner @ ..] => {
            b.for_range(0, d.extent, 1, &[], |b, i, _| {
                let moved = [(at[0], d.lhs), (at[1], d.rhs), (at[2], out)].map(|(at, stride)| {
                    let step = times(b, i, stride);
                    plus(b, at, step)
                });
                nest(b, inner, moved, buffers, sum);
                vec![]
            });
        }
    }
}

fn innermost(b: &mut Builder<'_>, d: Dimension, at: Place, buffers: &Buffers, sum: &dyn Sum) {
    let still =
        |b: &mut Builder<'_>, stride: i64, buffer, at| (stride == 0).then(|| b.load(buffer, &[at]));
    let left = still(b, d.lhs, buffers.lhs, at[0]).map(|x| sum.left(b, x));
    let right = still(b, d.rhs, buffers.rhs, at[1]).map(|y| sum.right(b, y));
    let step = unroll(d.extent);
    b.for_range(0, d.extent, step, &[], |b, i, _| {
        let [x, y, z] = at.map(|at| plus(b, at, i));
        let load = |b: &mut Builder<'_>, still: Option<ValueId>, buffer, first| -> Vec<ValueId> {
            let element = |u| {
                still.unwrap_or_else(|| {
                    let at = offset(b, first, u);
                    b.load(buffer, &[at])
                })
            };
            (0..step).map(element).collect()
        };
        let xs = load(b, left, buffers.lhs, x);
        let ys = load(b, right, buffers.rhs, y);
        for (u, (x, y)) in (0..).zip(xs.into_iter().zip(ys)) {
            let x = if left.is_some() { x } else { sum.left(b, x) };
            let y = if right.is_some() { y } else { sum.right(b, y) };
            let sum = sum.sum(b, x, y);
            let at = offset(b, z, u);
            b.store(sum, buffers.output, &[at]);
        }
        vec![]
    });
}

fn cost(op: OpRef<'_>, target: &Target, element: u32, flash: u64) -> Cost {
    let c = &target.cost;
    let inner = dimensions_of(op).last().map_or(1, |d| d.extent);
    let unroll = unroll(inner) as u32;
    let step = 2 * c.load + c.store + element + (2 * c.alu + c.branch_taken) / unroll;
    Cost {
        cycles: output_len(op) as u64 * u64::from(step),
        flash: 60 + flash * u64::from(unroll),
        ram: 0,
    }
}

fn build(op: OpId, name: &str, k: &mut KernelBuilder<'_>, buffers: &Buffers, sum: &dyn Sum) {
    let m = k.module();
    let dims = dimensions_of(m.op(op));
    let extents: Vec<String> = dims
        .iter()
        .map(|d| {
            let still = match (d.lhs, d.rhs) {
                (0, _) => "l",
                (_, 0) => "r",
                _ => "",
            };
            format!("{}{still}", d.extent)
        })
        .collect();
    k.set_name(&kernel_name(format!("{name}_{}", extents.join("x"))));
    let mut b = k.body();
    let zero = b.const_index(0);
    nest(&mut b, &dims, [zero; 3], buffers, sum);
}

struct FloatSum {
    min: ValueId,
    max: ValueId,
}

impl Sum for FloatSum {
    fn left(&self, _: &mut Builder<'_>, x: ValueId) -> ValueId {
        x
    }

    fn right(&self, _: &mut Builder<'_>, y: ValueId) -> ValueId {
        y
    }

    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId {
        let sum = b.addf(left, right);
        clamp_f32(b, sum, self.min, self.max)
    }
}

impl Schedule for AddF32 {
    fn name(&self) -> &str {
        "add-f32"
    }

    fn op(&self) -> &str {
        "nn.add"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)?;
        activation_of(op).map(|_| ()).map_err(|e| e.to_string())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        cost(
            op,
            target,
            target.cost.float_add * 3 + 2 * target.cost.alu,
            36,
        )
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
        let clamp = ClampF32::new(activation_of(m.op(op)).map_err(|e| refused(m, op, &e))?);
        let buffers = buffers(op, k);
        let sum = FloatSum {
            min: k.scalar_f32(clamp.min),
            max: k.scalar_f32(clamp.max),
        };
        build(op, "add_f32", k, &buffers, &sum);
        Ok(())
    }
}

/// The left operand takes the constant, the right one is its bare product, in either order of computation.
struct Plane {
    a: ValueId,
    b: ValueId,
    c: ValueId,
    shift: ValueId,
    /// The upper bound less the lower, and the lower.
    range: ValueId,
    min: ValueId,
    /// Whether the left operand stands still in the innermost loop; then the right one is added last.
    constant_on_right: bool,
}

impl Plane {
    fn term(
        b: &mut Builder<'_>,
        x: ValueId,
        factor: ValueId,
        constant: Option<ValueId>,
    ) -> ValueId {
        let i32 = b.m.i32();
        let x = b.extsi(x, i32);
        let product = b.muli_nsw(x, factor);
        match constant {
            Some(c) => b.addi_nsw(product, c),
            None => product,
        }
    }
}

impl Sum for Plane {
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        Plane::term(b, x, self.a, (!self.constant_on_right).then_some(self.c))
    }

    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId {
        Plane::term(b, y, self.b, self.constant_on_right.then_some(self.c))
    }

    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId {
        let sum = b.addi_nsw(left, right);
        let steps = b.shrsi(sum, self.shift);
        let zero = b.const_i32(0);
        let steps = b.maxsi(steps, zero);
        let steps = b.minsi(steps, self.range);
        let sum = b.addi_nsw(steps, self.min);
        let i8 = b.m.i8();
        b.trunci(sum, i8)
    }
}

impl Schedule for AddI8Affine {
    fn name(&self) -> &str {
        "add-i8-affine"
    }

    fn op(&self) -> &str {
        "nn.add"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)?;
        let p = add_params(op).map_err(|e| e.to_string())?;
        match AffineSum::find(&p) {
            Some(_) => Ok(()),
            None => Err("no integer plane gives the reference's sums".to_owned()),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        cost(op, target, 2 * target.cost.mul + 4 * target.cost.alu, 36)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let p = add_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let s = AffineSum::find(&p).expect("invariant: the schedule applies");
        let constant_on_right = dimensions_of(m.op(op)).last().is_some_and(|d| d.rhs == 0);
        let buffers = buffers(op, k);
        let (a, b, c) = (
            k.scalar_i32(s.a.into()),
            k.scalar_i32(s.b.into()),
            k.scalar_i32(s.c.into()),
        );
        // The bounds of int8 are one saturation where they are literals.
        let bounds =
            (s.range != 255).then(|| (k.scalar_i32(s.range.into()), k.scalar_i32(s.min.into())));
        let mut body = k.body();
        let (range, min) = bounds.unwrap_or_else(|| (body.const_i32(255), body.const_i32(-128)));
        let shift = body.const_i32(s.shift.into());
        let plane = Plane {
            a,
            b,
            c,
            shift,
            range,
            min,
            constant_on_right,
        };
        build(op, "add_i8", k, &buffers, &plane);
        Ok(())
    }
}

/// `x · 2^-exponent`, rounded half away from zero; `|x| < 2^30`.
fn round_shift(b: &mut Builder<'_>, x: ValueId, exponent: u32) -> ValueId {
    if exponent == 0 {
        return x;
    }
    let (half, sign, exponent) = (
        b.const_i32(1 << (exponent - 1)),
        b.const_i32(31),
        b.const_i32(exponent.into()),
    );
    let negative = b.shrsi(x, sign);
    let x = b.addi_nsw(x, half);
    let x = b.addi_nsw(x, negative);
    b.shrsi(x, exponent)
}

/// `(x · m + 2^(bits − 1)) >> bits` in 64 bits, which fits 32.
fn scale(b: &mut Builder<'_>, x: ValueId, m: ValueId, bits: u32) -> ValueId {
    let (i32, i64) = (b.m.i32(), b.m.i64());
    let (x, m) = (b.extsi(x, i64), b.extsi(m, i64));
    let (half, bits) = (b.const_i64(1 << (bits - 1)), b.const_i64(bits.into()));
    let product = b.muli_nsw(x, m);
    let rounded = b.addi_nsw(product, half);
    let shifted = b.shrsi(rounded, bits);
    b.trunci(shifted, i32)
}

/// The reference's sequence.
struct Rescale {
    lhs: Operand,
    rhs: Operand,
    multiplier: ValueId,
    exponent: u32,
    zero_point: ValueId,
    bounds: Option<(ValueId, ValueId)>,
}

struct Operand {
    zero_point: ValueId,
    /// `None` for ½.
    multiplier: Option<(ValueId, u32)>,
}

impl Operand {
    fn new(k: &mut KernelBuilder<'_>, o: &AddOperand) -> Operand {
        let half = QuantizedMultiplier {
            multiplier: 1 << 30,
            shift: 0,
        };
        let q = o.multiplier;
        Operand {
            zero_point: k.scalar_i32(o.zero_point.into()),
            multiplier: (q != half).then(|| (k.scalar_i32(q.multiplier.into()), (-q.shift) as u32)),
        }
    }

    fn scaled(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        let i32 = b.m.i32();
        let x = b.extsi(x, i32);
        let x = b.subi_nsw(x, self.zero_point);
        match self.multiplier {
            None => {
                let unit = b.const_i32(1 << 19);
                b.muli_nsw(x, unit)
            }
            Some((m, exponent)) => {
                let x = scale(b, x, m, 11);
                round_shift(b, x, exponent)
            }
        }
    }
}

impl Sum for Rescale {
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        self.lhs.scaled(b, x)
    }

    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId {
        self.rhs.scaled(b, y)
    }

    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId {
        let sum = b.addi_nsw(left, right);
        let sum = scale(b, sum, self.multiplier, 31);
        let sum = round_shift(b, sum, self.exponent);
        let sum = b.addi_nsw(sum, self.zero_point);
        let (min, max) = self
            .bounds
            .unwrap_or_else(|| (b.const_i32(-128), b.const_i32(127)));
        let sum = b.maxsi(sum, min);
        let sum = b.minsi(sum, max);
        let i8 = b.m.i8();
        b.trunci(sum, i8)
    }
}

impl Schedule for AddI8Rescale {
    fn name(&self) -> &str {
        "add-i8-rescale"
    }

    fn op(&self) -> &str {
        "nn.add"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)?;
        let p: AddI8Params = add_params(op).map_err(|e| e.to_string())?;
        let small = |z: i32| i8::try_from(z).is_ok();
        if small(p.lhs.zero_point) && small(p.rhs.zero_point) && small(p.output_zero_point) {
            Ok(())
        } else {
            Err("a zero point is not an int8 number".to_owned())
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let scale = c.wide_mul + c.wide_add + c.wide_shift + 4 * c.alu;
        cost(op, target, 2 * scale + 5 * c.alu, 100)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let p = add_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let buffers = buffers(op, k);
        let (lhs, rhs) = (Operand::new(k, &p.lhs), Operand::new(k, &p.rhs));
        let (min, max) = (p.clamp.min, p.clamp.max);
        let sum = Rescale {
            lhs,
            rhs,
            multiplier: k.scalar_i32(p.output_multiplier.multiplier.into()),
            exponent: (-p.output_multiplier.shift) as u32,
            zero_point: k.scalar_i32(p.output_zero_point.into()),
            bounds: ((min, max) != (-128, 127))
                .then(|| (k.scalar_i32(min.into()), k.scalar_i32(max.into()))),
        };
        build(op, "add_i8_rescale", k, &buffers, &sum);
        Ok(())
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(AddF32)?;
    r.schedule(AddI8Affine)?;
    r.schedule(AddI8Rescale)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_merged() {
        let d = |extent, lhs, rhs| Dimension { extent, lhs, rhs };
        assert_eq!(
            dimensions(&[2, 3, 4], &[2, 3, 4], &[2, 3, 4]),
            [d(24, 1, 1)]
        );
        assert_eq!(
            dimensions(&[2, 3, 4], &[4], &[2, 3, 4]),
            [d(6, 4, 0), d(4, 1, 1)]
        );
        assert_eq!(dimensions(&[2, 3, 4], &[], &[2, 3, 4]), [d(24, 1, 0)]);
        assert_eq!(dimensions(&[1, 1], &[1], &[1, 1]), []);
        assert_eq!(
            dimensions(&[2, 1, 4], &[3, 1], &[2, 3, 4]),
            [d(2, 4, 0), d(3, 0, 1), d(4, 1, 0)]
        );
        assert_eq!(
            dimensions(&[5, 1, 6, 7], &[5, 8, 1, 1], &[5, 8, 6, 7]),
            [d(5, 42, 8), d(8, 0, 1), d(42, 1, 0)]
        );
    }
}
