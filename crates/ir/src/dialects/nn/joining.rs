//! `nn.concatenation` and `nn.split`: tensors put together and taken apart along one dimension; elements stay as they are.

use super::{Element, element, per_tensor, shape};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, Type, define_op};

define_op! {
    /// `nn.concatenation`: the operands one after the other along dimension `axis`, from 0. All have one element type (for int8: one
    /// scale and zero point) and, but for `axis`, one shape.
    pub struct ConcatenationOp = "nn.concatenation" {
        traits: { pure },
        operands: { inputs: many Tensor },
        results: { output: one Tensor },
        attrs: { axis: req Int },
        verify: verify_concatenation,
    }
}

define_op! {
    /// `nn.split`: the input cut along dimension `axis`, from 0, into as many parts as there are results, in order; the inverse of
    /// `nn.concatenation`.
    pub struct SplitOp = "nn.split" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { outputs: many Tensor },
        attrs: { axis: req Int },
        verify: verify_split,
    }
}

/// The shape of parts put together along a dimension; `None` if they do not fit, or there is no such dimension or no part.
pub fn joined(parts: &[&[i64]], axis: i64) -> Option<Vec<i64>> {
    let (first, axis) = (*parts.first()?, usize::try_from(axis).ok()?);
    let mut whole = first.to_vec();
    *whole.get_mut(axis)? = 0;
    for part in parts {
        let same =
            part.len() == first.len() && (0..first.len()).all(|i| i == axis || part[i] == first[i]);
        if !same {
            return None;
        }
        whole[axis] = whole[axis].checked_add(part[axis])?;
    }
    Some(whole)
}

/// How often a dimension's extent is repeated, and how many elements are one step along it: products of the extents before and behind.
pub fn around(shape: &[i64], axis: usize) -> (i64, i64) {
    let product = |s: &[i64]| s.iter().product();
    (product(&shape[..axis]), product(&shape[axis + 1..]))
}

fn verify_concatenation(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let parts: Vec<Type> = ConcatenationOp(op.id)
        .inputs(m)
        .into_iter()
        .map(|v| m.value_type(v))
        .collect();
    verify_parts(op, cx, &parts, op.result_type(0));
}

fn verify_split(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let parts: Vec<Type> = (0..op.results().len())
        .filter_map(|i| op.result_type(i))
        .collect();
    verify_parts(op, cx, &parts, op.operand_type(0));
}

fn verify_parts(op: OpRef<'_>, cx: &mut VerifyCx<'_>, parts: &[Type], whole: Option<Type>) {
    let m = op.module;
    let (Some(whole), Some(axis)) = (whole, op.prop("axis").and_then(|a| m.attr_int(a))) else {
        return;
    };
    let elem = m.type_data(whole).elem();
    let known = matches!(
        element(m, whole),
        Element::F32 | Element::QuantI8 | Element::I32
    );
    let alike = parts.iter().all(|&t| m.type_data(t).elem() == elem);
    cx.check(
        known && alike && per_tensor(op, Some(whole)),
        op,
        "V024",
        || {
            "wants f32, i32 or per-tensor int8 of one element type throughout (for int8: one scale and zero point)"
                .to_owned()
        },
    );
    let shape = |t: Type| m.type_data(t).shape().unwrap_or(&[]);
    let shapes: Vec<&[i64]> = parts.iter().map(|&t| shape(t)).collect();
    let fits = joined(&shapes, axis).as_deref() == Some(shape(whole));
    cx.check(fits, op, "V023", || {
        format!(
            "parts {shapes:?} along dimension {axis} do not make {:?}",
            shape(whole)
        )
    });
}

/// Registers both.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ConcatenationOp::info())?.op(SplitOp::info())?;
    Ok(())
}

/// The dimension that an `nn.concatenation` or `nn.split` works on, and the shape of the whole; of a verified op.
pub fn joint(op: OpRef<'_>) -> Option<(usize, Vec<i64>)> {
    let m = op.module;
    let axis = usize::try_from(m.attr_int(op.prop("axis")?)?).ok()?;
    let whole = match op.name() {
        ConcatenationOp::NAME => *op.results().first()?,
        SplitOp::NAME => op.operand(0)?,
        _ => return None,
    };
    Some((axis, shape(m, whole).to_vec()))
}
