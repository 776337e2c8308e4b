//! `memref`.

use super::{One, value};
use crate::known::{defined_by, int};
use ir::{DialectRegistryBuilder, Module, OpId, RegistryError};

/// reinterpret_cast(x) = x, if it is of the type; reinterpret_cast(reinterpret_cast(x)) = x, if the types agree.
fn reinterpret_cast(m: &mut Module, op: OpId) -> One {
    let (x, ty) = (m.operand(op, 0), m.value_type(m.result(op, 0)));
    if m.value_type(x) == ty {
        return value(x);
    }
    let inner = defined_by(m, x, "memref.reinterpret_cast")?;
    let x = m.operand(inner, 0);
    (m.value_type(x) == ty).then(|| value(x)).flatten()
}

/// view(x, 0) = x, if it is of the type.
fn view(m: &mut Module, op: OpId) -> One {
    let (x, ty) = (m.operand(op, 0), m.value_type(m.result(op, 0)));
    let whole = m.value_type(x) == ty && int(m, m.operand(op, 1)) == Some(0);
    whole.then(|| value(x)).flatten()
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.fold("memref.reinterpret_cast", reinterpret_cast)?
        .fold("memref.view", view)?;
    Ok(())
}
