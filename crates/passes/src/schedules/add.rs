//! `nn.add`, int8 and float32, and `nn.sub` of int8, with broadcasting.
//!
//! Int8: [`AffineSum`] where there is one, else the reference's own sequence in its simplest exact form: `(x − z) << 20` times a multiplier
//! in Q0.31, rounded, is `((x − z) · m + 2^10) >> 11`, and `(x − z) << 19` where the multiplier is ½; no sum reaches 2^30, so nothing saturates.

use super::affine_sum::AffineSum;
use super::broadcast::{Broadcast, Sum};
use super::clamp::{BoundsI8, clamp_f32};
use super::parameters::{elements, refused, require};
use interp::nn::{activation_of, add_params};
use interp::numerics::add::{AddI8Params, AddOperand};
use interp::numerics::{ClampF32, QuantizedMultiplier};
use ir::dialects::nn::Element;
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::{CostTable, Target};

/// Lowers `nn.add` of float32.
struct AddF32;

/// Lowers `nn.add` of int8 where a plane gives every sum.
struct AddI8Affine;

/// Lowers every `nn.add`, or `nn.sub`, of int8 by the reference's sequence.
struct AddI8Rescale {
    subtracts: bool,
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
        Broadcast::cost(
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
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        debug_assert_eq!(elements(m.op(op)).0, Element::F32);
        let clamp = ClampF32::new(activation_of(m.op(op)).map_err(|e| refused(m, op, &e))?);
        let broadcast = Broadcast::new(op, target, k);
        let sum = FloatSum {
            min: k.scalar_f32(clamp.min),
            max: k.scalar_f32(clamp.max),
        };
        broadcast.build("add_f32", k, &sum);
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

/// The plane of a sum as arguments of a kernel.
fn declare_plane(s: &AffineSum, constant_on_right: bool, k: &mut KernelBuilder<'_>) -> Plane {
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
    Plane {
        a,
        b,
        c,
        shift,
        range,
        min,
        constant_on_right,
    }
}

/// The reference's sequence as arguments of a kernel.
fn declare_rescale(p: &AddI8Params, subtracts: bool, k: &mut KernelBuilder<'_>) -> Rescale {
    let (lhs, rhs) = (Operand::new(k, &p.lhs), Operand::new(k, &p.rhs));
    Rescale {
        lhs,
        rhs,
        multiplier: k.scalar_i32(p.output_multiplier.multiplier.into()),
        exponent: (-p.output_multiplier.shift) as u32,
        zero_point: k.scalar_i32(p.output_zero_point.into()),
        bounds: BoundsI8::declare(p.clamp, k),
        subtracts,
    }
}

/// What the sum of two bytes needs, as arguments of a kernel that computes more than it.
pub(super) fn declare_sum(p: &AddI8Params, k: &mut KernelBuilder<'_>) -> Box<dyn Sum> {
    match AffineSum::find(p) {
        Some(s) => Box::new(declare_plane(&s, false, k)),
        None => Box::new(declare_rescale(p, false, k)),
    }
}

/// Cycles of the sum of two bytes that are there, by a plane; it is searched for when the kernel is built.
pub(super) fn sum_cycles(c: &CostTable) -> u32 {
    2 * c.mul + 4 * c.alu
}

/// Whether a sum can be computed.
///
/// # Errors
/// Why not, in words.
pub(super) fn check(p: &AddI8Params) -> Result<(), String> {
    are_bytes([p.lhs.zero_point, p.rhs.zero_point, p.output_zero_point])
}

/// Whether the zero points of operands and result are such as kernels compute with.
///
/// # Errors
/// That one is not.
pub(super) fn are_bytes(zero_points: [i32; 3]) -> Result<(), String> {
    match zero_points.iter().all(|&z| i8::try_from(z).is_ok()) {
        true => Ok(()),
        false => Err("a zero point is not an int8 number".to_owned()),
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
        Broadcast::cost(op, target, sum_cycles(&target.cost), 36)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let p = add_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let s = AffineSum::find(&p).expect("invariant: the schedule applies");
        let broadcast = Broadcast::new(op, target, k);
        let plane = declare_plane(&s, broadcast.right_stands_still(), k);
        broadcast.build("add_i8", k, &plane);
        Ok(())
    }
}

/// `x · 2^-exponent`, rounded half away from zero; `|x| < 2^30`.
pub(super) fn round_shift(b: &mut Builder<'_>, x: ValueId, exponent: u32) -> ValueId {
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
pub(super) fn scale(b: &mut Builder<'_>, x: ValueId, m: ValueId, bits: u32) -> ValueId {
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
    bounds: BoundsI8,
    subtracts: bool,
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
        let sum = if self.subtracts {
            b.subi_nsw(left, right)
        } else {
            b.addi_nsw(left, right)
        };
        let sum = scale(b, sum, self.multiplier, 31);
        let sum = round_shift(b, sum, self.exponent);
        let sum = b.addi_nsw(sum, self.zero_point);
        self.bounds.clamp(b, sum)
    }
}

impl Schedule for AddI8Rescale {
    fn name(&self) -> &str {
        if self.subtracts {
            "sub-i8-rescale"
        } else {
            "add-i8-rescale"
        }
    }

    fn op(&self) -> &str {
        if self.subtracts { "nn.sub" } else { "nn.add" }
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)?;
        check(&add_params(op).map_err(|e| e.to_string())?)
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let scale = c.wide_mul + c.wide_add + c.wide_shift + 4 * c.alu;
        Broadcast::cost(op, target, 2 * scale + 5 * c.alu, 100)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let p = add_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let broadcast = Broadcast::new(op, target, k);
        let sum = declare_rescale(&p, self.subtracts, k);
        let name = self.name().replace('-', "_");
        broadcast.build(&name, k, &sum);
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
    r.schedule(AddI8Rescale { subtracts: false })?;
    r.schedule(AddI8Rescale { subtracts: true })?;
    Ok(())
}
