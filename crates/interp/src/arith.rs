//! `arith` and the pure ops of `math`, one element at a time.

use crate::scalar::{
    FLOAT_OPS, FloatOp, INT_OPS, IntOp, IntType, Undefined, compare_float, compare_int, exp_f32,
    f32_binary, f64_binary, float_to_int, int_binary, sign_extend, wrap, zero_extend,
};
use ir::interfaces::{Datum, EvalError, Results};
use ir::{
    AttrData, DialectRegistryBuilder, FloatKind, Module, OpRef, RegistryError, Type, TypeData,
};
use smallvec::smallvec;

impl From<Undefined> for EvalError {
    fn from(u: Undefined) -> Self {
        EvalError::Poison(u.to_string())
    }
}

fn unsupported(op: OpRef<'_>) -> EvalError {
    EvalError::Unsupported(format!("`{}` on these types", op.name()))
}

/// The integer type of a type, if it is one of at most 64 bits.
pub(crate) fn int_type(m: &Module, ty: Type) -> Option<IntType> {
    match m.type_data(ty) {
        TypeData::Integer(bits @ 1..=64) => Some(IntType::signless(*bits)),
        TypeData::Index => Some(IntType::INDEX),
        _ => None,
    }
}

fn operand_int(op: OpRef<'_>, i: usize) -> Result<IntType, EvalError> {
    op.operand_type(i)
        .and_then(|t| int_type(op.module, t))
        .ok_or_else(|| unsupported(op))
}

fn result_int(op: OpRef<'_>) -> Result<IntType, EvalError> {
    op.result_type(0)
        .and_then(|t| int_type(op.module, t))
        .ok_or_else(|| unsupported(op))
}

fn predicate(op: OpRef<'_>) -> u8 {
    let value = op.prop("predicate").and_then(|a| op.module.attr_int(a));
    value.map_or(0, |p| p as u8)
}

fn constant(op: OpRef<'_>, _: &[Datum]) -> Result<Results, EvalError> {
    let m = op.module;
    let value = op.prop("value").ok_or_else(|| unsupported(op))?;
    let datum = match m.attr_data(value) {
        AttrData::Integer { value, ty } => {
            let ty = int_type(m, *ty).ok_or_else(|| unsupported(op))?;
            Datum::Int(wrap(*value, ty.bits))
        }
        AttrData::Float {
            bits,
            kind: FloatKind::F32,
        } => Datum::F32(f32::from_bits(*bits as u32)),
        AttrData::Float {
            bits,
            kind: FloatKind::F64,
        } => Datum::F64(f64::from_bits(*bits)),
        _ => match m.attr_elements(value) {
            Some((_, bytes)) => Datum::Bytes(bytes.clone()),
            None => return Err(unsupported(op)),
        },
    };
    Ok(smallvec![datum])
}

fn int_op(kind: IntOp) -> impl Fn(OpRef<'_>, &[Datum]) -> Result<Results, EvalError> {
    move |op, args| {
        let [Datum::Int(a), Datum::Int(b)] = args else {
            return Err(unsupported(op));
        };
        let nsw = ir::dialects::arith::is_nsw(op.module, op.id);
        let value = int_binary(kind, result_int(op)?, nsw, *a, *b)?;
        Ok(smallvec![Datum::Int(value)])
    }
}

fn float_op(kind: FloatOp) -> impl Fn(OpRef<'_>, &[Datum]) -> Result<Results, EvalError> {
    move |op, args| match args {
        [Datum::F32(a), Datum::F32(b)] => Ok(smallvec![Datum::F32(f32_binary(kind, *a, *b))]),
        [Datum::F64(a), Datum::F64(b)] => Ok(smallvec![Datum::F64(f64_binary(kind, *a, *b))]),
        _ => Err(unsupported(op)),
    }
}

fn negf(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    match args {
        [Datum::F32(a)] => Ok(smallvec![Datum::F32(-a)]),
        [Datum::F64(a)] => Ok(smallvec![Datum::F64(-a)]),
        _ => Err(unsupported(op)),
    }
}

fn cmpi(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let [Datum::Int(a), Datum::Int(b)] = args else {
        return Err(unsupported(op));
    };
    let holds = compare_int(predicate(op), operand_int(op, 0)?.bits, *a, *b);
    Ok(smallvec![Datum::Int(holds.into())])
}

fn cmpf(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let holds = match args {
        [Datum::F32(a), Datum::F32(b)] => compare_float(predicate(op), (*a).into(), (*b).into()),
        [Datum::F64(a), Datum::F64(b)] => compare_float(predicate(op), *a, *b),
        _ => return Err(unsupported(op)),
    };
    Ok(smallvec![Datum::Int(holds.into())])
}

fn select(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    match args {
        [Datum::Int(c), a, b] => Ok(smallvec![if *c != 0 { a.clone() } else { b.clone() }]),
        _ => Err(unsupported(op)),
    }
}

fn extsi(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let [Datum::Int(a)] = args else {
        return Err(unsupported(op));
    };
    let extended = sign_extend(*a, operand_int(op, 0)?.bits);
    Ok(smallvec![Datum::Int(extended)])
}

fn extui(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let [Datum::Int(a)] = args else {
        return Err(unsupported(op));
    };
    let extended = zero_extend(*a, operand_int(op, 0)?.bits);
    Ok(smallvec![Datum::Int(extended)])
}

/// `arith.trunci`, and `arith.index_cast` either way: the low bits; an integer that does not fit `index` is
/// an error, as wrapping is.
fn narrow(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let [Datum::Int(a)] = args else {
        return Err(unsupported(op));
    };
    let to = result_int(op)?;
    let a = sign_extend(*a, operand_int(op, 0)?.bits);
    let value = wrap(a, to.bits);
    if to.index && value != a {
        return Err(Undefined::IndexOverflow.into());
    }
    Ok(smallvec![Datum::Int(value)])
}

fn sitofp(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let [Datum::Int(a)] = args else {
        return Err(unsupported(op));
    };
    let a = sign_extend(*a, operand_int(op, 0)?.bits);
    let ty = op.result_type(0).map(|t| op.module.type_data(t));
    match ty {
        Some(TypeData::Float(FloatKind::F32)) => Ok(smallvec![Datum::F32(a as f32)]),
        Some(TypeData::Float(FloatKind::F64)) => Ok(smallvec![Datum::F64(a as f64)]),
        _ => Err(unsupported(op)),
    }
}

fn fptosi(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let x = match args {
        [Datum::F32(a)] => f64::from(*a),
        [Datum::F64(a)] => *a,
        _ => return Err(unsupported(op)),
    };
    let value = float_to_int(x, result_int(op)?.bits)?;
    Ok(smallvec![Datum::Int(value)])
}

fn bitcast(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let bits = match args {
        [Datum::F32(a)] => i64::from(a.to_bits()),
        [Datum::F64(a)] => a.to_bits() as i64,
        [Datum::Int(a)] => *a,
        _ => return Err(unsupported(op)),
    };
    let ty = op.result_type(0).map(|t| op.module.type_data(t));
    let datum = match ty {
        Some(TypeData::Float(FloatKind::F32)) => Datum::F32(f32::from_bits(bits as u32)),
        Some(TypeData::Float(FloatKind::F64)) => Datum::F64(f64::from_bits(bits as u64)),
        Some(TypeData::Integer(w @ 1..=64)) => Datum::Int(wrap(bits, *w)),
        Some(TypeData::Index) => Datum::Int(wrap(bits, 32)),
        _ => return Err(unsupported(op)),
    };
    Ok(smallvec![datum])
}

fn exp(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    match args {
        [Datum::F32(a)] => Ok(smallvec![Datum::F32(exp_f32(*a))]),
        _ => Err(unsupported(op)),
    }
}

/// Attaches the interpretations of `arith` and `math`.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    for (name, kind) in INT_OPS {
        r.interpret(name, int_op(kind))?;
    }
    for (name, kind) in FLOAT_OPS {
        r.interpret(name, float_op(kind))?;
    }
    r.interpret("arith.constant", constant)?
        .interpret("arith.negf", negf)?
        .interpret("arith.cmpi", cmpi)?
        .interpret("arith.cmpf", cmpf)?
        .interpret("arith.select", select)?
        .interpret("arith.extsi", extsi)?
        .interpret("arith.extui", extui)?
        .interpret("arith.trunci", narrow)?
        .interpret("arith.index_cast", narrow)?
        .interpret("arith.sitofp", sitofp)?
        .interpret("arith.fptosi", fptosi)?
        .interpret("arith.bitcast", bitcast)?
        .interpret("math.exp", exp)?;
    Ok(())
}
