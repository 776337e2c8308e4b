//! Rules from text.

use super::condition::{COMPARISONS, Condition, Expression};
use super::{RewriteRule, Right};
use crate::term::{Kind, Parser, Position, SyntaxError, Term, Value};
use std::collections::BTreeSet;

/// How deep conditions nest at most.
const MAX_DEPTH: usize = 32;

/// All rules of a text.
pub(super) fn rules(text: &str) -> Result<Vec<RewriteRule>, SyntaxError> {
    let mut p = Parser::new(text)?;
    let mut rules: Vec<RewriteRule> = Vec::new();
    while !p.is_at_end() {
        p.expect(&Kind::Open)?;
        keyword(&mut p, "rule")?;
        let (at, name) = p.word("the rule's name")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if !name.chars().all(plain) {
            let message = format!("`{name}` is no name for a rule: letters, digits, `.`, `_`, `-`");
            return Err(SyntaxError::new(at, message));
        }
        if rules.iter().any(|r| r.name == name) {
            return Err(SyntaxError::new(
                at,
                format!("there are two rules `{name}`"),
            ));
        }
        let rule = rule(&mut p, name)?;
        p.expect(&Kind::Close)?;
        rules.push(rule);
    }
    Ok(rules)
}

fn keyword(p: &mut Parser, wanted: &str) -> Result<Position, SyntaxError> {
    p.expect(&Kind::Word(wanted.to_owned()))
}

/// What follows a rule's name.
fn rule(p: &mut Parser, name: String) -> Result<RewriteRule, SyntaxError> {
    let is_fast = match &p.peek().kind {
        Kind::Word(w) if w == "fast" || w == "exact" => {
            let fast = w == "fast";
            p.take();
            fast
        }
        _ => false,
    };
    p.expect(&Kind::Open)?;
    let at = keyword(p, "left")?;
    let left = p.term()?;
    p.expect(&Kind::Close)?;
    if left.root().is_none() {
        return Err(SyntaxError::new(at, "the left side is an op"));
    }
    let known = Known::of(&left);
    p.expect(&Kind::Open)?;
    let at = keyword(p, "right")?;
    let right = p.term()?;
    p.expect(&Kind::Close)?;
    right_side(&right, &known, at)?;
    let mut when = Vec::new();
    if p.peek().kind == Kind::Open {
        p.take();
        keyword(p, "when")?;
        while p.peek().kind != Kind::Close {
            let at = p.peek().at;
            let c = condition(p, MAX_DEPTH)?;
            let mut names = Vec::new();
            c.names(&mut names);
            for (name, is_attribute) in names {
                known.check(name, is_attribute, at)?;
            }
            when.push(c);
        }
        p.take();
    }
    let texts: Vec<String> = when.iter().map(Condition::to_string).collect();
    Ok(RewriteRule {
        name,
        equation: format!("{left} = {right}"),
        condition: match texts.is_empty() {
            true => "always".to_owned(),
            false => texts.join(" "),
        },
        is_fast,
        left,
        right: Right::Term { term: right, when },
    })
}

/// The names of a left side.
struct Known {
    values: BTreeSet<String>,
    attributes: BTreeSet<String>,
    types: BTreeSet<String>,
}

impl Known {
    fn of(left: &Term) -> Known {
        let owned = |v: Vec<&str>| v.into_iter().map(str::to_owned).collect();
        let mut known = Known {
            values: owned(left.variables()),
            attributes: BTreeSet::new(),
            types: BTreeSet::new(),
        };
        left.for_each_op(&mut |op| {
            known.types.extend(op.ty.clone());
            for (_, value) in &op.attributes {
                if let Value::Variable(v) = value {
                    known.attributes.insert(v.clone());
                }
            }
        });
        known
    }

    /// An attribute's name, or a value's or type's.
    fn check(&self, name: &str, is_attribute: bool, at: Position) -> Result<(), SyntaxError> {
        let (found, what) = match is_attribute {
            true => (self.attributes.contains(name), "attribute"),
            false => (
                self.values.contains(name) || self.types.contains(name),
                "value or type",
            ),
        };
        match found {
            true => Ok(()),
            false => Err(SyntaxError::new(
                at,
                format!("the left side calls no {what} `?{name}`"),
            )),
        }
    }
}

/// Whether a right side can be built.
fn right_side(right: &Term, known: &Known, at: Position) -> Result<(), SyntaxError> {
    for v in right.variables() {
        if !known.values.contains(v) {
            let message = format!("the left side calls no value `?{v}`");
            return Err(SyntaxError::new(at, message));
        }
    }
    let mut result = Ok(());
    right.for_each_op(&mut |op| {
        if result.is_err() {
            return;
        }
        let is_root = right.root().is_some_and(|r| std::ptr::eq(r, op));
        if op.open {
            result = Err(SyntaxError::new(
                op.at,
                "a right side has all of its operands",
            ));
        } else if is_root && op.ty.is_some() {
            let message = "the right side has the type of the left one";
            result = Err(SyntaxError::new(op.at, message));
        } else if let Some(ty) = &op.ty {
            result = known.check(ty, false, op.at);
        } else if !is_root {
            let message = format!(
                "the type of `{}` has to be said: (as ?t ({} …))",
                op.name, op.name
            );
            result = Err(SyntaxError::new(op.at, message));
        }
        for (_, value) in &op.attributes {
            if let (Value::Variable(v), Ok(())) = (value, &result) {
                result = known.check(v, true, op.at);
            }
        }
    });
    result
}

fn condition(p: &mut Parser, depth: usize) -> Result<Condition, SyntaxError> {
    deeper(p, depth)?;
    p.expect(&Kind::Open)?;
    let (at, name) = p.word("a condition, as `and`, `=`, `constant`")?;
    let found = match &*name {
        "and" | "or" => {
            let mut all = Vec::new();
            while p.peek().kind != Kind::Close {
                all.push(condition(p, depth - 1)?);
            }
            match name == "and" {
                true => Condition::And(all),
                false => Condition::Or(all),
            }
        }
        "not" => Condition::Not(Box::new(condition(p, depth - 1)?)),
        "constant" => Condition::Constant(p.variable()?),
        "int8" => Condition::Int8(p.variable()?),
        "float" => Condition::Float(p.variable()?),
        "same-type" => Condition::SameType(p.variable()?, p.variable()?),
        _ => match COMPARISONS.into_iter().find(|c| *c == name) {
            Some(op) => {
                let left = expression(p, depth - 1)?;
                Condition::Compare(op, left, expression(p, depth - 1)?)
            }
            None => {
                let message = format!(
                    "`{name}` is no condition: and, or, not, constant, int8, float, same-type, {}",
                    COMPARISONS.join(", ")
                );
                return Err(SyntaxError::new(at, message));
            }
        },
    };
    p.expect(&Kind::Close)?;
    Ok(found)
}

fn expression(p: &mut Parser, depth: usize) -> Result<Expression, SyntaxError> {
    deeper(p, depth)?;
    if let Kind::Number(n) = p.peek().kind {
        p.take();
        return Ok(Expression::Number(n));
    }
    if p.peek().kind != Kind::Open {
        return Err(p.wrong("a number, as `4` or `(dim ?x 0)`"));
    }
    p.take();
    let (at, name) = p.word("`item`, `dim`, `rank`, `elements`, `zero-point` or an operator")?;
    let found = match &*name {
        "item" => {
            let name = p.variable()?;
            let at = p.peek().at;
            let index = usize::try_from(number(p)?);
            let index = index.map_err(|_| SyntaxError::new(at, "a position is not negative"))?;
            Expression::Item(name, index)
        }
        "dim" => Expression::Dim(p.variable()?, number(p)?),
        "rank" => Expression::Rank(p.variable()?),
        "elements" => Expression::Elements(p.variable()?),
        "zero-point" => Expression::ZeroPoint(p.variable()?),
        "+" | "-" | "*" | "/" | "%" => {
            let left = Box::new(expression(p, depth - 1)?);
            let op = name.chars().next().unwrap_or('+');
            Expression::Arithmetic(op, left, Box::new(expression(p, depth - 1)?))
        }
        _ => {
            let message = format!(
                "`{name}` is no number: item, dim, rank, elements, zero-point, +, -, *, /, %"
            );
            return Err(SyntaxError::new(at, message));
        }
    };
    p.expect(&Kind::Close)?;
    Ok(found)
}

fn number(p: &mut Parser) -> Result<i64, SyntaxError> {
    match p.peek().kind {
        Kind::Number(n) => {
            p.take();
            Ok(n)
        }
        _ => Err(p.wrong("a number")),
    }
}

fn deeper(p: &Parser, depth: usize) -> Result<(), SyntaxError> {
    match depth {
        0 => Err(SyntaxError::new(
            p.peek().at,
            "conditions are nested too deep",
        )),
        _ => Ok(()),
    }
}
