//! `mcu`: memory pools, sections and placement.

use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `mcu.pool`: a memory of the target, by name; `size` in bytes. Arenas name theirs by the discardable `mcu.pool`.
    pub struct PoolOp = "mcu.pool" {
        traits: { symbol },
        attrs: { sym_name: req Str, size: req Int },
        verify: verify_pool,
    }
}

fn verify_pool(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let size = PoolOp(op.id).size(op.module);
    cx.check(size >= 0, op, "V025", || format!("size {size} is negative"));
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(PoolOp::info())?;
    Ok(())
}
