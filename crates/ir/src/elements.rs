//! Constant elements of a tensor: raw little-endian bytes in row-major order.

use crate::Type;
use std::sync::Arc;

/// Elements of a shaped constant: the type says shape and element; `bytes` holds every element, little endian, row-major.
///
/// Elements of `i1` take a byte each (0 or 1); `index` takes eight.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Elements {
    /// Tensor or vector type, with an integer, index or float element.
    pub ty: Type,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}
