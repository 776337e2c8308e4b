//! Op interfaces: what an op means, open to third parties and to somebody else's op.
//!
//! An implementation is attached to an op's name in the [`DialectRegistryBuilder`](crate::DialectRegistryBuilder).
//! A missing interface means "don't know", and every pass then does the conservative thing.

use crate::OpRef;
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// A runtime value of an interpreted op; its type is that of the IR value it stands for.
#[derive(Clone, PartialEq, Debug)]
pub enum Datum {
    /// A signless integer or index, sign-extended from its width; `i1` is 0 or 1.
    Int(i64),
    /// A float of 32 bits.
    F32(f32),
    /// A float of 64 bits.
    F64(f64),
    /// Elements of a tensor or vector, little endian, row-major, an `i1` in a byte; a quantised element is its storage.
    Bytes(Arc<[u8]>),
}

/// Why an op has no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EvalError {
    /// The op's semantics leave this case undefined: signed overflow under `nsw`, an oversized shift, division by zero.
    Poison(String),
    /// The interpreter cannot run this op.
    Unsupported(String),
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Poison(s) => write!(f, "poison: {s}"),
            EvalError::Unsupported(s) => write!(f, "cannot be interpreted: {s}"),
        }
    }
}

impl std::error::Error for EvalError {}

/// The results of one op, in order.
pub type Results = SmallVec<[Datum; 1]>;

/// Evaluates a pure op without regions: the semantics that every rewrite and back end is tested against.
pub trait Interpret: Send + Sync {
    /// The op's results on `args`, one for each operand.
    ///
    /// # Errors
    /// [`EvalError::Poison`] where the op leaves its result undefined.
    fn interpret(&self, op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError>;
}

impl<F> Interpret for F
where
    F: Fn(OpRef<'_>, &[Datum]) -> Result<Results, EvalError> + Send + Sync,
{
    fn interpret(&self, op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
        self(op, args)
    }
}

/// What an op does to memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effects {
    /// Nothing.
    None,
    /// Reads memory, writes none.
    Read,
    /// Writes memory, may read.
    Write,
    /// Not known: anything.
    Unknown,
}

/// Says what an op that is not pure by trait does to memory.
pub trait MemoryEffects: Send + Sync {
    /// The effects of this op, those of its regions not counted.
    fn effects(&self, op: OpRef<'_>) -> Effects;
}

impl<F: Fn(OpRef<'_>) -> Effects + Send + Sync> MemoryEffects for F {
    fn effects(&self, op: OpRef<'_>) -> Effects {
        self(op)
    }
}
