//! Ops of the e-graph that stand one behind the other.

use super::graph::Node;
use egg::Id;

/// An operand of an op that fits a term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operand {
    /// What the term calls by a name, or does not mention.
    Leaf(Id),
    /// An op of the term.
    Inner(Box<Matched>),
}

/// An op that fits a term, with the ops behind it that do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matched {
    /// The op.
    pub node: Node,
    /// Its operands, in order.
    pub operands: Vec<Operand>,
}

impl Matched {
    /// The ops, operands before those that use them.
    pub fn nodes(&self) -> Vec<&Node> {
        let mut all = Vec::new();
        for operand in &self.operands {
            if let Operand::Inner(inner) = operand {
                all.extend(inner.nodes());
            }
        }
        all.push(&self.node);
        all
    }
}
