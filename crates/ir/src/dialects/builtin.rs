//! `builtin`: the module.

use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `builtin.module`: functions, globals and pools.
    pub struct ModuleOp = "builtin.module" {
        attrs: { sym_name: opt Str, sym_visibility: opt Str },
        regions: 1,
        verify: verify_module,
    }
}

fn verify_module(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let blocks = m.blocks(m.regions(op.id)[0]);
    cx.check(blocks.len() == 1, op, "V009", || {
        format!("has {} blocks, wants one", blocks.len())
    });
    let arguments = blocks.iter().map(|&b| m.block_args(b).len()).sum::<usize>();
    cx.check(arguments == 0, op, "V020", || {
        format!("its block has {arguments} arguments, wants none")
    });
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ModuleOp::info())?;
    Ok(())
}
