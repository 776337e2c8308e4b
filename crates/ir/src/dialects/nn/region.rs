//! Regions of `nn` ops that compute what an op is: their terminator, and what the verifier wants of them.

use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `nn.yield`: ends the region of an op of `nn` with what the op's results are.
    pub struct YieldOp = "nn.yield" {
        traits: { terminator },
        operands: { values: many Tensor },
        verify: verify_yield,
    }
}

/// Whether an op has a region of one block, whose arguments are the op's operands in order, which holds pure ops without regions, and ends with
/// `nn.yield` of the results in order.
pub(super) fn verify_region(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
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
            format!(
                "the region of `{}` holds pure ops without regions",
                op.name()
            )
        });
    }
}

fn verify_yield(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let parent = op.module.parent_op(op.id);
    let name = parent.map(|p| op.module.op_name(p));
    let inside = name.is_some_and(|n| n.starts_with("nn."));
    cx.check(inside, op, "V021", || {
        "must stand directly in an op of `nn`".to_owned()
    });
}

pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(YieldOp::info())?;
    Ok(())
}
