//! `nn.arg_max` and `nn.arg_min`: where the largest or smallest element is.

use super::{Element, element, per_tensor, shape};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, TypeData, define_op};

define_op! {
    /// `nn.arg_max`: the index of the largest element along the dimension `axis`, which the output lacks; of equal ones the first. The
    /// output is `i32`. No element is larger than a NaN, and a NaN is larger than none.
    pub struct ArgMaxOp = "nn.arg_max" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { axis: req Int },
        verify: verify_arg,
    }
}

define_op! {
    /// `nn.arg_min`: the index of the smallest element along the dimension `axis`, otherwise as `nn.arg_max`.
    pub struct ArgMinOp = "nn.arg_min" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { axis: req Int },
        verify: verify_arg,
    }
}

/// The shape of indices along a dimension of a shape; `None` if there is no such dimension, or nothing along it.
pub fn without_axis(shape: &[i64], axis: i64) -> Option<Vec<i64>> {
    let at = usize::try_from(axis).ok()?;
    let mut rest = shape.to_vec();
    let extent = (at < rest.len()).then(|| rest.remove(at))?;
    (extent > 0 && i32::try_from(extent).is_ok()).then_some(rest)
}

fn verify_arg(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let (from, to) = (op.operand_type(0), op.result_type(0));
    let compared = from.is_some_and(|t| matches!(element(m, t), Element::F32 | Element::QuantI8));
    let elem = to.and_then(|t| m.type_data(t).elem());
    let indices = elem.is_some_and(|e| matches!(m.type_data(e), TypeData::Integer(32)));
    cx.check(
        compared && per_tensor(op, from) && indices,
        op,
        "V024",
        || "wants f32 or per-tensor int8 in, i32 out".to_owned(),
    );
    let axis = op.prop("axis").and_then(|a| m.attr_int(a)).unwrap_or(-1);
    let input = op.operand(0).map_or(&[][..], |v| shape(m, v));
    let output = op.results().first().map_or(&[][..], |&v| shape(m, v));
    let Some(want) = without_axis(input, axis) else {
        cx.error(
            op,
            "V025",
            format!("there is no dimension {axis} in {input:?}"),
        );
        return;
    };
    cx.check(want == output, op, "V023", || {
        format!("output {output:?} should be {want:?}")
    });
}

/// Registers both.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ArgMaxOp::info())?.op(ArgMinOp::info())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_axis;

    #[test]
    fn the_dimension_is_left_out() {
        assert_eq!(without_axis(&[2, 3, 5], 1), Some(vec![2, 5]));
        assert_eq!(without_axis(&[4], 0), Some(vec![]));
        for (shape, axis) in [(&[2, 3][..], 2), (&[2, 3], -1), (&[], 0), (&[2, 0], 1)] {
            assert_eq!(without_axis(shape, axis), None);
        }
    }
}
