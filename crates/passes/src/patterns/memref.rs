//! `memref`: views of views.

use super::add;
use crate::known::{defined_by, fits, int, int_attr};
use ir::rewrite::{FnPattern, fold, pattern};
use ir::{Module, OpId};
use pass::{RegistryBuilder, RegistryError};

type Rewrite = fn(&mut Module, OpId) -> Option<()>;

fn cast_of_cast(m: &mut Module, op: OpId) -> Option<()> {
    let inner = defined_by(m, m.operand(op, 0), "memref.reinterpret_cast")?;
    let x = m.operand(inner, 0);
    m.set_operand(op, 0, x);
    Some(())
}

fn view_of_view(m: &mut Module, op: OpId) -> Option<()> {
    let inner = defined_by(m, m.operand(op, 0), "memref.view")?;
    let (x, shift) = (m.operand(inner, 0), m.operand(op, 1));
    let sum = i128::from(int(m, m.operand(inner, 1))?) + i128::from(int(m, shift)?);
    let ty = m.value_type(shift);
    fits(m, sum, ty).then_some(())?;
    let sum = int_attr(m, sum, ty)?;
    let sum = fold::constant_before(m, op, sum, ty)?;
    m.set_operands(op, &[x, sum]);
    Some(())
}

pub(super) fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    let patterns: [FnPattern<Rewrite>; 2] = [
        pattern(
            "memref.reinterpret-cast-of-reinterpret-cast",
            "memref.reinterpret_cast",
            "reinterpret_cast(reinterpret_cast(x)) = reinterpret_cast(x)",
            cast_of_cast,
        ),
        pattern(
            "memref.view-of-view",
            "memref.view",
            "view(view(x, a), b) = view(x, a + b), of constant a and b",
            view_of_view,
        ),
    ];
    add(r, patterns)
}
