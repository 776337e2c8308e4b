//! `nn.prelu`: float32 in the interpreter's order; int8 by the reference's sequence, of which one side is computed.

use super::add::are_bytes;
use super::binary::PRODUCT_BITS;
use super::broadcast::{Broadcast, Sum};
use super::clamp::BoundsI8;
use super::factor::{Factor, distance};
use super::parameters::{elements, refused, require};
use interp::nn::prelu_params;
use interp::numerics::ClampI8;
use ir::dialects::nn::{Element, PreluOp};
use ir::{Builder, Diagnostic, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers every `nn.prelu`.
struct Prelu;

struct OfFloats;

impl Sum for OfFloats {
    fn left(&self, _: &mut Builder<'_>, x: ValueId) -> ValueId {
        x
    }

    fn right(&self, _: &mut Builder<'_>, y: ValueId) -> ValueId {
        y
    }

    fn sum(&self, b: &mut Builder<'_>, x: ValueId, slope: ValueId) -> ValueId {
        let zero = b.const_f32(0.0);
        let keeps = b.cmpf("oge", x, zero);
        let scaled = b.mulf(x, slope);
        b.select(keeps, x, scaled)
    }
}

struct OfBytes {
    input_zero_point: ValueId,
    slope_zero_point: ValueId,
    identity: Factor,
    product: Factor,
    zero_point: ValueId,
    bounds: BoundsI8,
}

impl Sum for OfBytes {
    fn left(&self, b: &mut Builder<'_>, x: ValueId) -> ValueId {
        distance(b, x, self.input_zero_point)
    }

    fn right(&self, b: &mut Builder<'_>, y: ValueId) -> ValueId {
        distance(b, y, self.slope_zero_point)
    }

    fn sum(&self, b: &mut Builder<'_>, x: ValueId, slope: ValueId) -> ValueId {
        let (zero, i32) = (b.const_i32(0), b.m.i32());
        let keeps = b.cmpi("sge", x, zero);
        let value = b.if_else(
            keeps,
            &[i32],
            |b| vec![self.identity.times_plus(b, x, self.zero_point)],
            |b| {
                let product = b.muli_nsw(x, slope);
                vec![self.product.times_plus(b, product, self.zero_point)]
            },
        )[0];
        self.bounds.clamp(b, value)
    }
}

impl Schedule for Prelu {
    fn name(&self) -> &str {
        "prelu"
    }

    fn op(&self) -> &str {
        PreluOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        if elements(op).0 == Element::F32 {
            return require(op, Element::F32, Element::F32);
        }
        require(op, Element::QuantI8, Element::QuantI8)?;
        let p = prelu_params(op).map_err(|e| e.to_string())?;
        are_bytes([p.input_zero_point, p.slope_zero_point, p.output_zero_point])
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        if elements(op).0 == Element::F32 {
            return Broadcast::cost(op, target, c.float_add + c.float_mul + c.alu, 40);
        }
        let element = Factor::cycles(c) + c.mul + c.branch_taken + 6 * c.alu;
        Broadcast::cost(op, target, element, 120)
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        if elements(m.op(op)).0 == Element::F32 {
            let broadcast = Broadcast::new(op, target, k);
            broadcast.build("prelu_f32", k, &OfFloats);
            return Ok(());
        }
        let p = prelu_params(m.op(op)).map_err(|e| refused(m, op, &e))?;
        let broadcast = Broadcast::new(op, target, k);
        let of_bytes = OfBytes {
            input_zero_point: k.scalar_i32(p.input_zero_point.into()),
            slope_zero_point: k.scalar_i32(p.slope_zero_point.into()),
            // A distance has 8 bits and a sign.
            identity: Factor::declare(p.identity, 8, k),
            product: Factor::declare(p.product, PRODUCT_BITS, k),
            zero_point: k.scalar_i32(p.output_zero_point.into()),
            bounds: BoundsI8::declare(ClampI8::FULL, k),
        };
        broadcast.build("prelu_i8", k, &of_bytes);
        Ok(())
    }
}

/// Registers the schedule.
///
/// # Errors
/// If its name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Prelu)?;
    Ok(())
}
