//! `nn.transpose` and `nn.pad`: elements stay as they are and go elsewhere.

use super::{Element, element, per_tensor, shape};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `nn.transpose`: dimension `i` of the output is dimension `permutation[i]` of the input.
    pub struct TransposeOp = "nn.transpose" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { permutation: req I64Array },
        verify: verify_transpose,
    }
}

define_op! {
    /// `nn.pad`: the input with elements before and behind each dimension, `padding = array<i64: before 0, behind 0, before 1, …>`. They are
    /// `value`, the stored number; without it the number that means 0: 0.0, or the zero point.
    pub struct PadOp = "nn.pad" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { padding: req I64Array, value: opt Any },
        verify: verify_pad,
    }
}

/// Elements that a pad adds at one end of a dimension at most.
const MOST_PADDING: i64 = 1 << 20;

/// The shape that a permutation makes of a shape; `None` if it is no permutation of its dimensions.
pub fn permuted(shape: &[i64], permutation: &[i64]) -> Option<Vec<i64>> {
    let mut seen = vec![false; shape.len()];
    for &p in permutation {
        let seen = seen.get_mut(usize::try_from(p).ok()?)?;
        if std::mem::replace(seen, true) {
            return None;
        }
    }
    let extents = permutation.iter().map(|&p| shape[p as usize]);
    (permutation.len() == shape.len()).then(|| extents.collect())
}

/// The shape that padding makes of a shape; `None` if it is not two sensible numbers a dimension.
pub fn padded(shape: &[i64], padding: &[i64]) -> Option<Vec<i64>> {
    let sane = padding.iter().all(|p| (0..=MOST_PADDING).contains(p));
    let both = shape.iter().zip(padding.chunks_exact(2));
    (sane && padding.len() == 2 * shape.len())
        .then(|| {
            both.map(|(n, p)| n.checked_add(p[0] + p[1]))
                .collect::<Option<_>>()
        })
        .flatten()
}

/// The stored bytes of the element that an `nn.pad` adds; `None` if its `value` is no number of the input's type.
pub fn pad_element(op: OpRef<'_>) -> Option<Vec<u8>> {
    let m = op.module;
    let ty = op.operand_type(0)?;
    let value = op.prop("value");
    match element(m, ty) {
        Element::F32 => {
            let x = match value {
                Some(a) => m.attr_float(a)? as f32,
                None => 0.0,
            };
            Some(x.to_le_bytes().to_vec())
        }
        Element::QuantI8 => {
            let q = match value {
                Some(a) => m.attr_int(a)?,
                None => m.quant_of(ty)?.zero_point(0),
            };
            Some(i8::try_from(q).ok()?.to_le_bytes().to_vec())
        }
        Element::I32 => {
            let q = match value {
                Some(a) => m.attr_int(a)?,
                None => 0,
            };
            Some(i32::try_from(q).ok()?.to_le_bytes().to_vec())
        }
        Element::Other => None,
    }
}

fn verify_transpose(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    moved_elements(op, cx);
    let (m, list) = (op.module, list(op, "permutation"));
    let input = op.operand(0).map_or(&[][..], |v| shape(m, v));
    let output = op.results().first().map_or(&[][..], |&v| shape(m, v));
    let Some(want) = permuted(input, list) else {
        cx.error(
            op,
            "V025",
            format!("`permutation` {list:?} is no order of the dimensions of {input:?}"),
        );
        return;
    };
    cx.check(want == output, op, "V023", || {
        format!("output {output:?} should be {want:?}")
    });
}

fn verify_pad(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    if moved_elements(op, cx) {
        cx.check(pad_element(op).is_some(), op, "V025", || {
            "`value` is no number of the input's type".to_owned()
        });
    }
    let (m, list) = (op.module, list(op, "padding"));
    let input = op.operand(0).map_or(&[][..], |v| shape(m, v));
    let output = op.results().first().map_or(&[][..], |&v| shape(m, v));
    let Some(want) = padded(input, list) else {
        cx.error(
            op,
            "V025",
            format!(
                "`padding` {list:?} is not two numbers from 0 on for each dimension of {input:?}"
            ),
        );
        return;
    };
    cx.check(want == output, op, "V023", || {
        format!("output {output:?} should be {want:?}")
    });
}

fn list<'m>(op: OpRef<'m>, name: &str) -> &'m [i64] {
    let attr = op.prop(name);
    attr.and_then(|a| op.module.attr_i64s(a)).unwrap_or(&[])
}

/// Elements that can be moved: of one type, without an axis that would have to move too.
pub(super) fn moved_elements(op: OpRef<'_>, cx: &mut VerifyCx<'_>) -> bool {
    let m = op.module;
    let (from, to) = (op.operand_type(0), op.result_type(0));
    let elem = |t: Option<crate::Type>| t.and_then(|t| m.type_data(t).elem());
    let known = from.is_some_and(|t| element(m, t) != Element::Other);
    let ok = known && elem(from) == elem(to) && per_tensor(op, from);
    cx.check(ok, op, "V024", || {
        "wants f32, i32 or per-tensor int8 in and out, of one element type (for int8: one scale and zero point)"
            .to_owned()
    })
}

/// Registers both.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(TransposeOp::info())?.op(PadOp::info())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_permuted() {
        assert_eq!(permuted(&[2, 3, 5], &[2, 0, 1]), Some(vec![5, 2, 3]));
        assert_eq!(permuted(&[], &[]), Some(vec![]));
        for wrong in [&[0, 1][..], &[0, 0, 1], &[0, 1, 3], &[0, 1, -1]] {
            assert_eq!(permuted(&[2, 3, 5], wrong), None);
        }
    }

    #[test]
    fn shapes_are_padded() {
        assert_eq!(padded(&[2, 3], &[1, 0, 0, 4]), Some(vec![3, 7]));
        for wrong in [&[1, 0][..], &[1, 0, 0, -1], &[1, 0, 0, MOST_PADDING + 1]] {
            assert_eq!(padded(&[2, 3], wrong), None);
        }
    }
}
