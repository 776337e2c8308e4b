//! Buffers: addresses, loads, stores, word accesses, copies.

use super::FunctionBuilder;
use crate::failure::Failure;
use crate::{address, types};
use codegen_c::Subscript;
use inkwell::types::BasicTypeEnum;
use inkwell::values::{BasicValueEnum, InstructionValue, IntValue, PointerValue};
use ir::dialects::{arith, memref};
use ir::{Diagnostic, OpId, Type, TypeData, ValueId};

impl<'ctx> FunctionBuilder<'_, 'ctx> {
    /// So many bytes behind an address.
    pub(super) fn at_offset(
        &self,
        base: PointerValue<'ctx>,
        offset: u64,
    ) -> Result<PointerValue<'ctx>, Failure> {
        if offset == 0 {
            return Ok(base);
        }
        let context = self.cx.context;
        let offset = context.i32_type().const_int(offset, false);
        address::element(&self.builder, context.i8_type().into(), base, offset)
    }

    pub(super) fn pointer(&self, op: OpId, v: ValueId) -> Result<PointerValue<'ctx>, Diagnostic> {
        match self.value(op, v)? {
            BasicValueEnum::PointerValue(p) => Ok(p),
            _ => Err(self.untyped(op, self.m().value_type(v))),
        }
    }

    /// An op whose result is a buffer's address.
    pub(super) fn buffer(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let result = m.result(op, 0);
        self.type_of(op, m.value_type(result))?;
        let address = match m.op_name(op) {
            memref::GetGlobalOp::NAME => {
                let symbol = memref::GetGlobalOp(op).name(m);
                let constant = self.cx.constants.get(&symbol);
                let found = constant.or_else(|| self.memories.get(&symbol)).copied();
                found.ok_or_else(|| self.error("B003", op, "only @main may use an arena"))?
            }
            memref::ViewOp::NAME => {
                let base = self.pointer(op, m.operand(op, 0))?;
                let offset = arith::const_int_of(m, m.operand(op, 1));
                let offset = offset.and_then(|o| u64::try_from(o).ok()).ok_or_else(|| {
                    let what = "the buffer's address is not known at compile time";
                    self.error("B003", op, what)
                })?;
                self.at_offset(base, offset)?
            }
            _ => self.pointer(op, m.operand(op, 0))?,
        };
        self.values.insert(result, address.into());
        Ok(())
    }

    /// The element type of a buffer, in both forms.
    fn element_type(
        &self,
        op: OpId,
        buffer: ValueId,
    ) -> Result<(Type, BasicTypeEnum<'ctx>), Diagnostic> {
        let m = self.m();
        let ty = m.value_type(buffer);
        let TypeData::MemRef { elem, .. } = m.type_data(ty) else {
            return Err(self.untyped(op, ty));
        };
        let llvm = types::of_element(self.cx.context, m, *elem);
        Ok((*elem, llvm.ok_or_else(|| self.untyped(op, ty))?))
    }

    /// The address of a buffer's element; subscripts are row-major, and none is out of bounds.
    pub(super) fn element(
        &self,
        op: OpId,
        buffer: ValueId,
        indices: &[ValueId],
    ) -> Result<PointerValue<'ctx>, Failure> {
        let m = self.m();
        let base = self.pointer(op, buffer)?;
        let (_, elem) = self.element_type(op, buffer)?;
        let ty = m.value_type(buffer);
        let strides = memref::row_major_strides(m.type_data(ty).shape().unwrap_or(&[]));
        let elements = m.num_elements(ty).unwrap_or(u64::MAX);
        let subscript = match Subscript::of(m, indices, &strides, elements) {
            Some(subscript) => subscript,
            None => Subscript {
                terms: indices.iter().copied().zip(strides).collect(),
                constant: 0,
            },
        };
        self.behind(op, base, elem, &subscript.terms, subscript.constant)
    }

    /// The address of the element `Σ factor · value + constant` behind another.
    pub(super) fn behind(
        &self,
        op: OpId,
        base: PointerValue<'ctx>,
        elem: BasicTypeEnum<'ctx>,
        terms: &[(ValueId, i64)],
        constant: i64,
    ) -> Result<PointerValue<'ctx>, Failure> {
        let mut sum: Option<IntValue<'ctx>> = None;
        for &(v, factor) in terms.iter().filter(|t| t.1 != 0) {
            let value = self.int(op, v)?;
            let term = match factor {
                1 => value,
                _ => self.builder.build_int_mul(value, self.i32(factor), "")?,
            };
            sum = Some(match sum {
                None => term,
                Some(sum) => self.builder.build_int_add(sum, term, "")?,
            });
        }
        let varied = match sum {
            None => base,
            // The whole address is that of an element; with more behind it, the sum so far may be anywhere.
            Some(index) if constant == 0 => address::element(&self.builder, elem, base, index)?,
            Some(index) => address::near(&self.builder, elem, base, index)?,
        };
        match constant {
            0 => Ok(varied),
            constant => address::near(&self.builder, elem, varied, self.i32(constant)),
        }
    }

    pub(super) fn align(
        &self,
        access: Option<InstructionValue<'ctx>>,
        bytes: u32,
    ) -> Result<(), Failure> {
        if let Some(i) = access {
            i.set_alignment(bytes)
                .map_err(|e| crate::failure::refused(&e.to_string()))?;
        }
        Ok(())
    }

    pub(super) fn load(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let buffer = m.operand(op, 0);
        let indices: Vec<ValueId> = m.operands(op).skip(1).collect();
        let at = self.element(op, buffer, &indices)?;
        let (elem, llvm) = self.element_type(op, buffer)?;
        let value = self.builder.build_load(llvm, at, "")?;
        self.align(instruction(value), types::element_bytes(m, elem))?;
        if let Some(load) = instruction(value) {
            self.state_range(load, buffer, elem)?;
        }
        self.values.insert(m.result(op, 0), value);
        Ok(())
    }

    /// Says between which numbers an element lies, where all callers pass constants.
    fn state_range(
        &self,
        load: InstructionValue<'ctx>,
        buffer: ValueId,
        elem: Type,
    ) -> Result<(), Failure> {
        let m = self.m();
        let root = codegen_c::root(m, buffer);
        let same = m.value_type(root) == m.value_type(buffer);
        let entry = m.entry_block(self.func).map(|b| m.block_args(b));
        let i = entry.and_then(|all| all.iter().position(|&a| a == root));
        let range = i
            .filter(|_| same)
            .and_then(|i| self.cx.facts.argument(self.func, i).range);
        let (Some((low, high)), Some(width)) = (range, types::int_width(m, elem)) else {
            return Ok(());
        };
        let full = (high - low) as u64 == u64::MAX >> (64 - width);
        if let (false, Some(ty)) = (full, types::int(self.cx.context, width)) {
            let mask = u64::MAX >> (64 - width);
            let number = |n: i64| ty.const_int(n as u64 & mask, false).into();
            let context = self.cx.context;
            let node = context.metadata_node(&[number(low), number(high + 1)]);
            load.set_metadata(node, context.get_kind_id("range"))
                .map_err(|e| crate::failure::refused(&e.to_string()))?;
        }
        Ok(())
    }

    pub(super) fn store(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let buffer = m.operand(op, 1);
        self.check_writable(op, buffer)?;
        let indices: Vec<ValueId> = m.operands(op).skip(2).collect();
        let at = self.element(op, buffer, &indices)?;
        let (elem, _) = self.element_type(op, buffer)?;
        let store = self.builder.build_store(at, self.operand(op, 0)?)?;
        self.align(Some(store), types::element_bytes(m, elem))
    }

    pub(super) fn copy(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let (from, to) = (m.operand(op, 0), m.operand(op, 1));
        self.check_writable(op, to)?;
        let (elem, _) = self.element_type(op, from)?;
        let align = types::element_bytes(m, elem);
        let bytes = m.size_bytes(m.value_type(from));
        let bytes = bytes.ok_or_else(|| self.untyped(op, m.value_type(from)))?;
        let size = self.cx.context.i32_type().const_int(bytes, false);
        let (from, to) = (self.pointer(op, from)?, self.pointer(op, to)?);
        self.builder.build_memcpy(to, align, from, align, size)?;
        Ok(())
    }

    /// A constant must not be written.
    pub(super) fn check_writable(&self, op: OpId, buffer: ValueId) -> Result<(), Diagnostic> {
        let m = self.m();
        let root = m.defining_op(codegen_c::root(m, buffer));
        let global = root.filter(|&g| m.op_name(g) == memref::GetGlobalOp::NAME);
        match global.map(|g| memref::GetGlobalOp(g).name(m)) {
            Some(symbol) if self.cx.constants.contains_key(&symbol) => {
                Err(self.error("B004", op, &format!("writes the constant @{symbol}")))
            }
            _ => Ok(()),
        }
    }

    /// Alignment in bytes of a word access: what is stated, at least the element's.
    fn word_alignment(&self, op: OpId, elem: Type) -> u32 {
        let m = self.m();
        let stated = m.discardable(op, "mcu.align").and_then(|a| m.attr_int(a));
        let stated = stated
            .and_then(|a| u32::try_from(a).ok())
            .filter(|a| a.is_power_of_two());
        stated.unwrap_or(1).max(types::element_bytes(m, elem))
    }

    pub(super) fn vector_load(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let buffer = m.operand(op, 0);
        let word = self.type_of(op, self.result_type(op))?;
        let indices: Vec<ValueId> = m.operands(op).skip(1).collect();
        let at = self.element(op, buffer, &indices)?;
        let (elem, _) = self.element_type(op, buffer)?;
        let value = self.builder.build_load(word, at, "")?;
        self.align(instruction(value), self.word_alignment(op, elem))?;
        self.values.insert(m.result(op, 0), value);
        Ok(())
    }

    pub(super) fn vector_store(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let buffer = m.operand(op, 1);
        self.check_writable(op, buffer)?;
        let indices: Vec<ValueId> = m.operands(op).skip(2).collect();
        let at = self.element(op, buffer, &indices)?;
        let (elem, _) = self.element_type(op, buffer)?;
        let store = self.builder.build_store(at, self.operand(op, 0)?)?;
        self.align(Some(store), self.word_alignment(op, elem))
    }
}

fn instruction(value: BasicValueEnum<'_>) -> Option<InstructionValue<'_>> {
    use inkwell::values::BasicValue;
    value.as_instruction_value()
}
