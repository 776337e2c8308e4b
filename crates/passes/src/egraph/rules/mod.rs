//! The rules, a file a family.

mod activation;
mod fully_connected;
mod fuse;
mod lookup_table;

use super::rule::Rule;

/// Every rule, in the order in which they are tried.
pub fn all() -> Vec<Rule> {
    [
        activation::RULES,
        fully_connected::RULES,
        fuse::RULES,
        lookup_table::RULES,
    ]
    .concat()
}
