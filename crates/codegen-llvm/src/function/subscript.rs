//! Subscripts as sums: what varies, and a constant.
//!
//! Accesses of a loop's body that differ by a constant then have one variable address, which the code generator keeps in one register.

use ir::dialects::arith;
use ir::{Module, TypeData, ValueId};

/// Constants beyond this stay where they are.
const FAR: i64 = 1 << 20;

/// Elements of a buffer beyond this leave no room for a sum without its constant.
const MANY: u64 = 1 << 30;

/// `Σ factor · value + constant`, each value once.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Subscript {
    pub terms: Vec<(ValueId, i64)>,
    pub constant: i64,
}

impl Subscript {
    /// Of a buffer's element: strides are in elements.
    ///
    /// `None` if the sum without its constant might need more than 32 bits.
    pub(super) fn of(
        m: &Module,
        indices: &[ValueId],
        strides: &[i64],
        elements: u64,
    ) -> Option<Subscript> {
        let mut sum = Subscript::default();
        for (&v, &stride) in indices.iter().zip(strides) {
            sum.add(m, v, stride)?;
        }
        (elements <= MANY && sum.constant.abs() < FAR).then_some(sum)
    }

    fn add(&mut self, m: &Module, v: ValueId, factor: i64) -> Option<()> {
        if let Some(c) = arith::const_int_of(m, v) {
            self.constant = self.constant.checked_add(c.checked_mul(factor)?)?;
            return Some(());
        }
        let op = m
            .defining_op(v)
            .filter(|_| *m.type_data(m.value_type(v)) == TypeData::Index);
        if let Some(op) = op {
            let (name, operands) = (m.op_name(op), m.operands(op).collect::<Vec<_>>());
            match (name, &operands[..]) {
                ("arith.addi", &[a, b]) => {
                    self.add(m, a, factor)?;
                    return self.add(m, b, factor);
                }
                ("arith.subi", &[a, b]) => {
                    self.add(m, a, factor)?;
                    return self.add(m, b, factor.checked_neg()?);
                }
                ("arith.muli", &[a, b]) => {
                    let constant = |v| arith::const_int_of(m, v);
                    match (constant(a), constant(b)) {
                        (_, Some(c)) => return self.add(m, a, factor.checked_mul(c)?),
                        (Some(c), _) => return self.add(m, b, factor.checked_mul(c)?),
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
