//! Loops that copy bytes out of a buffer that may share bytes with a result: `memcpy`.
//!
//! A compiler makes a call of `memcpy` of such a loop by itself where `restrict` says that both buffers are apart from everything else.
//! An argument that is planned in place has no `restrict`, though it is apart from the buffer that it is copied to; so the call is written.

use super::{Printer, Slot};
use crate::expr::{ADD, Expr, MUL, RELATION};
use ir::dialects::{arith, func, memref, scf};
use ir::{BlockId, Diagnostic, Module, OpId, TypeData, ValueDef, ValueId};

/// The load and the store of a loop that copies byte after byte.
struct CopyLoop {
    load: OpId,
    store: OpId,
}

impl CopyLoop {
    fn of(m: &Module, function: OpId, op: OpId, body: BlockId) -> Option<CopyLoop> {
        let f = scf::ForOp(op);
        let (&iv, []) = m.block_args(body).split_first()? else {
            return None;
        };
        if arith::const_int_of(m, f.step(m)) != Some(1) {
            return None;
        }
        let (mut load, mut store) = (None, None);
        for op in m.ops(body) {
            let once = match m.op_name(op) {
                memref::LoadOp::NAME => load.replace(op).is_none(),
                memref::StoreOp::NAME => store.replace(op).is_none(),
                arith::AddIOp::NAME | arith::MulIOp::NAME | arith::ConstantOp::NAME => true,
                scf::YieldOp::NAME => true,
                _ => false,
            };
            if !once {
                return None;
            }
        }
        let (load, store) = (load?, store?);
        let (from, to) = (m.operand(load, 0), m.operand(store, 1));
        let subscripts = [m.operands(load).nth(1)?, m.operands(store).nth(2)?];
        let is_flat = m.operands(load).len() == 2 && m.operands(store).len() == 3;
        let copies = m.operand(store, 0) == m.result(load, 0)
            && m.uses(m.result(load, 0)).len() == 1
            && is_flat
            && is_bytes(m, from)
            && is_bytes(m, to)
            && subscripts.iter().all(|&s| counts(m, s, iv) == Some(1));
        let restricted = |v: ValueId| match m.value_def(v) {
            ValueDef::Argument(block, i) if m.entry_block(function) == Some(block) => {
                func::arg_attr(m, function, i, "llvm.noalias").is_some()
            }
            _ => false,
        };
        (copies && restricted(to) && !restricted(from)).then_some(CopyLoop { load, store })
    }
}

fn is_bytes(m: &Module, v: ValueId) -> bool {
    let TypeData::MemRef { elem, .. } = m.type_data(m.value_type(v)) else {
        return false;
    };
    *m.type_data(*elem) == TypeData::Integer(8)
}

/// How often a counter is in a sum of products; `None` if that is not known.
fn counts(m: &Module, v: ValueId, counter: ValueId) -> Option<i64> {
    if v == counter {
        return Some(1);
    }
    let operand = |op, i| counts(m, m.operand(op, i), counter);
    let op = match m.defining_op(v) {
        Some(op) => op,
        None => return Some(0),
    };
    match m.op_name(op) {
        arith::AddIOp::NAME => operand(op, 0)?.checked_add(operand(op, 1)?),
        arith::MulIOp::NAME => match (operand(op, 0)?, operand(op, 1)?) {
            (0, 0) => Some(0),
            _ => None,
        },
        // What is computed before the loop does not change in it.
        _ => Some(0),
    }
}

impl Printer<'_> {
    /// Prints a loop as `memcpy` if that is what it does; says whether it has.
    pub(super) fn copy_loop(
        &mut self,
        op: OpId,
        body: BlockId,
        (lower, upper): (&Expr, &Expr),
    ) -> Result<bool, Diagnostic> {
        let m = self.m();
        let Some(CopyLoop { load, store }) = CopyLoop::of(m, self.func, op, body) else {
            return Ok(false);
        };
        self.check_writable(store, m.operand(store, 1))?;
        let known = lower.literal.zip(upper.literal).is_some_and(|(l, u)| l < u);
        let end = upper.at(ADD);
        if !known {
            self.line(&format!("if ({} < {end}) {{", lower.at(RELATION + 1)));
            self.indent += 1;
        }
        self.scopes.open();
        let start = self.affine(op, scf::ForOp(op).lower(m))?;
        self.slots
            .insert(m.block_args(body)[0], Slot::Address(start));
        for inner in m.ops(body) {
            if matches!(
                m.op_name(inner),
                arith::AddIOp::NAME | arith::MulIOp::NAME | arith::ConstantOp::NAME
            ) {
                self.op(inner)?;
            }
        }
        let to: Vec<ValueId> = m.operands(store).skip(2).collect();
        let to = self.address(store, m.operand(store, 1), &to)?;
        let from: Vec<ValueId> = m.operands(load).skip(1).collect();
        let from = self.address(load, m.operand(load, 0), &from)?;
        let bytes = match lower.literal {
            Some(0) => upper.at(MUL + 1),
            _ => format!("({end} - {})", lower.at(MUL)),
        };
        self.line(&format!(
            "memcpy({}, {}, (size_t){bytes});",
            to.text, from.text
        ));
        self.scopes.close();
        if !known {
            self.indent -= 1;
            self.line("}");
        }
        Ok(true)
    }
}
