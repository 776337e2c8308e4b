//! Reductions over dimensions.

use super::{activation_elements, result_shape, value_shape};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `nn.mean`: mean over `axes`, sorted and distinct dimensions, which stay with the extent 1.
    ///
    /// Floats are added in the order of the elements, from 0 on. Of int8 the sum without its zero points is scaled in fixed point.
    pub struct MeanOp = "nn.mean" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { axes: req I64Array },
        verify: verify_mean,
    }
}

/// The shape that is left of one whose `axes` are reduced; `None` unless they are sorted, distinct dimensions of it.
pub fn reduced(shape: &[i64], axes: &[i64]) -> Option<Vec<i64>> {
    if !axes.windows(2).all(|w| w[0] < w[1]) {
        return None;
    }
    let mut left = shape.to_vec();
    for &axis in axes {
        *left.get_mut(usize::try_from(axis).ok()?)? = 1;
    }
    Some(left)
}

fn verify_mean(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation_elements(op, cx);
    let axes = MeanOp(op.id).axes(op.module);
    let (input, output) = (value_shape(op, 0), result_shape(op));
    let expected = reduced(&input, &axes);
    cx.check(expected.is_some(), op, "V025", || {
        format!("`axes` {axes:?} are not sorted, distinct dimensions of {input:?}")
    });
    let fits = expected.is_none_or(|e| e == output);
    cx.check(fits, op, "V023", || {
        format!("the mean of {input:?} over {axes:?} has not the shape {output:?}")
    });
}

/// Registers the op.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(MeanOp::info())?;
    Ok(())
}
