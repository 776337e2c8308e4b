//! Terms as text: what a claim of an accelerator or the side of a rewrite rule looks like.
//!
//! ```text
//! term      := variable | "(" op attribute* term* ".."? ")" | "(" "as" variable term ")"
//! attribute := ":" name value
//! value     := variable | "word" | number | "[" number* "]"
//! variable  := "?" name
//! ```
//!
//! `(nn.max_pool_2d :kernel [2 2] (nn.conv_2d ?x ..))` is a pool of 2 × 2 of a convolution. A variable that is there twice stands for one and the same
//! value; `..` stands for operands of which nothing is said; attributes that are not named may be anything. `(as ?t …)` names the type of
//! a term. A comment goes from `;` to the end of the line.

mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub(crate) use lexer::Kind;
pub(crate) use parser::Parser;

use std::fmt;

/// A place in a text, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Column, in characters.
    pub column: usize,
}

/// A text that is not what it should be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}:{}: {message}", .at.line, .at.column)]
pub struct SyntaxError {
    /// Where.
    pub at: Position,
    /// What is wrong.
    pub message: String,
}

impl SyntaxError {
    pub(crate) fn new(at: Position, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            at,
            message: message.into(),
        }
    }
}

/// What an attribute is in a term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// Whatever it is, by a name.
    Variable(String),
    /// A string.
    Word(String),
    /// An integer.
    Number(i64),
    /// A list of integers.
    Numbers(Vec<i64>),
}

/// A term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Term {
    /// Whatever value, by a name.
    Variable(String),
    /// The result of an op.
    Op(OpTerm),
}

/// An op in a term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpTerm {
    /// Where it is in the text.
    pub at: Position,
    /// Its full name.
    pub name: String,
    /// Inherent attributes, in the text's order.
    pub attributes: Vec<(String, Value)>,
    /// Its operands, in order.
    pub operands: Vec<Term>,
    /// Whether more operands may follow.
    pub open: bool,
    /// What the type of its result is called.
    pub ty: Option<String>,
}

impl Term {
    /// Reads one.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Term, SyntaxError> {
        let mut parser = Parser::new(text)?;
        let term = parser.term()?;
        parser.end()?;
        Ok(term)
    }

    /// Reads all terms of a text, with their places.
    ///
    /// # Errors
    /// Where and why something is none.
    pub fn parse_all(text: &str) -> Result<Vec<(Position, Term)>, SyntaxError> {
        let mut parser = Parser::new(text)?;
        let mut terms = Vec::new();
        while !parser.is_at_end() {
            terms.push((parser.peek().at, parser.term()?));
        }
        Ok(terms)
    }

    /// The op at the top, if the term is no variable.
    pub fn root(&self) -> Option<&OpTerm> {
        match self {
            Term::Op(op) => Some(op),
            Term::Variable(_) => None,
        }
    }

    /// Calls `f` on every op, inner ones after outer ones.
    pub fn for_each_op<'t>(&'t self, f: &mut impl FnMut(&'t OpTerm)) {
        if let Term::Op(op) = self {
            f(op);
            op.operands.iter().for_each(|t| t.for_each_op(f));
        }
    }

    /// The variables that stand for values.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Term::Variable(v) => vec![v],
            Term::Op(op) => op.operands.iter().flat_map(Term::variables).collect(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Variable(v) => write!(f, "?{v}"),
            Value::Word(w) => write!(f, "{w:?}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::Numbers(list) => {
                let list: Vec<String> = list.iter().map(i64::to_string).collect();
                write!(f, "[{}]", list.join(" "))
            }
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Variable(v) => write!(f, "?{v}"),
            Term::Op(op) => op.fmt(f),
        }
    }
}

impl fmt::Display for OpTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ty) = &self.ty {
            write!(f, "(as ?{ty} ")?;
        }
        write!(f, "({}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " :{name} {value}")?;
        }
        for operand in &self.operands {
            write!(f, " {operand}")?;
        }
        if self.open {
            f.write_str(" ..")?;
        }
        f.write_str(if self.ty.is_some() { "))" } else { ")" })
    }
}
