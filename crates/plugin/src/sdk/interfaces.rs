//! What interfaces of operations take and give.

use super::context::lent;
use crate::abi::{self, Attr, Bytes, Value};

/// A runtime value of an interpreted operation.
#[derive(Clone, PartialEq, Debug)]
pub enum Datum {
    /// An integer or index, sign-extended from its width; an `i1` is 0 or 1.
    Int(i64),
    /// A float of 32 bits.
    F32(f32),
    /// A float of 64 bits.
    F64(f64),
    /// Elements of a tensor or vector: little endian, row-major, an `i1` in a byte; a quantised element is its storage.
    Bytes(Vec<u8>),
}

impl Datum {
    pub(super) fn received(datum: &abi::Datum) -> Datum {
        match datum.kind {
            abi::datum::F32 => Datum::F32(datum.real as f32),
            abi::datum::F64 => Datum::F64(datum.real),
            abi::datum::BYTES => {
                // SAFETY: the host passes as many bytes as it says for the call.
                let bytes = unsafe { lent(datum.bytes.data, datum.bytes.len) };
                Datum::Bytes(bytes.to_vec())
            }
            _ => Datum::Int(datum.integer),
        }
    }

    /// As the interface has it; bytes live as long as `self`.
    pub(super) fn given(&self) -> abi::Datum {
        let mut out = abi::Datum::default();
        match self {
            Datum::Int(v) => (out.kind, out.integer) = (abi::datum::INTEGER, *v),
            Datum::F32(v) => (out.kind, out.real) = (abi::datum::F32, (*v).into()),
            Datum::F64(v) => (out.kind, out.real) = (abi::datum::F64, *v),
            Datum::Bytes(b) => {
                out.kind = abi::datum::BYTES;
                out.bytes = Bytes {
                    data: b.as_ptr(),
                    len: b.len(),
                };
            }
        }
        out
    }
}

/// What one result of an operation is known to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folded {
    /// A value that exists already and dominates the operation.
    Value(Value),
    /// A constant of the result's type.
    Constant(Attr),
}

/// What an operation does to memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effects {
    /// Nothing.
    None = 0,
    /// Reads, writes nothing.
    Read = 1,
    /// Writes, may read.
    Write = 2,
    /// Not known: anything.
    Unknown = 3,
}
