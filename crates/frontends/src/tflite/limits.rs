//! Limits that bound the time and memory that a file can cost.
//!
//! What the reader allocates is proportional to the bytes that it visits; the limits keep a file that shares tables
//! (a small file that expands to a large one) near its own size.

/// Largest file that is read, in bytes; a microcontroller's flash holds less.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// Deepest nesting of tables; the schema's own is 5 (model, subgraph, tensor, quantisation, details).
pub const MAX_TABLE_DEPTH: usize = 8;

/// Most tables in a file, counted once for every reference.
pub const MAX_TABLES: usize = 1 << 17;

/// Most inputs, outputs or intermediates of one operator or subgraph.
pub const MAX_OPERANDS: usize = 1 << 12;

/// Most dimensions of a tensor.
pub const MAX_RANK: usize = 8;

/// Largest tensor, in bytes.
pub const MAX_TENSOR_BYTES: u64 = 1 << 30;

/// Longest name that is kept whole, in bytes; a longer one is an error.
pub const MAX_NAME_BYTES: usize = 4096;

/// Bytes that the verifier may visit in a file of `len` bytes, shared parts counted once for every reference.
pub(super) fn apparent_size(len: usize) -> usize {
    len.saturating_mul(2).saturating_add(4 << 20)
}
