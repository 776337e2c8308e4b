//! `mcu`: memory pools, sections, placement, and calls of external functions.
//!
//! [`CallExternOp`] is a call of C that somebody else wrote: a vendor's kernel library, an accelerator's driver. What the C computes
//! is in the op's region, as network ops on tensors; who interprets or checks the module runs that.
//!
//! [`Arguments`] says which arguments of a lowered network are inputs, outputs and states.

mod arguments;
mod c_scalar;
mod call_extern;
mod extern_call;
mod extern_value;

pub(crate) use arguments::verify_states;
pub use arguments::{Arguments, initial_state, network_states};
pub use c_scalar::{CScalar, CWidth};
pub use call_extern::{BufferRole, CallExternOp, Returned, YieldOp, is_header, is_library};
pub use extern_call::{ExternCall, copy_block};
pub use extern_value::{ExternValue, is_c_type, is_identifier};

use crate::interfaces::Effects;
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
    r.op(PoolOp::info())?
        .op(CallExternOp::info())?
        .op(YieldOp::info())?;
    r.effects(CallExternOp::NAME, |_: OpRef<'_>| Effects::Write)?;
    Ok(())
}
