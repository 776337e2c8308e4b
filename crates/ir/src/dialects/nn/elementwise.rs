//! Element by element of two tensors whose shapes broadcast.

use super::{activation_elements, broadcast, result_shape, value_shape, verify_add};
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
    /// `nn.prelu`: the input where it is not negative, else `slope · input`; the slope broadcasts to the input's shape from the right.
    pub struct PreluOp = "nn.prelu" {
        traits: { pure },
        operands: { input: one Tensor, slope: one Tensor },
        results: { output: one Tensor },
        verify: verify_prelu,
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

fn verify_prelu(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation_elements(op, cx);
    let (input, slope, output) = (value_shape(op, 0), value_shape(op, 1), result_shape(op));
    let fits = broadcast(&input, &slope).as_ref() == Some(&output) && input == output;
    cx.check(fits, op, "V023", || {
        format!("a slope {slope:?} for {input:?} does not give {output:?}")
    });
}

/// Registers the ops.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(SubOp::info())?.op(MulOp::info())?;
    r.op(MaximumOp::info())?
        .op(MinimumOp::info())?
        .op(PreluOp::info())?;
    Ok(())
}
