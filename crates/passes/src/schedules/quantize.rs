//! `nn.quantize` and `nn.dequantize`.
//!
//! Int8 to int8 is a [`ByteMap`]. Float to int8 clamps the quotient `x / scale` to the bounds of int8 less the zero point before it is
//! converted, so that no conversion is out of range: the bounds are integers, so rounding and clamping may be exchanged. NaN fails the first
//! comparison and takes the lower bound: −128, as in the interpreter. Half away from zero is `i + trunc(2 · (t − i))` with `i = trunc(t)`,
//! in which every step is exact.

use super::byte_map::ByteMap;
use super::elementwise::{each_element, unroll};
use super::parameters::{elements, kernel_name, output_len, quantisation, refused, require};
use interp::nn::requantize_params;
use interp::numerics::quantize::requantize_i8;
use ir::dialects::nn::Element;
use ir::interfaces::EvalError;
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.quantize` of float32.
struct QuantizeF32;

/// Lowers `nn.quantize` of int8.
struct QuantizeI8;

/// Lowers `nn.dequantize`.
struct Dequantize;

fn cost(n: i64, target: &Target, step: u32, flash: u64) -> Cost {
    let c = &target.cost;
    let overhead = (2 * c.alu + c.branch_taken) / unroll(n, target) as u32;
    Cost {
        cycles: n as u64 * u64::from(c.load + step + c.store + overhead),
        flash,
        ram: 0,
    }
}

impl Schedule for QuantizeF32 {
    fn name(&self) -> &str {
        "quantize-f32"
    }

    fn op(&self) -> &str {
        "nn.quantize"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::QuantI8)?;
        match quantisation(op, op.result_type(0)) {
            Some((scale, zero))
                if scale.is_finite() && scale > 0.0 && i8::try_from(zero).is_ok() =>
            {
                Ok(())
            }
            _ => Err("the output's scale or zero point is out of range".to_owned()),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        cost(
            output_len(op),
            target,
            c.float_div + 8 * c.float_add + 4 * c.alu,
            100,
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
        let n = output_len(m.op(op));
        let (scale, zero_point) = quantisation(m.op(op), m.op(op).result_type(0))
            .expect("invariant: the schedule applies");
        // A power of two has an exact reciprocal, and both products are the same number rounded once.
        let reciprocal =
            (1.0 / scale).is_normal() && scale.is_normal() && scale.to_bits() & 0x7f_ffff == 0;
        let form = if reciprocal { "_pow2" } else { "" };
        k.set_name(&kernel_name(format!("quantize_f32{form}_{n}")));
        let input = k.input(op, 0, &[n]);
        let factor = k.scalar_f32(if reciprocal { 1.0 / scale } else { scale });
        let lower = k.scalar_f32((-128 - zero_point) as f32);
        let upper = k.scalar_f32((127 - zero_point) as f32);
        let zero_point = k.scalar_i32(zero_point.into());
        let output = k.output(op, 0, &[n]);
        let mut b = k.body();
        let (i8, i32, f32) = (b.m.i8(), b.m.i32(), b.m.f32());
        each_element(&mut b, n, target, |b, elements| {
            for &i in elements {
                let x = b.load(input, &[i]);
                let t = if reciprocal {
                    b.mulf(x, factor)
                } else {
                    b.divf(x, factor)
                };
                let above = b.cmpf("ogt", t, lower);
                let t = b.select(above, t, lower);
                let below = b.cmpf("olt", t, upper);
                let t = b.select(below, t, upper);
                let whole = b.cast("arith.fptosi", t, i32);
                let back = b.cast("arith.sitofp", whole, f32);
                let rest = b.subf(t, back);
                let rest = b.addf(rest, rest);
                let step = b.cast("arith.fptosi", rest, i32);
                let rounded = b.addi_nsw(whole, step);
                let y = b.addi_nsw(rounded, zero_point);
                let y = b.trunci(y, i8);
                b.store(y, output, &[i]);
            }
        });
        Ok(())
    }
}

fn map(op: OpRef<'_>) -> Result<ByteMap, EvalError> {
    let params = requantize_params(op)?;
    Ok(ByteMap::of(|x, y| requantize_i8(&params, x, y))?)
}

impl Schedule for QuantizeI8 {
    fn name(&self) -> &str {
        "quantize-i8"
    }

    fn op(&self) -> &str {
        "nn.quantize"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)?;
        map(op).map(|_| ()).map_err(|e| e.to_string())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        map(op).map_or(Cost::default(), |map| map.cost(output_len(op), target))
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let n = output_len(m.op(op));
        let map = map(m.op(op)).map_err(|e| refused(m, op, &e))?;
        map.lower(op, n, target, k);
        Ok(())
    }
}

impl Schedule for Dequantize {
    fn name(&self) -> &str {
        "dequantize"
    }

    fn op(&self) -> &str {
        "nn.dequantize"
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::F32)?;
        match quantisation(op, op.operand_type(0)) {
            Some((scale, zero))
                if scale.is_finite() && scale > 0.0 && i8::try_from(zero).is_ok() =>
            {
                Ok(())
            }
            _ => Err("the input's scale or zero point is out of range".to_owned()),
        }
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        cost(
            output_len(op),
            target,
            c.alu + c.float_add + c.float_mul,
            60,
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
        debug_assert_eq!(elements(m.op(op)), (Element::QuantI8, Element::F32));
        let n = output_len(m.op(op));
        let (scale, zero_point) = quantisation(m.op(op), m.op(op).operand_type(0))
            .expect("invariant: the schedule applies");
        k.set_name(&kernel_name(format!("dequantize_{n}")));
        let input = k.input(op, 0, &[n]);
        let (scale, zero_point) = (k.scalar_f32(scale), k.scalar_i32(zero_point.into()));
        let output = k.output(op, 0, &[n]);
        let mut b = k.body();
        let (i32, f32) = (b.m.i32(), b.m.f32());
        each_element(&mut b, n, target, |b, elements| {
            let mut values = Vec::with_capacity(elements.len());
            for &i in elements {
                values.push(b.load(input, &[i]));
            }
            for (&i, x) in elements.iter().zip(values) {
                let x = b.extsi(x, i32);
                let x = b.subi_nsw(x, zero_point);
                let x = b.cast("arith.sitofp", x, f32);
                let y = b.mulf(scale, x);
                b.store(y, output, &[i]);
            }
        });
        Ok(())
    }
}

/// Registers the schedules.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(QuantizeF32)?;
    r.schedule(QuantizeI8)?;
    r.schedule(Dequantize)?;
    Ok(())
}
