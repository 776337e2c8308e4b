//! What is known of a value from its definition and its type.

use ir::interfaces::Datum;
use ir::rewrite::fold;
use ir::{Attr, Module, OpId, Type, TypeData, ValueId};

/// The integer that a constant op makes a value, sign-extended from its width; of one bit, 0 or 1.
pub fn int(m: &Module, v: ValueId) -> Option<i64> {
    match fold::datum(m, m.constant_value(v)?)? {
        Datum::Int(x) => Some(x),
        _ => None,
    }
}

/// The float that a constant op makes a value, widened to 64 bits, which is exact.
pub fn float(m: &Module, v: ValueId) -> Option<f64> {
    match fold::datum(m, m.constant_value(v)?)? {
        Datum::F32(x) => Some(x.into()),
        Datum::F64(x) => Some(x),
        _ => None,
    }
}

/// The width in bits of an integer type of at most 64 bits; `index` has 32.
pub fn width(m: &Module, ty: Type) -> Option<u32> {
    match m.type_data(ty) {
        TypeData::Integer(w @ 1..=64) => Some(*w),
        TypeData::Index => Some(32),
        _ => None,
    }
}

/// The smallest and the largest signed integer of a width.
pub fn signed_range(width: u32) -> (i128, i128) {
    (-(1i128 << (width - 1)), (1i128 << (width - 1)) - 1)
}

/// The signed number that an integer of a width stands for: of one bit, 1 is −1.
pub fn signed(x: i64, width: u32) -> i128 {
    match width {
        1 => -i128::from(x & 1),
        _ => x.into(),
    }
}

/// An integer attribute of the low bits of a number.
pub fn int_attr(m: &mut Module, x: i128, ty: Type) -> Option<Attr> {
    let wrapped = match width(m, ty)? {
        1 => x & 1,
        w => x << (128 - w) >> (128 - w),
    };
    Some(m.int_attr(wrapped as i64, ty))
}

/// Whether a number needs no more than an integer type's bits, signed.
pub fn fits(m: &Module, x: i128, ty: Type) -> bool {
    width(m, ty).is_some_and(|w| {
        let (low, high) = signed_range(w);
        (low..=high).contains(&x)
    })
}

/// Whether a type is `index`, whose ops must not wrap.
pub fn is_index(m: &Module, ty: Type) -> bool {
    *m.type_data(ty) == TypeData::Index
}

/// The op of a name that defines a value.
pub fn defined_by(m: &Module, v: ValueId, name: &str) -> Option<OpId> {
    m.defining_op(v).filter(|&op| m.op_name(op) == name)
}
