//! Interning: equal data gets equal `u32` handles, in order of first use.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::hash::Hash;

/// A handle of an interned string of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Str(pub(crate) u32);

/// A table of distinct values, addressed by position.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T: Eq + Hash>(IndexSet<T, FxBuildHasher>);

impl<T: Eq + Hash> Default for Interner<T> {
    fn default() -> Self {
        Interner(IndexSet::default())
    }
}

impl<T: Eq + Hash> Interner<T> {
    pub(crate) fn intern(&mut self, value: T) -> u32 {
        handle(self.0.insert_full(value).0)
    }

    pub(crate) fn get(&self, i: u32) -> &T {
        &self.0[i as usize]
    }

    /// How many distinct values there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Interner<String> {
    pub(crate) fn intern_str(&mut self, s: &str) -> u32 {
        match self.0.get_index_of(s) {
            Some(i) => handle(i),
            None => self.intern(s.to_owned()),
        }
    }
}

fn handle(i: usize) -> u32 {
    u32::try_from(i).expect("invariant: fewer than 2^32 distinct items")
}
