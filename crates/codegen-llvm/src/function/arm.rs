//! The DSP extension: LLVM's intrinsics, and inline assembly for `arm.block` and what has no intrinsic.

use super::FunctionBuilder;
use crate::failure::{Failure, refused};
use codegen_c::instructions::{AddressOf, InstructionBlock, Part, mnemonic, saturates};
use inkwell::InlineAsmDialect;
use inkwell::intrinsics::Intrinsic;
use inkwell::types::BasicMetadataTypeEnum;
use inkwell::values::{BasicMetadataValueEnum, BasicValueEnum, IntValue, PointerValue};
use ir::dialects::{arith, arm};
use ir::{OpId, ValueId};

impl<'ctx> FunctionBuilder<'_, 'ctx> {
    /// An op of the DSP extension.
    pub(super) fn dsp(&mut self, op: OpId) -> Result<BasicValueEnum<'ctx>, Failure> {
        let m = self.m();
        let name = m.op_name(op);
        let by = arm::immediate(m.op(op));
        let mut operands = Vec::new();
        for i in 0..m.operands(op).len() {
            operands.push(self.int_operand(op, i)?);
        }
        let (i32t, i64t) = (self.cx.context.i32_type(), self.cx.context.i64_type());
        let short = name.trim_start_matches("arm.");
        match short {
            "smmul" => {
                let b = &self.builder;
                let x = b.build_int_s_extend(operands[0], i64t, "")?;
                let y = b.build_int_s_extend(operands[1], i64t, "")?;
                let product = b.build_int_mul(x, y, "")?;
                let high = b.build_right_shift(product, i64t.const_int(32, false), true, "")?;
                return Ok(b.build_int_truncate(high, i32t, "")?.into());
            }
            "smmulr" | "smmla" | "pkhbt" | "pkhtb" => {
                return self.instruction(op, name, by, &operands);
            }
            "sxtb16" | "uxtb16" | "sxtab16" if by > 0 => {
                // The rotation is part of the instruction again.
                if let Some(x) = operands.last_mut() {
                    let b = &self.builder;
                    let (right, left) = (self.i32(by), self.i32(32 - by));
                    let low = b.build_right_shift(*x, right, false, "")?;
                    let high = b.build_left_shift(*x, left, "")?;
                    *x = b.build_or(low, high, "")?;
                }
            }
            _ => {}
        }
        if saturates(short) {
            operands.push(self.i32(by));
        }
        let intrinsic = format!("llvm.arm.{short}");
        let function = Intrinsic::find(&intrinsic)
            .and_then(|i| i.get_declaration(&self.cx.llvm, &[]))
            .ok_or_else(|| refused(&format!("{intrinsic} is not known")))?;
        let arguments: Vec<BasicMetadataValueEnum<'ctx>> =
            operands.iter().map(|&x| x.into()).collect();
        let call = self.builder.build_call(function, &arguments, "")?;
        let value = call.try_as_basic_value().basic();
        value.ok_or_else(|| self.unknown(op).into())
    }

    /// One instruction of words as assembly.
    fn instruction(
        &self,
        op: OpId,
        name: &str,
        by: i64,
        operands: &[IntValue<'ctx>],
    ) -> Result<BasicValueEnum<'ctx>, Failure> {
        let (mnemonic, suffix) = mnemonic(name, by).ok_or_else(|| self.unknown(op))?;
        let registers: Vec<String> = (0..=operands.len()).map(|i| format!("${i}")).collect();
        let text = format!("{mnemonic} {}{suffix}", registers.join(", "));
        let i32t = self.cx.context.i32_type();
        let types: Vec<BasicMetadataTypeEnum<'ctx>> = vec![i32t.into(); operands.len()];
        let ty = i32t.fn_type(&types, false);
        let constraints = format!("=r{}", ",r".repeat(operands.len()));
        let asm = self.assembly(ty, text, constraints, false);
        let arguments: Vec<BasicMetadataValueEnum<'ctx>> =
            operands.iter().map(|&x| x.into()).collect();
        let call = self.builder.build_indirect_call(ty, asm, &arguments, "")?;
        let value = call.try_as_basic_value().basic();
        value.ok_or_else(|| self.unknown(op).into())
    }

    /// Assembly; what reads memory stays where it is between stores.
    fn assembly(
        &self,
        ty: inkwell::types::FunctionType<'ctx>,
        text: String,
        constraints: String,
        reads_memory: bool,
    ) -> PointerValue<'ctx> {
        let dialect = Some(InlineAsmDialect::ATT);
        let context = self.cx.context;
        context.create_inline_asm(ty, text, constraints, reads_memory, false, dialect, false)
    }

    fn block_address(&self, op: OpId, a: &AddressOf) -> Result<PointerValue<'ctx>, Failure> {
        let base = self.pointer(op, a.buffer)?;
        let word = self.cx.context.i32_type().into();
        self.behind(op, base, word, &a.terms, a.constant)
    }

    /// A word from outside of a block.
    fn block_word(&self, op: OpId, v: ValueId) -> Result<IntValue<'ctx>, Failure> {
        match arith::const_int_of(self.m(), v) {
            Some(c) => Ok(self.i32(c)),
            None => Ok(self.int(op, v)?),
        }
    }

    pub(super) fn arm_block(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let block = InstructionBlock::of(m, op).map_err(|why| self.error("B008", op, &why))?;
        let (context, i32t) = (self.cx.context, self.cx.context.i32_type());
        let outputs = block.results.len() + block.temporaries;
        let mut constraints: Vec<String> = vec!["=&r".to_owned(); outputs];
        let mut arguments: Vec<BasicMetadataValueEnum<'ctx>> = Vec::new();
        let mut types: Vec<BasicMetadataTypeEnum<'ctx>> = Vec::new();
        for &v in &block.words {
            arguments.push(self.block_word(op, v)?.into());
            types.push(i32t.into());
            constraints.push("r".to_owned());
        }
        for a in &block.addresses {
            let pointer = self.block_address(op, a)?;
            types.push(pointer.get_type().into());
            arguments.push(pointer.into());
            constraints.push("r".to_owned());
        }
        for (i, held) in block.results.iter().enumerate() {
            if let Some(v) = *held {
                arguments.push(self.block_word(op, v)?.into());
                types.push(i32t.into());
                constraints.push(i.to_string());
            }
        }
        let loads = !block.addresses.is_empty();
        if loads {
            constraints.push("~{memory}".to_owned());
        }
        let lines: Vec<String> = block
            .lines
            .iter()
            .map(|line| {
                let parts = line.iter().map(|p| match p {
                    Part::Text(t) => t.clone(),
                    Part::Register(r) => format!("${r}"),
                });
                parts.collect()
            })
            .collect();
        let words = vec![i32t.into(); outputs];
        let ty = match outputs {
            0 => return Ok(()),
            1 => i32t.fn_type(&types, false),
            _ => context.struct_type(&words, false).fn_type(&types, false),
        };
        let asm = self.assembly(ty, lines.join("\n\t"), constraints.join(","), loads);
        let call = self.builder.build_indirect_call(ty, asm, &arguments, "")?;
        let value = call
            .try_as_basic_value()
            .basic()
            .ok_or_else(|| self.unknown(op))?;
        for (i, &result) in m.results(op).iter().enumerate() {
            let word = match value {
                BasicValueEnum::StructValue(s) => {
                    self.builder.build_extract_value(s, i as u32, "")?
                }
                word => word,
            };
            self.values.insert(result, word);
        }
        Ok(())
    }
}
