//! `nn.offload`: what an accelerator computes.

use super::region::verify_region;
use crate::{BlockId, DialectRegistryBuilder, Module, RegistryError, define_op};

define_op! {
    /// `nn.offload`: what its region computes from the inputs, done by an accelerator in one call.
    ///
    /// The region has one block, whose arguments are the inputs in order; it holds pure ops on tensors, constants included, sees nothing from
    /// outside, and ends with `nn.yield` of the outputs in order. `accelerator` names who computes it: one that is registered lowers it.
    pub struct OffloadOp = "nn.offload" {
        traits: { pure, isolated },
        operands: { inputs: many Tensor },
        results: { outputs: many Tensor },
        attrs: { accelerator: req Str },
        regions: 1,
        verify: verify_region,
    }
}

impl OffloadOp {
    /// The block of its region; a verified op has one.
    pub fn block(self, m: &Module) -> Option<BlockId> {
        let region = m.regions(self.0).first()?;
        m.blocks(*region).first().copied()
    }
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(OffloadOp::info())?;
    Ok(())
}
