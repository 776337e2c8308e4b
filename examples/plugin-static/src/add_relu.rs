//! `acme.add_relu`: what it is and what it means.

use ir::interfaces::{Datum, EvalError, Results};
use ir::verify::VerifyCx;
use ir::{DialectRegistryBuilder, FloatKind, OpRef, RegistryError, TypeData, define_op};

define_op! {
    /// `acme.add_relu`: max(0, lhs + rhs), of float32 tensors of one shape.
    pub struct AddReluOp = "acme.add_relu" {
        traits: { pure, same_type },
        operands: { lhs: one Tensor, rhs: one Tensor },
        results: { output: one Tensor },
        verify: verify_float,
    }
}

fn verify_float(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let elem = op.result_type(0).and_then(|ty| m.type_data(ty).elem());
    let float = elem.is_some_and(|e| *m.type_data(e) == TypeData::Float(FloatKind::F32));
    cx.check(float, op, "acme.float", || {
        "wants tensors of f32".to_owned()
    });
}

/// The meaning, which the schedule, and whoever rewrites the op, is tested against.
fn interpret(_: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let [Datum::Bytes(lhs), Datum::Bytes(rhs)] = args else {
        return Err(EvalError::Unsupported("two tensors".to_owned()));
    };
    let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let pairs = lhs.chunks_exact(4).zip(rhs.chunks_exact(4));
    let sums = pairs.flat_map(|(a, b)| {
        let sum = float(a) + float(b);
        let y = if sum < 0.0 { 0.0 } else { sum };
        y.to_le_bytes()
    });
    let bytes: Vec<u8> = sums.collect();
    Ok([Datum::Bytes(bytes.into())].into_iter().collect())
}

/// Registers op and interpretation.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(AddReluOp::info())?;
    r.interpret(AddReluOp::NAME, interpret)?;
    Ok(())
}
