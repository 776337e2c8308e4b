//! The C types that values and buffers have.

use ir::{FloatKind, Module, Type, TypeData};

/// A C type of a scalar or of a vector's bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CType {
    /// `int`: at least 16 bits; truth values, and arithmetic on narrow integers.
    Int,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    /// Helium's vectors.
    I8x16,
    I16x8,
    I32x4,
}

impl CType {
    pub(crate) fn name(self) -> &'static str {
        match self {
            CType::Int => "int",
            CType::I8 => "int8_t",
            CType::I16 => "int16_t",
            CType::I32 => "int32_t",
            CType::I64 => "int64_t",
            CType::U8 => "uint8_t",
            CType::U16 => "uint16_t",
            CType::U32 => "uint32_t",
            CType::U64 => "uint64_t",
            CType::F32 => "float",
            CType::F64 => "double",
            CType::I8x16 => "int8x16_t",
            CType::I16x8 => "int16x8_t",
            CType::I32x4 => "int32x4_t",
        }
    }

    /// Bits that values of the type surely have.
    pub(crate) fn bits(self) -> u32 {
        match self {
            CType::I8 | CType::U8 => 8,
            CType::Int | CType::I16 | CType::U16 => 16,
            CType::I32 | CType::U32 | CType::F32 => 32,
            CType::I64 | CType::U64 | CType::F64 => 64,
            CType::I8x16 | CType::I16x8 | CType::I32x4 => 128,
        }
    }

    /// Elements of one of Helium's vectors.
    pub(crate) fn lanes(self) -> Option<u32> {
        match self {
            CType::I8x16 => Some(16),
            CType::I16x8 => Some(8),
            CType::I32x4 => Some(4),
            _ => None,
        }
    }

    pub(crate) fn is_unsigned(self) -> bool {
        matches!(self, CType::U8 | CType::U16 | CType::U32 | CType::U64)
    }

    pub(crate) fn is_float(self) -> bool {
        matches!(self, CType::F32 | CType::F64)
    }

    pub(crate) fn signed(bits: u32) -> CType {
        match bits {
            0..=8 => CType::I8,
            9..=16 => CType::I16,
            17..=32 => CType::I32,
            _ => CType::I64,
        }
    }

    pub(crate) fn unsigned(bits: u32) -> CType {
        match bits {
            0..=8 => CType::U8,
            9..=16 => CType::U16,
            17..=32 => CType::U32,
            _ => CType::U64,
        }
    }

    /// The type of arithmetic on operands of this integer type.
    pub(crate) fn promoted(self) -> CType {
        match self {
            CType::I8 | CType::I16 | CType::U8 => CType::Int,
            t => t,
        }
    }
}

/// Width of an integer or index type in bits, where C has one: 1, 8, 16, 32 or 64.
pub(crate) fn int_width(m: &Module, ty: Type) -> Option<u32> {
    match m.type_data(ty) {
        TypeData::Integer(w @ (1 | 8 | 16 | 32 | 64)) => Some(*w),
        TypeData::Index => Some(32),
        _ => None,
    }
}

/// The C type of a value; that of a vector of 1, 2, 4 or 8 bytes is an unsigned integer of its bits, little endian. Vectors of 16 bytes are
/// Helium's, and there only where `<arm_mve.h>` is.
pub(crate) fn of_value(m: &Module, ty: Type) -> Option<CType> {
    match m.type_data(ty) {
        TypeData::Integer(1) => Some(CType::Int),
        TypeData::Integer(_) | TypeData::Index => int_width(m, ty).map(CType::signed),
        TypeData::Float(FloatKind::F32) => Some(CType::F32),
        TypeData::Float(FloatKind::F64) => Some(CType::F64),
        TypeData::Vector { elem, .. } => {
            of_element(m, *elem)?;
            match m.size_bytes(ty)? {
                bytes @ (1 | 2 | 4 | 8) => Some(CType::unsigned(bytes as u32 * 8)),
                _ => match ir::dialects::arm_mve::lane_width(m, ty)? {
                    8 => Some(CType::I8x16),
                    16 => Some(CType::I16x8),
                    _ => Some(CType::I32x4),
                },
            }
        }
        _ => None,
    }
}

/// The C type of a buffer's element.
pub(crate) fn of_element(m: &Module, elem: Type) -> Option<CType> {
    match m.type_data(elem) {
        TypeData::Integer(8 | 16 | 32 | 64) | TypeData::Float(FloatKind::F32 | FloatKind::F64) => {
            of_value(m, elem)
        }
        _ => None,
    }
}

/// The C type of a memref's element.
pub(crate) fn of_memref(m: &Module, ty: Type) -> Option<CType> {
    match m.type_data(ty) {
        TypeData::MemRef { elem, .. } => of_element(m, *elem),
        _ => None,
    }
}
