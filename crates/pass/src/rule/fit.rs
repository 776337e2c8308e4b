//! Where a term fits in a module, and building one.

use crate::term::{OpTerm, Term, Value};
use ir::{Attr, AttrData, Builder, Module, OpId, OpState, Type, ValueId};
use std::collections::BTreeMap;

/// What the names of a term stand for at one place.
#[derive(Clone, Default, Debug)]
pub(super) struct Fit {
    values: BTreeMap<String, ValueId>,
    attributes: BTreeMap<String, Attr>,
    types: BTreeMap<String, Type>,
}

impl Fit {
    /// At an op, if the term fits there.
    pub fn of(m: &Module, term: &OpTerm, op: OpId) -> Option<Fit> {
        let mut fit = Fit::default();
        fit.op(m, term, op).then_some(fit)
    }

    fn op(&mut self, m: &Module, term: &OpTerm, op: OpId) -> bool {
        let count = m.operands(op).len();
        let enough = match term.open {
            true => term.operands.len() <= count,
            false => term.operands.len() == count,
        };
        if m.op_name(op) != term.name || !enough || m.results(op).len() != 1 {
            return false;
        }
        for (name, value) in &term.attributes {
            let Some(found) = m.prop(op, name) else {
                return false;
            };
            let fits = match value {
                Value::Variable(v) => *self.attributes.entry(v.clone()).or_insert(found) == found,
                Value::Word(w) => m.attr_str(found) == Some(w),
                Value::Number(n) => m.attr_int(found) == Some(*n),
                Value::Numbers(list) => m.attr_i64s(found).is_some_and(|f| f[..] == list[..]),
            };
            if !fits {
                return false;
            }
        }
        if let Some(name) = &term.ty {
            let ty = m.value_type(m.result(op, 0));
            if *self.types.entry(name.clone()).or_insert(ty) != ty {
                return false;
            }
        }
        let operands: Vec<ValueId> = m.operands(op).collect();
        term.operands.iter().zip(operands).all(|(t, v)| match t {
            Term::Variable(name) => *self.values.entry(name.clone()).or_insert(v) == v,
            Term::Op(inner) => m.defining_op(v).is_some_and(|op| self.op(m, inner, op)),
        })
    }

    /// What a name of a value stands for.
    pub fn value(&self, name: &str) -> Option<ValueId> {
        self.values.get(name).copied()
    }

    /// What a name of an attribute stands for.
    pub fn attribute(&self, name: &str) -> Option<Attr> {
        self.attributes.get(name).copied()
    }

    /// The type of a name: one that `as` gave, or that of a value.
    pub fn ty(&self, m: &Module, name: &str) -> Option<Type> {
        let known = self.types.get(name).copied();
        known.or_else(|| self.value(name).map(|v| m.value_type(v)))
    }

    /// Builds a term whose value has a type; `made` gets every op. `None` if a name stands for nothing.
    pub fn build(
        &self,
        b: &mut Builder<'_>,
        term: &Term,
        ty: Type,
        made: &mut Vec<OpId>,
    ) -> Option<ValueId> {
        let op = match term {
            Term::Variable(name) => {
                let value = self.value(name)?;
                return (b.m.value_type(value) == ty).then_some(value);
            }
            Term::Op(op) => op,
        };
        let mut operands = Vec::new();
        for operand in &op.operands {
            operands.push(match operand {
                Term::Variable(name) => self.value(name)?,
                Term::Op(inner) => {
                    let ty = self.ty(b.m, inner.ty.as_ref()?)?;
                    self.build(b, operand, ty, made)?
                }
            });
        }
        let mut state = OpState::new(&op.name).operands(&operands).results(&[ty]);
        for (name, value) in &op.attributes {
            let m = &mut *b.m;
            let value = match value {
                Value::Variable(v) => self.attribute(v)?,
                Value::Word(w) => m.str_attr(w),
                Value::Number(n) => m.i64_attr(*n),
                Value::Numbers(list) => m.attr(AttrData::I64Array(list.clone())),
            };
            state = state.prop(name, value);
        }
        let op = b.insert(state);
        made.push(op);
        Some(b.m.result(op, 0))
    }
}
