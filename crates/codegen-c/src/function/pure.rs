//! Pure ops: `arith`, `math`, and the vector ops that take words apart.

use super::Printer;
use super::integer::compound;
use crate::affine::Affine;
use crate::ctype::CType;
use crate::expr::{ADD, Expr, MUL, PRIMARY, UNARY};
use crate::literal;
use crate::support::Support;
use ir::dialects::{arith, arm_mve, math, vector};
use ir::{AttrData, Diagnostic, FloatKind, OpId, TypeData, ValueId};

impl Printer<'_> {
    pub(super) fn pure(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let result = match m.results(op) {
            [v] => *v,
            _ => return Err(self.unknown(op)),
        };
        if self.index_arithmetic(op, result)? {
            return Ok(());
        }
        let ty = m.value_type(result);
        let e = match m.op_name(op) {
            arith::ConstantOp::NAME => self.constant_op(op)?,
            "arith.addi" | "arith.subi" | "arith.muli" => self.int_arithmetic(op)?,
            "arith.shli" => self.shift_left(op)?,
            "arith.shrsi" => self.shift_right(op)?,
            "arith.shrui" => self.shift_right_logical(op)?,
            "arith.divsi" | "arith.remsi" => self.division(op)?,
            "arith.andi" | "arith.ori" | "arith.xori" => self.bitwise(op)?,
            "arith.minsi" | "arith.maxsi" => self.min_max(op)?,
            "arith.addf" => self.float_binary(op, "+", ADD)?,
            "arith.subf" => self.float_binary(op, "-", ADD)?,
            "arith.mulf" => self.float_binary(op, "*", MUL)?,
            "arith.divf" => self.float_binary(op, "/", MUL)?,
            arith::NegFOp::NAME => {
                let a = self.take_exact(op, m.operand(op, 0))?;
                let text = format!(
                    "-{}",
                    if a.text.starts_with('-') {
                        format!("({})", a.text)
                    } else {
                        a.at(UNARY)
                    }
                );
                Expr::of(&[&a], text, UNARY, a.ty)
            }
            arith::ExtSIOp::NAME => self.sign_extend(op)?,
            arith::ExtUIOp::NAME => self.zero_extend(op)?,
            arith::TruncIOp::NAME => self.truncate(op)?,
            arith::IndexCastOp::NAME => self.index_cast(op)?,
            arith::SIToFPOp::NAME => {
                let a = self.sign_extended(op)?;
                let to = self.value_ctype(op, ty)?;
                a.cast(to)
            }
            arith::FPToSIOp::NAME => {
                let a = self.take_exact(op, m.operand(op, 0))?;
                let to = self.value_ctype(op, ty)?;
                let mut e = a.cast(to);
                (e.range, e.size) = (self.full_range(ty), a.size + 1);
                e
            }
            arith::BitcastOp::NAME => self.bitcast(op)?,
            arith::CmpIOp::NAME => self.compare_int(op)?,
            arith::CmpFOp::NAME => self.compare_float(op)?,
            arith::SelectOp::NAME => self.select(op)?,
            math::ExpOp::NAME => {
                let a = self.take_exact(op, m.operand(op, 0))?;
                if a.ty != CType::F32 {
                    return Err(self.error("C004", op, "only f32 has an exponential"));
                }
                let name = self.support.need(Support::Expf);
                Expr::of(&[&a], format!("{name}({})", a.text), PRIMARY, CType::F32)
            }
            vector::BitcastOp::NAME => {
                let to = self.value_ctype(op, ty)?;
                let e = self.take(op, m.operand(op, 0))?;
                self.reinterpret(e, to)
            }
            name if arm_mve::instruction(name).is_some() => self.helium(op)?,
            vector::ExtractOp::NAME => self.extract(op)?,
            name if ir::dialects::arm::dsp(name).is_some() => self.dsp(op)?,
            _ => return Err(self.unknown(op)),
        };
        self.floats |= e.ty.is_float();
        if self.accumulate(op, result, &e)? {
            return Ok(());
        }
        self.define(result, e)
    }

    pub(super) fn unknown(&self, op: OpId) -> Diagnostic {
        self.error("C003", op, "this op has no C form")
    }

    /// Sums and products of indices; whether this op was one.
    fn index_arithmetic(&mut self, op: OpId, result: ValueId) -> Result<bool, Diagnostic> {
        let m = self.m();
        if *m.type_data(m.value_type(result)) != TypeData::Index {
            return Ok(false);
        }
        let name = m.op_name(op);
        let sum = match name {
            arith::ConstantOp::NAME => self.constant(result).map(Affine::constant),
            "arith.addi" | "arith.subi" => {
                let (a, b) = (
                    self.affine(op, m.operand(op, 0))?,
                    self.affine(op, m.operand(op, 1))?,
                );
                a.plus(&b, if name == "arith.addi" { 1 } else { -1 })
            }
            "arith.muli" => {
                let (a, b) = (
                    self.affine(op, m.operand(op, 0))?,
                    self.affine(op, m.operand(op, 1))?,
                );
                match (a.as_constant(), b.as_constant()) {
                    (_, Some(c)) => Affine::constant(0).plus(&a, c),
                    (Some(c), _) => Affine::constant(0).plus(&b, c),
                    _ => None,
                }
            }
            _ => None,
        };
        match sum {
            Some(a) => self.define_affine(result, a).map(|()| true),
            None => Ok(false),
        }
    }

    fn constant_op(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let value = m.prop(op, "value").ok_or_else(|| self.unknown(op))?;
        let ty = m.value_type(m.result(op, 0));
        match m.attr_data(value) {
            AttrData::Integer { value, ty } => {
                let bits = self.width(op, *ty)?;
                let shift = 64 - bits;
                let wrapped = if bits == 1 {
                    *value & 1
                } else {
                    *value << shift >> shift
                };
                Ok(literal::int(wrapped))
            }
            AttrData::Float {
                bits,
                kind: FloatKind::F32,
            } => Ok(self.float_constant(f32::from_bits(*bits as u32))),
            AttrData::Float {
                bits,
                kind: FloatKind::F64,
            } => Ok(self.double_constant(f64::from_bits(*bits))),
            _ => {
                let word = self.value_ctype(op, ty)?;
                let (_, bytes) = m.attr_elements(value).ok_or_else(|| self.unknown(op))?;
                if word.lanes().is_some() {
                    return Ok(self.vector_constant(word, bytes));
                }
                let bits = bytes.iter().rev().fold(0u64, |w, &b| w << 8 | u64::from(b));
                Ok(Expr::new(
                    literal::unsigned(bits, word.bits()),
                    PRIMARY,
                    word,
                ))
            }
        }
    }

    fn float_constant(&mut self, value: f32) -> Expr {
        if value.is_finite() {
            let text = literal::f32_text(value);
            let prec = if text.starts_with('-') {
                UNARY
            } else {
                PRIMARY
            };
            return Expr::new(text, prec, CType::F32);
        }
        let name = self.support.need(Support::FloatFromBits);
        Expr::new(
            format!("{name}(UINT32_C({:#x}))", value.to_bits()),
            PRIMARY,
            CType::F32,
        )
    }

    fn double_constant(&mut self, value: f64) -> Expr {
        if value.is_finite() {
            let text = literal::f64_text(value);
            let prec = if text.starts_with('-') {
                UNARY
            } else {
                PRIMARY
            };
            return Expr::new(text, prec, CType::F64);
        }
        let name = self.support.need(Support::DoubleFromBits);
        Expr::new(
            format!("{name}(UINT64_C({:#x}))", value.to_bits()),
            PRIMARY,
            CType::F64,
        )
    }

    fn float_binary(
        &mut self,
        op: OpId,
        symbol: &'static str,
        prec: u8,
    ) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let (a, b) = (
            self.take_exact(op, m.operand(op, 0))?,
            self.take_exact(op, m.operand(op, 1))?,
        );
        let mut e = Expr::of(
            &[&a, &b],
            format!("{} {symbol} {}", a.at(prec), b.at(prec + 1)),
            prec,
            a.ty,
        );
        e.compound = compound(symbol, &a, &b);
        Ok(e)
    }
}
