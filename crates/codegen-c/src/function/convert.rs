//! Conversions between integers, floats and the bits of either; parts of words.

use super::Printer;
use crate::ctype::{self, CType};
use crate::expr::{BITS, Expr, PRIMARY, SHIFT, UNARY};
use crate::literal;
use crate::range::Range;
use crate::support::Support;
use ir::dialects::vector;
use ir::{Diagnostic, OpId, TypeData};

impl Printer<'_> {
    /// An operand's value as a signed integer: a true `i1` is −1.
    pub(super) fn sign_extended(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let v = m.operand(op, 0);
        let e = self.take_exact(op, v)?;
        if *m.type_data(m.value_type(v)) != TypeData::Integer(1) {
            return Ok(e);
        }
        let text = format!("-{}", e.at(PRIMARY));
        Ok(Expr::of(&[&e], text, UNARY, CType::Int).with_range(Range { lo: -1, hi: 0 }))
    }

    pub(super) fn sign_extend(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        self.result_width(op)?;
        self.sign_extended(op)
    }

    pub(super) fn zero_extend(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let from = self.width(op, m.value_type(m.operand(op, 0)))?;
        self.result_width(op)?;
        let e = self.take_exact(op, m.operand(op, 0))?;
        if e.range.lo >= 0 {
            return Ok(e);
        }
        let range = Range {
            lo: 0,
            hi: (1i128 << from) - 1,
        };
        let mut narrow = e.cast(CType::unsigned(from));
        narrow.size += 1;
        Ok(match from {
            8 => Expr {
                ty: CType::Int,
                ..narrow
            }
            .with_range(range),
            16 => narrow.cast(CType::I32).with_range(range),
            _ => narrow.cast(CType::I64).with_range(range),
        })
    }

    pub(super) fn truncate(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let e = self.take(op, m.operand(op, 0))?;
        if bits == 1 {
            if e.range.within(Range::full(1)) {
                return Ok(e);
            }
            let ty = e.ty.promoted();
            let low = Expr::of(&[&e], format!("{} & 1", e.at(UNARY)), BITS, ty)
                .with_range(Range::full(1));
            return Ok(if ty == CType::Int {
                low
            } else {
                low.cast(CType::Int)
            });
        }
        let to = CType::signed(bits);
        let fits = !e.ty.is_unsigned() && e.range.fits(bits);
        if e.literal.is_some() || (fits && e.ty.promoted().bits() <= bits.max(16)) {
            let value = e.literal.map(|v| v << (64 - bits) >> (64 - bits));
            return Ok(value.map_or(e, literal::int));
        }
        let mut narrow = e.cast(to);
        narrow.range = if fits { e.range } else { Range::full(bits) };
        narrow.size += 1;
        Ok(narrow)
    }

    pub(super) fn index_cast(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let bits = self.result_width(op)?;
        let e = self.sign_extended(op)?;
        if e.range.fits(bits) && e.ty.promoted().bits() <= bits.max(16) {
            return Ok(e);
        }
        let narrow = e.cast(CType::signed(bits));
        Ok(narrow.with_range(e.range.clip(Range::full(bits))))
    }

    pub(super) fn bitcast(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let (from, to) = (
            m.value_type(m.operand(op, 0)),
            m.value_type(m.result(op, 0)),
        );
        let (cf, ct) = (self.value_ctype(op, from)?, self.value_ctype(op, to)?);
        let e = self.take(op, m.operand(op, 0))?;
        if cf.is_float() == ct.is_float() {
            return Ok(e);
        }
        let s = match (cf, ct) {
            (CType::F32, _) => Support::FloatToBits,
            (CType::F64, _) => Support::DoubleToBits,
            (_, CType::F32) => Support::FloatFromBits,
            _ => Support::DoubleFromBits,
        };
        let name = self.support.need(s);
        let a = if cf.is_float() {
            e
        } else {
            e.modular(cf.bits())
        };
        let ty = if ct.is_float() {
            ct
        } else {
            CType::unsigned(ct.bits())
        };
        Ok(Expr::of(&[&a], format!("{name}({})", a.text), PRIMARY, ty)
            .with_range(self.full_range(to)))
    }

    pub(super) fn extract(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let e = vector::ExtractOp(op);
        let v = e.vector(m);
        let TypeData::Vector { shape, elem } = m.type_data(m.value_type(v)).clone() else {
            return Err(self.unknown(op));
        };
        let strides = ir::dialects::memref::row_major_strides(&shape);
        let position: i64 = e
            .static_position(m)
            .iter()
            .zip(&strides)
            .map(|(p, s)| p * s)
            .sum();
        let to = ctype::of_element(m, elem)
            .ok_or_else(|| self.error("C004", op, "C has no such elements"))?;
        let word = self.take(op, v)?;
        if word.ty.lanes().is_some() {
            let text = format!("vgetq_lane_s{}({}, {position})", to.bits(), word.text);
            return Ok(Expr::of(&[&word], text, PRIMARY, to));
        }
        let shift = position as u64 * u64::from(to.bits());
        let part = if shift == 0 {
            word
        } else {
            Expr::of(
                &[&word],
                format!("{} >> {shift}", word.at(UNARY)),
                SHIFT,
                word.ty,
            )
        };
        let range = self.full_range(m.value_type(m.result(op, 0)));
        match to {
            CType::F32 | CType::F64 => {
                let name = self.support.need(if to == CType::F32 {
                    Support::FloatFromBits
                } else {
                    Support::DoubleFromBits
                });
                let bits = if part.ty.bits() == to.bits() {
                    part
                } else {
                    part.cast(CType::unsigned(to.bits()))
                };
                Ok(Expr::of(
                    &[&bits],
                    format!("{name}({})", bits.text),
                    PRIMARY,
                    to,
                ))
            }
            _ => {
                let mut e = part.cast(to).with_range(range);
                e.size += 1;
                Ok(e)
            }
        }
    }
}
