//! `nn.lookup_table`: a load from the table for every element.

use super::elementwise::{each_element, unroll};
use super::parameters::{kernel_name, output_len, require};
use ir::dialects::nn::{Element, LookupTableOp, TABLE_LENGTH};
use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, RegistryBuilder, RegistryError, Schedule};
use target::Target;

struct LookupTable;

impl Schedule for LookupTable {
    fn name(&self) -> &str {
        "lookup-table"
    }

    fn op(&self) -> &str {
        LookupTableOp::NAME
    }

    fn applies(&self, op: OpRef<'_>, _: &Target) -> Result<(), String> {
        require(op, Element::QuantI8, Element::QuantI8)
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let n = output_len(op);
        let c = &target.cost;
        let loop_ = (2 * c.alu + c.branch_taken) / unroll(n, target) as u32;
        Cost {
            cycles: n as u64 * u64::from(c.load_after_load + c.load + c.store + loop_),
            flash: 60,
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
        k.set_name(&kernel_name(format!("lookup_table_{n}")));
        let input = k.input(op, 0, &[n]);
        let table = k.input(op, 1, &[TABLE_LENGTH]);
        let output = k.output(op, 0, &[n]);
        let mut b = k.body();
        let (i32, index) = (b.m.i32(), b.m.index());
        each_element(&mut b, n, target, |b, elements| {
            let mut values = Vec::with_capacity(elements.len());
            for &i in elements {
                values.push(b.load(input, &[i]));
            }
            for (&i, x) in elements.iter().zip(values) {
                let x = b.cast("arith.extui", x, i32);
                let x = b.cast("arith.index_cast", x, index);
                let y = b.load(table, &[x]);
                b.store(y, output, &[i]);
            }
        });
        Ok(())
    }
}

/// Registers the schedule.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.schedule(LookupTable)?;
    Ok(())
}
