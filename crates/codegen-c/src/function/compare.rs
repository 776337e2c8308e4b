//! Comparisons, and the choice between two values.

use super::Printer;
use super::integer::wider;
use crate::ctype::CType;
use crate::expr::{ADD, EQUALITY, Expr, LOGIC, RELATION, TERNARY};
use crate::literal;
use crate::range::Range;
use ir::dialects::arith;
use ir::{Diagnostic, OpId};

impl Printer<'_> {
    pub(super) fn compare_int(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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
        let same = (a.text == b.text).then_some(matches!(symbol, "==" | "<=" | ">="));
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

    pub(super) fn compare_float(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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

    pub(super) fn select(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
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
