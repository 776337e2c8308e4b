//! The orders in which searches try candidates.

use std::cmp::Reverse;

use super::component::Component;
use crate::random::Random;

/// What a block is judged by; more comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trait {
    /// Size × length of life.
    Area,
    /// Size in bytes.
    Size,
    /// Bytes live in the fullest section that the block lives in.
    Total,
    /// Length of life.
    Length,
}

/// An order of candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// Criteria, the most important first.
    traits: [Trait; 3],
    /// Zero, or where the random numbers start that blur the criteria.
    seed: u64,
}

/// A criterion is blurred by up to this part of its value, in 1024ths.
const BLUR: u64 = 300;

impl Order {
    /// The orders that are tried in turn.
    pub(super) const ALL: [Order; 6] = [
        Order::new([Trait::Area, Trait::Length, Trait::Total]),
        Order::new([Trait::Size, Trait::Length, Trait::Total]),
        Order::new([Trait::Total, Trait::Area, Trait::Length]),
        Order::new([Trait::Length, Trait::Area, Trait::Total]),
        Order::new([Trait::Area, Trait::Total, Trait::Length]),
        Order::new([Trait::Total, Trait::Size, Trait::Length]),
    ];

    const fn new(traits: [Trait; 3]) -> Order {
        Order { traits, seed: 0 }
    }

    /// The same order with blurred criteria; as it is for seed 0.
    pub(super) fn shaken(self, seed: u64) -> Order {
        Order { seed, ..self }
    }

    /// The position of every block in the order.
    pub(super) fn ranks(self, component: &Component) -> Vec<u32> {
        let blocks = &component.blocks;
        let mut live = vec![0u128; component.sections];
        for block in blocks {
            for bytes in &mut live[block.first..=block.last] {
                *bytes += u128::from(block.size);
            }
        }
        let mut random = Random::new(self.seed);
        let mut value = |index: usize, by: Trait| {
            let block = &blocks[index];
            let length = u128::from(block.end - block.start);
            let exact = match by {
                Trait::Area => u128::from(block.size) * length,
                Trait::Size => u128::from(block.size),
                Trait::Total => live[block.first..=block.last]
                    .iter()
                    .copied()
                    .max()
                    .unwrap_or(0),
                Trait::Length => length,
            };
            let blur = if self.seed == 0 {
                0
            } else {
                random.below(BLUR)
            };
            exact.saturating_mul(u128::from(1024 + blur))
        };
        let mut sorted: Vec<usize> = (0..blocks.len()).collect();
        sorted
            .sort_by_cached_key(|&index| (self.traits.map(|by| Reverse(value(index, by))), index));
        let mut ranks = vec![0; blocks.len()];
        for (rank, index) in sorted.into_iter().enumerate() {
            ranks[index] = rank as u32;
        }
        ranks
    }
}
