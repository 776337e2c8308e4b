//! Helium: intrinsics of `<arm_mve.h>`.

use super::Printer;
use crate::ctype::CType;
use crate::expr::{Expr, PRIMARY};
use crate::{helium, literal};
use ir::dialects::arm_mve::{self, Shape, Transfer};
use ir::{Diagnostic, OpId, ValueId};

/// Whether a value is a predicate that an instruction yields: its C type is unsigned.
pub(super) fn is_predicate(m: &ir::Module, v: ValueId) -> bool {
    m.defining_op(v)
        .and_then(|op| arm_mve::instruction(m.op_name(op)))
        .is_some_and(|i| i.result == Shape::Predicate)
}

impl Printer<'_> {
    fn lanes(&self, op: OpId, v: ValueId) -> Result<u32, Diagnostic> {
        let width = arm_mve::lane_width(self.m(), self.m().value_type(v));
        width.ok_or_else(|| self.error("C004", op, "no vector of Helium"))
    }

    /// An operand as an argument of an intrinsic.
    fn intrinsic_argument(
        &mut self,
        op: OpId,
        v: ValueId,
        shape: Shape,
    ) -> Result<Expr, Diagnostic> {
        Ok(match shape {
            Shape::Predicate => {
                let e = self.take(op, v)?;
                match e.literal {
                    Some(x) => literal::int(i64::from(x as u16)),
                    None => e.to(CType::U16),
                }
            }
            _ => self.take_exact(op, v)?,
        })
    }

    /// An instruction on registers.
    pub(super) fn helium(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let (Some(i), Some(width)) = (
            arm_mve::instruction(m.op_name(op)),
            arm_mve::op_width(m, op),
        ) else {
            return Err(self.unknown(op));
        };
        let mut arguments = Vec::new();
        let mut word = false;
        for (v, &shape) in m.operands(op).zip(i.operands) {
            word |=
                shape == Shape::VectorOrWord && arm_mve::lane_width(m, m.value_type(v)).is_none();
            arguments.push(self.intrinsic_argument(op, v, shape)?);
        }
        if i.shift.is_some() {
            arguments.push(literal::int(arm_mve::shift(m.op(op))));
        }
        let ty = match i.result {
            Shape::Predicate => CType::U16,
            _ => self.value_ctype(op, m.value_type(m.result(op, 0)))?,
        };
        let mut name = helium::instruction(i, width, word);
        if m.op_name(op) == arm_mve::VmladavaOp::NAME && arguments[0].literal == Some(0) {
            // The instruction without an accumulator, which needs no register to be 0.
            name = helium::product(width);
            arguments.remove(0);
        }
        let parts: Vec<&Expr> = arguments.iter().collect();
        let list: Vec<&str> = arguments.iter().map(|a| a.text.as_str()).collect();
        let text = format!("{name}({})", list.join(", "));
        Ok(Expr::of(&parts, text, PRIMARY, ty))
    }

    /// A load or store.
    pub(super) fn transfer(&mut self, op: OpId, t: &Transfer) -> Result<(), Diagnostic> {
        let m = self.m();
        let vector = t.vector(m, op);
        let width = self.lanes(op, vector)?;
        let buffer = m.operand(op, t.buffer());
        let indices: Vec<ValueId> = m.operands(op).skip(t.buffer() + 1).collect();
        if t.store {
            self.check_writable(op, buffer)?;
        }
        let value = match t.store {
            true => Some(self.intrinsic_argument(op, vector, Shape::Vector)?),
            false => None,
        };
        let first = match (t.predicated, t.offsets) {
            (true, _) => Some(self.intrinsic_argument(op, m.operand(op, 0), Shape::Predicate)?),
            (_, true) => {
                let e = self.intrinsic_argument(op, m.operand(op, 0), Shape::Vector)?;
                let text = format!("vreinterpretq_u{width}_s{width}({})", e.text);
                Some(Expr::of(&[&e], text, PRIMARY, e.ty))
            }
            _ => None,
        };
        let at = self.address(op, buffer, &indices)?;
        let parts: Vec<&Expr> = [Some(&at), value.as_ref(), first.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        let list: Vec<&str> = parts.iter().map(|e| e.text.as_str()).collect();
        let text = format!("{}({})", helium::transfer(t, width), list.join(", "));
        if t.store {
            self.flush_loads()?;
            self.line(&format!("{text};"));
            return Ok(());
        }
        let ty = self.value_ctype(op, m.value_type(vector))?;
        let mut e = Expr::of(&parts, text, PRIMARY, ty);
        e.loads = true;
        self.define(vector, e)
    }

    /// The vector of a constant's bytes.
    pub(super) fn vector_constant(&self, ty: CType, bytes: &[u8]) -> Expr {
        let width = 128 / ty.lanes().unwrap_or(16);
        let lanes: Vec<String> = bytes
            .chunks(width as usize / 8)
            .map(|lane| {
                let mut raw = [0; 8];
                raw[..lane.len()].copy_from_slice(lane);
                let places = 64 - width;
                literal::int(i64::from_le_bytes(raw) << places >> places).text
            })
            .collect();
        let text = match lanes.iter().all(|l| *l == lanes[0]) {
            true => format!("vdupq_n_s{width}({})", lanes[0]),
            false => format!("({}){{{}}}", ty.name(), lanes.join(", ")),
        };
        Expr::of(&[], text, PRIMARY, ty)
    }

    /// `vector.bitcast` between vectors of Helium.
    pub(super) fn reinterpret(&self, e: Expr, to: CType) -> Expr {
        let (Some(from_lanes), Some(to_lanes)) = (e.ty.lanes(), to.lanes()) else {
            return e;
        };
        if from_lanes == to_lanes {
            return e;
        }
        let (from, width) = (128 / from_lanes, 128 / to_lanes);
        let text = format!("vreinterpretq_s{width}_s{from}({})", e.text);
        Expr::of(&[&e], text, PRIMARY, to)
    }
}
