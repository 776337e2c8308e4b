//! What interfaces answer.

use super::{at, attr, ty, value};
use crate::abi;
use crate::host::incoming::part;
use crate::host::refusal::{Outcome, bad_argument, not_allowed};
use crate::host::session::Session;
use ir::interfaces::{Datum, Folded};
use ir::{FloatKind, Type, TypeData};

/// A runtime value as a plug-in gets it; its bytes live as long as `datum`.
pub fn datum_in(datum: &Datum) -> abi::Datum {
    let mut out = abi::Datum::default();
    match datum {
        Datum::Int(v) => (out.kind, out.integer) = (abi::datum::INTEGER, *v),
        Datum::F32(v) => (out.kind, out.real) = (abi::datum::F32, (*v).into()),
        Datum::F64(v) => (out.kind, out.real) = (abi::datum::F64, *v),
        Datum::Bytes(b) => {
            out.kind = abi::datum::BYTES;
            (out.bytes.data, out.bytes.len) = (b.as_ptr(), b.len());
        }
    }
    out
}

/// The runtime value of a type that a plug-in gave.
fn datum_out(s: &mut Session<'_>, ty: Type, given: abi::Datum) -> Outcome<Datum> {
    use abi::datum as d;
    let m = s.access.read()?;
    let datum = match (given.kind, m.type_data(ty)) {
        (d::INTEGER, TypeData::Integer(1)) => Datum::Int(given.integer & 1),
        (d::INTEGER, TypeData::Integer(w @ 2..=63)) => {
            Datum::Int((given.integer << (64 - w)) >> (64 - w))
        }
        (d::INTEGER, TypeData::Integer(64)) => Datum::Int(given.integer),
        (d::INTEGER, TypeData::Index) => Datum::Int(i64::from(given.integer as i32)),
        (d::F32, TypeData::Float(FloatKind::F32)) => Datum::F32(given.real as f32),
        (d::F64, TypeData::Float(FloatKind::F64)) => Datum::F64(given.real),
        (d::BYTES, TypeData::Tensor { .. } | TypeData::Vector { .. }) => {
            let bytes = part(given.bytes)?;
            match m.size_bytes(ty) {
                Some(n) if n == bytes.len() as u64 => Datum::Bytes(bytes.into()),
                Some(n) => {
                    return bad_argument(format!("{} bytes, the result has {n}", bytes.len()));
                }
                None => return bad_argument("the result's type has no size"),
            }
        }
        (kind, _) => {
            let text = ir::text::type_text(m, ty);
            return bad_argument(format!("a datum of kind {kind} is no `{text}`"));
        }
    };
    Ok(datum)
}

/// The types of the results of the op that the callback is for.
fn result_types(s: &mut Session<'_>) -> Outcome<Vec<Type>> {
    let op = s.op()?;
    let m = s.access.read()?;
    Ok(m.results(op).iter().map(|&v| m.value_type(v)).collect())
}

pub fn set_result(s: &mut Session<'_>, index: u64, given: abi::Datum) -> Outcome {
    if s.data.is_none() {
        return not_allowed("only `interpret` sets results");
    }
    let types = result_types(s)?;
    let ty = at(&types, index, "result")?;
    let datum = datum_out(s, ty, given)?;
    let slot = s.data.as_mut().and_then(|d| d.get_mut(index as usize));
    if let Some(slot) = slot {
        *slot = Some(datum);
    }
    Ok(())
}

fn fold_to(s: &mut Session<'_>, index: u64, folded: Folded) -> Outcome {
    let slot = match &mut s.folded {
        Some(all) => all.get_mut(usize::try_from(index).unwrap_or(usize::MAX)),
        None => return not_allowed("only `fold` folds"),
    };
    match slot {
        Some(slot) => {
            *slot = Some(folded);
            Ok(())
        }
        None => bad_argument(format!("no result {index}")),
    }
}

pub fn fold_to_value(s: &mut Session<'_>, index: u64, of: abi::Value) -> Outcome {
    let v = value(s, of)?;
    let op = s.op()?;
    if s.access.read()?.results(op).contains(&v) {
        return bad_argument("an op's result folded to a result of its own");
    }
    fold_to(s, index, Folded::Value(v))
}

pub fn fold_to_constant(s: &mut Session<'_>, index: u64, of: abi::Attr) -> Outcome {
    let a = attr(s, of)?;
    let types = result_types(s)?;
    let ty = at(&types, index, "result")?;
    let m = s.access.intern()?;
    if !super::is_constant_of(m, a, ty) {
        return bad_argument("the attribute is no value of the result's type");
    }
    fold_to(s, index, Folded::Constant(a))
}

pub fn add_type(s: &mut Session<'_>, of: abi::Type) -> Outcome {
    let ty = ty(s, of)?;
    match &mut s.types {
        Some(types) if types.len() < 1000 => {
            types.push(ty);
            Ok(())
        }
        Some(_) => bad_argument("more than 1,000 results"),
        None => not_allowed("only `infer_types` infers types"),
    }
}
