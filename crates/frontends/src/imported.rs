//! What an import yields.

use ir::{Diagnostics, Module};

/// A network, and what there is to tell of it.
#[derive(Debug)]
pub struct Imported {
    /// The module, not yet verified.
    pub module: Module,
    /// What the user may want to know about how the model was taken.
    pub remarks: Diagnostics,
}
