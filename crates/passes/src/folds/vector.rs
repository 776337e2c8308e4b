//! `vector`.

use super::{One, value};
use crate::known::defined_by;
use ir::{DialectRegistryBuilder, Module, OpId, RegistryError};

/// bitcast(x) = x, if it is of the type; bitcast(bitcast(x)) = x, if the types agree.
fn bitcast(m: &mut Module, op: OpId) -> One {
    let (x, ty) = (m.operand(op, 0), m.value_type(m.result(op, 0)));
    if m.value_type(x) == ty {
        return value(x);
    }
    let inner = defined_by(m, x, "vector.bitcast")?;
    let x = m.operand(inner, 0);
    (m.value_type(x) == ty).then(|| value(x)).flatten()
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.fold("vector.bitcast", bitcast)?;
    Ok(())
}
