//! What single ops are known to be: a value that exists, or a constant ([`Fold`](ir::interfaces::Fold)).
//!
//! Each fold holds for every operand for which the op has a value; where it leaves its result undefined, anything goes. Floats are the
//! same bits, but for the payload of a NaN, which neither the interpreter nor C defines.

mod arith;
mod memref;
mod nn;
mod vector;

use ir::interfaces::Folded;
use ir::{DialectRegistryBuilder, RegistryError, ValueId};
use smallvec::{SmallVec, smallvec};

/// What the one result of an op is.
type One = Option<SmallVec<[Folded; 1]>>;

fn value(v: ValueId) -> One {
    Some(smallvec![Folded::Value(v)])
}

/// Attaches every fold.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    arith::register(r)?;
    memref::register(r)?;
    vector::register(r)?;
    nn::register(r)
}
