//! `nn.offload` and the terminator of its region.

use crate::verify::VerifyCx;
use crate::{BlockId, DialectRegistryBuilder, Module, OpRef, RegistryError, define_op};

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
        verify: verify_offload,
    }
}

define_op! {
    /// `nn.yield`: ends the region of an op of `nn` with what the op's results are.
    pub struct YieldOp = "nn.yield" {
        traits: { terminator },
        operands: { values: many Tensor },
        verify: verify_yield,
    }
}

impl OffloadOp {
    /// The block of its region; a verified op has one.
    pub fn block(self, m: &Module) -> Option<BlockId> {
        let region = m.regions(self.0).first()?;
        m.blocks(*region).first().copied()
    }
}

fn verify_offload(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let blocks = m.blocks(m.regions(op.id)[0]);
    let [body] = blocks else {
        let message = format!("has {} blocks, wants one", blocks.len());
        cx.error(op, "V009", message);
        return;
    };
    let types =
        |values: &[crate::ValueId]| -> Vec<_> { values.iter().map(|&v| m.value_type(v)).collect() };
    let operands: Vec<_> = m.operands(op.id).collect();
    let same = types(m.block_args(*body)) == types(&operands);
    cx.check(same, op, "V020", || {
        "the region must take the inputs".to_owned()
    });
    if let Some(end) = m.last_op(*body).and_then(|o| YieldOp::cast(m, o)) {
        let same = types(&end.values(m)) == types(op.results());
        cx.check(same, m.op(end.0), "V021", || {
            "the region must yield the outputs".to_owned()
        });
    }
    for o in m.ops(*body) {
        let pure = m.is_pure(o) && m.regions(o).is_empty();
        cx.check(pure, m.op(o), "V031", || {
            "the region of `nn.offload` holds pure ops without regions".to_owned()
        });
    }
}

fn verify_yield(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let parent = op.module.parent_op(op.id);
    let inside = parent.is_some_and(|p| op.module.op_name(p) == OffloadOp::NAME);
    cx.check(inside, op, "V021", || {
        "must stand directly in `nn.offload`".to_owned()
    });
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(OffloadOp::info())?.op(YieldOp::info())?;
    Ok(())
}
