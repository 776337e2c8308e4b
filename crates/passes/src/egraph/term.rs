//! E-nodes: what one op, constant or outside value is in the e-graph.

use egg::{Id, Language};
use ir::{Attr, Str, Type};
use smallvec::SmallVec;

/// An op without its operands: name, inherent attributes and result types. Equal ones are one, so a term compares by a number.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Operator {
    /// The op's full name.
    pub name: Str,
    /// Inherent attributes, sorted by name.
    pub props: Vec<(Str, Attr)>,
    /// Types of the results. They are no consequence of the operands: a convolution's output scale is its own.
    pub results: SmallVec<[Type; 1]>,
}

/// An e-node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Term {
    /// A value from outside: an argument, or the result of an op that is not in the e-graph.
    Outside(u32),
    /// A constant of the table of constants; its elements are never in the e-graph.
    Constant(u32),
    /// An op of the table of operators, on its operands. With several results, its class stands for all of them together.
    Op {
        /// Which operator.
        operator: u32,
        /// The operands' classes.
        operands: SmallVec<[Id; 3]>,
    },
    /// One result of an op that has several.
    Part {
        /// Which result.
        index: u32,
        /// The op's class.
        of: [Id; 1],
    },
}

impl Language for Term {
    /// Kind and table index: terms that differ in their children only agree.
    type Discriminant = (u8, u32);

    fn discriminant(&self) -> (u8, u32) {
        match self {
            Term::Outside(i) => (0, *i),
            Term::Constant(i) => (1, *i),
            Term::Op { operator, .. } => (2, *operator),
            Term::Part { index, .. } => (3, *index),
        }
    }

    fn matches(&self, other: &Term) -> bool {
        self.discriminant() == other.discriminant()
            && self.children().len() == other.children().len()
    }

    fn children(&self) -> &[Id] {
        match self {
            Term::Outside(_) | Term::Constant(_) => &[],
            Term::Op { operands, .. } => operands,
            Term::Part { of, .. } => of,
        }
    }

    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            Term::Outside(_) | Term::Constant(_) => &mut [],
            Term::Op { operands, .. } => operands,
            Term::Part { of, .. } => of,
        }
    }
}
