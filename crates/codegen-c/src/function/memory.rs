//! Buffers: addresses, loads, stores, word accesses, copies.

use super::{Pointer, Printer, Slot};
use crate::affine::Affine;
use crate::ctype::{self, CType};
use crate::expr::{ADD, Expr, PRIMARY, UNARY};
use crate::support::Support;
use ir::dialects::memref::{self, row_major_strides};
use ir::{Diagnostic, OpId, TypeData, ValueId};

/// A place in a byte buffer that a name points to, or an expression of a sum.
pub(super) fn at_offset(base: &str, offset: u64, elem: CType) -> Pointer {
    let sum = if offset == 0 {
        base.to_owned()
    } else {
        format!("{base} + {offset}")
    };
    let prec = if sum.contains(' ') { ADD } else { PRIMARY };
    let hint = "arena".to_owned();
    match elem {
        CType::I8 => Pointer {
            text: sum,
            prec,
            elem,
            hint,
        },
        _ => {
            let sum = if prec == PRIMARY {
                sum
            } else {
                format!("({sum})")
            };
            Pointer {
                text: format!("({} *)(void *){sum}", elem.name()),
                prec: UNARY,
                elem,
                hint,
            }
        }
    }
}

impl Printer<'_> {
    /// The address of a buffer.
    pub(super) fn pointer(&self, op: OpId, v: ValueId) -> Result<Pointer, Diagnostic> {
        if let Some(p) = self.pointers.get(&v) {
            return Ok(p.clone());
        }
        let m = self.m();
        let unknown = || {
            self.error(
                "C004",
                op,
                "the buffer's address is not known at compile time",
            )
        };
        let def = m.defining_op(v).ok_or_else(unknown)?;
        match m.op_name(def) {
            memref::GetGlobalOp::NAME => {
                let symbol = memref::GetGlobalOp(def).name(m);
                if let Some(c) = self.cx.constants.get(&symbol) {
                    let hint = role(&symbol);
                    return Ok(Pointer {
                        text: c.name.clone(),
                        prec: PRIMARY,
                        elem: c.elem,
                        hint,
                    });
                }
                if m.symbol_name(self.func) != Some("main") {
                    return Err(self.error("C005", def, "only @main may use the arena"));
                }
                match self.cx.interface.memories.get(&symbol) {
                    Some(memory) => Ok(at_offset(&memory.parameter, 0, CType::I8)),
                    None => Err(unknown()),
                }
            }
            memref::ReinterpretCastOp::NAME => self.pointer(op, m.operand(def, 0)),
            memref::ViewOp::NAME => {
                let elem = ctype::of_memref(m, m.value_type(v))
                    .ok_or_else(|| self.error("C004", def, "C has no such elements"))?;
                // A part of a part is one sum.
                let (mut source, mut offset) = (v, 0u64);
                while let Some(view) = m
                    .defining_op(source)
                    .and_then(|o| memref::ViewOp::cast(m, o))
                {
                    let shift = self.constant(view.byte_shift(m));
                    let shift = shift.and_then(|o| u64::try_from(o).ok());
                    let sum = shift.and_then(|o| offset.checked_add(o));
                    offset = sum.ok_or_else(unknown)?;
                    source = view.source(m);
                }
                let base = self.pointer(op, source)?;
                let base = if base.prec >= PRIMARY {
                    base.text
                } else {
                    format!("({})", base.text)
                };
                Ok(at_offset(&base, offset, elem))
            }
            memref::AllocOp::NAME => {
                let e = self.error("C005", def, "the buffer has no address");
                Err(e.help("run `plan-memory` before C is emitted"))
            }
            _ => Err(unknown()),
        }
    }

    /// The subscript of a buffer's element in row-major order.
    fn subscript(
        &mut self,
        op: OpId,
        memref: ValueId,
        indices: &[ValueId],
    ) -> Result<Affine, Diagnostic> {
        let m = self.m();
        let TypeData::MemRef { shape, .. } = m.type_data(m.value_type(memref)) else {
            return Err(self.error("C004", op, "the operand is no buffer"));
        };
        let strides = row_major_strides(shape);
        let mut sum = Affine::constant(0);
        for (&i, &stride) in indices.iter().zip(&strides) {
            let index = self.affine(op, i)?;
            sum = sum
                .plus(&index, stride)
                .ok_or_else(|| self.error("C004", op, "the subscript exceeds 32 bits"))?;
        }
        Ok(sum)
    }

    /// `in[(y + 1) * 64 + x]`
    fn element(
        &mut self,
        op: OpId,
        memref: ValueId,
        indices: &[ValueId],
    ) -> Result<(Expr, Pointer), Diagnostic> {
        let pointer = self.pointer(op, memref)?;
        let subscript = self.subscript(op, memref, indices)?.expr();
        let base = if pointer.prec >= PRIMARY {
            pointer.text.clone()
        } else {
            format!("({})", pointer.text)
        };
        let mut e = Expr::of(
            &[&subscript],
            format!("{base}[{}]", subscript.text),
            PRIMARY,
            pointer.elem,
        );
        e.size = 1 + subscript.size / 2;
        Ok((e, pointer))
    }

    /// `in + i`, for word accesses.
    pub(super) fn address(
        &mut self,
        op: OpId,
        memref: ValueId,
        indices: &[ValueId],
    ) -> Result<Expr, Diagnostic> {
        let (element, pointer) = self.element(op, memref, indices)?;
        let mut e = match element.text.strip_suffix("[0]") {
            Some(_) => Expr::name(pointer.text, pointer.elem),
            None => Expr {
                text: format!("&{}", element.text),
                prec: UNARY,
                ..element
            },
        };
        e.loads = false;
        Ok(e)
    }

    pub(super) fn load(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let indices: Vec<ValueId> = m.operands(op).skip(1).collect();
        let (mut e, pointer) = self.element(op, m.operand(op, 0), &indices)?;
        e.loads = true;
        e.range = self.full_range(m.value_type(m.result(op, 0)));
        self.floats |= pointer.elem.is_float();
        self.define(m.result(op, 0), e)
    }

    pub(super) fn store(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let indices: Vec<ValueId> = m.operands(op).skip(2).collect();
        self.check_writable(op, m.operand(op, 1))?;
        let value = self.take_exact(op, m.operand(op, 0))?;
        let (target, pointer) = self.element(op, m.operand(op, 1), &indices)?;
        self.flush_loads()?;
        let value = value.to(pointer.elem);
        self.line(&format!("{} = {};", target.text, value.text));
        Ok(())
    }

    pub(super) fn copy(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        self.check_writable(op, m.operand(op, 1))?;
        let (from, to) = (
            self.pointer(op, m.operand(op, 0))?,
            self.pointer(op, m.operand(op, 1))?,
        );
        let bytes = m.size_bytes(m.value_type(m.operand(op, 0)));
        let bytes = bytes.ok_or_else(|| self.error("C004", op, "the buffer has no static size"))?;
        self.flush_loads()?;
        self.line(&format!("memcpy({}, {}, {bytes});", to.text, from.text));
        Ok(())
    }

    /// A constant must not be written.
    pub(super) fn check_writable(&self, op: OpId, buffer: ValueId) -> Result<(), Diagnostic> {
        let m = self.m();
        let root = m.defining_op(crate::written::root(m, buffer));
        match root.filter(|&g| m.op_name(g) == memref::GetGlobalOp::NAME) {
            Some(g)
                if self
                    .cx
                    .constants
                    .get(&memref::GetGlobalOp(g).name(m))
                    .is_some() =>
            {
                Err(self.error(
                    "C007",
                    op,
                    &format!("writes the constant @{}", memref::GetGlobalOp(g).name(m)),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Alignment in bytes of a word access: what is stated, at least the element's.
    fn alignment(&self, op: OpId, elem: CType, word: u32) -> u32 {
        let stated = self
            .m()
            .discardable(op, "mcu.align")
            .and_then(|a| self.m().attr_int(a));
        let stated = stated
            .and_then(|a| u32::try_from(a).ok())
            .filter(|a| a.is_power_of_two())
            .unwrap_or(1);
        stated.max(elem.bits() / 8).min(word / 8)
    }

    pub(super) fn vector_load(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let v = m.result(op, 0);
        let indices: Vec<ValueId> = m.operands(op).skip(1).collect();
        let at = self.address(op, m.operand(op, 0), &indices)?;
        let word = ctype::of_value(m, m.value_type(v)).filter(|c| c.lanes().is_none());
        let Some(word) = word else {
            let uses = self.live.uses(m, v);
            let stored = matches!(uses[..], [(user, 0)]
                if m.op_name(user) == ir::dialects::vector::StoreOp::NAME && m.op_block(user) == m.op_block(op));
            if !stored || m.size_bytes(m.value_type(v)).is_none() {
                return Err(self.error(
                    "C004",
                    op,
                    "a vector of other than 1, 2, 4 or 8 bytes can only be copied",
                ));
            }
            self.slots.insert(v, Slot::Wide(at));
            self.pending.push(v);
            return Ok(());
        };
        let load = Support::Load(word.bits(), self.alignment(op, at.ty, word.bits()));
        let name = self.support.need(load);
        let mut e = Expr::of(&[&at], format!("{name}({})", at.text), PRIMARY, word);
        e.loads = true;
        self.define(v, e)
    }

    pub(super) fn vector_store(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let v = m.operand(op, 0);
        let indices: Vec<ValueId> = m.operands(op).skip(2).collect();
        self.check_writable(op, m.operand(op, 1))?;
        if let Some(Slot::Wide(from)) = self.slots.get(&v).cloned() {
            self.pending.retain(|&p| p != v);
            let at = self.address(op, m.operand(op, 1), &indices)?;
            let bytes = m.size_bytes(m.value_type(v)).unwrap_or_default();
            self.flush_loads()?;
            self.line(&format!("memmove({}, {}, {bytes});", at.text, from.text));
            return Ok(());
        }
        let value = self.take(op, v)?;
        if value.ty.lanes().is_some() {
            return Err(self.error("C004", op, "`arm.mve` has the stores of such a vector"));
        }
        let at = self.address(op, m.operand(op, 1), &indices)?;
        self.flush_loads()?;
        let store = Support::Store(value.ty.bits(), self.alignment(op, at.ty, value.ty.bits()));
        let name = self.support.need(store);
        self.line(&format!("{name}({}, {});", at.text, value.text));
        Ok(())
    }
}

/// What a constant is, from a symbol such as `op3_weights_2`.
pub(crate) fn role(symbol: &str) -> String {
    let rest = match symbol.strip_prefix("op").and_then(|s| s.split_once('_')) {
        Some((digits, rest))
            if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            rest
        }
        _ => symbol,
    };
    match rest.rsplit_once('_') {
        Some((role, digits))
            if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) =>
        {
            role.to_owned()
        }
        _ => rest.to_owned(),
    }
}
