//! Choices of schedules, and kernels.

use super::{Entity, attr, ty};
use crate::abi;
use crate::host::incoming::Out;
use crate::host::refusal::{Outcome, bad_argument, not_allowed};
use crate::host::session::{Access, KernelOf, Session};
use ir::text::parse::MAX_RANK;
use ir::{AttrData, FloatKind, OpId, Type, TypeData, ValueId};
use pass::Knobs;

/// A schedule has at most so many choices.
const MAX_CHOICES: usize = 10_000;

pub fn add_choice(s: &mut Session<'_>, values: &[i64]) -> Outcome {
    let (Some(names), Some(choices)) = (s.knob_names, &mut s.choices) else {
        return not_allowed("only `space` gives choices");
    };
    if values.len() != names.len() {
        return bad_argument(format!("{} values for {} knobs", values.len(), names.len()));
    }
    if choices.len() >= MAX_CHOICES {
        return not_allowed(format!("more than {MAX_CHOICES} choices"));
    }
    let named = names.iter().zip(values);
    choices.push(Knobs::named(
        named.map(|(name, &v)| (name.to_string().into(), v)),
    ));
    Ok(())
}

pub fn knob(s: &mut Session<'_>, name: &str, value: Out<'_, i64>) -> Outcome {
    let Some(choice) = s.choice else {
        return not_allowed("only `cost` and `lower` have a choice of knobs");
    };
    match choice.find(name) {
        Some(v) => value.set(v),
        None => bad_argument(format!("the schedule declares no knob `{name}`")),
    }
}

fn kernel<'s>(s: &'s mut Session<'_>) -> Outcome<KernelOf<'s>> {
    match &mut s.access {
        Access::Kernel(k) => Ok(k.builder()),
        _ => not_allowed("only `lower` builds a kernel"),
    }
}

fn given(s: &mut Session<'_>, v: ValueId, out: Out<'_, abi::Value>) -> Outcome {
    out.set(abi::Value(s.handles.of(Entity::Value(v))))
}

pub fn kernel_name(s: &mut Session<'_>, name: &str) -> Outcome {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts || name.chars().any(|c| !c.is_ascii_alphanumeric() && c != '_') {
        return bad_argument(format!(
            "`{name}` is no name for a kernel: letters, digits, `_`"
        ));
    }
    kernel(s)?.set_name(name);
    Ok(())
}

pub fn kernel_block(s: &mut Session<'_>, block: Out<'_, abi::Block>) -> Outcome {
    let entry = kernel(s)?.entry();
    block.set(abi::Block(s.handles.of(Entity::Block(entry))))
}

pub fn kernel_wait(s: &mut Session<'_>, block: Out<'_, abi::Block>) -> Outcome {
    let (func, entry) = kernel(s)?.wait();
    s.second = Some(func);
    block.set(abi::Block(s.handles.of(Entity::Block(entry))))
}

/// The op that is lowered, if a buffer of the shape holds a value of the type.
fn buffer_of(
    s: &mut Session<'_>,
    shape: &[i64],
    value: fn(ir::OpRef<'_>, usize) -> Option<Type>,
    index: u64,
) -> Outcome<(OpId, usize)> {
    kernel(s)?;
    let (op, Ok(i)) = (s.op()?, usize::try_from(index)) else {
        return bad_argument("no such value");
    };
    let m = s.access.read()?;
    let Some(ty) = value(m.op(op), i) else {
        return bad_argument(format!("the op has no value {index} there"));
    };
    if !matches!(m.type_data(ty), TypeData::Tensor { .. }) {
        return bad_argument(format!("value {index} is no tensor"));
    }
    if count(shape)? != m.num_elements(ty) {
        return bad_argument("the shape has another number of elements than the tensor");
    }
    Ok((op, i))
}

/// The number of elements of a shape; `None` if beyond all numbers.
fn count(shape: &[i64]) -> Outcome<Option<u64>> {
    if shape.len() > MAX_RANK || shape.iter().any(|&d| d < 0) {
        return bad_argument(format!(
            "a shape has at most {MAX_RANK} dimensions, none negative"
        ));
    }
    Ok(shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d as u64)))
}

pub fn kernel_input(
    s: &mut Session<'_>,
    index: u64,
    shape: &[i64],
    out: Out<'_, abi::Value>,
) -> Outcome {
    let (op, i) = buffer_of(s, shape, |o, i| o.operand_type(i), index)?;
    let v = kernel(s)?.input(op, i, shape);
    given(s, v, out)
}

pub fn kernel_output(
    s: &mut Session<'_>,
    index: u64,
    shape: &[i64],
    out: Out<'_, abi::Value>,
) -> Outcome {
    let (op, i) = buffer_of(s, shape, |o, i| o.result_type(i), index)?;
    let v = kernel(s)?.output(op, i, shape);
    given(s, v, out)
}

/// An element of a buffer, and how many bytes a buffer of a shape has.
fn element(s: &mut Session<'_>, shape: &[i64], elem: abi::Type) -> Outcome<(Type, u64)> {
    kernel(s)?;
    let elem = ty(s, elem)?;
    let m = s.access.read()?;
    let width = match m.type_data(elem) {
        TypeData::Integer(_) | TypeData::Float(_) => m.elem_bytes(elem),
        _ => None,
    };
    let bytes = count(shape)?
        .zip(width)
        .and_then(|(n, w)| n.checked_mul(w))
        .filter(|&n| n <= u64::from(u32::MAX));
    match bytes {
        Some(bytes) => Ok((elem, bytes)),
        None => {
            bad_argument("a buffer has elements of an integer or float type, and less than 4 GiB")
        }
    }
}

pub fn kernel_table(
    s: &mut Session<'_>,
    role: &str,
    shape: &[i64],
    elem: abi::Type,
    bytes: &[u8],
    out: Out<'_, abi::Value>,
) -> Outcome {
    let (elem, size) = element(s, shape, elem)?;
    if size != bytes.len() as u64 {
        return bad_argument(format!("{} bytes, the table has {size}", bytes.len()));
    }
    let v = kernel(s)?.table(role, shape, elem, bytes);
    given(s, v, out)
}

pub fn kernel_scalar(s: &mut Session<'_>, of: abi::Attr, out: Out<'_, abi::Value>) -> Outcome {
    kernel(s)?;
    let a = attr(s, of)?;
    let m = s.access.intern()?;
    let ty = match m.attr_data(a) {
        AttrData::Integer { ty, .. } => *ty,
        AttrData::Float {
            kind: FloatKind::F32,
            ..
        } => m.f32(),
        _ => return bad_argument("a scalar is an integer or a float of 32 bits"),
    };
    let v = kernel(s)?.scalar(ty, a);
    given(s, v, out)
}

pub fn kernel_scratch(
    s: &mut Session<'_>,
    shape: &[i64],
    elem: abi::Type,
    out: Out<'_, abi::Value>,
) -> Outcome {
    let (elem, _) = element(s, shape, elem)?;
    let v = kernel(s)?.scratch(shape, elem);
    given(s, v, out)
}
