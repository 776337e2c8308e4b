//! `math`: functions of floats.

use crate::{DialectRegistryBuilder, RegistryError, define_op};

define_op! {
    /// `math.exp`: e to the operand, by the algorithm that the interpreter and the emitted C share bit for bit.
    pub struct ExpOp = "math.exp" {
        traits: { pure, same_type },
        operands: { operand: one Float },
        results: { result: one Float },
        attrs: { fastmath: req Any },
    }
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ExpOp::info())?;
    Ok(())
}
