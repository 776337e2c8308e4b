//! How `acme.add_relu` becomes a loop.

use crate::add_relu::AddReluOp;
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// One loop over all elements, several a step: the knob `unroll` says how many.
pub struct AddRelu;

/// Elements of the result.
fn len(op: OpRef<'_>) -> i64 {
    let elements = op.result_type(0).and_then(|ty| op.module.num_elements(ty));
    elements.and_then(|n| n.try_into().ok()).unwrap_or(0)
}

impl Schedule for AddRelu {
    fn name(&self) -> &str {
        "acme-add-relu"
    }

    fn op(&self) -> &str {
        AddReluOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        match len(op) {
            0 => Err("there are no elements".to_owned()),
            _ => Ok(()),
        }
    }

    fn space(&self, op: OpRef<'_>, _: &Target) -> Vec<Knobs> {
        let divides = |&n: &i64| len(op) % n == 0;
        let choices = [1, 2, 4].into_iter().filter(divides);
        choices.map(|n| Knobs::new(&[("unroll", n)])).collect()
    }

    fn cost(&self, op: OpRef<'_>, knobs: &Knobs, target: &Target) -> Cost {
        let (c, unroll) = (&target.cost, knobs.get("unroll"));
        let element = 2 * c.load + c.float_add + 2 * c.alu + c.store;
        let step = unroll * i64::from(element) + i64::from(c.alu + c.branch_taken);
        Cost {
            cycles: (len(op) / unroll * step) as u64,
            flash: 20 + 14 * unroll as u64,
            ram: 0,
        }
    }

    fn lower(
        &self,
        op: OpId,
        knobs: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let n = len(k.module().op(op));
        k.set_name(&format!("acme_add_relu_{n}"));
        let (x, y) = (k.input(op, 0, &[n]), k.input(op, 1, &[n]));
        let out = k.output(op, 0, &[n]);
        let unroll = knobs.get("unroll");
        let mut b = k.body();
        let zero = b.const_f32(0.0);
        b.for_range(0, n, unroll, &[], |b, i, _| {
            for u in 0..unroll {
                let at = match u {
                    0 => i,
                    _ => {
                        let u = b.const_index(u);
                        b.addi(i, u)
                    }
                };
                let (a, c) = (b.load(x, &[at]), b.load(y, &[at]));
                let sum = b.addf(a, c);
                let below = b.cmpf("olt", sum, zero);
                let result = b.select(below, zero, sum);
                b.store(result, out, &[at]);
            }
            Vec::new()
        });
        Ok(())
    }
}
