//! `nn.sub`, `nn.mul`, `nn.maximum` and `nn.minimum`: float32, and the int8 ones that `nn.add`'s sequence does not give.
//!
//! An int8 product is the reference's sequence: `(x − z)(y − w)`, shifted left if the factor is one or more, times a multiplier in Q0.31,
//! rounded, shifted right, rounded. The larger and the smaller of int8 of one quantisation are those of what is stored.

use super::add::are_bytes;
use super::broadcast::{Broadcast, Sum};
use super::clamp::{BoundsI8, clamp_f32};
use super::factor::{Factor, distance};
use super::parameters::{refused, require};
use interp::nn::{activation_of, mul_params};
use interp::numerics::ClampF32;
use ir::dialects::nn::{Element, MaximumOp, MinimumOp, MulOp, SubOp};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Bits of the product of two distances of bytes, without the sign.
pub(super) const PRODUCT_BITS: u32 = 16;

/// What is computed of two floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Sub,
    Mul,
    Maximum,
    Minimum,
}

impl Kind {
    fn op(self) -> &'static str {
        match self {
            Kind::Sub => SubOp::NAME,
            Kind::Mul => MulOp::NAME,
            Kind::Maximum => MaximumOp::NAME,
            Kind::Minimum => MinimumOp::NAME,
        }
    }

    fn is_extremum(self) -> bool {
        matches!(self, Kind::Maximum | Kind::Minimum)
    }
}

/// Lowers one of them, of float32.
struct Float(Kind);

/// Lowers `nn.maximum` or `nn.minimum`, of int8.
struct Extremum(Kind);

/// Lowers `nn.mul`, of int8.
struct Product;

struct OfFloats {
    kind: Kind,
    bounds: Option<(ValueId, ValueId)>,
}

impl Sum for OfFloats {
    fn left(&self, _: &mut Builder<'_>, x: ValueId) -> ValueId {
        x
    }

    fn right(&self, _: &mut Builder<'_>, y: ValueId) -> ValueId {
        y
    }

    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId {
        let value = match self.kind {
            Kind::Sub => b.subf(left, right),
            Kind::Mul => b.mulf(left, right),
            Kind::Maximum => {
                let larger = b.cmpf("ogt", left, right);
                b.select(larger, left, right)
            }
            Kind::Minimum => {
                let smaller = b.cmpf("olt", left, right);
                b.select(smaller, left, right)
            }
        };
        match self.bounds {
            Some((min, max)) => clamp_f32(b, value, min, max),
            None => value,
        }
    }
}

impl Schedule for Float {
    fn name(&self) -> &str {
        match self.0 {
            Kind::Sub => "sub-f32",
            Kind::Mul => "mul-f32",
            Kind::Maximum => "maximum-f32",
            Kind::Minimum => "minimum-f32",
        }
    }

    fn op(&self) -> &str {
        self.0.op()
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)?;
        if self.0.is_extremum() {
            return Ok(());
        }
        activation_of(op).map(|_| ()).map_err(|e| e.to_string())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let element = match self.0 {
            Kind::Sub => 3 * c.float_add + 2 * c.alu,
            Kind::Mul => c.float_mul + 2 * c.float_add + 2 * c.alu,
            Kind::Maximum | Kind::Minimum => c.float_add + c.alu,
        };
        Broadcast::cost(op, target, element, 36)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let clamp = if self.0.is_extremum() {
            None
        } else {
            let activation = activation_of(m.op(op)).map_err(|e| refused(m, op, &e))?;
            Some(ClampF32::new(activation))
        };
        let broadcast = Broadcast::new(op, target, k);
        let bounds = clamp.map(|c| (k.scalar_f32(c.min), k.scalar_f32(c.max)));
        let kind = self.0;
        let name = self.name().replace('-', "_");
        broadcast.build(&name, k, &OfFloats { kind, bounds });
        Ok(())
    }
}

struct OfBytes {
    largest: bool,
}

impl OfBytes {
    fn word(b: &mut Builder<'_>, x: ValueId) -> ValueId {
        let i32 = b.m.i32();
        b.extsi(x, i32)
    }
}

impl Sum for OfBytes {
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        OfBytes::word(b, x)
    }

    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId {
        OfBytes::word(b, y)
    }

    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId {
        let value = if self.largest {
            b.maxsi(left, right)
        } else {
            b.minsi(left, right)
        };
        let i8 = b.m.i8();
        b.trunci(value, i8)
    }
}

impl Schedule for Extremum {
    fn name(&self) -> &str {
        match self.0 {
            Kind::Maximum => "maximum-i8",
            _ => "minimum-i8",
        }
    }

    fn op(&self) -> &str {
        self.0.op()
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        Broadcast::cost(op, target, 2 * target.cost.alu, 20)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let broadcast = Broadcast::new(op, target, k);
        let largest = self.0 == Kind::Maximum;
        let name = self.name().replace('-', "_");
        broadcast.build(&name, k, &OfBytes { largest });
        Ok(())
    }
}

/// The reference's product.
struct Rescale {
    lhs_zero_point: ValueId,
    rhs_zero_point: ValueId,
    factor: Factor,
    zero_point: ValueId,
    bounds: BoundsI8,
}

impl Sum for Rescale {
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        distance(b, x, self.lhs_zero_point)
    }

    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId {
        distance(b, y, self.rhs_zero_point)
    }

    fn sum(&self, b: &mut Builder<'_>, left: ValueId, right: ValueId) -> ValueId {
        let product = b.muli_nsw(left, right);
        let value = self.factor.times_plus(b, product, self.zero_point);
        self.bounds.clamp(b, value)
    }
}

impl Schedule for Product {
    fn name(&self) -> &str {
        "mul-i8"
    }

    fn op(&self) -> &str {
        MulOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)?;
        let p = mul_params(op).map_err(|e| e.to_string())?;
        are_bytes([p.lhs_zero_point, p.rhs_zero_point, p.output_zero_point])
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        Broadcast::cost(op, target, Factor::cycles(c) + c.mul + 5 * c.alu, 80)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let p = mul_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let broadcast = Broadcast::new(op, target, k);
        let rescale = Rescale {
            lhs_zero_point: k.scalar_i32(p.lhs_zero_point.into()),
            rhs_zero_point: k.scalar_i32(p.rhs_zero_point.into()),
            factor: Factor::declare(p.multiplier, PRODUCT_BITS, k),
            zero_point: k.scalar_i32(p.output_zero_point.into()),
            bounds: BoundsI8::declare(p.clamp, k),
        };
        broadcast.build("mul_i8", k, &rescale);
        Ok(())
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    for kind in [Kind::Sub, Kind::Mul, Kind::Maximum, Kind::Minimum] {
        r.schedule(Float(kind))?;
    }
    r.schedule(Extremum(Kind::Maximum))?;
    r.schedule(Extremum(Kind::Minimum))?;
    r.schedule(Product)?;
    Ok(())
}
