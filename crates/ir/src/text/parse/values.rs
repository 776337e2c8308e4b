//! Names of values: visible in their region and the regions inside, up to isolated ops.

use super::{Parse, Parser, Reported};
use crate::{Diagnostic, OpId, OpState, Type, ValueId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

enum Def {
    /// The values and where they are defined.
    Values(SmallVec<[ValueId; 1]>, usize),
    /// The op that defines it has an error; uses say nothing more.
    Poison,
}

/// A use before the definition: a value that stands in for it.
struct Forward {
    op: OpId,
    value: ValueId,
    index: usize,
    pos: usize,
}

#[derive(Default)]
struct Scope<'s> {
    names: FxHashMap<&'s str, Def>,
    /// The names that each open region defines.
    regions: Vec<Vec<&'s str>>,
    forward: FxHashMap<&'s str, Vec<Forward>>,
}

/// The isolated scopes around the current op, innermost last.
#[derive(Default)]
pub(super) struct Values<'s> {
    scopes: Vec<Scope<'s>>,
}

impl<'s> Values<'s> {
    pub(super) fn enter_isolated(&mut self) {
        self.scopes.push(Scope::default());
        self.enter_region();
    }

    pub(super) fn enter_region(&mut self) {
        self.scope().regions.push(Vec::new());
    }

    pub(super) fn leave_region(&mut self) {
        let scope = self.scope();
        for name in scope.regions.pop().unwrap_or_default() {
            scope.names.remove(name);
        }
    }

    fn scope(&mut self) -> &mut Scope<'s> {
        self.scopes
            .last_mut()
            .expect("invariant: the file is a scope")
    }
}

impl<'s> Parser<'s> {
    /// Ends an isolated scope: what it uses and nobody defined is an error.
    pub(super) fn leave_isolated(&mut self) {
        let scope = self.values.scopes.pop().unwrap_or_default();
        let mut undefined: Vec<(usize, &str)> = scope
            .forward
            .iter()
            .flat_map(|(name, uses)| uses.iter().map(|u| (u.pos, *name)))
            .collect();
        undefined.sort_unstable();
        for (pos, name) in undefined {
            self.error_help(
                pos,
                "S014",
                format!("value `{name}` is not defined"),
                "values are visible in their region and the regions inside, but not in those of functions",
            );
        }
    }

    /// Names an op's results or a block's argument.
    pub(super) fn define(
        &mut self,
        name: &'s str,
        pos: usize,
        values: SmallVec<[ValueId; 1]>,
    ) -> Parse<()> {
        if let Some(Def::Values(_, first)) = self.values.scope().names.get(name) {
            let first = *first;
            let place = self.place(first);
            return Err(self.report(
                pos,
                Diagnostic::error("S015", format!("value `{name}` is defined twice"))
                    .note(format!("it is defined at {place}")),
            ));
        }
        for f in self.values.scope().forward.remove(name).unwrap_or_default() {
            let ty = self.m.value_type(f.value);
            if let Some(v) = self.checked(name, &values, pos, f.index, ty, f.pos) {
                self.m.replace_all_uses(f.value, v);
                self.m.erase(f.op);
            }
        }
        self.bind(name, Def::Values(values, pos));
        Ok(())
    }

    /// Names the results of an op that has an error.
    pub(super) fn poison(&mut self, name: &'s str) {
        if !self.values.scope().names.contains_key(name) {
            self.values.scope().forward.remove(name);
            self.bind(name, Def::Poison);
        }
    }

    fn bind(&mut self, name: &'s str, def: Def) {
        let scope = self.values.scope();
        if scope.names.insert(name, def).is_none()
            && let Some(region) = scope.regions.last_mut()
        {
            region.push(name);
        }
    }

    /// The value that an operand names. One that is not defined yet, or wrongly, is stood in for.
    pub(super) fn value(&mut self, name: &'s str, index: usize, ty: Type, pos: usize) -> ValueId {
        let (found, is_new) = match self.values.scope().names.get(name) {
            Some(Def::Values(values, at)) => {
                let (values, at) = (values.clone(), *at);
                (self.checked(name, &values, at, index, ty, pos), false)
            }
            Some(Def::Poison) => (None, false),
            None => (None, true),
        };
        if let Some(v) = found {
            return v;
        }
        let stand_in = OpState::new("builtin.unrealized_conversion_cast").results(&[ty]);
        let op = self.m.create(stand_in);
        let value = self.m.result(op, 0);
        if is_new {
            let forward = Forward {
                op,
                value,
                index,
                pos,
            };
            let uses = self.values.scope().forward.entry(name).or_default();
            uses.push(forward);
        }
        value
    }

    /// One of the values of a name, if it exists and has the type that its use says.
    fn checked(
        &mut self,
        name: &str,
        values: &[ValueId],
        defined_at: usize,
        index: usize,
        ty: Type,
        pos: usize,
    ) -> Option<ValueId> {
        let Some(&v) = values.get(index) else {
            let message = format!("`{name}#{index}`: `{name}` is {} values", values.len());
            self.wrong_use(pos, message, defined_at);
            return None;
        };
        let actual = self.m.value_type(v);
        if actual == ty {
            return Some(v);
        }
        let (says, is) = (
            crate::text::type_text(&self.m, ty),
            crate::text::type_text(&self.m, actual),
        );
        let message = format!("`{name}` is of type {is}, used as {says}");
        self.wrong_use(pos, message, defined_at);
        None
    }

    fn wrong_use(&mut self, pos: usize, message: String, defined_at: usize) -> Reported {
        let place = self.place(defined_at);
        self.report(
            pos,
            Diagnostic::error("S016", message).note(format!("it is defined at {place}")),
        )
    }
}
