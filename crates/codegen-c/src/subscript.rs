//! Subscripts as sums: what varies, and a constant.
//!
//! Accesses of a loop's body that differ by a constant then have one variable address, which the code generator keeps in one register.

use ir::dialects::arith;
use ir::{Module, OpId, TypeData, ValueId};

/// Constants beyond this stay where they are.
const FAR: i64 = 1 << 20;

/// Elements of a buffer beyond this leave no room for a sum without its constant.
const MANY: u64 = 1 << 30;

/// `Σ factor · value + constant`, each value once.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Subscript {
    /// What varies, with its factor.
    pub terms: Vec<(ValueId, i64)>,
    /// Elements beyond.
    pub constant: i64,
}

impl Subscript {
    /// Of a buffer's element: strides are in elements.
    ///
    /// `None` if the sum without its constant might need more than 32 bits.
    pub fn of(
        m: &Module,
        indices: &[ValueId],
        strides: &[i64],
        elements: u64,
    ) -> Option<Subscript> {
        let mut sum = Subscript::default();
        for (&v, &stride) in indices.iter().zip(strides) {
            sum.add(m, v, stride, &|_| true)?;
        }
        (elements <= MANY && sum.constant.abs() < FAR).then_some(sum)
    }

    /// Of an index in a block of instructions, of values from outside.
    ///
    /// `None` if a value from inside is no sum of products with constants.
    pub fn within(m: &Module, block: OpId, index: ValueId) -> Option<Subscript> {
        let inside = |op| m.parent_op(op) == Some(block);
        let mut sum = Subscript::default();
        sum.add(m, index, 1, &inside)?;
        let from_outside = |t: &(ValueId, i64)| !m.defining_op(t.0).is_some_and(inside);
        sum.terms.iter().all(from_outside).then_some(sum)
    }

    /// Adds a value times a factor; `follow` says whose operands are looked at.
    fn add(
        &mut self,
        m: &Module,
        v: ValueId,
        factor: i64,
        follow: &impl Fn(OpId) -> bool,
    ) -> Option<()> {
        if let Some(c) = arith::const_int_of(m, v) {
            self.constant = self.constant.checked_add(c.checked_mul(factor)?)?;
            return Some(());
        }
        let op = m
            .defining_op(v)
            .filter(|&op| *m.type_data(m.value_type(v)) == TypeData::Index && follow(op));
        if let Some(op) = op {
            let (name, operands) = (m.op_name(op), m.operands(op).collect::<Vec<_>>());
            match (name, &operands[..]) {
                ("arith.addi", &[a, b]) => {
                    self.add(m, a, factor, follow)?;
                    return self.add(m, b, factor, follow);
                }
                ("arith.subi", &[a, b]) => {
                    self.add(m, a, factor, follow)?;
                    return self.add(m, b, factor.checked_neg()?, follow);
                }
                ("arith.muli", &[a, b]) => {
                    let constant = |v| arith::const_int_of(m, v);
                    match (constant(a), constant(b)) {
                        (_, Some(c)) => return self.add(m, a, factor.checked_mul(c)?, follow),
                        (Some(c), _) => return self.add(m, b, factor.checked_mul(c)?, follow),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        match self.terms.iter_mut().find(|t| t.0 == v) {
            Some(term) => term.1 = term.1.checked_add(factor)?,
            None => self.terms.push((v, factor)),
        }
        Some(())
    }
}
