//! Attributes and locations.

use super::weight::Budget;
use super::{Entity, attr, attrs, lend, loc, named, named_attrs, names, ty};
use crate::abi;
use crate::host::incoming::Out;
use crate::host::refusal::{Outcome, Refusal, bad_argument};
use crate::host::session::Session;
use ir::text::ParseOptions;
use ir::{Attr, AttrData, FloatKind, LocData, Module, Type, TypeData};

fn given(s: &mut Session<'_>, attr: Attr, out: Out<'_, abi::Attr>) -> Outcome {
    out.set(abi::Attr(s.handles.of(Entity::Attr(attr))))
}

fn made(s: &mut Session<'_>, data: AttrData, out: Out<'_, abi::Attr>) -> Outcome {
    let attr = s.access.intern()?.attr(data);
    given(s, attr, out)
}

pub fn attr_unit(s: &mut Session<'_>, out: Out<'_, abi::Attr>) -> Outcome {
    made(s, AttrData::Unit, out)
}

pub fn attr_integer(
    s: &mut Session<'_>,
    value: i64,
    of: abi::Type,
    out: Out<'_, abi::Attr>,
) -> Outcome {
    let ty = ty(s, of)?;
    let fits = match s.access.read()?.type_data(ty) {
        TypeData::Index => true,
        // An `i1` is 0 or 1.
        TypeData::Integer(1) => value == 0 || value == 1,
        TypeData::Integer(w @ 2..=63) => (value << (64 - w)) >> (64 - w) == value,
        TypeData::Integer(_) => true,
        _ => return bad_argument("an integer attribute has an integer type or `index`"),
    };
    match fits {
        true => made(s, AttrData::Integer { value, ty }, out),
        false => bad_argument(format!("{value} does not fit the type, sign-extended")),
    }
}

pub fn attr_float(
    s: &mut Session<'_>,
    value: f64,
    of: abi::Type,
    out: Out<'_, abi::Attr>,
) -> Outcome {
    let ty = ty(s, of)?;
    let (bits, kind) = match s.access.read()?.type_data(ty) {
        TypeData::Float(k @ FloatKind::F32) => ((value as f32).to_bits().into(), *k),
        TypeData::Float(k @ FloatKind::F64) => (value.to_bits(), *k),
        _ => return bad_argument("a float attribute has a float type of 32 or 64 bits"),
    };
    made(s, AttrData::Float { bits, kind }, out)
}

pub fn attr_string(s: &mut Session<'_>, text: &str, out: Out<'_, abi::Attr>) -> Outcome {
    made(s, AttrData::String(text.to_owned()), out)
}

pub fn attr_symbol(s: &mut Session<'_>, name: &str, out: Out<'_, abi::Attr>) -> Outcome {
    match name.is_empty() {
        true => bad_argument("a symbol without a name"),
        false => made(s, AttrData::Symbol(name.to_owned()), out),
    }
}

pub fn attr_type(s: &mut Session<'_>, of: abi::Type, out: Out<'_, abi::Attr>) -> Outcome {
    let ty = ty(s, of)?;
    made(s, AttrData::Type(ty), out)
}

pub fn attr_i64s(s: &mut Session<'_>, values: &[i64], out: Out<'_, abi::Attr>) -> Outcome {
    made(s, AttrData::I64Array(values.to_vec()), out)
}

pub fn attr_array(s: &mut Session<'_>, elements: &[u64], out: Out<'_, abi::Attr>) -> Outcome {
    let elements = attrs(s, elements)?;
    let (m, mut budget) = (s.access.read()?, Budget::new());
    for &a in &elements {
        budget.attr(m, a, 1)?;
    }
    made(s, AttrData::Array(elements), out)
}

pub fn attr_dict(
    s: &mut Session<'_>,
    entries: Vec<(&str, abi::Attr)>,
    out: Out<'_, abi::Attr>,
) -> Outcome {
    let entries = named(s, &entries)?;
    let (m, mut budget) = (s.access.read()?, Budget::new());
    for (_, a) in &entries {
        budget.attr(m, *a, 1)?;
    }
    let mut sorted: Vec<(&str, Attr)> = entries.iter().map(|(k, a)| (k.as_str(), *a)).collect();
    sorted.sort_by_key(|e| e.0);
    if let Some(w) = sorted.windows(2).find(|w| w[0].0 == w[1].0) {
        return bad_argument(format!("two entries `{}`", w[0].0));
    }
    let attr = s.access.intern()?.dict_attr(&sorted);
    given(s, attr, out)
}

/// Bytes of the elements of a `dense` attribute of a type, if there can be one.
fn dense_size(m: &Module, ty: Type) -> Option<u64> {
    let data = m.type_data(ty);
    let (TypeData::Tensor { elem, .. } | TypeData::Vector { elem, .. }) = data else {
        return None;
    };
    let width = match m.type_data(*elem) {
        TypeData::Index => 8,
        TypeData::Integer(_) | TypeData::Float(_) => m.elem_bytes(*elem)?,
        _ => return None,
    };
    m.num_elements(ty)?.checked_mul(width)
}

pub fn attr_dense(
    s: &mut Session<'_>,
    of: abi::Type,
    bytes: &[u8],
    out: Out<'_, abi::Attr>,
) -> Outcome {
    let ty = ty(s, of)?;
    let m = s.access.intern()?;
    match dense_size(m, ty) {
        None => bad_argument("elements have a tensor or vector type of integers or floats"),
        Some(n) if n != bytes.len() as u64 => {
            bad_argument(format!("{} bytes, the type has {n}", bytes.len()))
        }
        Some(_) => {
            let attr = m.dense_attr(ty, bytes);
            given(s, attr, out)
        }
    }
}

pub fn attr_parse(s: &mut Session<'_>, text: &str, out: Out<'_, abi::Attr>) -> Outcome {
    let attr = parsed(s, text)?;
    given(s, attr, out)
}

/// The attribute of a text: it is read as that of an op of another module, and copied.
pub fn parsed(s: &mut Session<'_>, text: &str) -> Outcome<Attr> {
    let into = s.access.intern()?;
    let options = ParseOptions {
        allow_unregistered: true,
    };
    let source = format!("\"plugin.parse\"() {{a = {text}\n}} : () -> ()");
    let from = ir::text::parse(&source, "attribute", into.registry().clone(), &options)
        .map_err(|e| Refusal::argument(format!("`{text}` cannot be read: {e}")))?;
    let mut ops = from.ops(from.body());
    let only = match (ops.next(), ops.next()) {
        (Some(op), None) => from.discardables(op),
        _ => &[],
    };
    match only {
        [(_, attr)] => copy_attr(&from, *attr, into),
        _ => bad_argument(format!("`{text}` is not one attribute")),
    }
}

fn copy_attr(from: &Module, attr: Attr, into: &mut Module) -> Outcome<Attr> {
    let data = match from.attr_data(attr).clone() {
        AttrData::Integer { value, ty } => AttrData::Integer {
            value,
            ty: copy_type(from, ty, into),
        },
        AttrData::Array(all) => AttrData::Array(
            all.into_iter()
                .map(|a| copy_attr(from, a, into))
                .collect::<Outcome<_>>()?,
        ),
        AttrData::Dict(entries) => AttrData::Dict(
            entries
                .into_iter()
                .map(|(k, a)| Ok((into.str(from.text(k)), copy_attr(from, a, into)?)))
                .collect::<Outcome<_>>()?,
        ),
        AttrData::Type(ty) => AttrData::Type(copy_type(from, ty, into)),
        AttrData::Dense(mut elements) => {
            elements.ty = copy_type(from, elements.ty, into);
            AttrData::Dense(elements)
        }
        AttrData::Resource { .. } => {
            return bad_argument("a resource has no bytes here; use `attr_dense`");
        }
        plain @ (AttrData::Unit
        | AttrData::Float { .. }
        | AttrData::String(_)
        | AttrData::Symbol(_)
        | AttrData::I64Array(_)
        | AttrData::I32Array(_)
        | AttrData::Opaque(_)) => plain,
    };
    Ok(into.attr(data))
}

fn copy_type(from: &Module, ty: Type, into: &mut Module) -> Type {
    let mut data = from.type_data(ty).clone();
    match &mut data {
        TypeData::Tensor { elem, .. }
        | TypeData::MemRef { elem, .. }
        | TypeData::Vector { elem, .. } => *elem = copy_type(from, *elem, into),
        TypeData::Function { inputs, results } => {
            for ty in inputs.iter_mut().chain(results) {
                *ty = copy_type(from, *ty, into);
            }
        }
        TypeData::Integer(_)
        | TypeData::Index
        | TypeData::Float(_)
        | TypeData::None
        | TypeData::Quant(_)
        | TypeData::Opaque(_) => {}
    }
    into.ty(data)
}

pub fn attr_text(s: &mut Session<'_>, of: abi::Attr, text: Out<'_, abi::Str>) -> Outcome {
    let attr = attr(s, of)?;
    let printed = ir::text::attr_text(s.access.read()?, attr);
    text.set(s.lent.text(&printed))
}

/// What an attribute is.
fn data(s: &mut Session<'_>, of: abi::Attr) -> Outcome<AttrData> {
    let attr = attr(s, of)?;
    Ok(s.access.read()?.attr_data(attr).clone())
}

fn mismatch(wants: &str) -> Outcome {
    bad_argument(format!("the attribute is not {wants}"))
}

pub fn attr_kind(s: &mut Session<'_>, of: abi::Attr, kind: Out<'_, u32>) -> Outcome {
    use abi::attr_kind as k;
    kind.set(match data(s, of)? {
        AttrData::Unit => k::UNIT,
        AttrData::Integer { .. } => k::INTEGER,
        AttrData::Float { .. } => k::FLOAT,
        AttrData::String(_) => k::STRING,
        AttrData::Symbol(_) => k::SYMBOL,
        AttrData::Array(_) => k::ARRAY,
        AttrData::I64Array(_) => k::I64_ARRAY,
        AttrData::I32Array(_) => k::I32_ARRAY,
        AttrData::Dict(_) => k::DICT,
        AttrData::Type(_) => k::TYPE,
        AttrData::Dense(_) => k::DENSE,
        AttrData::Resource { .. } => k::RESOURCE,
        AttrData::Opaque(_) => k::OPAQUE,
    })
}

pub fn attr_as_integer(s: &mut Session<'_>, of: abi::Attr, value: Out<'_, i64>) -> Outcome {
    match data(s, of)? {
        AttrData::Integer { value: v, .. } => value.set(v),
        _ => mismatch("an integer"),
    }
}

pub fn attr_as_float(s: &mut Session<'_>, of: abi::Attr, value: Out<'_, f64>) -> Outcome {
    let attr = attr(s, of)?;
    match s.access.read()?.attr_float(attr) {
        Some(v) => value.set(v),
        None => mismatch("a float of 32 or 64 bits"),
    }
}

pub fn attr_as_string(s: &mut Session<'_>, of: abi::Attr, text: Out<'_, abi::Str>) -> Outcome {
    match data(s, of)? {
        AttrData::String(t) | AttrData::Symbol(t) => text.set(s.lent.text(&t)),
        _ => mismatch("a string or symbol"),
    }
}

pub fn attr_as_type(s: &mut Session<'_>, of: abi::Attr, ty: Out<'_, abi::Type>) -> Outcome {
    match data(s, of)? {
        AttrData::Type(t) => ty.set(abi::Type(s.handles.of(Entity::Type(t)))),
        _ => mismatch("a type"),
    }
}

pub fn attr_as_i64s(s: &mut Session<'_>, of: abi::Attr, values: Out<'_, abi::I64s>) -> Outcome {
    match data(s, of)? {
        AttrData::I64Array(v) => values.set(s.lent.integers(&v)),
        _ => mismatch("an `array<i64>`"),
    }
}

pub fn attr_as_array(s: &mut Session<'_>, of: abi::Attr, all: Out<'_, abi::Handles>) -> Outcome {
    match data(s, of)? {
        AttrData::Array(v) => all.set(lend(s, v.into_iter().map(Entity::Attr))),
        _ => mismatch("a list"),
    }
}

pub fn attr_as_dict(s: &mut Session<'_>, of: abi::Attr, out: Out<'_, abi::NamedAttrs>) -> Outcome {
    match data(s, of)? {
        AttrData::Dict(entries) => {
            let entries = names(s.access.read()?, &entries);
            out.set(named_attrs(s, entries))
        }
        _ => mismatch("a dictionary"),
    }
}

pub fn attr_as_dense(
    s: &mut Session<'_>,
    of: abi::Attr,
    ty: Out<'_, abi::Type>,
    bytes: Out<'_, abi::Bytes>,
) -> Outcome {
    let attr = attr(s, of)?;
    let Some((t, elements)) = s.access.read()?.attr_elements(attr) else {
        return mismatch("dense elements, or its resource is missing");
    };
    let elements = elements.clone();
    ty.set(abi::Type(s.handles.of(Entity::Type(t))))?;
    bytes.set(s.lent.bytes(elements))
}

pub fn loc_file(
    s: &mut Session<'_>,
    file: &str,
    line: u32,
    column: u32,
    out: Out<'_, abi::Loc>,
) -> Outcome {
    let m = s.access.intern()?;
    let file = m.str(file);
    let loc = m.loc(LocData::File { file, line, column });
    out.set(abi::Loc(s.handles.of(Entity::Loc(loc))))
}

pub fn loc_name(s: &mut Session<'_>, name: &str, of: abi::Loc, out: Out<'_, abi::Loc>) -> Outcome {
    let child = loc(s, of)?;
    let m = s.access.intern()?;
    // Whoever walks a location does so by recursion.
    let mut depth = 0;
    let mut at = child;
    while let LocData::Name { child, .. } = m.loc_data(at) {
        (at, depth) = (*child, depth + 1);
    }
    if depth >= crate::host::handles::MAX_DEPTH / 2 {
        return bad_argument("a location that is nested too deep");
    }
    let name = m.str(name);
    let loc = m.loc(LocData::Name { name, child });
    out.set(abi::Loc(s.handles.of(Entity::Loc(loc))))
}

pub fn loc_text(s: &mut Session<'_>, of: abi::Loc, text: Out<'_, abi::Str>) -> Outcome {
    let loc = loc(s, of)?;
    let described = s.access.read()?.describe_loc(loc).unwrap_or_default();
    text.set(s.lent.text(&described))
}
