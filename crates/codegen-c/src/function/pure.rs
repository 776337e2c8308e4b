//! Pure ops: `arith`, `math`, and the vector ops that take words apart.

use super::Printer;
use crate::affine::Affine;
use crate::ctype::{self, CType};
use crate::expr::{
    ADD, BITS, Compound, EQUALITY, Expr, LOGIC, MUL, PRIMARY, RELATION, SHIFT, TERNARY, UNARY,
};
use crate::literal;
use crate::range::Range;
use crate::support::Support;
use ir::dialects::{arith, math, vector};
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
                self.value_ctype(op, ty)?;
                self.take(op, m.operand(op, 0))?
            }
            vector::ExtractOp::NAME => self.extract(op)?,
            _ => return Err(self.unknown(op)),
        };
        self.floats |= e.ty.is_float();
        if self.accumulate(op, result, &e)? {
            return Ok(());
        }
        self.define(result, e)
    }

    fn unknown(&self, op: OpId) -> Diagnostic {
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

    // ---- integers ----

    fn result_width(&self, op: OpId) -> Result<u32, Diagnostic> {
        self.width(op, self.m().value_type(self.m().result(op, 0)))
    }

    fn is_index_op(&self, op: OpId) -> bool {
        self.is_index(self.m().result(op, 0))
    }

    fn int_arithmetic(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let name = m.op_name(op);
        let (a, b) = (
            self.take(op, m.operand(op, 0))?,
            self.take(op, m.operand(op, 1))?,
        );
        if bits == 1 {
            return Ok(truth_arithmetic(name, &a, &b));
        }
        if let (Some(x), Some(y)) = (a.literal, b.literal) {
            let (x, y) = (i128::from(x), i128::from(y));
            let exact = match name {
                "arith.addi" => x + y,
                "arith.subi" => x - y,
                _ => x * y,
            };
            let shift = 128 - bits;
            return Ok(literal::int((exact << shift >> shift) as i64));
        }
        // 0 + x, x + 0, x - 0
        if name != "arith.muli" {
            if b.literal == Some(0) {
                return Ok(a);
            }
            if name == "arith.addi" && a.literal == Some(0) {
                return Ok(b);
            }
        }
        let (symbol, prec, exact) = match name {
            "arith.addi" => ("+", ADD, a.range.add(b.range)),
            "arith.subi" => ("-", ADD, a.range.sub(b.range)),
            _ => ("*", MUL, a.range.mul(b.range)),
        };
        let full = Range::full(bits);
        let proven = exact.within(full);
        if !proven && !arith::is_nsw(m, op) && !self.is_index_op(op) {
            if bits < 32 {
                let (a, b) = (a.exact(bits), b.exact(bits));
                let e = arithmetic(symbol, prec, &a, &b, exact);
                return Ok(e.cast(CType::signed(bits)).with_range(full));
            }
            let (a, b) = (a.modular(bits), b.modular(bits));
            let right = match b.literal {
                Some(v) if v >= 0 && a.literal.is_none() => literal::beside_unsigned(v),
                _ => b.at(prec + 1),
            };
            let text = format!("{} {symbol} {right}", a.at(prec));
            return Ok(Expr::of(&[&a, &b], text, prec, CType::unsigned(bits)).with_range(full));
        }
        let (a, b) = (a.exact(bits), b.exact(bits));
        Ok(arithmetic(symbol, prec, &a, &b, exact.clip(full)))
    }

    fn shift_left(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let amount = self
            .constant(m.operand(op, 1))
            .filter(|&n| (0..i64::from(bits)).contains(&n));
        let full = Range::full(bits);
        if let (Some(n), true) = (amount, bits > 1) {
            let a = self.take(op, m.operand(op, 0))?;
            let factor = Range {
                lo: 1 << n,
                hi: 1 << n,
            };
            let exact = a.range.mul(factor);
            let no_overflow = exact.within(full) || arith::is_nsw(m, op) || self.is_index_op(op);
            if let (true, Ok(f)) = (
                no_overflow && (n < 31 || bits == 64),
                i64::try_from(factor.lo),
            ) {
                return Ok(arithmetic(
                    "*",
                    MUL,
                    &a.exact(bits),
                    &literal::int(f),
                    exact.clip(full),
                ));
            }
            let word = bits.max(32);
            let a = a.modular(word);
            let e = Expr::of(
                &[&a],
                format!("{} << {n}", a.at(UNARY)),
                SHIFT,
                CType::unsigned(word),
            );
            return Ok(if bits < 32 {
                e.cast(CType::signed(bits)).with_range(full)
            } else {
                e.with_range(full)
            });
        }
        let (a, n) = (
            self.take(op, m.operand(op, 0))?,
            self.take_exact(op, m.operand(op, 1))?,
        );
        if bits == 1 {
            return Ok(a);
        }
        let word = bits.max(32);
        let a = a.modular(word);
        let e = Expr::of(
            &[&a, &n],
            format!("{} << {}", a.at(UNARY), n.at(UNARY)),
            SHIFT,
            CType::unsigned(word),
        );
        Ok(if bits < 32 {
            e.cast(CType::signed(bits)).with_range(full)
        } else {
            e.with_range(full)
        })
    }

    fn shift_right(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let (a, n) = (
            self.take_exact(op, m.operand(op, 0))?,
            self.take_exact(op, m.operand(op, 1))?,
        );
        if bits == 1 {
            return Ok(a);
        }
        let amount = n.range.clip(Range {
            lo: 0,
            hi: i128::from(bits) - 1,
        });
        let a = if amount.hi >= i128::from(a.ty.promoted().bits()) {
            a.widened(CType::signed(bits))
        } else {
            a
        };
        let ty = a.ty.promoted();
        let range = a.range.shr(amount);
        Ok(Expr::of(
            &[&a, &n],
            format!("{} >> {}", a.at(UNARY), n.at(UNARY)),
            SHIFT,
            ty,
        )
        .with_range(range))
    }

    fn shift_right_logical(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let (a, n) = (
            self.take(op, m.operand(op, 0))?,
            self.take_exact(op, m.operand(op, 1))?,
        );
        if bits == 1 {
            return Ok(a);
        }
        let least = n.range.lo.clamp(0, 63) as u32;
        let range = if least > 0 && least < bits {
            Range {
                lo: 0,
                hi: (1i128 << (bits - least)) - 1,
            }
        } else {
            Range::full(bits)
        };
        let word = bits.max(32);
        let a = if bits < 32 {
            a.exact(bits).cast(CType::unsigned(bits)).cast(CType::U32)
        } else {
            a.modular(word)
        };
        let e = Expr::of(
            &[&a, &n],
            format!("{} >> {}", a.at(UNARY), n.at(UNARY)),
            SHIFT,
            CType::unsigned(word),
        );
        Ok(if bits < 32 {
            e.cast(CType::signed(bits)).with_range(range)
        } else {
            e.with_range(range)
        })
    }

    fn division(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let (a, b) = (
            self.take_exact(op, m.operand(op, 0))?,
            self.take_exact(op, m.operand(op, 1))?,
        );
        if bits == 1 {
            return Err(self.error("C004", op, "truth values are not divided"));
        }
        // The remainder, too, is computed at the width that the quotient needs: MIN % -1 overflows in C.
        let largest = a.range.lo.abs().max(a.range.hi.abs());
        let quotient = Range {
            lo: -largest,
            hi: largest,
        }
        .clip(Range::full(bits));
        if m.op_name(op) == "arith.divsi" {
            return Ok(arithmetic("/", MUL, &a, &b, quotient));
        }
        let bound = largest.min(b.range.lo.abs().max(b.range.hi.abs()));
        let remainder = Range {
            lo: if a.range.is_negative_possible() {
                -bound
            } else {
                0
            },
            hi: bound,
        };
        Ok(arithmetic("%", MUL, &a, &b, quotient).with_range(remainder.clip(quotient)))
    }

    fn bitwise(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let name = m.op_name(op);
        let symbol = match name {
            "arith.andi" => "&",
            "arith.ori" => "|",
            _ => "^",
        };
        let (a, b) = (
            self.take(op, m.operand(op, 0))?,
            self.take(op, m.operand(op, 1))?,
        );
        if a.ty.is_unsigned() || b.ty.is_unsigned() {
            let (a, b) = (a.modular(bits.max(32)), b.modular(bits.max(32)));
            let text = format!("{} {symbol} {}", a.at(UNARY), b.at(UNARY));
            return Ok(
                Expr::of(&[&a, &b], text, BITS, CType::unsigned(bits.max(32)))
                    .with_range(Range::full(bits)),
            );
        }
        let least = [&a, &b]
            .into_iter()
            .filter(|e| !e.range.is_negative_possible())
            .map(|e| e.range.hi)
            .min();
        let range = match least {
            Some(hi) if name == "arith.andi" => Range { lo: 0, hi },
            _ => Range::full(bits_of(a.range.union(b.range), bits)),
        };
        let text_of = |e: &Expr| match e.literal {
            Some(v) if v >= 0 => literal::mask(v),
            _ => e.at(UNARY),
        };
        let ty = wider(a.ty.promoted(), b.ty.promoted());
        let text = format!("{} {symbol} {}", text_of(&a), text_of(&b));
        let range = if bits == 1 { Range::full(1) } else { range };
        Ok(Expr::of(&[&a, &b], text, BITS, ty).with_range(range))
    }

    fn min_max(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.result_width(op)?;
        let word = if bits == 64 { 64 } else { 32 };
        let ty = CType::signed(word);
        let is_min = m.op_name(op) == "arith.minsi";
        let (va, vb) = (m.operand(op, 0), m.operand(op, 1));
        if bits == 1 {
            return Err(self.error("C004", op, "truth values have no order"));
        }
        // min(max(x, lo), hi)
        let inner = m
            .defining_op(va)
            .filter(|&i| is_min && m.op_name(i) == "arith.maxsi");
        let (a, b) = (self.take_exact(op, va)?, self.take_exact(op, vb)?);
        let range = if is_min {
            a.range.min(b.range)
        } else {
            a.range.max(b.range)
        };
        let prefix = format!("{}(", Support::Max(word).name());
        let nested = inner.is_some() && a.text.starts_with(&prefix) && a.text.ends_with(')');
        if nested && a.prec == PRIMARY {
            let name = self.support.need(Support::Clamp(word));
            let text = format!(
                "{name}({}, {})",
                &a.text[prefix.len()..a.text.len() - 1],
                b.text
            );
            return Ok(Expr::of(&[&a, &b], text, PRIMARY, ty).with_range(range));
        }
        let name = self.support.need(if is_min {
            Support::Min(word)
        } else {
            Support::Max(word)
        });
        let (ta, tb) = (a.to(ty), b.to(ty));
        Ok(Expr::of(
            &[&ta, &tb],
            format!("{name}({}, {})", ta.text, tb.text),
            PRIMARY,
            ty,
        )
        .with_range(range))
    }

    // ---- conversions ----

    /// An operand's value as a signed integer: a true `i1` is −1.
    fn sign_extended(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let v = m.operand(op, 0);
        let e = self.take_exact(op, v)?;
        if *m.type_data(m.value_type(v)) != TypeData::Integer(1) {
            return Ok(e);
        }
        let text = format!("-{}", e.at(PRIMARY));
        Ok(Expr::of(&[&e], text, UNARY, CType::Int).with_range(Range { lo: -1, hi: 0 }))
    }

    fn sign_extend(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        self.result_width(op)?;
        self.sign_extended(op)
    }

    fn zero_extend(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    fn truncate(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    fn index_cast(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let bits = self.result_width(op)?;
        let e = self.sign_extended(op)?;
        if e.range.fits(bits) && e.ty.promoted().bits() <= bits.max(16) {
            return Ok(e);
        }
        let narrow = e.cast(CType::signed(bits));
        Ok(narrow.with_range(e.range.clip(Range::full(bits))))
    }

    fn bitcast(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    fn extract(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    // ---- comparisons and choice ----

    fn compare_int(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let bits = self.width(op, m.value_type(m.operand(op, 0)))?;
        let predicate = arith::CmpIOp(op).predicate(m);
        let (a, b) = (
            self.take_exact(op, m.operand(op, 0))?,
            self.take_exact(op, m.operand(op, 1))?,
        );
        let (symbol, prec) = match predicate {
            0 => ("==", EQUALITY),
            1 => ("!=", EQUALITY),
            2 | 6 => ("<", RELATION),
            3 | 7 => ("<=", RELATION),
            4 | 8 => (">", RELATION),
            _ => (">=", RELATION),
        };
        let unsigned = predicate >= 6 && (a.range.lo < 0 || b.range.lo < 0);
        // A true i1 is -1 to the signed predicates.
        let (a, b) = if bits == 1 && (2..6).contains(&predicate) {
            (b, a)
        } else {
            (a, b)
        };
        let (ra, rb) = if unsigned {
            (a.range.zero_extended(bits), b.range.zero_extended(bits))
        } else {
            (a.range, b.range)
        };
        let same = (a.text == b.text).then(|| matches!(symbol, "==" | "<=" | ">="));
        if let Some(known) = same.or(decided(symbol, ra, rb)) {
            return Ok(literal::int(known.into()));
        }
        let zero_extended = |e: &Expr| match e.literal {
            Some(v) if bits < 32 => literal::int(v & ((1 << bits) - 1)),
            _ if bits < 32 => e.cast(CType::unsigned(bits)),
            _ => e.modular(bits),
        };
        let (a, b) = if unsigned {
            (zero_extended(&a), zero_extended(&b))
        } else {
            (a, b)
        };
        let text = format!("{} {symbol} {}", a.at(ADD), b.at(ADD));
        Ok(Expr::of(&[&a, &b], text, prec, CType::Int).with_range(Range::full(1)))
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

    fn compare_float(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let predicate = arith::CmpFOp(op).predicate(m);
        let twice = matches!(predicate, 6..=8 | 14);
        let (va, vb) = (m.operand(op, 0), m.operand(op, 1));
        let (a, b) = if twice {
            (self.take_atom(op, va)?, self.take_atom(op, vb)?)
        } else {
            (self.take_exact(op, va)?, self.take_exact(op, vb)?)
        };
        let (x, y) = (a.at(ADD), b.at(ADD));
        let (text, prec) = match predicate {
            0 => return Ok(literal::int(0)),
            15 => return Ok(literal::int(1)),
            1 => (format!("{x} == {y}"), EQUALITY),
            2 => (format!("{x} > {y}"), RELATION),
            3 => (format!("{x} >= {y}"), RELATION),
            4 => (format!("{x} < {y}"), RELATION),
            5 => (format!("{x} <= {y}"), RELATION),
            6 => (format!("({x} < {y}) || ({x} > {y})"), LOGIC),
            7 => (format!("({x} == {x}) && ({y} == {y})"), LOGIC),
            8 => (format!("!(({x} < {y}) || ({x} > {y}))"), LOGIC),
            9 => (format!("!({x} <= {y})"), LOGIC),
            10 => (format!("!({x} < {y})"), LOGIC),
            11 => (format!("!({x} >= {y})"), LOGIC),
            12 => (format!("!({x} > {y})"), LOGIC),
            13 => (format!("{x} != {y}"), EQUALITY),
            _ => (format!("({x} != {x}) || ({y} != {y})"), LOGIC),
        };
        Ok(Expr::of(&[&a, &b], text, prec, CType::Int).with_range(Range::full(1)))
    }

    fn select(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let ty = m.value_type(m.result(op, 0));
        self.value_ctype(op, ty)?;
        let c = self.take_exact(op, m.operand(op, 0))?;
        let (a, b) = (
            self.take_exact(op, m.operand(op, 1))?,
            self.take_exact(op, m.operand(op, 2))?,
        );
        if let Some(known) = c.literal {
            return Ok(if known != 0 { a } else { b });
        }
        let common = if a.ty == b.ty {
            a.ty
        } else {
            wider(a.ty.promoted(), b.ty.promoted())
        };
        let common = if common.is_float() || common.is_unsigned() {
            common
        } else {
            common.promoted()
        };
        let text = format!("{} ? {} : {}", c.at(EQUALITY), a.at(LOGIC), b.at(LOGIC));
        Ok(Expr::of(&[&c, &a, &b], text, TERNARY, common).with_range(a.range.union(b.range)))
    }
}

/// Sums and products of truth values, modulo 2.
fn truth_arithmetic(name: &str, a: &Expr, b: &Expr) -> Expr {
    let symbol = if name == "arith.muli" { "&" } else { "^" };
    let text = format!("{} {symbol} {}", a.at(UNARY), b.at(UNARY));
    Expr::of(&[a, b], text, BITS, CType::Int).with_range(Range::full(1))
}

/// Signed arithmetic without overflow, whose result is in `range`: an operand is widened where the operands' own types are narrower.
fn arithmetic(symbol: &'static str, prec: u8, a: &Expr, b: &Expr, range: Range) -> Expr {
    let own = wider(a.ty.promoted(), b.ty.promoted());
    let ty = [own, CType::I32, CType::I64]
        .into_iter()
        .find(|t| t.bits() >= own.bits() && range.fits(t.bits()))
        .unwrap_or(CType::I64);
    let (a, b) = if ty == own {
        (a.clone(), b.clone())
    } else if a.literal.is_some() {
        (a.clone(), b.cast(ty))
    } else {
        (a.cast(ty), b.clone())
    };
    if let (Some(v), "+" | "-") = (
        b.literal.filter(|&v| v < 0 && v > i64::from(i32::MIN)),
        symbol,
    ) {
        let flipped = if symbol == "+" { "-" } else { "+" };
        let text = format!("{} {flipped} {}", a.at(prec), literal::int(-v).text);
        return Expr::of(&[&a, &b], text, prec, ty).with_range(range);
    }
    let mut e = Expr::of(
        &[&a, &b],
        format!("{} {symbol} {}", a.at(prec), b.at(prec + 1)),
        prec,
        ty,
    )
    .with_range(range);
    e.compound = compound(symbol, &a, &b);
    e
}

/// `a op b` as a change of the variable `a`.
fn compound(op: &'static str, a: &Expr, b: &Expr) -> Option<Compound> {
    match a.reads[..] {
        [variable] if a.prec == PRIMARY && a.size == 0 && !a.loads => Some(Compound {
            variable,
            op,
            rest: b.text.clone(),
        }),
        _ => None,
    }
}

/// The type of arithmetic on two promoted types.
fn wider(a: CType, b: CType) -> CType {
    if a.bits() >= b.bits() { a } else { b }
}

/// Bits of the smallest signed type of at least 16 bits, and at most `bits`, that has the interval.
fn bits_of(range: Range, bits: u32) -> u32 {
    [8, 16, 32]
        .into_iter()
        .find(|&b| b < bits && range.fits(b))
        .unwrap_or(bits)
}

/// What a comparison of disjoint intervals yields.
fn decided(symbol: &str, a: Range, b: Range) -> Option<bool> {
    let (below, above) = (a.hi < b.lo, a.lo > b.hi);
    match symbol {
        "<" if below => Some(true),
        "<" if a.lo >= b.hi => Some(false),
        "<=" if a.hi <= b.lo => Some(true),
        "<=" if above => Some(false),
        ">" if above => Some(true),
        ">" if a.hi <= b.lo => Some(false),
        ">=" if a.lo >= b.hi => Some(true),
        ">=" if below => Some(false),
        "==" if below || above => Some(false),
        "!=" if below || above => Some(true),
        _ => None,
    }
}
