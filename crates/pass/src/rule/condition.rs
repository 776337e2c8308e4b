//! Side conditions of rules.

use super::fit::Fit;
use ir::Module;
use ir::dialects::nn;
use std::fmt;

/// A number that is computed from what a term's names stand for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expression {
    /// `5`
    Number(i64),
    /// `(item ?a 0)`: an element of a list of integers that an attribute is, or the integer that it is.
    Item(String, usize),
    /// `(dim ?x 1)`: an extent of a value or type; a negative position counts from the end.
    Dim(String, i64),
    /// `(rank ?x)`
    Rank(String),
    /// `(elements ?x)`: the product of all extents.
    Elements(String),
    /// `(zero-point ?x)`: of a value or type that is quantised as a whole.
    ZeroPoint(String),
    /// `(+ a b)`, `-`, `*`, `/` (towards zero), `%`.
    Arithmetic(char, Box<Expression>, Box<Expression>),
}

/// What has to hold. A condition that cannot be computed does not hold, and neither does its negation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// `(= a b)`, `!=`, `<`, `<=`, `>`, `>=`.
    Compare(&'static str, Expression, Expression),
    /// `(and …)`
    And(Vec<Condition>),
    /// `(or …)`
    Or(Vec<Condition>),
    /// `(not c)`
    Not(Box<Condition>),
    /// `(constant ?x)`: the value is known at compile time.
    Constant(String),
    /// `(int8 ?x)`: the elements are quantised int8.
    Int8(String),
    /// `(float ?x)`: the elements are float32.
    Float(String),
    /// `(same-type ?x ?y)`: shape, elements and quantisation are one.
    SameType(String, String),
}

/// The comparisons.
pub(super) const COMPARISONS: [&str; 6] = ["=", "!=", "<", "<=", ">", ">="];

impl Expression {
    fn compute(&self, m: &Module, fit: &Fit) -> Option<i64> {
        let shape = |name: &str| m.type_data(fit.ty(m, name)?).shape();
        match self {
            Expression::Number(n) => Some(*n),
            Expression::Item(name, i) => {
                let attribute = fit.attribute(name)?;
                match m.attr_i64s(attribute) {
                    Some(list) => list.get(*i).copied(),
                    None => m.attr_int(attribute).filter(|_| *i == 0),
                }
            }
            Expression::Dim(name, i) => {
                let shape = shape(name)?;
                let from_start = match *i < 0 {
                    true => i.checked_add(shape.len() as i64)?,
                    false => *i,
                };
                shape.get(usize::try_from(from_start).ok()?).copied()
            }
            Expression::Rank(name) => Some(shape(name)?.len() as i64),
            Expression::Elements(name) => i64::try_from(m.num_elements(fit.ty(m, name)?)?).ok(),
            Expression::ZeroPoint(name) => {
                let quant = m.quant_of(fit.ty(m, name)?)?;
                match quant.axis.is_none() {
                    true => quant.zero_points.first().copied(),
                    false => None,
                }
            }
            Expression::Arithmetic(op, a, b) => {
                let (a, b) = (a.compute(m, fit)?, b.compute(m, fit)?);
                match op {
                    '+' => a.checked_add(b),
                    '-' => a.checked_sub(b),
                    '*' => a.checked_mul(b),
                    '/' => a.checked_div(b),
                    _ => a.checked_rem(b),
                }
            }
        }
    }

    /// The names that it uses.
    pub(super) fn names<'e>(&'e self, all: &mut Vec<(&'e str, bool)>) {
        match self {
            Expression::Number(_) => {}
            Expression::Item(name, _) => all.push((name, true)),
            Expression::Dim(name, _)
            | Expression::Rank(name)
            | Expression::Elements(name)
            | Expression::ZeroPoint(name) => all.push((name, false)),
            Expression::Arithmetic(_, a, b) => {
                a.names(all);
                b.names(all);
            }
        }
    }
}

impl Condition {
    pub(super) fn holds(&self, m: &Module, fit: &Fit) -> bool {
        self.truth(m, fit) == Some(true)
    }

    fn truth(&self, m: &Module, fit: &Fit) -> Option<bool> {
        let element = |name: &str| Some(nn::element(m, fit.ty(m, name)?));
        Some(match self {
            Condition::Compare(op, a, b) => {
                let (a, b) = (a.compute(m, fit)?, b.compute(m, fit)?);
                match *op {
                    "=" => a == b,
                    "!=" => a != b,
                    "<" => a < b,
                    "<=" => a <= b,
                    ">" => a > b,
                    _ => a >= b,
                }
            }
            Condition::And(all) => {
                let truths = all.iter().map(|c| c.truth(m, fit));
                truths.collect::<Option<Vec<_>>>()?.iter().all(|&t| t)
            }
            Condition::Or(all) => {
                let truths = all.iter().map(|c| c.truth(m, fit));
                truths.collect::<Option<Vec<_>>>()?.iter().any(|&t| t)
            }
            Condition::Not(c) => !c.truth(m, fit)?,
            Condition::Constant(name) => m.constant_value(fit.value(name)?).is_some(),
            Condition::Int8(name) => element(name)? == nn::Element::QuantI8,
            Condition::Float(name) => element(name)? == nn::Element::F32,
            Condition::SameType(a, b) => fit.ty(m, a)? == fit.ty(m, b)?,
        })
    }

    /// The names that it uses, and whether each is an attribute's.
    pub(super) fn names<'c>(&'c self, all: &mut Vec<(&'c str, bool)>) {
        match self {
            Condition::Compare(_, a, b) => {
                a.names(all);
                b.names(all);
            }
            Condition::And(list) | Condition::Or(list) => list.iter().for_each(|c| c.names(all)),
            Condition::Not(c) => c.names(all),
            Condition::Constant(name) | Condition::Int8(name) | Condition::Float(name) => {
                all.push((name, false));
            }
            Condition::SameType(a, b) => all.extend([(a.as_str(), false), (b.as_str(), false)]),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Number(n) => write!(f, "{n}"),
            Expression::Item(name, i) => write!(f, "(item ?{name} {i})"),
            Expression::Dim(name, i) => write!(f, "(dim ?{name} {i})"),
            Expression::Rank(name) => write!(f, "(rank ?{name})"),
            Expression::Elements(name) => write!(f, "(elements ?{name})"),
            Expression::ZeroPoint(name) => write!(f, "(zero-point ?{name})"),
            Expression::Arithmetic(op, a, b) => write!(f, "({op} {a} {b})"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, name: &str, all: &[Condition]| {
            write!(f, "({name}")?;
            all.iter().try_for_each(|c| write!(f, " {c}"))?;
            f.write_str(")")
        };
        match self {
            Condition::Compare(op, a, b) => write!(f, "({op} {a} {b})"),
            Condition::And(all) => list(f, "and", all),
            Condition::Or(all) => list(f, "or", all),
            Condition::Not(c) => write!(f, "(not {c})"),
            Condition::Constant(name) => write!(f, "(constant ?{name})"),
            Condition::Int8(name) => write!(f, "(int8 ?{name})"),
            Condition::Float(name) => write!(f, "(float ?{name})"),
            Condition::SameType(a, b) => write!(f, "(same-type ?{a} ?{b})"),
        }
    }
}
