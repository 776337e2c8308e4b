//! Whether what a key names still exists: for whoever keeps keys while the module changes.

use super::Module;
use crate::{BlockId, OpId, RegionId, ValueId};

impl Module {
    /// Whether an op still exists.
    pub fn contains(&self, op: OpId) -> bool {
        self.ops.contains_key(op)
    }

    /// Whether a block still exists.
    pub fn contains_block(&self, block: BlockId) -> bool {
        self.blocks.contains_key(block)
    }

    /// Whether a region still exists.
    pub fn contains_region(&self, region: RegionId) -> bool {
        self.regions.contains_key(region)
    }

    /// Whether a value still exists.
    pub fn contains_value(&self, value: ValueId) -> bool {
        self.values.contains_key(value)
    }
}
