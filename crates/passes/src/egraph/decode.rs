//! From chosen terms back to ops.

use super::encode::{Encoded, Item};
use super::extract::{Choice, Choices};
use super::graph::{Graph, Origin};
use super::term::Term;
use egg::{Id, Language};
use ir::dialects::nn;
use ir::{Attr, Loc, LocData, Module, OpId, OpState, ValueDef, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// A new op, and where it comes from.
#[derive(Clone, Debug)]
pub struct NewOp {
    /// The op.
    pub op: OpId,
    /// What led to it.
    pub origin: Origin,
}

/// The module with the chosen terms in place of what was encoded, and the ops that rules made. Terms take the places of the ops that they
/// stand for, or stand before the first op that needs them. `None` if a choice needs what is not there yet at its place.
pub fn decode(g: &mut Graph, encoded: &Encoded, choices: &Choices) -> Option<(Module, Vec<NewOp>)> {
    let mut computed = FxHashMap::default();
    let mut places: BTreeMap<usize, Vec<Id>> = BTreeMap::new();
    for (&class, choice) in choices {
        match choice {
            Choice::Computed => {
                computed.insert(class, g.value(class)?);
            }
            Choice::Term(t @ (Term::Op { .. } | Term::Constant(_))) => {
                let position = g.origin(t).position;
                places.entry(position).or_default().push(class);
            }
            Choice::Term(_) => {}
        }
    }
    let mut d = Decoding {
        m: g.module().clone(),
        g,
        choices,
        computed,
        values: FxHashMap::default(),
        waiting: encoded
            .items
            .iter()
            .filter_map(|i| match i {
                Item::Outside(op) => Some(*op),
                Item::Inside(..) => None,
            })
            .collect(),
        new: Vec::new(),
    };
    for (position, item) in encoded.items.iter().enumerate() {
        match *item {
            Item::Inside(op, _) => {
                for &class in places.get(&position).into_iter().flatten() {
                    d.emit(class, op)?;
                }
            }
            Item::Outside(op) => {
                d.outside(encoded, op)?;
                d.waiting.remove(&op);
            }
        }
    }
    let (mut m, new) = (d.m, d.new);
    for item in encoded.items.iter().rev() {
        if let Item::Inside(op, _) = *item {
            m.erase(op);
        }
    }
    Some((m, new))
}

struct Decoding<'a> {
    g: &'a Graph,
    m: Module,
    choices: &'a Choices,
    computed: FxHashMap<Id, Attr>,
    /// The results of the ops made so far, by class.
    values: FxHashMap<Id, Vec<ValueId>>,
    /// Ops outside that come later.
    waiting: FxHashSet<OpId>,
    new: Vec<NewOp>,
}

impl Decoding<'_> {
    /// Gives an op that stays what its operands are now.
    fn outside(&mut self, encoded: &Encoded, op: OpId) -> Option<()> {
        let operands: Vec<ValueId> = self.m.operands(op).collect();
        for (i, v) in operands.into_iter().enumerate() {
            let Some(&class) = encoded.classes.get(&v) else {
                continue;
            };
            let class = self.g.egraph.find(class);
            self.emit(class, op)?;
            let value = self.values[&class][0];
            if value != v {
                self.m.set_operand(op, i, value);
            }
        }
        Some(())
    }

    /// Makes a class and all that it needs, before an op.
    fn emit(&mut self, class: Id, before: OpId) -> Option<()> {
        let mut next = vec![class];
        while let Some(&class) = next.last() {
            if self.values.contains_key(&class) {
                next.pop();
                continue;
            }
            let choice = self.choices.get(&class)?;
            let children: Vec<Id> = match choice {
                Choice::Term(t) => t
                    .children()
                    .iter()
                    .map(|&c| self.g.egraph.find(c))
                    .collect(),
                Choice::Computed => Vec::new(),
            };
            let missing = children.iter().rev();
            let missing: Vec<Id> = missing
                .copied()
                .filter(|c| !self.values.contains_key(c))
                .collect();
            if missing.is_empty() {
                let values = self.make(class, choice, &children, before)?;
                self.values.insert(class, values);
                next.pop();
            } else if next.len() > self.choices.len() {
                return None;
            } else {
                next.extend(missing);
            }
        }
        Some(())
    }

    fn make(
        &mut self,
        class: Id,
        choice: &Choice,
        children: &[Id],
        before: OpId,
    ) -> Option<Vec<ValueId>> {
        let mut region = None;
        let (state, origin) = match choice {
            Choice::Term(Term::Outside(i)) => {
                let v = self.g.egraph.analysis.outside(*i);
                let later = match self.m.value_def(v) {
                    ValueDef::Result(op, _) => self.waiting.contains(&op),
                    ValueDef::Argument(..) => false,
                };
                return (!later).then(|| vec![v]);
            }
            Choice::Term(Term::Part { index, .. }) => {
                return Some(vec![self.values[&children[0]][*index as usize]]);
            }
            Choice::Term(t @ Term::Constant(i)) => {
                let (_, value) = self.g.egraph.analysis.constant(*i);
                (self.constant(class, value), self.g.origin(t))
            }
            Choice::Term(t @ Term::Op { operator, .. }) => {
                let operands: Vec<ValueId> = children.iter().map(|c| self.values[c][0]).collect();
                let (state, inside) = self.g.state(*operator);
                region = inside;
                (state.operands(&operands), self.g.origin(t))
            }
            Choice::Computed => {
                let value = self.computed[&class];
                let from = self.g.nodes(class).first().map(|n| n.term());
                let origin = from.map(|t| self.g.origin(&t)).unwrap_or_default();
                (self.constant(class, value), origin)
            }
        };
        let loc = self.loc(&origin);
        let op = self.m.create(state.loc(loc));
        if let Some(region) = region {
            region.fill(&mut self.m, op);
        }
        self.m.insert_before(before, op);
        if !origin.rules.is_empty() {
            self.new.push(NewOp { op, origin });
        }
        Some(self.m.results(op).to_vec())
    }

    fn constant(&self, class: Id, value: Attr) -> OpState {
        let state = OpState::new(nn::ConstantOp::NAME).prop("value", value);
        state.results(&[self.g.ty(class)])
    }

    fn loc(&mut self, origin: &Origin) -> Loc {
        match origin.locs[..] {
            [one] => one,
            _ => self.m.loc(LocData::Fused {
                tag: None,
                parts: origin.locs.clone(),
            }),
        }
    }
}
