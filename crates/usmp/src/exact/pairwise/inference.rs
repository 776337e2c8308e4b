//! What follows from heads and tails: heads and tails that rise, and groups that cannot fit any more.

use super::Search;

/// Rounds over all pairs after which inference ends, done or not: orders that contradict one another in a ring raise heads
/// by no more than the ring's sizes a round.
const MAX_ROUNDS: usize = 50;

impl Search<'_> {
    /// Raises heads and tails as far as pairs of blocks tell; false when something does not fit.
    pub(super) fn settle(&mut self, group: &[usize]) -> bool {
        for _ in 0..MAX_ROUNDS {
            let mut risen = false;
            for &index in group {
                if !self.clear_placed(index, &mut risen) || !self.order_pairs(index, &mut risen) {
                    return false;
                }
            }
            if !risen {
                break;
            }
        }
        self.sections_fit(group)
    }

    /// Raises the head of a block to an offset at which no placed block is in its way.
    fn clear_placed(&mut self, index: usize, risen: &mut bool) -> bool {
        let rules = self.rules;
        let block = &self.component.blocks[index];
        let mut head = self.head[index];
        loop {
            let before = head;
            for neighbour in &rules.neighbours[index] {
                let Some(offset) = self.offset[neighbour.block] else {
                    continue;
                };
                let above = offset + neighbour.up_to_here;
                if head < above && head + neighbour.up_from_here > offset {
                    head = block.aligned(above);
                }
            }
            self.touches += rules.neighbours[index].len() as u64;
            if head == before {
                break;
            }
        }
        if head > self.head[index] {
            self.raise_head(index, head);
            *risen = true;
        }
        let needed = head + self.tail[index];
        needed <= self.capacity || self.fail(needed, block.first)
    }

    /// Orders a block and its unplaced neighbours of higher index where heads and tails leave one order only.
    fn order_pairs(&mut self, index: usize, risen: &mut bool) -> bool {
        let rules = self.rules;
        for neighbour in &rules.neighbours[index] {
            let other = neighbour.block;
            if other < index || self.offset[other].is_some() {
                continue;
            }
            // The heights of plans in which this block is the lower one, and the other.
            let lower = self.head[index] + neighbour.up_from_here + self.tail[other];
            let upper = self.head[other] + neighbour.up_to_here + self.tail[index];
            let twins = rules.twin[other] == Some(index);
            match (lower > self.capacity, twins || upper > self.capacity) {
                (false, false) => {}
                (true, true) => {
                    let needed = if twins { lower } else { lower.min(upper) };
                    return self.fail(needed, self.component.blocks[index].first);
                }
                (false, true) => {
                    if !twins {
                        self.at_least = self.at_least.min(upper);
                    }
                    *risen |= self.put_above(other, index, neighbour.up_from_here);
                }
                (true, false) => {
                    self.at_least = self.at_least.min(lower);
                    *risen |= self.put_above(index, other, neighbour.up_to_here);
                }
            }
        }
        true
    }

    /// Draws the consequences of one block being `distance` bytes or more above another; whether there were any.
    fn put_above(&mut self, upper: usize, lower: usize, distance: u64) -> bool {
        let head = self.component.blocks[upper].aligned(self.head[lower] + distance);
        let tail = self.tail[upper] + distance;
        let (rises, grows) = (head > self.head[upper], tail > self.tail[lower]);
        if rises {
            self.raise_head(upper, head);
        }
        if grows {
            self.raise_tail(lower, tail);
        }
        rises || grows
    }

    /// Whether in every section of the group and for every address the blocks that cannot start below the address fit
    /// above it.
    fn sections_fit(&mut self, group: &[usize]) -> bool {
        let (component, rules) = (self.component, self.rules);
        let mut sections: Vec<usize> = group
            .iter()
            .flat_map(|&index| component.blocks[index].first..=component.blocks[index].last)
            .collect();
        sections.sort_unstable();
        sections.dedup();
        let mut falling: Vec<(u64, usize)> = Vec::new();
        for section in sections {
            falling.clear();
            let starts = rules.live[section].iter();
            falling.extend(starts.map(|&b| (self.offset[b].unwrap_or(self.head[b]), b)));
            // Among equals, operands come before their results: by time.
            falling.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            self.touches += falling.len() as u64;
            let mut taken = 0;
            let mut beyond = u64::MAX;
            for (position, &(start, index)) in falling.iter().enumerate() {
                let before = &falling[..position];
                let shared: u64 = rules.savings[index]
                    .iter()
                    .filter(|(other, _)| before.iter().any(|(_, b)| b == other))
                    .map(|(_, saving)| saving)
                    .sum();
                taken += rules.rounded[index].saturating_sub(shared);
                let tail = match self.offset[index] {
                    Some(_) => component.blocks[index].size,
                    None => self.tail[index],
                };
                beyond = beyond.min(tail - component.blocks[index].size);
                let needed = (start + taken).saturating_sub(rules.spare[section]) + beyond;
                if needed > self.capacity {
                    return self.fail(needed, section);
                }
            }
        }
        true
    }
}
