//! The ops of `arm.mve`: their operands from and to the functions of [`numerics::helium`](crate::numerics::helium).

use crate::numerics::helium::{self, Instruction, MixedPredicate, Operands, Output, Vector};
use crate::scalar::Undefined;
use ir::dialects::arm_mve::{self, Shape};
use ir::interfaces::{Datum, EvalError, Results};
use ir::{DialectRegistryBuilder, Module, OpId, OpRef, RegistryError};
use smallvec::smallvec;
use std::sync::Arc;

impl From<MixedPredicate> for Undefined {
    fn from(_: MixedPredicate) -> Undefined {
        Undefined::MixedPredicate
    }
}

/// Where the value of an operand goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A vector, the first or the second one.
    Vector(usize),
    /// A word that stands for such a vector.
    Lanes(usize),
    /// The word.
    Word,
    /// The predicate.
    Predicate,
}

/// What an op is, for as often as it runs.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// What it computes.
    pub instruction: Instruction,
    /// Where each operand goes.
    pub places: Vec<Place>,
    /// Everything but the operands.
    pub start: Operands,
}

impl Resolved {
    /// Of an op on registers that the verifier took.
    pub fn of(m: &Module, op: OpId) -> Option<Resolved> {
        let row = arm_mve::instruction(m.op_name(op))?;
        let instruction = helium::instruction(row.name.strip_prefix("arm.mve.")?)?;
        let mut vectors = 0;
        let mut next = || {
            vectors += 1;
            vectors - 1
        };
        let place = |(v, &shape): (ir::ValueId, &Shape)| match shape {
            Shape::Word => Place::Word,
            Shape::Predicate => Place::Predicate,
            _ if arm_mve::lane_width(m, m.value_type(v)).is_none() => Place::Lanes(next()),
            _ => Place::Vector(next()),
        };
        Some(Resolved {
            instruction,
            places: m.operands(op).zip(row.operands).map(place).collect(),
            start: Operands {
                shift: u32::try_from(arm_mve::shift(m.op(op))).ok()?,
                width: arm_mve::op_width(m, op)?,
                ..Operands::default()
            },
        })
    }

    /// Puts an operand that is no vector to its place.
    #[inline]
    pub fn put(&self, operands: &mut Operands, place: Place, value: i64) {
        match place {
            Place::Vector(_) => {}
            Place::Lanes(i) => operands.vectors[i] = helium::duplicate(value, self.start.width),
            Place::Word => operands.word = value,
            Place::Predicate => operands.predicate = value as u16,
        }
    }
}

fn interpret(op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
    let unsupported = || EvalError::Unsupported(format!("`{}` on these types", op.name()));
    let resolved = Resolved::of(op.module, op.id).ok_or_else(unsupported)?;
    let mut operands = resolved.start;
    for (arg, &place) in args.iter().zip(&resolved.places) {
        match (arg, place) {
            (Datum::Bytes(b), Place::Vector(i)) => {
                operands.vectors[i] = Vector::try_from(&b[..]).map_err(|_| unsupported())?;
            }
            (Datum::Int(x), place) => resolved.put(&mut operands, place, *x),
            _ => return Err(unsupported()),
        }
    }
    let output = (resolved.instruction)(&operands).map_err(Undefined::from)?;
    Ok(smallvec![match output {
        Output::Vector(v) => Datum::Bytes(Arc::from(&v[..])),
        Output::Word(x) => Datum::Int(x),
    }])
}

/// Attaches the interpretations of the instructions on registers.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    for i in arm_mve::INSTRUCTIONS {
        r.interpret(i.name, interpret)?;
    }
    Ok(())
}
