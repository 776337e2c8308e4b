//! Subscripts as sums of variables times constants: one canonical, short text for each address.

use crate::ctype::CType;
use crate::expr::{ADD, Expr, MUL, PRIMARY, UNARY};
use crate::literal;
use crate::range::Range;

/// `Σ coefficient · name + constant`, of type `index`.
#[derive(Clone, Debug)]
pub(crate) struct Affine {
    terms: Vec<(i64, Expr)>,
    constant: i64,
}

impl Affine {
    pub(crate) fn constant(value: i64) -> Affine {
        Affine {
            terms: Vec::new(),
            constant: value,
        }
    }

    /// A name of a variable or value.
    pub(crate) fn name(name: Expr) -> Affine {
        Affine {
            terms: vec![(1, name)],
            constant: 0,
        }
    }

    /// The constant, if there is no variable.
    pub(crate) fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// How many variables.
    pub(crate) fn len(&self) -> usize {
        self.terms.len()
    }

    /// The sum with `other · factor`; none where a coefficient would exceed 32 bits.
    pub(crate) fn plus(&self, other: &Affine, factor: i64) -> Option<Affine> {
        let small = |v: i64| i32::try_from(v).is_ok().then_some(v);
        let mut sum = self.clone();
        for (c, name) in &other.terms {
            let c = small(c.checked_mul(factor)?)?;
            match sum.terms.iter_mut().find(|t| t.1.text == name.text) {
                Some(t) => t.0 = small(t.0 + c)?,
                None => sum.terms.push((c, name.clone())),
            }
        }
        sum.constant = small(
            sum.constant
                .checked_add(other.constant.checked_mul(factor)?)?,
        )?;
        Some(sum)
    }

    /// Largest coefficient first, equal ones in one parenthesis, the constant last: `(y + ky) * 64 + x * 4 - 68`.
    pub(crate) fn expr(&self) -> Expr {
        if self.terms.is_empty() {
            return literal::int(self.constant);
        }
        let mut order: Vec<usize> = (0..self.terms.len()).collect();
        order
            .sort_by_key(|&i| std::cmp::Reverse((self.terms[i].0.unsigned_abs(), self.terms[i].0)));
        let mut text = String::new();
        let mut at = 0;
        while at < order.len() {
            let c = self.terms[order[at]].0;
            let group: Vec<&str> = order[at..]
                .iter()
                .take_while(|&&i| self.terms[i].0 == c)
                .map(|&i| self.terms[i].1.text.as_str())
                .collect();
            at += group.len();
            let magnitude = c.unsigned_abs();
            let sum = if group.len() > 1 && (magnitude != 1 || (c < 0 && !text.is_empty())) {
                format!("({})", group.join(" + "))
            } else {
                group.join(if c == -1 { " - " } else { " + " })
            };
            let term = if magnitude == 1 {
                sum
            } else {
                format!("{sum} * {magnitude}")
            };
            match (text.is_empty(), c < 0) {
                (true, false) => text = term,
                (true, true) => text = format!("-{term}"),
                (false, false) => text = format!("{text} + {term}"),
                (false, true) => text = format!("{text} - {term}"),
            }
        }
        if self.constant != 0 {
            let sign = if self.constant < 0 { '-' } else { '+' };
            text = format!("{text} {sign} {}", self.constant.unsigned_abs());
        }
        let names: Vec<&Expr> = self.terms.iter().map(|t| &t.1).collect();
        let prec = match (&self.terms[..], self.constant) {
            ([(1, _)], 0) => PRIMARY,
            ([(c, _)], 0) if *c < 0 => UNARY,
            ([_], 0) => MUL,
            _ => ADD,
        };
        let mut e = Expr::of(&names, text, prec, CType::I32);
        e.size = names.len() as u32;
        e.range = self.range();
        e
    }

    fn range(&self) -> Range {
        let sum = self
            .terms
            .iter()
            .fold(Range::of(self.constant), |r, (c, name)| {
                r.add(name.range.mul(Range::of(*c)))
            });
        sum.clip(Range::full(32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Affine {
        Affine::name(Expr::name(text, CType::I32))
    }

    #[test]
    fn texts() {
        let zero = Affine::constant(0);
        let a = zero
            .plus(&name("y"), 64)
            .and_then(|a| a.plus(&name("ky"), 64))
            .unwrap();
        let a = a
            .plus(&name("c"), 1)
            .unwrap()
            .plus(&Affine::constant(-17), 4)
            .unwrap();
        assert_eq!(a.expr().text, "(y + ky) * 64 + c - 68");
        assert_eq!(zero.plus(&name("x"), -1).unwrap().expr().text, "-x");
        assert_eq!(
            name("a").plus(&name("b"), -2).unwrap().expr().text,
            "-b * 2 + a"
        );
        assert_eq!(name("a").plus(&name("b"), -1).unwrap().expr().text, "a - b");
        assert_eq!(
            zero.plus(&name("a"), -1)
                .unwrap()
                .plus(&name("b"), -1)
                .unwrap()
                .expr()
                .text,
            "-a - b"
        );
        let c = name("p")
            .plus(&name("a"), -1)
            .unwrap()
            .plus(&name("b"), -1)
            .unwrap();
        assert_eq!(c.expr().text, "p - (a + b)");
        assert_eq!(Affine::constant(-3).expr().text, "-3");
        assert!(name("x").plus(&name("x"), i64::from(i32::MAX)).is_none());
    }
}
