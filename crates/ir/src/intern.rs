//! Interning: equal data gets equal `u32` handles, in order of first use.

use rustc_hash::FxHashMap;
use std::hash::Hash;
use std::sync::Arc;

/// A handle of an interned string of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Str(pub(crate) u32);

/// A table of distinct values, addressed by position.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T: Eq + Hash> {
    items: Vec<Arc<T>>,
    map: FxHashMap<Arc<T>, u32>,
}

impl<T: Eq + Hash> Default for Interner<T> {
    fn default() -> Self {
        Interner {
            items: Vec::new(),
            map: FxHashMap::default(),
        }
    }
}

impl<T: Eq + Hash> Interner<T> {
    pub(crate) fn intern(&mut self, value: T) -> u32 {
        if let Some(&i) = self.map.get(&value) {
            return i;
        }
        let i = u32::try_from(self.items.len()).expect("invariant: fewer than 2^32 distinct items");
        let value = Arc::new(value);
        self.items.push(value.clone());
        self.map.insert(value, i);
        i
    }

    pub(crate) fn get(&self, i: u32) -> &T {
        &self.items[i as usize]
    }
}
