//! Labels of blocks: visible in their region only.

use super::Parser;
use super::lexer::Token;
use crate::{BlockId, Diagnostic, RegionId};
use rustc_hash::FxHashMap;

/// The labels of an open region.
pub(super) struct Labels<'s> {
    region: RegionId,
    blocks: FxHashMap<&'s str, Label>,
}

#[derive(Clone, Copy)]
struct Label {
    block: BlockId,
    /// Where the block begins; none before that is known.
    defined_at: Option<usize>,
    /// Where an op first names it.
    used_at: usize,
}

impl Labels<'_> {
    pub(super) fn of(region: RegionId) -> Self {
        Labels {
            region,
            blocks: FxHashMap::default(),
        }
    }
}

impl<'s> Parser<'s> {
    /// The block that an op names as its successor, maybe before it begins.
    pub(super) fn successor(&mut self, label: Token) -> Option<BlockId> {
        let name = self.text_of(label);
        let Some(labels) = self.labels.last_mut() else {
            self.undefined_label(label.start, name);
            return None;
        };
        let (m, region) = (&mut self.m, labels.region);
        let entry = labels.blocks.entry(name).or_insert_with(|| Label {
            block: m.reserve_block(region),
            defined_at: None,
            used_at: label.start,
        });
        Some(entry.block)
    }

    /// The block that begins at a label, not yet in the list of its region. One that begins a second time is another one.
    pub(super) fn defined_block(&mut self, label: Token) -> BlockId {
        let name = self.text_of(label);
        let labels = self
            .labels
            .last_mut()
            .expect("invariant: a block is in an open region");
        let region = labels.region;
        match labels.blocks.get_mut(name) {
            Some(l) => match l.defined_at {
                None => {
                    l.defined_at = Some(label.start);
                    l.block
                }
                Some(first) => {
                    let place = self.place(first);
                    self.report(
                        label.start,
                        Diagnostic::error("S019", format!("block `{name}` is defined twice"))
                            .note(format!("it is defined at {place}")),
                    );
                    self.m.reserve_block(region)
                }
            },
            None => {
                let block = self.m.reserve_block(region);
                let label = Label {
                    block,
                    defined_at: Some(label.start),
                    used_at: label.start,
                };
                labels.blocks.insert(name, label);
                block
            }
        }
    }

    /// Ends a region: a label that it names and does not define is an error.
    pub(super) fn undefined_labels(&mut self) {
        let labels = self.labels.pop();
        let blocks = labels.into_iter().flat_map(|l| l.blocks);
        let undefined = blocks.filter(|(_, l)| l.defined_at.is_none());
        let mut undefined: Vec<(usize, &str)> =
            undefined.map(|(name, l)| (l.used_at, name)).collect();
        undefined.sort_unstable();
        for (at, name) in undefined {
            self.undefined_label(at, name);
        }
    }

    fn undefined_label(&mut self, at: usize, name: &str) {
        self.error_help(
            at,
            "S020",
            format!("block `{name}` is not defined in this region"),
            "a successor is a block of the op's own region; values, not blocks, are visible in the regions inside",
        );
    }
}
