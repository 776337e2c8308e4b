//! Rewrite rules of networks that third parties bring: as text, or a term and a function.
//!
//! ```text
//! file      := rule*
//! rule      := "(" "rule" name soundness? "(" "left" term ")" "(" "right" term ")" ( "(" "when" condition* ")" )? ")"
//! soundness := "exact" | "fast"
//! ```
//!
//! Terms are those of [`term`](crate::term), conditions those of [`Condition`]. What a rule says of its left side is meant of every place where it
//! fits: there, the right side computes the same. `rewrite-graph` takes whichever side is cheaper.

mod condition;
mod fit;
#[cfg(test)]
mod tests;
mod text;

pub use condition::{Condition, Expression};

use crate::term::{OpTerm, Position, SyntaxError, Term};
use fit::Fit;
use ir::rewrite::Pattern;
use ir::{Builder, DialectRegistryBuilder, Module, OpId, OpInfo};
use std::sync::Arc;

/// A rule.
#[derive(Clone)]
pub struct RewriteRule {
    name: String,
    equation: String,
    condition: String,
    is_fast: bool,
    left: Term,
    right: Right,
}

#[derive(Clone)]
enum Right {
    Term { term: Term, when: Vec<Condition> },
    Function(Arc<dyn Pattern>),
}

/// Whether a rule's side condition counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// It does.
    Holds,
    /// It does not: for tests that it is needed.
    Ignored,
}

impl RewriteRule {
    /// The rules of a text.
    ///
    /// # Errors
    /// Where and why it is no file of rules.
    pub fn parse(text: &str) -> Result<Vec<RewriteRule>, SyntaxError> {
        text::rules(text)
    }

    /// A rule whose right side a function makes: `pattern` is applied where `left` fits, to an op of a network that holds what fits and nothing
    /// else. Whether the side condition holds is the function's to see.
    ///
    /// # Errors
    /// If `left` is no term of an op.
    pub fn function(
        left: &str,
        pattern: impl Pattern + 'static,
    ) -> Result<RewriteRule, SyntaxError> {
        let left = Term::parse(left)?;
        if left.root().is_none() {
            let at = Position { line: 1, column: 1 };
            return Err(SyntaxError::new(at, "the left side is an op"));
        }
        Ok(RewriteRule {
            name: pattern.name().to_owned(),
            equation: pattern.equation().to_owned(),
            condition: "as the function says".to_owned(),
            is_fast: false,
            left,
            right: Right::Function(Arc::new(pattern)),
        })
    }

    /// Which rounds differently on its right side, so it is used only where the user allows that.
    pub fn fast(mut self) -> RewriteRule {
        self.is_fast = true;
        self
    }

    /// Its unique name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Both sides in one line.
    pub fn equation(&self) -> &str {
        &self.equation
    }

    /// When it holds, in words or as the text has it.
    pub fn condition(&self) -> &str {
        &self.condition
    }

    /// Whether the sides are equal up to rounding only.
    pub fn is_fast(&self) -> bool {
        self.is_fast
    }

    /// The left side; an op.
    pub fn left(&self) -> &Term {
        &self.left
    }

    /// Puts the right side in the place of `root` if the left one fits; new ops go before it. `None` if it does not fit, or the condition does
    /// not hold, or an op of the right side would not verify.
    pub fn apply(&self, m: &mut Module, root: OpId, when: When) -> Option<()> {
        let fit = Fit::of(m, self.left.root()?, root)?;
        match &self.right {
            Right::Function(pattern) => pattern.apply(m, root),
            Right::Term { term, when: all } => {
                let holds = when == When::Ignored || all.iter().all(|c| c.holds(m, &fit));
                holds.then_some(())?;
                let ty = m.op(root).result_type(0)?;
                let mut made = Vec::new();
                let value = fit.build(&mut Builder::before(m, root), term, ty, &mut made);
                let value = value.filter(|_| {
                    let sound = |&op: &OpId| ir::verify::verify_op(m, op).is_ok();
                    when == When::Ignored || made.iter().all(sound)
                });
                let Some(value) = value else {
                    made.into_iter().rev().for_each(|op| m.erase(op));
                    return None;
                };
                m.replace_op(root, &[value]);
                Some(())
            }
        }
    }

    /// Whether the ops of both sides are what the registry says.
    ///
    /// # Errors
    /// Where and why not.
    pub fn check(&self, dialects: &DialectRegistryBuilder) -> Result<(), SyntaxError> {
        let mut result = Ok(());
        let mut each = |op: &OpTerm, is_right: bool| {
            if result.is_ok() {
                result = check(op, dialects.declared(&op.name), is_right);
            }
        };
        self.left.for_each_op(&mut |op| each(op, false));
        if let Right::Term { term, .. } = &self.right {
            term.for_each_op(&mut |op| each(op, true));
        }
        result
    }
}

fn check(op: &OpTerm, info: Option<&OpInfo>, is_right: bool) -> Result<(), SyntaxError> {
    let wrong = |message: String| Err(SyntaxError::new(op.at, message));
    let Some(info) = info else {
        return wrong(format!("there is no op `{}`", op.name));
    };
    if info.results.len() != 1 || info.results[0].arity != ir::Arity::One || !info.traits.pure {
        return wrong(format!("`{}` is no pure op with one result", op.name));
    }
    for (name, _) in &op.attributes {
        if info.attrs.iter().all(|a| a.name != *name) {
            let known: Vec<&str> = info.attrs.iter().map(|a| &*a.name).collect();
            return wrong(format!(
                "`{}` has no attribute `{name}`; it has {}",
                op.name,
                known.join(", ")
            ));
        }
    }
    let missing = info
        .attrs
        .iter()
        .find(|a| a.required && op.attributes.iter().all(|(n, _)| *n != a.name));
    if let Some(missing) = missing.filter(|_| is_right) {
        return wrong(format!("`{}` wants `:{}`", op.name, missing.name));
    }
    let required = info.operands.iter().filter(|o| o.arity == ir::Arity::One);
    let most = info.operands.iter().all(|o| o.arity != ir::Arity::Many);
    let (least, most) = (required.count(), most.then_some(info.operands.len()));
    let n = op.operands.len();
    if (n < least && !op.open) || most.is_some_and(|most| n > most) {
        return wrong(format!("`{}` does not take {n} operands", op.name));
    }
    Ok(())
}

impl std::fmt::Debug for RewriteRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.equation)
    }
}
