//! Where generators take their decisions from: a seed, a recorded sequence, or a fuzzer's bytes.
//!
//! A generator asks for numbers in ranges; it never sees the source. Smaller choices mean simpler cases, and a sequence that has
//! ended answers 0, so that cutting a sequence short or lowering its numbers simplifies what is generated: proptest shrinks cases
//! by shrinking their choices.

use proptest::prelude::*;

/// A source of choices.
#[derive(Clone, Debug)]
pub struct Choices(Source);

#[derive(Clone, Debug)]
enum Source {
    Seed(Random),
    Sequence { choices: Vec<u32>, next: usize },
}

impl Choices {
    /// Endless choices that follow from a seed, the same on every machine.
    pub fn from_seed(seed: u64) -> Choices {
        Choices(Source::Seed(Random::new(seed)))
    }

    /// The choices of the `i`-th case of a seed.
    pub fn for_case(seed: u64, i: usize) -> Choices {
        let base = Random::new(seed).next_u64();
        Choices::from_seed(base ^ (i as u64).wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// Recorded choices, then zeros.
    pub fn from_sequence(choices: Vec<u32>) -> Choices {
        Choices(Source::Sequence { choices, next: 0 })
    }

    /// Four bytes a choice, little endian, then zeros: what a fuzzer feeds.
    pub fn from_bytes(bytes: &[u8]) -> Choices {
        let word = |c: &[u8]| {
            let mut w = [0; 4];
            w[..c.len()].copy_from_slice(c);
            u32::from_le_bytes(w)
        };
        Choices::from_sequence(bytes.chunks(4).map(word).collect())
    }

    /// At most `length` choices drawn and shrunk by proptest.
    pub fn strategy(length: usize) -> impl Strategy<Value = Choices> {
        // Long sequences most of the time; a short one ends in zeros and makes a simple case.
        let shortest = length / 2;
        proptest::collection::vec(any::<u32>(), shortest..=length).prop_map(Choices::from_sequence)
    }

    fn next(&mut self) -> u32 {
        match &mut self.0 {
            Source::Seed(random) => (random.next_u64() >> 32) as u32,
            Source::Sequence { choices, next } => {
                let choice = choices.get(*next).copied().unwrap_or(0);
                *next += 1;
                choice
            }
        }
    }

    /// A number below `n`, which must not be 0; the smaller the choice, the smaller the number.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(n)) >> 32) as u32
    }

    /// A number in `low..=high`, the low end the simplest.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (i128::from(high) - i128::from(low) + 1).max(1);
        let wide = if span <= 1 << 32 {
            u128::from(self.next()) << 32
        } else {
            (u128::from(self.next()) << 32) | u128::from(self.next())
        };
        // Below `span`, and `span` is at most 2^64.
        let offset = (wide * span as u128) >> 64;
        (i128::from(low) + offset as i128) as i64
    }

    /// One of a list, the first the simplest.
    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u32) as usize].clone()
    }

    /// True once in `n` times; false is the simpler.
    pub fn once_in(&mut self, n: u32) -> bool {
        self.below(n) + 1 == n
    }

    /// A seed for data that is not shrunk by itself.
    pub fn seed(&mut self) -> u64 {
        (u64::from(self.next()) << 32) | u64::from(self.next())
    }
}

/// Steele, Lea and Flood's SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which must not be 0.
    pub fn below(&mut self, n: u32) -> u32 {
        ((u64::from((self.next_u64() >> 32) as u32) * u64::from(n)) >> 32) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_kept_and_reached() {
        let mut c = Choices::from_seed(1);
        let mut seen = [false; 5];
        for _ in 0..200 {
            let x = c.between(-2, 2);
            assert!((-2..=2).contains(&x));
            seen[(x + 2) as usize] = true;
        }
        assert_eq!(seen, [true; 5]);
        let far: Vec<i64> = (0..64).map(|_| c.between(i64::MIN, i64::MAX)).collect();
        assert!(far.iter().any(|&x| x < i64::MIN / 2) && far.iter().any(|&x| x > i64::MAX / 2));
    }

    #[test]
    fn the_extreme_choices_are_the_ends() {
        let mut low = Choices::from_sequence(vec![0; 4]);
        assert_eq!(
            (low.between(i64::MIN, i64::MAX), low.below(7)),
            (i64::MIN, 0)
        );
        let mut high = Choices::from_sequence(vec![u32::MAX; 4]);
        assert_eq!(
            (high.between(i64::MIN, i64::MAX), high.between(3, 9)),
            (i64::MAX, 9)
        );
        assert!(high.once_in(100));
    }

    #[test]
    fn an_ended_sequence_answers_zero() {
        let mut c = Choices::from_bytes(&[0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(c.below(10), 9);
        c.below(10);
        assert_eq!((c.below(10), c.between(5, 8), c.once_in(1)), (0, 5, true));
    }

    /// SplitMix64's own published sequence for seed 1234567.
    #[test]
    fn random_numbers_are_those_of_the_published_generator() {
        let mut r = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| r.next_u64()).collect();
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
