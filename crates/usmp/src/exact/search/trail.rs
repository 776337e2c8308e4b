//! Changes to the state of a search, and how they are taken back.

use super::{Change, Search};

impl Search<'_> {
    /// Places a block on the floor of its sections.
    pub(super) fn place(&mut self, index: usize, offset: u64) {
        let block = &self.component.blocks[index];
        let (first, last, end) = (block.first, block.last, offset + block.size);
        for section in first..=last {
            let (surface, topmost) = (self.surface[section], self.topmost[section]);
            self.changes
                .push(Change::Surface(section as u32, surface, topmost));
            self.surface[section] = end;
            self.topmost[section] = index as u32;
            self.raise(section, end);
            self.rest[section] -= self.rounded[index];
            self.count[section] -= 1;
        }
        for section in first..last {
            self.across[section] -= 1;
        }
        self.offset[index] = Some(offset);
        self.changes.push(Change::Placed(index as u32));
    }

    pub(super) fn raise(&mut self, section: usize, floor: u64) {
        self.changes
            .push(Change::Floor(section as u32, self.floor[section]));
        self.floor[section] = floor;
    }

    /// Takes back every change but the first `keep`.
    pub(super) fn undo(&mut self, keep: usize) {
        for change in self.changes.drain(keep..).rev() {
            match change {
                Change::Floor(section, floor) => self.floor[section as usize] = floor,
                Change::Surface(section, surface, topmost) => {
                    self.surface[section as usize] = surface;
                    self.topmost[section as usize] = topmost;
                }
                Change::Placed(index) => {
                    let index = index as usize;
                    let block = &self.component.blocks[index];
                    for section in block.first..=block.last {
                        self.rest[section] += self.rounded[index];
                        self.count[section] += 1;
                    }
                    for section in block.first..block.last {
                        self.across[section] += 1;
                    }
                    self.offset[index] = None;
                }
            }
        }
    }
}
