//! Integer arithmetic: wrapping through unsigned types unless it is proven that nothing overflows.

use super::Printer;
use crate::ctype::CType;
use crate::expr::{ADD, BITS, Compound, Expr, MUL, PRIMARY, SHIFT, UNARY};
use crate::literal;
use crate::range::Range;
use crate::support::Support;
use ir::dialects::arith;
use ir::{Diagnostic, OpId};

impl Printer<'_> {
    pub(super) fn result_width(&self, op: OpId) -> Result<u32, Diagnostic> {
        self.width(op, self.m().value_type(self.m().result(op, 0)))
    }

    pub(super) fn is_index_op(&self, op: OpId) -> bool {
        self.is_index(self.m().result(op, 0))
    }

    pub(super) fn int_arithmetic(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn shift_left(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn shift_right(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn shift_right_logical(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn division(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn bitwise(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn min_max(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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
pub(super) fn compound(op: &'static str, a: &Expr, b: &Expr) -> Option<Compound> {
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
pub(super) fn wider(a: CType, b: CType) -> CType {
    if a.bits() >= b.bits() { a } else { b }
}

/// Bits of the smallest signed type of at least 16 bits, and at most `bits`, that has the interval.
fn bits_of(range: Range, bits: u32) -> u32 {
    [8, 16, 32]
        .into_iter()
        .find(|&b| b < bits && range.fits(b))
        .unwrap_or(bits)
}
