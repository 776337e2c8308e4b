//! `arith`: integer and float arithmetic. Integers wrap; `overflowFlags = #arith.overflow<nsw>` where a schedule has proven
//! that they do not. `index` has 32 bits, and wrapping is an error.

use crate::verify::{VerifyCx, elements};
use crate::{
    AttrData, DialectRegistryBuilder, FloatKind, Module, OpRef, RegistryError, Type, TypeData,
    define_op,
};

define_op! {
    /// `arith.constant`: an integer, index or float.
    pub struct ConstantOp = "arith.constant" {
        traits: { pure, constant },
        results: { result: one Any },
        attrs: { value: req Any },
        verify: verify_constant,
    }
}

macro_rules! binary {
    ($($(#[doc = $doc:literal])+ $View:ident $name:literal [$($extra:ident)?] $kind:ident $($flag:ident)?;)*) => {
        $(define_op! {
            $(#[doc = $doc])+
            pub struct $View = $name {
                traits: { pure, same_type $(, $extra)? },
                operands: { lhs: one $kind, rhs: one $kind },
                results: { result: one $kind },
                $(attrs: { $flag: req Any },)?
            }
        })*
        fn register_binary(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
            $(r.op($View::info())?;)*
            Ok(())
        }
    };
}

binary! {
    /// `arith.addi`: sum.
    AddIOp "arith.addi" [commutative] IntOrIndex overflowFlags;
    /// `arith.subi`: difference.
    SubIOp "arith.subi" [] IntOrIndex overflowFlags;
    /// `arith.muli`: product.
    MulIOp "arith.muli" [commutative] IntOrIndex overflowFlags;
    /// `arith.shli`: left shift; an amount not below the width is poison.
    ShlIOp "arith.shli" [] IntOrIndex overflowFlags;
    /// `arith.shrsi`: arithmetic right shift.
    ShrSIOp "arith.shrsi" [] IntOrIndex;
    /// `arith.shrui`: logical right shift.
    ShrUIOp "arith.shrui" [] IntOrIndex;
    /// `arith.divsi`: signed quotient, toward zero; a zero divisor and MIN / −1 are poison.
    DivSIOp "arith.divsi" [] IntOrIndex;
    /// `arith.remsi`: signed remainder of `arith.divsi`.
    RemSIOp "arith.remsi" [] IntOrIndex;
    /// `arith.andi`: bitwise and.
    AndIOp "arith.andi" [commutative] IntOrIndex;
    /// `arith.ori`: bitwise or.
    OrIOp "arith.ori" [commutative] IntOrIndex;
    /// `arith.xori`: bitwise exclusive or.
    XOrIOp "arith.xori" [commutative] IntOrIndex;
    /// `arith.minsi`: the smaller, signed.
    MinSIOp "arith.minsi" [commutative] IntOrIndex;
    /// `arith.maxsi`: the larger, signed.
    MaxSIOp "arith.maxsi" [commutative] IntOrIndex;
    /// `arith.addf`: sum.
    AddFOp "arith.addf" [] Float fastmath;
    /// `arith.subf`: difference.
    SubFOp "arith.subf" [] Float fastmath;
    /// `arith.mulf`: product.
    MulFOp "arith.mulf" [] Float fastmath;
    /// `arith.divf`: quotient.
    DivFOp "arith.divf" [] Float fastmath;
}

macro_rules! casts {
    ($($(#[doc = $doc:literal])+ $View:ident $name:literal $from:ident $to:ident $verify:path;)*) => {
        $(define_op! {
            $(#[doc = $doc])+
            pub struct $View = $name {
                traits: { pure },
                operands: { operand: one $from },
                results: { result: one $to },
                verify: $verify,
            }
        })*
        fn register_casts(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
            $(r.op($View::info())?;)*
            Ok(())
        }
    };
}

casts! {
    /// `arith.extsi`: sign extension.
    ExtSIOp "arith.extsi" Int Int verify_widening;
    /// `arith.extui`: zero extension.
    ExtUIOp "arith.extui" Int Int verify_widening;
    /// `arith.trunci`: the low bits.
    TruncIOp "arith.trunci" Int Int verify_narrowing;
    /// `arith.index_cast`: between an integer and `index`, sign-extending or truncating.
    IndexCastOp "arith.index_cast" IntOrIndex IntOrIndex verify_index_cast;
    /// `arith.sitofp`: signed integer to float, to nearest even.
    SIToFPOp "arith.sitofp" Int Float no_check;
    /// `arith.fptosi`: float to signed integer, toward zero; out of range is poison.
    FPToSIOp "arith.fptosi" Float Int no_check;
    /// `arith.bitcast`: the same bits as another type of the same width.
    BitcastOp "arith.bitcast" Scalar Scalar verify_bitcast;
}

define_op! {
    /// `arith.negf`: negation.
    pub struct NegFOp = "arith.negf" {
        traits: { pure, same_type },
        operands: { operand: one Float },
        results: { result: one Float },
        attrs: { fastmath: req Any },
    }
}

define_op! {
    /// `arith.cmpi`: comparison; `predicate` is 0 eq, 1 ne, 2 slt, 3 sle, 4 sgt, 5 sge, 6 ult, 7 ule, 8 ugt, 9 uge.
    pub struct CmpIOp = "arith.cmpi" {
        traits: { pure },
        operands: { lhs: one IntOrIndex, rhs: one IntOrIndex },
        results: { result: one Bool },
        attrs: { predicate: req Int },
        verify: verify_cmpi,
    }
}

define_op! {
    /// `arith.cmpf`: comparison; `predicate` is 1 oeq, 2 ogt, 3 oge, 4 olt, 5 ole, 6 one, 7 ord, 8 ueq, 9 ugt, 10 uge, 11 ult,
    /// 12 ule, 13 une, 14 uno.
    pub struct CmpFOp = "arith.cmpf" {
        traits: { pure },
        operands: { lhs: one Float, rhs: one Float },
        results: { result: one Bool },
        attrs: { predicate: req Int, fastmath: req Any },
        verify: verify_cmpf,
    }
}

define_op! {
    /// `arith.select`: one of two values.
    pub struct SelectOp = "arith.select" {
        traits: { pure },
        operands: { condition: one Bool, on_true: one Any, on_false: one Any },
        results: { result: one Any },
        verify: verify_select,
    }
}

fn no_check(_: OpRef<'_>, _: &mut VerifyCx<'_>) {}

fn width(m: &Module, ty: Option<Type>) -> u32 {
    match ty.map(|t| m.type_data(t)) {
        Some(TypeData::Integer(w)) => *w,
        Some(TypeData::Index) => 32,
        Some(TypeData::Float(k)) => k.width(),
        _ => 0,
    }
}

fn verify_constant(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some(value) = op.prop("value") else {
        return;
    };
    let ty = op.result_type(0);
    let ok = match m.attr_data(value) {
        AttrData::Integer { value, ty: t } => {
            let w = width(m, Some(*t));
            let fits = w >= 64 || (w > 0 && *value >= -(1i64 << (w - 1)) && *value < 1i64 << w);
            Some(*t) == ty && fits
        }
        AttrData::Float { kind, .. } => {
            ty.is_some_and(|t| *m.type_data(t) == TypeData::Float(*kind))
        }
        AttrData::Dense(_) | AttrData::Resource { .. } => {
            elements(cx, op, value);
            m.attr_elements(value).map(|e| e.0) == ty
        }
        _ => false,
    };
    cx.check(ok, op, "V018", || {
        "the value does not fit the result's type".to_owned()
    });
}

fn verify_widening(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let (a, b) = (
        width(op.module, op.operand_type(0)),
        width(op.module, op.result_type(0)),
    );
    cx.check(a < b, op, "V028", || {
        format!("from {a} to {b} bits is not wider")
    });
}

fn verify_narrowing(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let (a, b) = (
        width(op.module, op.operand_type(0)),
        width(op.module, op.result_type(0)),
    );
    cx.check(a > b, op, "V028", || {
        format!("from {a} to {b} bits is not narrower")
    });
}

fn verify_index_cast(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let is_index = |t: Option<Type>| t.is_some_and(|t| *m.type_data(t) == TypeData::Index);
    cx.check(
        is_index(op.operand_type(0)) != is_index(op.result_type(0)),
        op,
        "V028",
        || "exactly one of operand and result must be index".to_owned(),
    );
}

fn verify_bitcast(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let (a, b) = (
        width(op.module, op.operand_type(0)),
        width(op.module, op.result_type(0)),
    );
    cx.check(a == b, op, "V028", || {
        format!("a bitcast from {a} to {b} bits")
    });
    let m = op.module;
    let index = [op.operand_type(0), op.result_type(0)]
        .into_iter()
        .flatten()
        .any(|t| *m.type_data(t) == TypeData::Index);
    cx.check(!index, op, "V028", || {
        "`index` has no bits to cast; `arith.index_cast` converts".to_owned()
    });
}

fn verify_cmpi(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    cx.check(op.operand_type(0) == op.operand_type(1), op, "V017", || {
        "operands must have one type".to_owned()
    });
    let p = CmpIOp(op.id).predicate(op.module);
    cx.check((0..10).contains(&p), op, "V025", || {
        format!("no integer predicate {p}")
    });
}

fn verify_cmpf(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    cx.check(op.operand_type(0) == op.operand_type(1), op, "V017", || {
        "operands must have one type".to_owned()
    });
    let p = CmpFOp(op.id).predicate(op.module);
    cx.check((0..16).contains(&p), op, "V025", || {
        format!("no float predicate {p}")
    });
}

fn verify_select(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let ty = op.result_type(0);
    cx.check(
        op.operand_type(1) == ty && op.operand_type(2) == ty,
        op,
        "V017",
        || "both values and the result must have one type".to_owned(),
    );
}

/// The constant that defines a value, if an `arith.constant` does.
pub fn constant_of(m: &Module, v: crate::ValueId) -> Option<crate::Attr> {
    let op = m
        .defining_op(v)
        .filter(|&op| m.op_name(op) == ConstantOp::NAME)?;
    m.prop(op, "value")
}

/// The constant integer that defines a value.
pub fn const_int_of(m: &Module, v: crate::ValueId) -> Option<i64> {
    m.attr_int(constant_of(m, v)?)
}

/// The float format of a type.
pub fn float_kind(m: &Module, ty: Type) -> Option<FloatKind> {
    match m.type_data(ty) {
        TypeData::Float(k) => Some(*k),
        _ => None,
    }
}

/// Whether an op promises no signed overflow.
pub fn is_nsw(m: &Module, op: crate::OpId) -> bool {
    m.prop(op, "overflowFlags")
        .is_some_and(|a| matches!(m.attr_data(a), AttrData::Opaque(t) if t.contains("nsw")))
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    register_binary(r)?;
    register_casts(r)?;
    r.op(ConstantOp::info())?.op(NegFOp::info())?;
    r.op(CmpIOp::info())?
        .op(CmpFOp::info())?
        .op(SelectOp::info())?;
    Ok(())
}
