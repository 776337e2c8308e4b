//! The pure ops of `vector`: other views of the same bytes.

use crate::scalar::wrap;
use ir::interfaces::{Datum, EvalError, Results};
use ir::{DialectRegistryBuilder, FloatKind, OpRef, RegistryError, TypeData};
use smallvec::smallvec;

fn unsupported(op: OpRef<'_>) -> EvalError {
    EvalError::Unsupported(format!("`{}` on these types", op.name()))
}

fn bitcast(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    match args {
        [Datum::Bytes(bytes)] => Ok(smallvec![Datum::Bytes(bytes.clone())]),
        _ => Err(unsupported(op)),
    }
}

fn extract(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let m = op.module;
    let [Datum::Bytes(bytes)] = args else {
        return Err(unsupported(op));
    };
    let at = extract_offset(op).ok_or_else(|| unsupported(op))?;
    let elem = op.result_type(0).ok_or_else(|| unsupported(op))?;
    let size = m.elem_bytes(elem).ok_or_else(|| unsupported(op))? as usize;
    let mut raw = [0u8; 8];
    let slice = at
        .checked_add(size)
        .and_then(|end| bytes.get(at..end))
        .filter(|s| s.len() <= 8)
        .ok_or_else(|| unsupported(op))?;
    raw[..size].copy_from_slice(slice);
    let bits = i64::from_le_bytes(raw);
    let datum = match m.type_data(elem) {
        TypeData::Integer(w @ 1..=64) => Datum::Int(wrap(bits, *w)),
        TypeData::Index => Datum::Int(wrap(bits, 32)),
        TypeData::Float(FloatKind::F32) => Datum::F32(f32::from_bits(bits as u32)),
        TypeData::Float(FloatKind::F64) => Datum::F64(f64::from_bits(bits as u64)),
        _ => return Err(unsupported(op)),
    };
    Ok(smallvec![datum])
}

/// The byte at which the element of a `vector.extract` starts.
pub(crate) fn extract_offset(op: OpRef<'_>) -> Option<usize> {
    let m = op.module;
    let at = m.attr_i64s(op.prop("static_position")?)?;
    let shape = m.type_data(op.operand_type(0)?).shape()?;
    let size = m.elem_bytes(op.result_type(0)?)?;
    let linear = at
        .iter()
        .zip(shape)
        .try_fold(0i64, |n, (&i, &d)| n.checked_mul(d)?.checked_add(i))?;
    usize::try_from(linear).ok()?.checked_mul(size as usize)
}

/// Attaches the interpretations of `vector`.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.interpret("vector.bitcast", bitcast)?
        .interpret("vector.extract", extract)?;
    Ok(())
}
