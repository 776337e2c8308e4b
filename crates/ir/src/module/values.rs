//! Values: types, definitions, uses.

use super::{Change, Operand};
use crate::{Attr, Loc, Module, OpId, Type, ValueDef, ValueId};

impl Module {
    /// The attribute that a value is, if a constant op defines it.
    pub fn constant_value(&self, v: ValueId) -> Option<Attr> {
        let op = self.defining_op(v)?;
        self.op_info(op)
            .is_some_and(|i| i.traits.constant)
            .then(|| self.prop(op, "value"))
            .flatten()
    }

    /// A value's type.
    pub fn value_type(&self, v: ValueId) -> Type {
        self.values[v].ty
    }
    /// Changes a value's type; whoever uses the value must still agree with it.
    pub fn set_value_type(&mut self, v: ValueId, ty: Type) {
        self.values[v].ty = ty;
        self.note_value(v);
    }
    /// Where a value is defined: the location of a block's argument is its own, that of a result its op's.
    pub fn value_loc(&self, v: ValueId) -> Loc {
        match self.values[v].def {
            ValueDef::Result(op, _) => self.op_loc(op),
            ValueDef::Argument(..) => self.values[v].loc,
        }
    }
    /// Where a value comes from.
    pub fn value_def(&self, v: ValueId) -> ValueDef {
        self.values[v].def
    }
    /// The op that defines a value, if one does.
    pub fn defining_op(&self, v: ValueId) -> Option<OpId> {
        match self.values[v].def {
            ValueDef::Result(op, _) => Some(op),
            ValueDef::Argument(..) => None,
        }
    }
    /// The uses of a value: op and operand position, in no particular but a deterministic order.
    pub fn uses(&self, v: ValueId) -> &[(OpId, u32)] {
        &self.values[v].uses
    }
    /// Makes every use of `old` a use of `new`.
    pub fn replace_all_uses(&mut self, old: ValueId, new: ValueId) {
        if old == new {
            return;
        }
        for (op, i) in std::mem::take(&mut self.values[old].uses) {
            let use_index = self.add_use(new, op, i as usize);
            self.ops[op].operands[i as usize] = Operand {
                value: new,
                use_index,
            };
            self.note(Change::Modified(op));
        }
    }
}
