//! `nn.logistic` of float32: `1 / (1 + e^-x)`, in the interpreter's order.

use super::elementwise::each_element;
use super::parameters::{kernel_name, output_len, require};
use ir::dialects::nn::{Element, LogisticOp};
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

struct Logistic;

impl Schedule for Logistic {
    fn name(&self) -> &str {
        "logistic-f32"
    }

    fn op(&self) -> &str {
        LogisticOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::F32, Element::F32)
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let c = &target.cost;
        let exp = 9 * c.float_add + 10 * c.float_mul + 20 * c.alu + c.call;
        let element = c.load + c.store + 2 * c.float_add + c.float_div + exp;
        Cost {
            cycles: output_len(op) as u64 * u64::from(element + 2 * c.alu + c.branch_taken),
            flash: 200,
            ram: 0,
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
        k.set_name(&kernel_name(format!("logistic_f32_{n}")));
        let (input, output) = (k.input(op, 0, &[n]), k.output(op, 0, &[n]));
        let mut b = k.body();
        let one = b.const_f32(1.0);
        each_element(&mut b, n, target, |b, elements| {
            for &i in elements {
                let x = b.load(input, &[i]);
                let x = b.negf(x);
                let e = b.exp(x);
                let sum = b.addf(one, e);
                let y = b.divf(one, sum);
                b.store(y, output, &[i]);
            }
        });
        Ok(())
    }
}

/// Registers the schedule.
///
/// # Errors
/// If the name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(Logistic)?;
    Ok(())
}
