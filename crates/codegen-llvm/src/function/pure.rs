//! `arith`, `math`, and the vector ops that take words apart.

use super::FunctionBuilder;
use crate::failure::Failure;
use crate::types;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValue, BasicValueEnum, IntValue};
use inkwell::{FloatPredicate, IntPredicate};
use ir::dialects::{arith, math, memref, vector};
use ir::{AttrData, Diagnostic, FloatKind, OpId, TypeData};

impl<'ctx> FunctionBuilder<'_, 'ctx> {
    pub(super) fn pure(&mut self, op: OpId) -> Result<BasicValueEnum<'ctx>, Failure> {
        let m = self.m();
        let ty = self.result_type(op);
        let b = &self.builder;
        Ok(match m.op_name(op) {
            arith::ConstantOp::NAME => self.constant(op)?,
            "arith.addi" | "arith.subi" | "arith.muli" | "arith.shli" | "arith.shrsi"
            | "arith.shrui" | "arith.divsi" | "arith.remsi" | "arith.andi" | "arith.ori"
            | "arith.xori" | "arith.minsi" | "arith.maxsi" => self.int_binary(op)?.into(),
            "arith.addf" | "arith.subf" | "arith.mulf" | "arith.divf" => {
                let (x, y) = (self.float_operand(op, 0)?, self.float_operand(op, 1)?);
                match m.op_name(op) {
                    "arith.addf" => b.build_float_add(x, y, "")?,
                    "arith.subf" => b.build_float_sub(x, y, "")?,
                    "arith.mulf" => b.build_float_mul(x, y, "")?,
                    _ => b.build_float_div(x, y, "")?,
                }
                .into()
            }
            arith::NegFOp::NAME => b.build_float_neg(self.float_operand(op, 0)?, "")?.into(),
            arith::ExtSIOp::NAME => {
                let (x, to) = (self.int_operand(op, 0)?, self.int_type(op, ty)?);
                b.build_int_s_extend(x, to, "")?.into()
            }
            arith::ExtUIOp::NAME => {
                let (x, to) = (self.int_operand(op, 0)?, self.int_type(op, ty)?);
                b.build_int_z_extend(x, to, "")?.into()
            }
            arith::TruncIOp::NAME => {
                let (x, to) = (self.int_operand(op, 0)?, self.int_type(op, ty)?);
                b.build_int_truncate(x, to, "")?.into()
            }
            arith::IndexCastOp::NAME => {
                let (x, to) = (self.int_operand(op, 0)?, self.int_type(op, ty)?);
                b.build_int_cast_sign_flag(x, to, true, "")?.into()
            }
            arith::SIToFPOp::NAME => match self.type_of(op, ty)? {
                BasicTypeEnum::FloatType(to) => {
                    let x = self.int_operand(op, 0)?;
                    b.build_signed_int_to_float(x, to, "")?.into()
                }
                _ => return Err(self.untyped(op, ty).into()),
            },
            arith::FPToSIOp::NAME => {
                let (x, to) = (self.float_operand(op, 0)?, self.int_type(op, ty)?);
                b.build_float_to_signed_int(x, to, "")?.into()
            }
            arith::BitcastOp::NAME => {
                let (x, to) = (self.operand(op, 0)?, self.type_of(op, ty)?);
                b.build_bit_cast(x, to, "")?
            }
            arith::CmpIOp::NAME => {
                let (x, y) = (self.int_operand(op, 0)?, self.int_operand(op, 1)?);
                let predicate = int_predicate(arith::CmpIOp(op).predicate(m));
                let predicate = predicate.ok_or_else(|| self.unknown(op))?;
                b.build_int_compare(predicate, x, y, "")?.into()
            }
            arith::CmpFOp::NAME => {
                let (x, y) = (self.float_operand(op, 0)?, self.float_operand(op, 1)?);
                let predicate = float_predicate(arith::CmpFOp(op).predicate(m));
                let predicate = predicate.ok_or_else(|| self.unknown(op))?;
                b.build_float_compare(predicate, x, y, "")?.into()
            }
            arith::SelectOp::NAME => {
                self.type_of(op, ty)?;
                let condition = self.int_operand(op, 0)?;
                b.build_select(condition, self.operand(op, 1)?, self.operand(op, 2)?, "")?
            }
            math::ExpOp::NAME => self.exponential(op)?,
            vector::BitcastOp::NAME => {
                let to = self.type_of(op, ty)?;
                b.build_bit_cast(self.operand(op, 0)?, to, "")?
            }
            name if ir::dialects::arm_mve::instruction(name).is_some() => self.helium(op)?,
            vector::ExtractOp::NAME => self.extract(op)?,
            name if ir::dialects::arm::dsp(name).is_some() => self.dsp(op)?,
            _ => return Err(self.unknown(op).into()),
        })
    }

    fn int_binary(&self, op: OpId) -> Result<IntValue<'ctx>, Failure> {
        let m = self.m();
        let b = &self.builder;
        let (x, y) = (self.int_operand(op, 0)?, self.int_operand(op, 1)?);
        let no_overflow = arith::is_nsw(m, op) || self.is_index(m.result(op, 0));
        Ok(match m.op_name(op) {
            "arith.addi" if no_overflow => b.build_int_nsw_add(x, y, "")?,
            "arith.addi" => b.build_int_add(x, y, "")?,
            "arith.subi" if no_overflow => b.build_int_nsw_sub(x, y, "")?,
            "arith.subi" => b.build_int_sub(x, y, "")?,
            "arith.muli" if no_overflow => b.build_int_nsw_mul(x, y, "")?,
            "arith.muli" => b.build_int_mul(x, y, "")?,
            "arith.shli" => {
                let shifted = b.build_left_shift(x, y, "")?;
                // Of constants there is no instruction left.
                if let Some(i) = shifted.as_instruction_value().filter(|_| no_overflow) {
                    i.set_no_signed_wrap_flag(true)
                        .map_err(|e| crate::failure::refused(&e.to_string()))?;
                }
                shifted
            }
            "arith.shrsi" => b.build_right_shift(x, y, true, "")?,
            "arith.shrui" => b.build_right_shift(x, y, false, "")?,
            "arith.divsi" => b.build_int_signed_div(x, y, "")?,
            "arith.remsi" => b.build_int_signed_rem(x, y, "")?,
            "arith.andi" => b.build_and(x, y, "")?,
            "arith.ori" => b.build_or(x, y, "")?,
            "arith.xori" => b.build_xor(x, y, "")?,
            minimum_or_maximum => {
                let order = match minimum_or_maximum {
                    "arith.minsi" => IntPredicate::SLT,
                    _ => IntPredicate::SGT,
                };
                let first = b.build_int_compare(order, x, y, "")?;
                b.build_select(first, x, y, "")?.into_int_value()
            }
        })
    }

    fn constant(&self, op: OpId) -> Result<BasicValueEnum<'ctx>, Failure> {
        let m = self.m();
        let value = m.prop(op, "value").ok_or_else(|| self.unknown(op))?;
        let ty = self.result_type(op);
        let bits = match m.attr_data(value) {
            AttrData::Integer { value, .. } => *value as u64,
            AttrData::Float { bits, .. } => *bits,
            _ => {
                let (_, bytes) = m.attr_elements(value).ok_or_else(|| self.unknown(op))?;
                let words: Vec<u64> = bytes
                    .chunks(8)
                    .map(|c| c.iter().rev().fold(0, |w, &b| w << 8 | u64::from(b)))
                    .collect();
                let to = self.type_of(op, ty)?;
                let bits = types::int(self.cx.context, bytes.len() as u32 * 8);
                let bits = bits.ok_or_else(|| self.untyped(op, ty))?;
                let bits = bits.const_int_arbitrary_precision(&words);
                return Ok(self.builder.build_bit_cast(bits, to, "")?);
            }
        };
        match self.type_of(op, ty)? {
            BasicTypeEnum::IntType(t) => Ok(t.const_int(bits, false).into()),
            // By its bits, as a NaN has some.
            BasicTypeEnum::FloatType(t) => {
                let word = match m.type_data(ty) {
                    TypeData::Float(FloatKind::F64) => self.cx.context.i64_type(),
                    _ => self.cx.context.i32_type(),
                };
                let word = word.const_int(bits, false);
                Ok(self.builder.build_bit_cast(word, t, "")?)
            }
            _ => Err(self.untyped(op, ty).into()),
        }
    }

    fn exponential(&self, op: OpId) -> Result<BasicValueEnum<'ctx>, Failure> {
        let x = self.float_operand(op, 0)?;
        if x.get_type() != self.cx.context.f32_type() {
            let d = self.error("B002", op, "only f32 has an exponential");
            return Err(d.into());
        }
        let function = crate::exponential::function(self.cx)?;
        let call = self.builder.build_call(function, &[x.into()], "")?;
        let value = call.try_as_basic_value().basic();
        value.ok_or_else(|| self.unknown(op).into())
    }

    /// An element of a vector's bits.
    fn extract(&self, op: OpId) -> Result<BasicValueEnum<'ctx>, Failure> {
        let m = self.m();
        let e = vector::ExtractOp(op);
        let (shape, elem) = match m.type_data(m.value_type(e.vector(m))) {
            TypeData::Vector { shape, elem } => (shape, *elem),
            _ => return Err(self.unknown(op).into()),
        };
        let strides = memref::row_major_strides(shape);
        let position = e.static_position(m);
        let position = position.iter().zip(&strides).map(|(p, s)| p * s);
        let bits = types::element_bytes(m, elem) * 8;
        if let BasicValueEnum::VectorValue(v) = self.operand(op, 0)? {
            let at = self.i32(position.sum::<i64>());
            return Ok(self.builder.build_extract_element(v, at, "")?);
        }
        let word = self.int_operand(op, 0)?;
        let shift = u64::try_from(position.sum::<i64>()).unwrap_or(0) * u64::from(bits);
        let b = &self.builder;
        let amount = word.get_type().const_int(shift, false);
        let low = b.build_right_shift(word, amount, false, "")?;
        let int: Result<_, Diagnostic> =
            types::int(self.cx.context, bits).ok_or_else(|| self.unknown(op));
        let part = match bits == word.get_type().get_bit_width() {
            true => low,
            false => b.build_int_truncate(low, int?, "")?,
        };
        match self.type_of(op, elem)? {
            BasicTypeEnum::FloatType(t) => {
                Ok(b.build_bit_cast(part.as_basic_value_enum(), t, "")?)
            }
            _ => Ok(part.into()),
        }
    }
}

fn int_predicate(number: i64) -> Option<IntPredicate> {
    Some(match number {
        0 => IntPredicate::EQ,
        1 => IntPredicate::NE,
        2 => IntPredicate::SLT,
        3 => IntPredicate::SLE,
        4 => IntPredicate::SGT,
        5 => IntPredicate::SGE,
        6 => IntPredicate::ULT,
        7 => IntPredicate::ULE,
        8 => IntPredicate::UGT,
        9 => IntPredicate::UGE,
        _ => return None,
    })
}

fn float_predicate(number: i64) -> Option<FloatPredicate> {
    Some(match number {
        0 => FloatPredicate::PredicateFalse,
        1 => FloatPredicate::OEQ,
        2 => FloatPredicate::OGT,
        3 => FloatPredicate::OGE,
        4 => FloatPredicate::OLT,
        5 => FloatPredicate::OLE,
        6 => FloatPredicate::ONE,
        7 => FloatPredicate::ORD,
        8 => FloatPredicate::UEQ,
        9 => FloatPredicate::UGT,
        10 => FloatPredicate::UGE,
        11 => FloatPredicate::ULT,
        12 => FloatPredicate::ULE,
        13 => FloatPredicate::UNE,
        14 => FloatPredicate::UNO,
        15 => FloatPredicate::PredicateTrue,
        _ => return None,
    })
}
