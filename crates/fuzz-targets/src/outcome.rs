//! What became of an input that broke nothing.

use ir::Diagnostics;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Most diagnostics that tell outcomes apart.
const TOLD_APART: usize = 3;

/// What became of an input that broke nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Whether it was taken; else it was refused with errors.
    pub accepted: bool,
    /// Inputs of another feature went another way: they are worth being mutated further.
    pub feature: u64,
}

impl Outcome {
    /// Taken; `kinds` says what was in it.
    pub fn accepted<T: Hash>(kinds: T) -> Outcome {
        Outcome {
            accepted: true,
            feature: hash(kinds),
        }
    }

    /// Refused, told apart by what the errors say but for names and numbers.
    pub fn refused(errors: &Diagnostics) -> Outcome {
        let told = errors.iter().take(TOLD_APART);
        let kinds: Vec<_> = told.map(|d| (&*d.code, pattern(&d.message))).collect();
        Outcome {
            accepted: false,
            feature: hash(kinds),
        }
    }

    /// Refused for a reason that stands in words.
    pub fn refused_because(why: &str) -> Outcome {
        Outcome {
            accepted: false,
            feature: hash(pattern(why)),
        }
    }
}

fn hash<T: Hash>(x: T) -> u64 {
    let mut h = DefaultHasher::new();
    x.hash(&mut h);
    h.finish()
}

/// A message without what it quotes and without digits.
fn pattern(message: &str) -> String {
    let outside = message.split('`').step_by(2);
    let kept = outside.flat_map(|s| s.chars().filter(|c| !c.is_ascii_digit()));
    kept.take(80).collect()
}
