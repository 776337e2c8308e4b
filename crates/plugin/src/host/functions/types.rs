//! Types.

use super::weight::Budget;
use super::{Entity, parsed, ty, types};
use crate::abi;
use crate::host::incoming::Out;
use crate::host::refusal::{Outcome, Refusal, bad_argument};
use crate::host::session::Session;
use ir::text::parse::MAX_RANK;
use ir::{FloatKind, Type, TypeData};

fn made(s: &mut Session<'_>, data: TypeData, out: Out<'_, abi::Type>) -> Outcome {
    let ty = s.access.intern()?.ty(data);
    out.set(abi::Type(s.handles.of(Entity::Type(ty))))
}

pub fn type_integer(s: &mut Session<'_>, width: u32, out: Out<'_, abi::Type>) -> Outcome {
    match width {
        1..=64 => made(s, TypeData::Integer(width), out),
        _ => bad_argument(format!("an integer of {width} bits; there are 1 to 64")),
    }
}

pub fn type_index(s: &mut Session<'_>, out: Out<'_, abi::Type>) -> Outcome {
    made(s, TypeData::Index, out)
}

pub fn type_float(s: &mut Session<'_>, width: u32, out: Out<'_, abi::Type>) -> Outcome {
    match width {
        32 => made(s, TypeData::Float(FloatKind::F32), out),
        64 => made(s, TypeData::Float(FloatKind::F64), out),
        _ => bad_argument(format!(
            "a float of {width} bits; for others use `type_parse`"
        )),
    }
}

/// A shape and an element type that fit each other.
fn shaped(
    s: &mut Session<'_>,
    shape: &[i64],
    elem: abi::Type,
    wants: fn(&TypeData) -> bool,
    may_be_dynamic: bool,
) -> Outcome<Type> {
    let elem = ty(s, elem)?;
    let m = s.access.intern()?;
    if !wants(m.type_data(elem)) {
        let text = ir::text::type_text(m, elem);
        return bad_argument(format!("`{text}` cannot be an element here"));
    }
    if shape.len() > MAX_RANK {
        return bad_argument(format!("rank {}; at most {MAX_RANK}", shape.len()));
    }
    if let Some(d) = shape
        .iter()
        .find(|&&d| d < 0 && !(may_be_dynamic && d == TypeData::DYNAMIC))
    {
        return bad_argument(format!("a dimension of {d}"));
    }
    Ok(elem)
}

fn is_scalar(data: &TypeData) -> bool {
    matches!(
        data,
        TypeData::Integer(_) | TypeData::Index | TypeData::Float(_)
    )
}

pub fn type_tensor(
    s: &mut Session<'_>,
    shape: &[i64],
    elem: abi::Type,
    out: Out<'_, abi::Type>,
) -> Outcome {
    let quantised = |d: &TypeData| is_scalar(d) || matches!(d, TypeData::Quant(_));
    let elem = shaped(s, shape, elem, quantised, false)?;
    let shape = shape.into();
    made(s, TypeData::Tensor { shape, elem }, out)
}

pub fn type_memref(
    s: &mut Session<'_>,
    shape: &[i64],
    elem: abi::Type,
    out: Out<'_, abi::Type>,
) -> Outcome {
    let vectors = |d: &TypeData| is_scalar(d) || matches!(d, TypeData::Vector { .. });
    let elem = shaped(s, shape, elem, vectors, true)?;
    let shape = shape.into();
    made(s, TypeData::MemRef { shape, elem }, out)
}

pub fn type_vector(
    s: &mut Session<'_>,
    shape: &[i64],
    elem: abi::Type,
    out: Out<'_, abi::Type>,
) -> Outcome {
    let elem = shaped(s, shape, elem, is_scalar, false)?;
    if shape.contains(&0) {
        return bad_argument("a vector of no elements");
    }
    let shape = shape.into();
    made(s, TypeData::Vector { shape, elem }, out)
}

pub fn type_function(
    s: &mut Session<'_>,
    inputs: &[u64],
    results: &[u64],
    out: Out<'_, abi::Type>,
) -> Outcome {
    let (inputs, results) = (types(s, inputs)?, types(s, results)?);
    let m = s.access.read()?;
    let mut budget = Budget::new();
    for &t in inputs.iter().chain(&results) {
        budget.ty(m, t, 1)?;
    }
    made(s, TypeData::Function { inputs, results }, out)
}

pub fn type_parse(s: &mut Session<'_>, text: &str, out: Out<'_, abi::Type>) -> Outcome {
    let attr = parsed(s, text)?;
    match s.access.read()?.attr_type(attr) {
        Some(ty) => out.set(abi::Type(s.handles.of(Entity::Type(ty)))),
        None => bad_argument(format!("`{text}` is no type")),
    }
}

pub fn type_text(s: &mut Session<'_>, of: abi::Type, text: Out<'_, abi::Str>) -> Outcome {
    let ty = ty(s, of)?;
    let printed = ir::text::type_text(s.access.read()?, ty);
    text.set(s.lent.text(&printed))
}

/// What a type is.
fn data(s: &mut Session<'_>, of: abi::Type) -> Outcome<TypeData> {
    let ty = ty(s, of)?;
    Ok(s.access.read()?.type_data(ty).clone())
}

pub fn type_kind(s: &mut Session<'_>, of: abi::Type, kind: Out<'_, u32>) -> Outcome {
    use abi::type_kind as k;
    kind.set(match data(s, of)? {
        TypeData::Integer(_) => k::INTEGER,
        TypeData::Index => k::INDEX,
        TypeData::Float(_) => k::FLOAT,
        TypeData::None => k::NONE,
        TypeData::Tensor { .. } => k::TENSOR,
        TypeData::MemRef { .. } => k::MEMREF,
        TypeData::Vector { .. } => k::VECTOR,
        TypeData::Function { .. } => k::FUNCTION,
        TypeData::Quant(_) => k::QUANT,
        TypeData::Opaque(_) => k::OPAQUE,
    })
}

pub fn type_width(s: &mut Session<'_>, of: abi::Type, width: Out<'_, u32>) -> Outcome {
    match data(s, of)? {
        TypeData::Integer(w) => width.set(w),
        TypeData::Float(k) => width.set(k.width()),
        TypeData::Quant(q) => width.set(q.storage_width),
        _ => bad_argument("only integers, floats and quantised types have a width"),
    }
}

pub fn type_shape(s: &mut Session<'_>, of: abi::Type, shape: Out<'_, abi::I64s>) -> Outcome {
    match data(s, of)?.shape() {
        Some(found) => shape.set(s.lent.integers(found)),
        None => bad_argument("only tensors, memrefs and vectors have a shape"),
    }
}

pub fn type_elem(s: &mut Session<'_>, of: abi::Type, elem: Out<'_, abi::Type>) -> Outcome {
    match data(s, of)?.elem() {
        Some(found) => elem.set(abi::Type(s.handles.of(Entity::Type(found)))),
        None => bad_argument("only tensors, memrefs and vectors have elements"),
    }
}

pub fn type_quant(s: &mut Session<'_>, of: abi::Type, quant: Out<'_, abi::Quant>) -> Outcome {
    let ty = ty(s, of)?;
    let Some(q) = s.access.read()?.quant_of(ty).cloned() else {
        return Err(Refusal::no_match("the type is not quantised"));
    };
    quant.set(abi::Quant {
        storage_width: q.storage_width,
        is_signed: q.signed.into(),
        axis: q.axis.map_or(-1, i64::from),
        storage_min: q.storage_min,
        storage_max: q.storage_max,
        scales: s.lent.floats(q.scales().collect()),
        zero_points: s.lent.integers(&q.zero_points),
    })
}
