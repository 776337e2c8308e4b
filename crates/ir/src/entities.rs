//! Typed keys of the entities that a module owns.

slotmap::new_key_type! {
    /// An operation.
    pub struct OpId;
    /// A block of operations.
    pub struct BlockId;
    /// A region: a list of blocks that an operation owns.
    pub struct RegionId;
    /// A value: an op's result or a block's argument.
    pub struct ValueId;
}
