//! `arith`, `math`, the DSP extension and Helium, and the pure ops of `vector`.

use super::Compiler;
use crate::helium::Resolved;
use crate::loops::code::{HeliumSite, Instr, Kind};
use crate::loops::error::LoopError;
use crate::scalar::{FLOAT_OPS, INT_OPS, IntOp, IntType, Undefined, wrap};
use crate::vector::extract_offset;
use ir::{AttrData, FloatKind, OpId, ValueId};

impl Compiler<'_, '_> {
    /// Compiles an op of one result, if it is one that this file knows on its types.
    pub(super) fn arith(&mut self, op: OpId, name: &str) -> Result<bool, LoopError> {
        let m = self.m;
        let &[result] = m.results(op) else {
            return Ok(false);
        };
        let operands: Vec<ValueId> = m.operands(op).collect();
        if let Some((_, kind)) = INT_OPS.iter().find(|(n, _)| *n == name) {
            return self.int_op(op, *kind, &operands, result);
        }
        if let Some((_, kind)) = FLOAT_OPS.iter().find(|(n, _)| *n == name) {
            let [a, b] = operands[..] else {
                return Ok(false);
            };
            if self.value_kind(result)? != Kind::F32 {
                return Ok(false);
            }
            let (a, b, d) = (self.reg(a)?, self.reg(b)?, self.result(result)?);
            self.emit(Instr::F32 { d, a, b, op: *kind });
            return Ok(true);
        }
        if let Some(dsp) = crate::arm::dsp(name) {
            let by = ir::dialects::arm::immediate(m.op(op)) as u8;
            let mut regs = [0; 3];
            for (r, &v) in regs.iter_mut().zip(&operands) {
                *r = self.reg(v)?;
            }
            let ([a, b, c], d) = (regs, self.result(result)?);
            self.emit(Instr::Dsp {
                d,
                a,
                b,
                c,
                by,
                op: dsp,
            });
            return Ok(true);
        }
        if let Some(resolved) = Resolved::of(m, op) {
            let mut args = Vec::with_capacity(operands.len());
            for &v in &operands {
                args.push(self.reg(v)?);
            }
            let result = self.result(result)?;
            self.f.helium.push(HeliumSite {
                resolved,
                args,
                result,
            });
            let site = self.f.helium.len() as u32 - 1;
            self.emit(Instr::Helium { site });
            return Ok(true);
        }
        match (name, &operands[..]) {
            ("arith.constant", []) => self.arith_constant(op, result),
            ("arith.cmpi", &[a, b]) => self.cmpi(op, a, b, result),
            ("arith.cmpf", &[a, b]) => self.cmpf(op, a, b, result),
            ("arith.select", &[c, a, b]) => self.select(c, a, b, result),
            ("arith.extsi" | "arith.extui", &[a]) => self.extend(a, result, name == "arith.extsi"),
            ("arith.trunci" | "arith.index_cast", &[a]) => self.narrow(a, result),
            ("arith.bitcast", &[a]) => self.bitcast(a, result),
            ("vector.bitcast", &[a]) => self.alias(result, a).map(|()| true),
            ("vector.extract", &[a]) => self.extract(op, a, result),
            ("arith.negf" | "math.exp", &[x]) => {
                if self.value_kind(x)? != Kind::F32 {
                    return Ok(false);
                }
                let (a, d) = (self.reg(x)?, self.result(result)?);
                self.emit(if name == "math.exp" {
                    Instr::ExpF32 { d, a }
                } else {
                    Instr::NegF32 { d, a }
                });
                Ok(true)
            }
            ("arith.sitofp", &[x]) => {
                let (Kind::Int(from), Kind::F32) = (self.value_kind(x)?, self.value_kind(result)?)
                else {
                    return Ok(false);
                };
                if from.bits == 1 {
                    return Ok(false);
                }
                let (a, d) = (self.reg(x)?, self.result(result)?);
                self.emit(Instr::IntToF32 { d, a });
                Ok(true)
            }
            ("arith.fptosi", &[x]) => {
                let (Kind::F32, Kind::Int(to)) = (self.value_kind(x)?, self.value_kind(result)?)
                else {
                    return Ok(false);
                };
                let (a, d) = (self.reg(x)?, self.result(result)?);
                let bits = to.bits as u8;
                self.emit(Instr::F32ToInt { d, a, bits });
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn int_op(
        &mut self,
        op: OpId,
        kind: IntOp,
        operands: &[ValueId],
        result: ValueId,
    ) -> Result<bool, LoopError> {
        let &[a, b] = operands else {
            return Ok(false);
        };
        let Kind::Int(ty) = self.value_kind(result)? else {
            return Ok(false);
        };
        let nsw = ir::dialects::arith::is_nsw(self.m, op);
        let (a, b, d) = (self.reg(a)?, self.reg(b)?, self.result(result)?);
        let error = if ty.index {
            Undefined::IndexOverflow
        } else {
            Undefined::SignedOverflow
        };
        let checked = ty.bits == 32 && (ty.index || nsw);
        let wrapping = !ty.index && !nsw;
        let any = Instr::Int {
            d,
            a,
            b,
            op: kind,
            bits: ty.bits as u8,
            index: ty.index,
            nsw,
        };
        let instr = match kind {
            // One bit is held unsigned, but its order is signed.
            IntOp::MinS | IntOp::MaxS if ty.bits == 1 => any,
            IntOp::MinS => Instr::MinS { d, a, b },
            IntOp::MaxS => Instr::MaxS { d, a, b },
            IntOp::And => Instr::And { d, a, b },
            IntOp::Or => Instr::Or { d, a, b },
            IntOp::Xor => Instr::Xor { d, a, b },
            IntOp::ShrS if ty.bits != 1 => Instr::ShrS {
                d,
                a,
                b,
                bits: ty.bits as u8,
            },
            IntOp::Add if checked => Instr::AddChecked { d, a, b, error },
            IntOp::Sub if checked => Instr::SubChecked { d, a, b, error },
            IntOp::Mul if checked => Instr::MulChecked { d, a, b, error },
            IntOp::Add if wrapping && ty.bits == 32 => Instr::Add32 { d, a, b },
            IntOp::Sub if wrapping && ty.bits == 32 => Instr::Sub32 { d, a, b },
            IntOp::Mul if wrapping && ty.bits == 32 => Instr::Mul32 { d, a, b },
            IntOp::Add if wrapping && ty.bits == 64 => Instr::Add64 { d, a, b },
            IntOp::Sub if wrapping && ty.bits == 64 => Instr::Sub64 { d, a, b },
            IntOp::Mul if wrapping && ty.bits == 64 => Instr::Mul64 { d, a, b },
            _ => any,
        };
        self.emit(instr);
        Ok(true)
    }

    fn arith_constant(&mut self, op: OpId, result: ValueId) -> Result<bool, LoopError> {
        let Some(value) = self.m.prop(op, "value") else {
            return Ok(false);
        };
        let bits = match self.m.attr_data(value) {
            AttrData::Integer { value, ty } => match self.kind(*ty)? {
                Kind::Int(ty) => wrap(*value, ty.bits),
                _ => return Ok(false),
            },
            AttrData::Float {
                bits,
                kind: FloatKind::F32,
            } => i64::from(*bits as u32 as i32),
            _ => return Ok(false),
        };
        let r = self.constant(bits)?;
        self.define_constant(result, r)?;
        Ok(true)
    }

    fn cmpi(
        &mut self,
        op: OpId,
        a: ValueId,
        b: ValueId,
        result: ValueId,
    ) -> Result<bool, LoopError> {
        let predicate = self.predicate(op);
        match self.value_kind(a)? {
            Kind::Int(ty) if ty.bits != 1 => {}
            _ => return Ok(false),
        }
        let (a, b, d) = (self.reg(a)?, self.reg(b)?, self.result(result)?);
        self.emit(Instr::CmpI { d, a, b, predicate });
        Ok(true)
    }

    fn cmpf(
        &mut self,
        op: OpId,
        a: ValueId,
        b: ValueId,
        result: ValueId,
    ) -> Result<bool, LoopError> {
        if self.value_kind(a)? != Kind::F32 {
            return Ok(false);
        }
        let predicate = self.predicate(op);
        let (a, b, d) = (self.reg(a)?, self.reg(b)?, self.result(result)?);
        self.emit(Instr::CmpF32 { d, a, b, predicate });
        Ok(true)
    }

    fn predicate(&self, op: OpId) -> u8 {
        let value = self
            .m
            .prop(op, "predicate")
            .and_then(|a| self.m.attr_int(a));
        value.map_or(0, |p| p as u8)
    }

    fn select(
        &mut self,
        c: ValueId,
        a: ValueId,
        b: ValueId,
        result: ValueId,
    ) -> Result<bool, LoopError> {
        let regs = self.value_kind(result)?.regs();
        let (c, a, b) = (self.reg(c)?, self.reg(a)?, self.reg(b)?);
        let d = self.result(result)?;
        for i in 0..regs {
            self.emit(Instr::Select {
                d: d + i,
                c,
                a: a + i,
                b: b + i,
            });
        }
        Ok(true)
    }

    fn extend(&mut self, x: ValueId, result: ValueId, signed: bool) -> Result<bool, LoopError> {
        let Kind::Int(from) = self.value_kind(x)? else {
            return Ok(false);
        };
        // Registers are sign-extended already, and one bit is zero-extended.
        if signed != (from.bits == 1) {
            self.alias(result, x)?;
            return Ok(true);
        }
        let (a, d) = (self.reg(x)?, self.result(result)?);
        let bits = from.bits as u8;
        self.emit(if signed {
            Instr::Negate { d, a }
        } else {
            Instr::ZeroExtend { d, a, bits }
        });
        Ok(true)
    }

    fn narrow(&mut self, x: ValueId, result: ValueId) -> Result<bool, LoopError> {
        let (Kind::Int(from), Kind::Int(to)) = (self.value_kind(x)?, self.value_kind(result)?)
        else {
            return Ok(false);
        };
        if from.bits == 1 {
            return Ok(false);
        }
        if to.bits >= from.bits {
            self.alias(result, x)?;
            return Ok(true);
        }
        let (a, d) = (self.reg(x)?, self.result(result)?);
        let bits = to.bits as u8;
        self.emit(if to == IntType::INDEX {
            Instr::ToIndex { d, a }
        } else {
            Instr::Wrap { d, a, bits }
        });
        Ok(true)
    }

    /// 32-bit floats and integers are held in the same way.
    fn bitcast(&mut self, x: ValueId, result: ValueId) -> Result<bool, LoopError> {
        let word = |k: Kind| matches!(k, Kind::F32) || matches!(k, Kind::Int(t) if t.bits == 32);
        if word(self.value_kind(x)?) && word(self.value_kind(result)?) {
            self.alias(result, x)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn extract(&mut self, op: OpId, x: ValueId, result: ValueId) -> Result<bool, LoopError> {
        let bits = match self.value_kind(result)? {
            Kind::Int(ty) => ty.bits as u8,
            Kind::F32 => 32,
            _ => return Ok(false),
        };
        let Some(byte) = extract_offset(self.m.op(op)) else {
            return Ok(false);
        };
        let (a, d) = (self.reg(x)?, self.result(result)?);
        self.emit(Instr::Extract {
            d,
            a: a + (byte / 8) as u32,
            shift: (byte % 8 * 8) as u8,
            bits,
        });
        Ok(true)
    }
}
