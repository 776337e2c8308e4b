//! What passes count.

use std::collections::BTreeMap;

/// Counts by pass and by what was counted, in alphabetical order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Statistics(BTreeMap<(String, String), u64>);

impl Statistics {
    pub(crate) fn add(&mut self, pass: &str, what: &str, n: u64) {
        let count = self.0.entry((pass.to_owned(), what.to_owned()));
        let count = count.or_default();
        *count = count.saturating_add(n);
    }

    /// A count; 0 if nothing was counted.
    pub fn get(&self, pass: &str, what: &str) -> u64 {
        let key = (pass.to_owned(), what.to_owned());
        self.0.get(&key).copied().unwrap_or(0)
    }

    /// Pass, what was counted, how many.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.0
            .iter()
            .map(|((p, w), n)| (p.as_str(), w.as_str(), *n))
    }
}
