//! LLVM's types of the IR's values and elements.

use inkwell::AddressSpace;
use inkwell::context::Context;
use inkwell::types::{BasicTypeEnum, FloatType, IntType, PointerType};
use ir::{FloatKind, Module, Type, TypeData};
use std::num::NonZeroU32;

/// The widest vector in bits that is kept in registers on its way from one buffer to another.
const WIDEST: u64 = 1024;

/// Width in bits of an integer or `index`, which has 32.
pub(crate) fn int_width(m: &Module, ty: Type) -> Option<u32> {
    match m.type_data(ty) {
        TypeData::Integer(w @ 1..=64) => Some(*w),
        TypeData::Index => Some(32),
        _ => None,
    }
}

pub(crate) fn int(context: &Context, bits: u32) -> Option<IntType<'_>> {
    context.custom_width_int_type(NonZeroU32::new(bits)?).ok()
}

pub(crate) fn pointer(context: &Context) -> PointerType<'_> {
    context.ptr_type(AddressSpace::default())
}

pub(crate) fn float(context: &Context, kind: FloatKind) -> Option<FloatType<'_>> {
    match kind {
        FloatKind::F32 => Some(context.f32_type()),
        FloatKind::F64 => Some(context.f64_type()),
        _ => None,
    }
}

/// Of a value. A vector is an integer of its bits, its first element lowest: it is loaded, taken apart and stored, as one word.
pub(crate) fn of_value<'ctx>(
    context: &'ctx Context,
    m: &Module,
    ty: Type,
) -> Option<BasicTypeEnum<'ctx>> {
    match m.type_data(ty) {
        TypeData::Integer(_) | TypeData::Index => Some(int(context, int_width(m, ty)?)?.into()),
        TypeData::Float(kind) => Some(float(context, *kind)?.into()),
        TypeData::Vector { elem, .. } => {
            of_element(context, m, *elem)?;
            let bits = m.size_bytes(ty)?.checked_mul(8)?;
            let bits = u32::try_from(bits)
                .ok()
                .filter(|&b| u64::from(b) <= WIDEST)?;
            Some(int(context, bits)?.into())
        }
        TypeData::MemRef { elem, .. } => {
            of_element(context, m, *elem)?;
            Some(pointer(context).into())
        }
        _ => None,
    }
}

/// Of an element of a buffer: whole bytes.
pub(crate) fn of_element<'ctx>(
    context: &'ctx Context,
    m: &Module,
    elem: Type,
) -> Option<BasicTypeEnum<'ctx>> {
    match m.type_data(elem) {
        TypeData::Integer(8 | 16 | 32 | 64) | TypeData::Float(_) => of_value(context, m, elem),
        _ => None,
    }
}

/// Bytes of such an element.
pub(crate) fn element_bytes(m: &Module, elem: Type) -> u32 {
    match m.type_data(elem) {
        TypeData::Float(kind) => kind.width() / 8,
        _ => int_width(m, elem).unwrap_or(8) / 8,
    }
}
