//! `nn.relu` and `nn.relu6`: int8 as a [`ByteMap`], which also requantises; float32 by comparisons in the interpreter's order.

use super::byte_map::ByteMap;
use super::elementwise::{each_element, unroll};
use super::parameters::{elements, kernel_name, output_len, refused, require};
use interp::nn::{relu_params, relu6_clamp};
use interp::numerics::activation::{clamp_i8, relu_i8};
use ir::dialects::nn::Element;
use ir::interfaces::EvalError;
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

/// Lowers `nn.relu`, or `nn.relu6`.
struct Relu {
    six: bool,
}

impl Relu {
    fn map(&self, op: OpRef<'_>) -> Result<ByteMap, EvalError> {
        Ok(if self.six {
            let clamp = relu6_clamp(op)?;
            ByteMap::of(|x, y| clamp_i8(clamp, x, y))?
        } else {
            let params = relu_params(op)?;
            ByteMap::of(|x, y| relu_i8(&params, x, y))?
        })
    }
}

impl Schedule for Relu {
    fn name(&self) -> &str {
        if self.six { "relu6" } else { "relu" }
    }

    fn op(&self) -> &str {
        if self.six { "nn.relu6" } else { "nn.relu" }
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        if elements(op).0 == Element::F32 {
            return require(op, Element::F32, Element::F32);
        }
        require(op, Element::QuantI8, Element::QuantI8)?;
        self.map(op).map(|_| ()).map_err(|e| e.to_string())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let n = output_len(op);
        match self.map(op) {
            Ok(map) if elements(op).0 == Element::QuantI8 => map.cost(n, target),
            _ => {
                let c = &target.cost;
                let step = c.load
                    + 3 * c.float_add
                    + c.store
                    + (2 * c.alu + c.branch_taken) / unroll(n, target) as u32;
                Cost {
                    cycles: n as u64 * u64::from(step),
                    flash: 60,
                    ram: 0,
                }
            }
        }
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
        if elements(m.op(op)).0 == Element::QuantI8 {
            let map = self.map(m.op(op)).map_err(|e| refused(m, op, &e))?;
            map.lower(op, n, target, k);
            return Ok(());
        }
        k.set_name(&kernel_name(format!("{}_f32_{n}", self.name())));
        let (input, output) = (k.input(op, 0, &[n]), k.output(op, 0, &[n]));
        let mut b = k.body();
        let zero = b.const_f32(0.0);
        let six = self.six.then(|| b.const_f32(6.0));
        each_element(&mut b, n, target, |b, elements| {
            let mut values = Vec::with_capacity(elements.len());
            for &i in elements {
                values.push(b.load(input, &[i]));
            }
            for (&i, x) in elements.iter().zip(values) {
                let below = b.cmpf("olt", x, zero);
                let mut y = b.select(below, zero, x);
                if let Some(six) = six {
                    let above = b.cmpf("ogt", x, six);
                    y = b.select(above, six, y);
                }
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
    r.schedule(Relu { six: false })?;
    r.schedule(Relu { six: true })?;
    Ok(())
}
