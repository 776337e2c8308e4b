//! Where a term of a text stands in the e-graph.

use super::graph::{Graph, Node};
use egg::Id;
use ir::{Attr, AttrData, Type};
use pass::term::{OpTerm, Term, Value};
use std::collections::BTreeMap;

/// Places of one term at one op at most.
pub const MATCH_LIMIT: usize = 64;

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

/// What the names of a term stand for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Bindings {
    /// Values.
    pub values: BTreeMap<String, Id>,
    /// Attributes.
    pub attributes: BTreeMap<String, Attr>,
    /// Types.
    pub types: BTreeMap<String, Type>,
}

/// A place where a term fits.
pub type Place = (Matched, Bindings);

/// The places of a term whose outermost op is this one, at most [`MATCH_LIMIT`].
pub fn places(g: &mut Graph, term: &OpTerm, node: &Node) -> Vec<Place> {
    op(g, term, node, &Bindings::default())
}

fn op(g: &mut Graph, term: &OpTerm, node: &Node, bound: &Bindings) -> Vec<Place> {
    let count = node.operands.len();
    let enough = match term.open {
        true => term.operands.len() <= count,
        false => term.operands.len() == count,
    };
    if g.name(node) != term.name || !enough {
        return Vec::new();
    }
    let mut bound = bound.clone();
    if attributes(g, term, node, &mut bound).is_none() {
        return Vec::new();
    }
    if let Some(name) = &term.ty {
        let ty = g.ty(node.class);
        if *bound.types.entry(name.clone()).or_insert(ty) != ty {
            return Vec::new();
        }
    }
    let mut partial: Vec<(Vec<Operand>, Bindings)> = vec![(Vec::new(), bound)];
    for (i, &class) in node.operands.iter().enumerate() {
        let class = g.egraph.find(class);
        let mut next = Vec::new();
        for (before, bound) in partial {
            match term.operands.get(i) {
                None => next.push((with(&before, Operand::Leaf(class)), bound)),
                Some(Term::Variable(name)) => {
                    let mut bound = bound;
                    let known = *bound.values.entry(name.clone()).or_insert(class);
                    if g.egraph.find(known) == class {
                        next.push((with(&before, Operand::Leaf(class)), bound));
                    }
                }
                Some(Term::Op(inner)) => {
                    for node in g.nodes(class) {
                        for (matched, bound) in op(g, inner, &node, &bound) {
                            let operand = Operand::Inner(Box::new(matched));
                            next.push((with(&before, operand), bound));
                        }
                    }
                }
            }
        }
        next.truncate(MATCH_LIMIT);
        partial = next;
    }
    let place = |(operands, bound)| {
        let node = node.clone();
        (Matched { node, operands }, bound)
    };
    partial.into_iter().map(place).collect()
}

fn with(before: &[Operand], operand: Operand) -> Vec<Operand> {
    let mut all = before.to_vec();
    all.push(operand);
    all
}

/// Whether an op's attributes are those of the term; notes what names stand for.
fn attributes(g: &mut Graph, term: &OpTerm, node: &Node, bound: &mut Bindings) -> Option<()> {
    for (name, value) in &term.attributes {
        let found = g.prop(node, name)?;
        let fits = match value {
            Value::Variable(v) => *bound.attributes.entry(v.clone()).or_insert(found) == found,
            Value::Word(w) => g.module().attr_str(found) == Some(w),
            Value::Number(n) => g.module().attr_int(found) == Some(*n),
            Value::Numbers(list) => match g.module().attr_data(found) {
                AttrData::I64Array(found) => found[..] == list[..],
                _ => false,
            },
        };
        fits.then_some(())?;
    }
    Some(())
}
