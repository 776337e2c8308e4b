//! Op interfaces: what an op means, open to third parties and to somebody else's op.
//!
//! An implementation is attached to an op's name in the [`DialectRegistryBuilder`](crate::DialectRegistryBuilder).
//! A missing interface means "don't know", and every pass then does the conservative thing.

use crate::{Attr, Module, OpId, OpRef, Type, ValueId};
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

impl Effects {
    /// Those of two ops together.
    #[must_use]
    pub fn and(self, other: Effects) -> Effects {
        match (self, other) {
            (Effects::Unknown, _) | (_, Effects::Unknown) => Effects::Unknown,
            (Effects::Write, _) | (_, Effects::Write) => Effects::Write,
            (Effects::Read, _) | (_, Effects::Read) => Effects::Read,
            (Effects::None, Effects::None) => Effects::None,
        }
    }
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

/// What an op reads or writes of a buffer.
///
/// The operands behind the buffer are its subscripts, up to the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Access {
    /// Which operand is the buffer.
    pub buffer: usize,
    /// It accesses nothing but so many bytes, from the element at the subscripts on. `None`: anything in the buffer.
    pub bytes: Option<u64>,
    /// Whether it writes; else it reads.
    pub writes: bool,
}

/// Says what an op that loads from or stores to one buffer accesses.
pub trait BufferAccess: Send + Sync {
    /// The access of this op, its only effect; `None` if nothing is known.
    fn access(&self, op: OpRef<'_>) -> Option<Access>;
}

impl<F: Fn(OpRef<'_>) -> Option<Access> + Send + Sync> BufferAccess for F {
    fn access(&self, op: OpRef<'_>) -> Option<Access> {
        self(op)
    }
}

/// What one result of an op is known to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Folded {
    /// A value that exists already and dominates the op.
    Value(ValueId),
    /// A constant of the result's type: an integer or float attribute, or `dense` elements.
    Constant(Attr),
}

/// Simplifies an op to values that exist or constants, without making new ops: `x + 0` is `x`.
///
/// Constant operands are found by [`Module::constant_value`]. An op whose operands are all constant needs no `Fold` for that case:
/// [`Interpret`] is asked.
pub trait Fold: Send + Sync {
    /// What each result is, or `None` if nothing is known. `m` is there to intern types and attributes; nothing else may change.
    fn fold(&self, m: &mut Module, op: OpId) -> Option<SmallVec<[Folded; 1]>>;
}

impl<F> Fold for F
where
    F: Fn(&mut Module, OpId) -> Option<SmallVec<[Folded; 1]>> + Send + Sync,
{
    fn fold(&self, m: &mut Module, op: OpId) -> Option<SmallVec<[Folded; 1]>> {
        self(m, op)
    }
}

/// Says which types an op's results have, given its operands' types and its inherent attributes.
pub trait InferTypes: Send + Sync {
    /// The results' types, or `None` if such an op cannot be. `m` is there to intern types; nothing else may change.
    fn infer(&self, m: &mut Module, operands: &[Type], props: &[(&str, Attr)])
    -> Option<Vec<Type>>;
}

impl<F> InferTypes for F
where
    F: Fn(&mut Module, &[Type], &[(&str, Attr)]) -> Option<Vec<Type>> + Send + Sync,
{
    fn infer(
        &self,
        m: &mut Module,
        operands: &[Type],
        props: &[(&str, Attr)],
    ) -> Option<Vec<Type>> {
        self(m, operands, props)
    }
}

/// Says how far an op's writes run ahead of its reads, so that a result may be put where an operand dies.
///
/// Both are operands of the op, buffers of static size: the op only reads the one and only writes the other.
pub trait InPlace: Send + Sync {
    /// The *write lead* of operand `written` over operand `read`, in bytes: the largest, over all moments of the op, of the end of
    /// the bytes of `written` that are written by then less the first byte of `read` that is read later; 0 if that is negative.
    ///
    /// Where `read` starts at the start of `written` plus the lead or later, no byte of it is overwritten before its last read.
    /// `None` if nothing is known: then the two may not share a byte.
    fn write_lead(&self, op: OpRef<'_>, read: usize, written: usize) -> Option<u64>;
}

impl<F: Fn(OpRef<'_>, usize, usize) -> Option<u64> + Send + Sync> InPlace for F {
    fn write_lead(&self, op: OpRef<'_>, read: usize, written: usize) -> Option<u64> {
        self(op, read, written)
    }
}
