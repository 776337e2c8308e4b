//! What schedules ask of an op before they build its kernel.

use ir::dialects::nn::{Element, element};
use ir::interfaces::EvalError;
use ir::{Diagnostic, Module, OpId, OpRef, Type};

/// Element types of the first operand and the first result.
pub(super) fn elements(op: OpRef<'_>) -> (Element, Element) {
    let of = |ty: Option<Type>| ty.map_or(Element::Other, |t| element(op.module, t));
    (of(op.operand_type(0)), of(op.result_type(0)))
}

/// That the op has these element types, and that every element of its buffers can be indexed in 31 bits.
///
/// # Errors
/// Why not, in words.
pub(super) fn require(op: OpRef<'_>, input: Element, output: Element) -> Result<(), String> {
    let name = |e| match e {
        Element::F32 => "float32",
        Element::QuantI8 => "int8",
        Element::I32 => "int32",
        Element::Other => "other",
    };
    let found = elements(op);
    if found != (input, output) {
        return Err(format!(
            "is made for {} to {} elements, not {} to {}",
            name(input),
            name(output),
            name(found.0),
            name(found.1)
        ));
    }
    let types = (0..op.operand_count())
        .map(|i| op.operand_type(i))
        .chain([op.result_type(0)]);
    for ty in types.flatten() {
        if op
            .module
            .num_elements(ty)
            .is_none_or(|n| i32::try_from(n).is_err())
        {
            return Err("a tensor has more than 2^31 - 1 elements".to_owned());
        }
    }
    Ok(())
}

/// The number of elements of the first result.
pub(super) fn output_len(op: OpRef<'_>) -> i64 {
    let n = op.result_type(0).and_then(|t| op.module.num_elements(t));
    n.map_or(0, |n| n as i64)
}

/// Scale and zero point of a per-tensor quantised type.
pub(super) fn quantisation(op: OpRef<'_>, ty: Option<Type>) -> Option<(f32, i32)> {
    let q = ty
        .and_then(|t| op.module.quant_of(t))
        .filter(|q| q.axis.is_none())?;
    Some((q.scale(0) as f32, i32::try_from(q.zero_point(0)).ok()?))
}

/// The diagnostic for an op whose parameters the reference refuses.
pub(super) fn refused(m: &Module, op: OpId, error: &EvalError) -> Diagnostic {
    let mut d = Diagnostic::error(
        "L003",
        format!("`{}` cannot be lowered: {error}", m.op_name(op)),
    );
    d.location = m.describe_loc(m.op_loc(op));
    d
}

/// A kernel's name of at most 40 characters.
pub(super) fn kernel_name(mut name: String) -> String {
    name.truncate(40);
    name
}
