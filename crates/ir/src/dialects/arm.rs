//! `arm`: one op an instruction of Arm's DSP extension, and `arm.block`, which fixes an order of them.
//!
//! Values are signless. A word of `i32` may stand for two halves of 16 bits, the low and the high one; halves are signed. Sums wrap. Source
//! of the semantics: the operations of the Arm v7-M Architecture Reference Manual (DDI 0403), A7.7, without flags.

use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpId, OpRef, RegistryError, TypeData, define_op};

/// What the attribute of an op of the DSP extension may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Immediate {
    /// Its name.
    pub name: &'static str,
    /// The least value.
    pub least: i64,
    /// The greatest value.
    pub greatest: i64,
    /// Values are multiples of it.
    pub step: i64,
}

macro_rules! dsp {
    ($($(#[doc = $doc:literal])+ $View:ident $name:literal ($($operand:ident: $width:literal),+) $result:literal
        $({ $imm:ident: $least:literal ..= $greatest:literal by $step:literal })?;)*) => {
        $(define_op! {
            $(#[doc = $doc])+
            pub struct $View = $name {
                traits: { pure },
                operands: { $($operand: one Int),+ },
                results: { result: one Int },
                $(attrs: { $imm: req Int },)?
                verify: verify_dsp,
            }
        })*

        /// Each op of the DSP extension: name, widths of the operands in bits, width of the result, attribute.
        pub const DSP: &[(&str, &[u32], u32, Option<Immediate>)] = &[$((
            $name,
            &[$($width),+],
            $result,
            dsp!(@immediate $($imm $least $greatest $step)?),
        )),*];

        fn register_dsp(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
            $(r.op($View::info())?;)*
            Ok(())
        }
    };
    (@immediate) => { None };
    (@immediate $imm:ident $least:literal $greatest:literal $step:literal) => {
        Some(Immediate { name: stringify!($imm), least: $least, greatest: $greatest, step: $step })
    };
}

dsp! {
    /// `arm.smlad`: `c + a.low·b.low + a.high·b.high`.
    SmladOp "arm.smlad" (a: 32, b: 32, c: 32) 32;
    /// `arm.smladx`: `c + a.low·b.high + a.high·b.low`.
    SmladxOp "arm.smladx" (a: 32, b: 32, c: 32) 32;
    /// `arm.smuad`: `a.low·b.low + a.high·b.high`.
    SmuadOp "arm.smuad" (a: 32, b: 32) 32;
    /// `arm.smuadx`: `a.low·b.high + a.high·b.low`.
    SmuadxOp "arm.smuadx" (a: 32, b: 32) 32;
    /// `arm.smlald`: `c + a.low·b.low + a.high·b.high`, in 64 bits.
    SmlaldOp "arm.smlald" (a: 32, b: 32, c: 64) 64;
    /// `arm.smlaldx`: `c + a.low·b.high + a.high·b.low`, in 64 bits.
    SmlaldxOp "arm.smlaldx" (a: 32, b: 32, c: 64) 64;
    /// `arm.smlabb`: `c + a.low·b.low`.
    SmlabbOp "arm.smlabb" (a: 32, b: 32, c: 32) 32;
    /// `arm.smlabt`: `c + a.low·b.high`.
    SmlabtOp "arm.smlabt" (a: 32, b: 32, c: 32) 32;
    /// `arm.smlatb`: `c + a.high·b.low`.
    SmlatbOp "arm.smlatb" (a: 32, b: 32, c: 32) 32;
    /// `arm.smlatt`: `c + a.high·b.high`.
    SmlattOp "arm.smlatt" (a: 32, b: 32, c: 32) 32;
    /// `arm.smulbb`: `a.low·b.low`.
    SmulbbOp "arm.smulbb" (a: 32, b: 32) 32;
    /// `arm.smulbt`: `a.low·b.high`.
    SmulbtOp "arm.smulbt" (a: 32, b: 32) 32;
    /// `arm.smultb`: `a.high·b.low`.
    SmultbOp "arm.smultb" (a: 32, b: 32) 32;
    /// `arm.smultt`: `a.high·b.high`.
    SmulttOp "arm.smultt" (a: 32, b: 32) 32;
    /// `arm.smmul`: the high word of the 64-bit product, rounded down.
    SmmulOp "arm.smmul" (a: 32, b: 32) 32;
    /// `arm.smmulr`: the high word of the 64-bit product plus 2³¹.
    SmmulrOp "arm.smmulr" (a: 32, b: 32) 32;
    /// `arm.smmla`: `c` plus the high word of the 64-bit product `a·b`, rounded down.
    SmmlaOp "arm.smmla" (a: 32, b: 32, c: 32) 32;
    /// `arm.sxtb16`: bytes 0 and 2 of `x`, rotated right by `rotation` bits, sign-extended to the halves.
    Sxtb16Op "arm.sxtb16" (x: 32) 32 { rotation: 0 ..= 24 by 8 };
    /// `arm.uxtb16`: bytes 0 and 2 of `x`, rotated right by `rotation` bits, zero-extended to the halves.
    Uxtb16Op "arm.uxtb16" (x: 32) 32 { rotation: 0 ..= 24 by 8 };
    /// `arm.sxtab16`: the halves of `a` plus those of `arm.sxtb16` of `x`, each wrapping.
    Sxtab16Op "arm.sxtab16" (a: 32, x: 32) 32 { rotation: 0 ..= 24 by 8 };
    /// `arm.pkhbt`: the low half of `a`, and the high half of `b` shifted left by `shift`.
    PkhbtOp "arm.pkhbt" (a: 32, b: 32) 32 { shift: 0 ..= 31 by 1 };
    /// `arm.pkhtb`: the high half of `a`, and the low half of `b` arithmetically shifted right by `shift`.
    PkhtbOp "arm.pkhtb" (a: 32, b: 32) 32 { shift: 1 ..= 32 by 1 };
    /// `arm.ssat`: the nearest of the signed numbers of `bits` bits.
    SsatOp "arm.ssat" (x: 32) 32 { bits: 1 ..= 32 by 1 };
    /// `arm.usat`: the nearest of the unsigned numbers of `bits` bits.
    UsatOp "arm.usat" (x: 32) 32 { bits: 0 ..= 31 by 1 };
    /// `arm.ssat16`: of each half, the nearest of the signed numbers of `bits` bits.
    Ssat16Op "arm.ssat16" (x: 32) 32 { bits: 1 ..= 16 by 1 };
    /// `arm.usat16`: of each half, the nearest of the unsigned numbers of `bits` bits.
    Usat16Op "arm.usat16" (x: 32) 32 { bits: 0 ..= 15 by 1 };
    /// `arm.qadd`: the nearest word to `a + b`.
    QaddOp "arm.qadd" (a: 32, b: 32) 32;
    /// `arm.qsub`: the nearest word to `a − b`.
    QsubOp "arm.qsub" (a: 32, b: 32) 32;
    /// `arm.sadd16`: sums of the halves, each wrapping.
    Sadd16Op "arm.sadd16" (a: 32, b: 32) 32;
    /// `arm.ssub16`: differences of the halves, each wrapping.
    Ssub16Op "arm.ssub16" (a: 32, b: 32) 32;
    /// `arm.qadd16`: of each half, the nearest to the sum.
    Qadd16Op "arm.qadd16" (a: 32, b: 32) 32;
    /// `arm.qsub16`: of each half, the nearest to the difference.
    Qsub16Op "arm.qsub16" (a: 32, b: 32) 32;
}

define_op! {
    /// `arm.block`: computes its region once, in exactly the order of its ops.
    ///
    /// The region has one block without arguments, which uses values from outside: ops of the DSP extension on `i32`, `memref.load` and
    /// `arith.xori` of `i32`, constants, sums and products of `index`; `arm.yield` ends it. Back ends make one piece of assembly of it.
    pub struct BlockOp = "arm.block" {
        results: { values: many Int },
        regions: 1,
        verify: verify_block,
    }
}

define_op! {
    /// `arm.yield`: ends the region of `arm.block` with its results.
    pub struct YieldOp = "arm.yield" {
        traits: { terminator },
        operands: { values: many Int },
        verify: verify_yield,
    }
}

/// The row of [`DSP`] for an op, if it is one.
pub fn dsp(name: &str) -> Option<&'static (&'static str, &'static [u32], u32, Option<Immediate>)> {
    DSP.iter().find(|row| row.0 == name)
}

/// The value of an op's attribute; 0 if it has none.
pub fn immediate(op: OpRef<'_>) -> i64 {
    let attribute = dsp(op.name()).and_then(|row| row.3);
    attribute
        .and_then(|i| op.prop(i.name))
        .and_then(|a| op.module.attr_int(a))
        .unwrap_or(0)
}

/// Whether an op stands for instructions of the DSP extension.
pub fn needs_dsp(m: &crate::Module, op: OpId) -> bool {
    dsp(m.op_name(op)).is_some() || m.op_name(op) == BlockOp::NAME
}

fn verify_dsp(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some((_, operands, result, immediate)) = dsp(op.name()) else {
        return;
    };
    let width = |t: Option<crate::Type>| t.map(|t| m.type_data(t).clone());
    let fits = operands
        .iter()
        .enumerate()
        .all(|(i, &w)| width(op.operand_type(i)) == Some(TypeData::Integer(w)));
    cx.check(
        fits && width(op.result_type(0)) == Some(TypeData::Integer(*result)),
        op,
        "V017",
        || {
            let list: Vec<String> = operands.iter().map(|w| format!("i{w}")).collect();
            format!("takes ({}) and gives i{result}", list.join(", "))
        },
    );
    if let Some(i) = immediate {
        let value = op.prop(i.name).and_then(|a| m.attr_int(a)).unwrap_or(-1);
        let inside = (i.least..=i.greatest).contains(&value) && value % i.step == 0;
        cx.check(inside, op, "V025", || {
            let steps = match i.step {
                1 => String::new(),
                step => format!(" in steps of {step}"),
            };
            format!(
                "`{}` is {value}, wants {} to {}{steps}",
                i.name, i.least, i.greatest
            )
        });
    }
}

/// Whether an op may stand in an `arm.block`.
fn may_stand_in_block(op: OpRef<'_>) -> bool {
    let m = op.module;
    let result = op.result_type(0).map(|t| m.type_data(t));
    match op.name() {
        "memref.load" => result == Some(&TypeData::Integer(32)),
        "arith.constant" => matches!(result, Some(TypeData::Integer(32) | TypeData::Index)),
        "arith.xori" => result == Some(&TypeData::Integer(32)),
        "arith.addi" | "arith.muli" => result == Some(&TypeData::Index),
        name => dsp(name).is_some_and(|row| row.2 == 32 && row.1.iter().all(|&w| w == 32)),
    }
}

fn verify_block(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let blocks = m.blocks(m.regions(op.id)[0]);
    let [body] = blocks else {
        let text = format!("has {} blocks, wants one", blocks.len());
        cx.error(op, "V009", text);
        return;
    };
    cx.check(m.block_args(*body).is_empty(), op, "V020", || {
        "the region of `arm.block` takes no arguments".to_owned()
    });
    let words = |v| *m.type_data(m.value_type(v)) == TypeData::Integer(32);
    cx.check(op.results().iter().all(|&v| words(v)), op, "V017", || {
        "results of `arm.block` are i32".to_owned()
    });
    for inner in m.ops(*body) {
        let inner = m.op(inner);
        let allowed = inner.name() == YieldOp::NAME || may_stand_in_block(inner);
        cx.check(allowed, inner, "V021", || {
            "an op of this kind and type cannot stand in `arm.block`".to_owned()
        });
    }
}

fn verify_yield(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some(parent) = m
        .parent_op(op.id)
        .filter(|&p| m.op_name(p) == BlockOp::NAME)
    else {
        cx.error(op, "V021", "must stand directly in `arm.block`");
        return;
    };
    let types = |values: Vec<crate::ValueId>| -> Vec<crate::Type> {
        values.into_iter().map(|v| m.value_type(v)).collect()
    };
    let (got, want) = (
        types(m.operands(op.id).collect()),
        types(m.results(parent).to_vec()),
    );
    cx.check(got == want, op, "V021", || {
        "yields other types than its op's results".to_owned()
    });
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    register_dsp(r)?;
    r.op(BlockOp::info())?.op(YieldOp::info())?;
    r.effects(BlockOp::NAME, |_: OpRef<'_>| {
        crate::interfaces::Effects::None
    })?;
    Ok(())
}
