//! `nn.fused`: ops that are computed as one kernel.

use super::region::verify_region;
use crate::{BlockId, DialectRegistryBuilder, Module, RegistryError, define_op};

define_op! {
    /// `nn.fused`: what its region computes from the inputs, by one kernel, in one pass over the outputs.
    ///
    /// The region has one block, whose arguments are the inputs in order; it holds pure ops on tensors, constants included, sees nothing from
    /// outside, and ends with `nn.yield` of the outputs in order. Which regions can be computed so is a matter of the schedules.
    pub struct FusedOp = "nn.fused" {
        traits: { pure, isolated },
        operands: { inputs: many Tensor },
        results: { outputs: many Tensor },
        regions: 1,
        verify: verify_region,
    }
}

impl FusedOp {
    /// The block of its region; a verified op has one.
    pub fn block(self, m: &Module) -> Option<BlockId> {
        let region = m.regions(self.0).first()?;
        m.blocks(*region).first().copied()
    }
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(FusedOp::info())?;
    Ok(())
}
