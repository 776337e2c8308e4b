//! Element by element: of two tensors whose shapes broadcast, and the logistic function.

use super::{
    Element, activation_elements, broadcast, operand_element, result_shape, value_shape, verify_add,
};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, Type, define_op};

define_op! {
    /// `nn.sub`: difference, shapes broadcast from the right.
    pub struct SubOp = "nn.sub" {
        traits: { pure },
        operands: { lhs: one Tensor, rhs: one Tensor },
        results: { output: one Tensor },
        attrs: { activation: req Str },
        verify: verify_add,
    }
}

define_op! {
    /// `nn.mul`: product, shapes broadcast from the right.
    pub struct MulOp = "nn.mul" {
        traits: { pure },
        operands: { lhs: one Tensor, rhs: one Tensor },
        results: { output: one Tensor },
        attrs: { activation: req Str },
        verify: verify_add,
    }
}

define_op! {
    /// `nn.maximum`: `lhs > rhs ? lhs : rhs`, shapes broadcast from the right. All have one element type.
    pub struct MaximumOp = "nn.maximum" {
        traits: { pure },
        operands: { lhs: one Tensor, rhs: one Tensor },
        results: { output: one Tensor },
        verify: verify_extremum,
    }
}

define_op! {
    /// `nn.minimum`: `lhs < rhs ? lhs : rhs`, shapes broadcast from the right. All have one element type.
    pub struct MinimumOp = "nn.minimum" {
        traits: { pure },
        operands: { lhs: one Tensor, rhs: one Tensor },
        results: { output: one Tensor },
        verify: verify_extremum,
    }
}

define_op! {
    /// `nn.logistic`: `1 / (1 + e^-x)` of floats; of int8 it is an `nn.lookup_table`.
    pub struct LogisticOp = "nn.logistic" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_logistic,
    }
}

fn verify_extremum(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation_elements(op, cx);
    let elem = |t: Option<Type>| t.and_then(|t| op.module.type_data(t).elem());
    let (a, b, c) = (op.operand_type(0), op.operand_type(1), op.result_type(0));
    cx.check(elem(a) == elem(b) && elem(b) == elem(c), op, "V024", || {
        "operands and output must have one element type (for int8: one scale and zero point)"
            .to_owned()
    });
    let (a, b, c) = (value_shape(op, 0), value_shape(op, 1), result_shape(op));
    cx.check(broadcast(&a, &b).as_ref() == Some(&c), op, "V023", || {
        format!("{a:?} and {b:?} do not broadcast to {c:?}")
    });
}

fn verify_logistic(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation_elements(op, cx);
    cx.check(
        operand_element(op, 0) == Some(Element::F32),
        op,
        "V024",
        || "wants f32 in and out".to_owned(),
    );
    let (a, b) = (value_shape(op, 0), result_shape(op));
    cx.check(a == b, op, "V023", || {
        format!("the shape changes from {a:?} to {b:?}")
    });
}

/// Registers the ops.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(SubOp::info())?.op(MulOp::info())?;
    r.op(MaximumOp::info())?
        .op(MinimumOp::info())?
        .op(LogisticOp::info())?;
    Ok(())
}
