//! Bounds of what types and attributes are when written out: whoever prints or compares them does so by recursion.

use crate::host::handles::MAX_DEPTH;
use crate::host::refusal::{Outcome, bad_argument};
use ir::{Attr, AttrData, Module, Type, TypeData};

/// A type or attribute has at most so many parts, counted as often as they are written.
const MAX_PARTS: usize = 1 << 16;

/// What is left for the parts of one type or attribute.
pub struct Budget(usize);

impl Budget {
    pub fn new() -> Budget {
        Budget(MAX_PARTS)
    }

    fn spend(&mut self, depth: usize) -> Outcome {
        self.0 = match self.0.checked_sub(1) {
            Some(left) if depth < MAX_DEPTH => left,
            _ => {
                return bad_argument(format!(
                    "more than {MAX_PARTS} parts, or nested more than {MAX_DEPTH} deep"
                ));
            }
        };
        Ok(())
    }

    /// Takes what a type is, as a part at a depth.
    pub fn ty(&mut self, m: &Module, ty: Type, depth: usize) -> Outcome {
        self.spend(depth)?;
        match m.type_data(ty) {
            TypeData::Function { inputs, results } => inputs
                .iter()
                .chain(results)
                .try_for_each(|&t| self.ty(m, t, depth + 1)),
            data => match data.elem() {
                Some(elem) => self.ty(m, elem, depth + 1),
                None => Ok(()),
            },
        }
    }

    /// Takes what an attribute is, as a part at a depth.
    pub fn attr(&mut self, m: &Module, attr: Attr, depth: usize) -> Outcome {
        self.spend(depth)?;
        match m.attr_data(attr) {
            AttrData::Array(all) => all.iter().try_for_each(|&a| self.attr(m, a, depth + 1)),
            AttrData::Dict(all) => all.iter().try_for_each(|e| self.attr(m, e.1, depth + 1)),
            AttrData::Type(ty) => self.ty(m, *ty, depth + 1),
            _ => Ok(()),
        }
    }
}
