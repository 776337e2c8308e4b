//! What a rewrite rule is.

use super::graph::{Graph, Node};
use egg::Id;

/// What a rule promises of its two sides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Soundness {
    /// The same bits, but for the payload of a NaN.
    Exact,
    /// Equal up to rounding. Such a rule is used only where the user allows it.
    Fast,
}

impl Soundness {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Soundness::Exact => "exact",
            Soundness::Fast => "fast",
        }
    }
}

/// An instance of a rule's left side: an op, and the op that computes one of its operands if the rule looks that far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// The op whose result is rewritten.
    pub root: Node,
    /// The op behind operand 0.
    pub inner: Option<Node>,
}

impl Match {
    /// The op behind operand 0 of a rule that looks at one.
    pub fn inner(&self) -> &Node {
        self.inner
            .as_ref()
            .expect("invariant: the rule has an inner op")
    }
}

/// Whether a rule's equation holds for an instance.
pub type Condition = fn(&mut Graph, &Match) -> bool;
/// Adds the right side; `None` if there is none.
pub type Build = fn(&mut Graph, &Match) -> Option<Id>;

/// A rewrite rule: an equation from left to right, with a side condition.
///
/// The right side is never worse than the left side by itself, or leads to one that is better; bare commutativity or associativity is no
/// rule. The right side has the type of the left side.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Unique name in kebab-case.
    pub name: &'static str,
    /// What it belongs to; the name of its file.
    pub family: &'static str,
    /// Both sides in one line.
    pub equation: &'static str,
    /// When it holds, in words.
    pub condition: &'static str,
    /// What it promises.
    pub soundness: Soundness,
    /// Names of the ops whose result it rewrites.
    pub roots: &'static [&'static str],
    /// Names of the ops behind operand 0; none if it looks at the root alone.
    pub inner: &'static [&'static str],
    /// The side condition.
    pub when: Condition,
    /// The right side.
    pub build: Build,
}
