//! Attributes: interned constants attached to ops.

use crate::{Elements, FloatKind, Str, Type};

/// A handle of an interned attribute of one module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Attr(pub(crate) u32);

/// What an attribute is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum AttrData {
    /// Present without a value.
    Unit,
    /// An integer of an integer or index type; `i1` prints as `true` or `false`.
    Integer {
        /// Sign-extended value.
        value: i64,
        /// Its type.
        ty: Type,
    },
    /// A float, as its bits in the format.
    Float {
        /// Bits, in the low part.
        bits: u64,
        /// Its format.
        kind: FloatKind,
    },
    /// A string.
    String(String),
    /// A symbol, `@name`.
    Symbol(String),
    /// A list.
    Array(Vec<Attr>),
    /// `array<i64: …>`
    I64Array(Vec<i64>),
    /// `array<i32: …>`
    I32Array(Vec<i32>),
    /// A dictionary, sorted by key.
    Dict(Vec<(Str, Attr)>),
    /// A type.
    Type(Type),
    /// `dense<…> : type`
    Dense(Elements),
    /// `dense_resource<key> : type`; the bytes are the module's resource `key`.
    Resource {
        /// The resource's key.
        key: Str,
        /// Tensor type with an integer or float element.
        ty: Type,
    },
    /// Any other attribute as its text, `#arith.overflow<none>`.
    Opaque(String),
}
