//! `vector`.

use crate::known::defined_by;
use ir::Module;
use ir::OpId;
use ir::rewrite::pattern;
use pass::{RegistryBuilder, RegistryError};

fn bitcast_of_bitcast(m: &mut Module, op: OpId) -> Option<()> {
    let x = m.operand(defined_by(m, m.operand(op, 0), "vector.bitcast")?, 0);
    m.set_operand(op, 0, x);
    Some(())
}

pub(super) fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    r.pattern(pattern(
        "vector.bitcast-of-bitcast",
        "vector.bitcast",
        "bitcast(bitcast(x)) = bitcast(x)",
        bitcast_of_bitcast,
    ))?;
    Ok(())
}
