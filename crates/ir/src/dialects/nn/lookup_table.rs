//! `nn.lookup_table`: a function of one int8, as its 256 values.

use super::{Element, element, per_tensor, shape};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

/// Values of a table: one of each int8.
pub const TABLE_LENGTH: i64 = 256;

define_op! {
    /// `nn.lookup_table`: `out[i] = table[in[i]]`, where the entry of a stored `x` is at index `x mod 256`: those of 0 to 127 come first,
    /// then those of −128 to −1. The table has 256 elements of the output's type.
    pub struct LookupTableOp = "nn.lookup_table" {
        traits: { pure },
        operands: { input: one Tensor, table: one Tensor },
        results: { output: one Tensor },
        verify: verify_lookup_table,
    }
}

fn verify_lookup_table(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let is_int8 = |ty: Option<crate::Type>| {
        ty.is_some_and(|t| element(m, t) == Element::QuantI8) && per_tensor(op, ty)
    };
    let elem = |ty: Option<crate::Type>| ty.and_then(|t| m.type_data(t).elem());
    let (input, table, output) = (op.operand_type(0), op.operand_type(1), op.result_type(0));
    let typed = is_int8(input) && is_int8(output) && elem(table) == elem(output);
    cx.check(typed, op, "V024", || {
        "wants per-tensor int8 in and out, and a table of the output's element type".to_owned()
    });
    let shape_of = |i: usize| op.operand(i).map_or(&[][..], |v| shape(m, v));
    cx.check(shape_of(1) == [TABLE_LENGTH], op, "V023", || {
        format!(
            "the table has shape {:?}, wants [{TABLE_LENGTH}]",
            shape_of(1)
        )
    });
    let result = op.results().first().map_or(&[][..], |&v| shape(m, v));
    cx.check(shape_of(0) == result, op, "V023", || {
        format!("the shape changes from {:?} to {result:?}", shape_of(0))
    });
}

/// Registers the op.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(LookupTableOp::info())?;
    Ok(())
}
