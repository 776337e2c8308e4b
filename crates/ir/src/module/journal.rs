//! What changed: a revision that grows with every change, and a journal for those who follow changes one by one.

use super::Module;
use crate::{BlockId, OpId, ValueDef, ValueId};

/// One change of a module's ops. Interning types and attributes changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// An op was made; it need not be in a block yet.
    Created(OpId),
    /// An op's operands, attributes, place, or the uses of one of its results changed.
    Modified(OpId),
    /// An op is gone.
    Erased(OpId),
}

#[derive(Clone, Default, Debug)]
pub(super) struct Journal {
    revision: u64,
    entries: Option<Vec<Change>>,
}

impl Module {
    /// A number that grows with every change of an op, block or value: while it stays, so does whatever was derived from the module.
    pub fn revision(&self) -> u64 {
        self.journal.revision
    }

    /// Starts to record changes, or throws away what was recorded.
    pub(crate) fn start_journal(&mut self) {
        self.journal.entries = Some(Vec::new());
    }

    /// The changes since the start or the last call, in order.
    pub(crate) fn take_journal(&mut self) -> Vec<Change> {
        self.journal
            .entries
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// Records no more.
    pub(crate) fn stop_journal(&mut self) {
        self.journal.entries = None;
    }

    /// Becomes another module, as if by one change.
    pub fn exchange(&mut self, mut other: Module) {
        let revision = self.journal.revision.max(other.journal.revision) + 1;
        other.journal = Journal {
            revision,
            entries: None,
        };
        *self = other;
    }

    pub(super) fn note(&mut self, change: Change) {
        self.journal.revision += 1;
        if let Some(entries) = &mut self.journal.entries {
            entries.push(change);
        }
    }

    /// A value changed: so did whoever defines it.
    pub(super) fn note_value(&mut self, v: ValueId) {
        match self.value_def(v) {
            ValueDef::Result(op, _) => self.note(Change::Modified(op)),
            ValueDef::Argument(block, _) => self.note_block(block),
        }
    }

    /// A block changed: so did the op around it.
    pub(super) fn note_block(&mut self, block: BlockId) {
        let op = self.region_op(self.block_region(block));
        self.note(Change::Modified(op));
    }
}
