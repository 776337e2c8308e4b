//! Functions of one element that are no clamp: of floats, and of int8 with the reference kernels' arithmetic.
//!
//! Of int8 each is a function of 256 numbers, so it becomes a table; what the op computes is the one definition of it.

use super::verify_same_shape;
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `nn.logistic`: `1 / (1 + e^-x)`. Int8 results have scale 1/256 and zero point −128.
    pub struct LogisticOp = "nn.logistic" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_same_shape,
    }
}

define_op! {
    /// `nn.tanh`: the hyperbolic tangent. Int8 results have scale 1/128 and zero point 0.
    pub struct TanhOp = "nn.tanh" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_same_shape,
    }
}

define_op! {
    /// `nn.hard_swish`: `x · min(6, max(0, x + 3)) / 6`.
    pub struct HardSwishOp = "nn.hard_swish" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_same_shape,
    }
}

define_op! {
    /// `nn.leaky_relu`: x where it is positive, else `alpha · x`.
    pub struct LeakyReluOp = "nn.leaky_relu" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { alpha: req Float },
        verify: verify_leaky_relu,
    }
}

fn verify_leaky_relu(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    verify_same_shape(op, cx);
    let alpha = op.prop("alpha").and_then(|a| op.module.attr_float(a));
    cx.check(alpha.is_none_or(f64::is_finite), op, "V025", || {
        "`alpha` is not a finite number".to_owned()
    });
}

/// Registers the ops.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(LogisticOp::info())?.op(TanhOp::info())?;
    r.op(HardSwishOp::info())?.op(LeakyReluOp::info())?;
    Ok(())
}
