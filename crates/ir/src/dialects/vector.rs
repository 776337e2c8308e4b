//! `vector`: several bytes of a buffer at once, for word accesses.

use crate::interfaces::{Access, Effects};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, TypeData, define_op};

define_op! {
    /// `vector.load`: contiguous elements from a position on. The discardable `mcu.align` states a proven alignment in bytes;
    /// without it the address may be any.
    pub struct LoadOp = "vector.load" {
        operands: { base: one MemRef, indices: many Index },
        results: { result: one Vector },
        verify: verify_load,
    }
}

define_op! {
    /// `vector.store`: contiguous elements from a position on; `mcu.align` as for `vector.load`.
    pub struct StoreOp = "vector.store" {
        operands: { value: one Vector, base: one MemRef, indices: many Index },
        verify: verify_store,
    }
}

define_op! {
    /// `vector.bitcast`: the same bits, little endian, as other elements.
    pub struct BitcastOp = "vector.bitcast" {
        traits: { pure },
        operands: { source: one Vector },
        results: { result: one Vector },
        verify: verify_bitcast,
    }
}

define_op! {
    /// `vector.extract`: one element, at a constant position.
    pub struct ExtractOp = "vector.extract" {
        traits: { pure },
        operands: { vector: one Vector },
        results: { result: one Any },
        attrs: { static_position: req I64Array },
        verify: verify_extract,
    }
}

fn subscripts(op: OpRef<'_>, cx: &mut VerifyCx<'_>, base: usize) {
    let m = op.module;
    let rank = op
        .operand_type(base)
        .and_then(|t| m.type_data(t).shape().map(<[i64]>::len))
        .unwrap_or(0);
    let n = op.operand_count() - base - 1;
    cx.check(n == rank, op, "V026", || {
        format!("{n} subscripts for a memref of rank {rank}")
    });
}

fn verify_load(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    subscripts(op, cx, 0);
    let elem = |t: Option<crate::Type>| t.and_then(|t| m.type_data(t).elem());
    cx.check(
        elem(op.operand_type(0)) == elem(op.result_type(0)),
        op,
        "V017",
        || "memref and vector must have the same element type".to_owned(),
    );
}

fn verify_store(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    subscripts(op, cx, 1);
    let elem = |t: Option<crate::Type>| t.and_then(|t| m.type_data(t).elem());
    cx.check(
        elem(op.operand_type(0)) == elem(op.operand_type(1)),
        op,
        "V017",
        || "memref and vector must have the same element type".to_owned(),
    );
}

fn verify_bitcast(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let size = |t: Option<crate::Type>| t.and_then(|t| m.size_bytes(t));
    let (a, b) = (size(op.operand_type(0)), size(op.result_type(0)));
    cx.check(a.is_some() && a == b, op, "V028", || {
        "a bitcast must keep the number of bits".to_owned()
    });
}

fn verify_extract(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let e = ExtractOp(op.id);
    let TypeData::Vector { shape, elem } = m.type_data(m.value_type(e.vector(m))) else {
        return;
    };
    let at = e.static_position(m);
    let inside =
        at.len() == shape.len() && at.iter().zip(shape).all(|(&i, &n)| (0..n).contains(&i));
    cx.check(inside, op, "V025", || {
        "position is not inside the vector".to_owned()
    });
    cx.check(Some(*elem) == op.result_type(0), op, "V017", || {
        "result must be the vector's element".to_owned()
    });
}

/// Of a load or store: its value's bytes.
fn buffer_access(op: OpRef<'_>) -> Option<Access> {
    let m = op.module;
    let writes = op.name() == StoreOp::NAME;
    let ty = match writes {
        true => op.operand_type(0)?,
        false => op.result_type(0)?,
    };
    Some(Access {
        buffer: usize::from(writes),
        bytes: Some(m.size_bytes(ty)?),
        writes,
    })
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(LoadOp::info())?
        .op(StoreOp::info())?
        .op(BitcastOp::info())?
        .op(ExtractOp::info())?;
    r.effects(LoadOp::NAME, |_: OpRef<'_>| Effects::Read)?;
    r.effects(StoreOp::NAME, |_: OpRef<'_>| Effects::Write)?;
    r.access(LoadOp::NAME, buffer_access)?;
    r.access(StoreOp::NAME, buffer_access)?;
    Ok(())
}
