//! What follows from a state: floors that rise, and parts that cannot fit any more.

use super::Search;

impl Search<'_> {
    /// Whether the rest of a section fits above `floor`; notes the capacity at which it would.
    pub(super) fn may_rise(&mut self, section: usize, floor: u64) -> bool {
        let needed = (floor + self.rest[section]).saturating_sub(self.spare[section]);
        if needed > self.capacity {
            self.at_least = self.at_least.min(needed);
            return false;
        }
        true
    }

    /// Raises floors until every floor is one at which an unplaced block can start; false when something does not fit.
    pub(super) fn settle(&mut self, first: usize, last: usize) -> bool {
        let component = self.component;
        loop {
            self.least[first..=last].fill(u64::MAX);
            for index in self.starts[first]..self.starts[last + 1] {
                if self.offset[index].is_some() {
                    continue;
                }
                let block = &component.blocks[index];
                let floors = &self.floor[block.first..=block.last];
                let highest = floors.iter().copied().max().unwrap_or(0);
                let lowest = block.aligned(highest);
                if lowest + block.size > self.capacity {
                    self.at_least = self.at_least.min(lowest + block.size);
                    self.conflict = block.first;
                    return false;
                }
                self.lowest[index] = lowest;
                self.touches += floors.len() as u64;
                for least in &mut self.least[block.first..=block.last] {
                    *least = lowest.min(*least);
                }
            }
            let mut risen = false;
            for section in first..=last {
                let least = self.least[section];
                if self.count[section] > 0 && least > self.floor[section] {
                    if !self.may_rise(section, least) {
                        self.conflict = section;
                        return false;
                    }
                    self.raise(section, least);
                    risen = true;
                }
            }
            if !risen {
                return self.tails_fit(first, last);
            }
        }
    }

    /// Whether in every section and for every address the blocks that cannot start below the address fit above it.
    ///
    /// A section is a machine, a block a job with a release date, and this the least time to do them all.
    fn tails_fit(&mut self, first: usize, last: usize) -> bool {
        let component = self.component;
        let mut falling = std::mem::take(&mut self.falling);
        falling.clear();
        let unplaced = (self.starts[first]..self.starts[last + 1])
            .filter(|&index| self.offset[index].is_none());
        falling.extend(unplaced.map(|index| (self.lowest[index], index as u32)));
        falling.sort_unstable_by(|a, b| b.cmp(a));
        self.least[first..=last].fill(0);
        let mut fits = true;
        'blocks: for &(lowest, index) in &falling {
            let block = &component.blocks[index as usize];
            let rounded = self.rounded[index as usize];
            for section in block.first..=block.last {
                let above = &mut self.least[section];
                *above += rounded;
                let needed = lowest + *above - self.spare[section];
                if needed > self.capacity {
                    self.at_least = self.at_least.min(needed);
                    self.conflict = section;
                    fits = false;
                    break 'blocks;
                }
            }
        }
        self.falling = falling;
        fits
    }
}
