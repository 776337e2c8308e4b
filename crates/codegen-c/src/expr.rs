//! C expressions: text, precedence, C type, and the interval of the value.
//!
//! An integer expression of a signed type has exactly the IR value's value, whatever its C type; one of an unsigned type is
//! congruent to it modulo 2^bits. What uses an expression converts it as it needs.

use crate::ctype::CType;
use crate::literal;
use crate::range::Range;

/// Precedence levels of C, higher binds tighter.
pub(crate) const PRIMARY: u8 = 16;
/// Unary operators and casts.
pub(crate) const UNARY: u8 = 14;
/// `* / %`
pub(crate) const MUL: u8 = 13;
/// `+ -`
pub(crate) const ADD: u8 = 12;
/// `<< >>`
pub(crate) const SHIFT: u8 = 11;
/// `< <= > >=`
pub(crate) const RELATION: u8 = 10;
/// `== !=`
pub(crate) const EQUALITY: u8 = 9;
/// `& ^ |`, kept apart by parentheses.
pub(crate) const BITS: u8 = 8;
/// `&& ||`, kept apart by parentheses.
pub(crate) const LOGIC: u8 = 5;
/// `?:`
pub(crate) const TERNARY: u8 = 3;

/// `variable op= rest`
#[derive(Clone, Debug)]
pub(crate) struct Compound {
    pub variable: u32,
    pub op: &'static str,
    pub rest: String,
}

/// An expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub text: String,
    pub prec: u8,
    pub ty: CType,
    /// Interval of an integer's value.
    pub range: Range,
    /// The value, if the expression is an integer constant.
    pub literal: Option<i64>,
    /// Variables that loops change, read here.
    pub reads: Vec<u32>,
    /// Whether memory is read.
    pub loads: bool,
    /// Operators in the text.
    pub size: u32,
    /// The expression as a change of the variable that it starts with.
    pub compound: Option<Compound>,
}

impl Expr {
    /// Of the type's full range.
    pub(crate) fn new(text: impl Into<String>, prec: u8, ty: CType) -> Expr {
        let range = Range::full(ty.bits().min(64));
        Expr {
            text: text.into(),
            prec,
            ty,
            range,
            literal: None,
            reads: Vec::new(),
            loads: false,
            size: 0,
            compound: None,
        }
    }

    /// A name.
    pub(crate) fn name(text: impl Into<String>, ty: CType) -> Expr {
        Expr::new(text, PRIMARY, ty)
    }

    /// With another interval.
    pub(crate) fn with_range(mut self, range: Range) -> Expr {
        self.range = range;
        self
    }

    /// A new expression that reads what `parts` read.
    pub(crate) fn of(parts: &[&Expr], text: String, prec: u8, ty: CType) -> Expr {
        let mut e = Expr::new(text, prec, ty);
        e.size = 1;
        for p in parts {
            e.size += p.size;
            e.loads |= p.loads;
            for r in &p.reads {
                if !e.reads.contains(r) {
                    e.reads.push(*r);
                }
            }
        }
        e
    }

    /// The text, in parentheses where it binds less than `prec`.
    pub(crate) fn at(&self, prec: u8) -> String {
        if self.prec >= prec {
            self.text.clone()
        } else {
            format!("({})", self.text)
        }
    }

    /// A cast.
    pub(crate) fn cast(&self, ty: CType) -> Expr {
        let text = format!("({}){}", ty.name(), self.at(UNARY));
        let mut e = Expr::of(&[self], text, UNARY, ty);
        e.size -= 1;
        e.range = self.range;
        e
    }

    /// The exact value, of a signed type of `bits`, where this is only congruent to it.
    pub(crate) fn exact(&self, bits: u32) -> Expr {
        if self.ty.is_unsigned() {
            self.cast(CType::signed(bits)).with_range(self.range)
        } else {
            self.clone()
        }
    }

    /// Congruent to the value modulo 2^bits, of the unsigned type of `bits` (32 or 64).
    pub(crate) fn modular(&self, bits: u32) -> Expr {
        let want = CType::unsigned(bits);
        if self.ty == want {
            return self.clone();
        }
        if let Some(v) = self.literal.filter(|&v| v >= 0) {
            let mut e = Expr::new(literal::unsigned(v as u64, bits), PRIMARY, want);
            (e.range, e.literal) = (self.range, self.literal);
            return e;
        }
        self.cast(want)
    }

    /// For an assignment to, or a parameter of, a type: cast where the conversion narrows.
    pub(crate) fn to(&self, ty: CType) -> Expr {
        let same_kind = ty.is_float() == self.ty.is_float();
        let narrows = ty.bits() < self.ty.bits() || (self.ty == CType::Int && ty.bits() < 16);
        let unsigned = ty.is_unsigned() != self.ty.is_unsigned();
        if ty == self.ty || (same_kind && !unsigned && (self.literal.is_some() || !narrows)) {
            return self.clone();
        }
        self.cast(ty)
    }

    /// At least as wide as `ty`, so that arithmetic with it has that width.
    pub(crate) fn widened(&self, ty: CType) -> Expr {
        if self.ty.promoted().bits() >= ty.bits() && !(self.ty == CType::Int && ty.bits() > 16) {
            self.clone()
        } else {
            self.cast(ty)
        }
    }
}
