//! The values that an op may use.

use crate::choices::Choices;
use ir::{Module, OpId, Type, TypeData, ValueId, ValueKind};

/// The values in scope, outer ones first.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    values: Vec<ValueId>,
    /// Pure ops of the block and of those around it, to be repeated.
    pub pure: Vec<OpId>,
}

impl Scope {
    pub fn add(&mut self, values: &[ValueId]) {
        self.values.extend_from_slice(values);
    }

    /// A value that a test accepts; later ones are more frequent.
    pub fn pick(
        &self,
        c: &mut Choices,
        m: &Module,
        accept: impl Fn(&Module, Type) -> bool,
    ) -> Option<ValueId> {
        let fits: Vec<ValueId> = self
            .values
            .iter()
            .copied()
            .filter(|&v| accept(m, m.value_type(v)))
            .collect();
        let last = fits.len().min(4);
        match fits.len() {
            0 => None,
            n if c.once_in(2) => Some(fits[n - 1 - c.below(last as u32) as usize]),
            n => Some(fits[c.below(n as u32) as usize]),
        }
    }

    pub fn of_type(&self, c: &mut Choices, m: &Module, ty: Type) -> Option<ValueId> {
        self.pick(c, m, |_, t| t == ty)
    }

    pub fn of_kind(&self, c: &mut Choices, m: &Module, kind: ValueKind) -> Option<ValueId> {
        self.pick(c, m, |m, t| kind.accepts(m, t))
    }

    pub fn buffer(&self, c: &mut Choices, m: &Module) -> Option<ValueId> {
        self.pick(c, m, |m, t| {
            matches!(m.type_data(t), TypeData::MemRef { .. })
        })
    }
}
