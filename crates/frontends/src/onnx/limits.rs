//! Limits that bound the time and memory that a file can cost.

/// Most messages and texts in a file; each takes at most some hundred bytes once it is read.
pub const MAX_ITEMS: usize = 1 << 17;

/// Most numbers that are stored as numbers and not as the bytes of a tensor.
pub const MAX_NUMBERS: usize = 1 << 23;

/// Most dimensions of a tensor.
pub const MAX_RANK: usize = 8;

/// Largest tensor, in bytes.
pub const MAX_TENSOR_BYTES: u64 = 1 << 30;

/// Most bytes that are read from files beside the model.
pub const MAX_EXTERNAL_BYTES: u64 = 64 << 20;

/// Longest name that is kept, in bytes.
pub const MAX_NAME_BYTES: usize = 4096;

/// Most bytes of a constant that folding makes.
pub const MAX_FOLDED_BYTES: u64 = 1 << 20;

/// Most elements of a tensor of the network.
pub const MAX_ELEMENTS: i64 = 1 << 28;

/// Most inputs of a graph.
pub const MAX_INPUTS: usize = 256;

/// Most bytes of all constants that an import makes of a file's constants of `bytes` bytes: each may be dequantised, and used a few times.
pub(super) fn constant_bytes(bytes: u64) -> u64 {
    bytes
        .saturating_mul(16)
        .saturating_add(4 << 20)
        .min(1 << 29)
}
