//! Calls of external functions: the arguments as the C ABI passes them, and the structs that they point to.
//!
//! No header is read. What a type is, is known by its name for C's own types, and of a struct if its call lists all members.

use super::FunctionBuilder;
use crate::failure::Failure;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::module::Linkage;
use inkwell::types::{BasicMetadataTypeEnum, BasicType, BasicTypeEnum};
use inkwell::values::{BasicMetadataValueEnum, BasicValueEnum, PointerValue, UnnamedAddress};
use ir::dialects::mcu::{CScalar, CWidth, CallExternOp, ExternValue, Returned};
use ir::{Diagnostic, OpId, ValueId};

impl<'ctx> FunctionBuilder<'_, 'ctx> {
    /// The call; a status other than 0 ends the function.
    pub(super) fn call_extern(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let call = CallExternOp(op);
        for (v, role) in call.operand_roles(m) {
            if role.is_written() {
                self.check_writable(op, v)?;
            }
        }
        let buffers: Vec<ValueId> = m.operands(op).collect();
        let values = call.values(m).map_err(|why| self.error("B001", op, &why))?;
        let mut types: Vec<BasicMetadataTypeEnum<'ctx>> = Vec::new();
        let mut arguments: Vec<BasicMetadataValueEnum<'ctx>> = Vec::new();
        for value in &values {
            let argument = self.argument(op, &buffers, value)?;
            types.push(argument.get_type().into());
            arguments.push(argument.into());
        }
        let fallible = call.returned(m) == Some(Returned::Status);
        let context = self.cx.context;
        let ty = match fallible {
            // `int`
            true => context.i32_type().fn_type(&types, false),
            false => context.void_type().fn_type(&types, false),
        };
        let callee = self.cx.external(&call.callee(m), ty)?;
        let site = self
            .builder
            .build_indirect_call(ty, callee, &arguments, "")?;
        for (i, value) in values.iter().enumerate() {
            if let Some(name) = extension(value) {
                let kind = Attribute::get_named_enum_kind_id(name);
                let attribute = context.create_enum_attribute(kind, 0);
                site.add_attribute(AttributeLoc::Param(i as u32), attribute);
            }
        }
        match site.try_as_basic_value().basic() {
            Some(status) => self.check_status(status.into_int_value()),
            None => Ok(()),
        }
    }

    fn argument(
        &self,
        op: OpId,
        buffers: &[ValueId],
        value: &ExternValue,
    ) -> Result<BasicValueEnum<'ctx>, Failure> {
        let ty = self.extern_type(op, value)?;
        match value {
            ExternValue::Array { .. } | ExternValue::Struct { .. } => {}
            _ => return self.extern_value(op, buffers, value),
        }
        if has_buffer(value) {
            let place = self.local(ty)?;
            self.fill(op, buffers, place, value)?;
            return Ok(place.into());
        }
        let constant = self.extern_value(op, buffers, value)?;
        let name = format!("{}_arguments", self.cx.api.name);
        let global = self.cx.llvm.add_global(ty, None, &name);
        global.set_linkage(Linkage::Private);
        global.set_initializer(&constant);
        global.set_constant(true);
        global.set_unnamed_address(UnnamedAddress::Global);
        global.set_section(Some(&format!(".rodata.{name}")));
        Ok(global.as_pointer_value().into())
    }

    /// Memory on the stack, from the function's beginning on.
    fn local(&self, ty: BasicTypeEnum<'ctx>) -> Result<PointerValue<'ctx>, Failure> {
        let builder = self.cx.context.create_builder();
        if let Some(entry) = self.function.get_first_basic_block() {
            match entry.get_first_instruction() {
                Some(first) => builder.position_before(&first),
                None => builder.position_at_end(entry),
            }
        }
        Ok(builder.build_alloca(ty, "")?)
    }

    /// Stores the members of a struct at an address.
    fn fill(
        &self,
        op: OpId,
        buffers: &[ValueId],
        place: PointerValue<'ctx>,
        value: &ExternValue,
    ) -> Result<(), Failure> {
        let ExternValue::Struct { fields, .. } = value else {
            let value = self.extern_value(op, buffers, value)?;
            self.builder.build_store(place, value)?;
            return Ok(());
        };
        let ty = self.extern_type(op, value)?;
        for (i, (_, field)) in fields.iter().enumerate() {
            let at = self.builder.build_struct_gep(ty, place, i as u32, "")?;
            self.fill(op, buffers, at, field)?;
        }
        Ok(())
    }

    /// The type of an argument or member by value.
    fn extern_type(
        &self,
        op: OpId,
        value: &ExternValue,
    ) -> Result<BasicTypeEnum<'ctx>, Diagnostic> {
        let context = self.cx.context;
        let scalar = |name: &str| {
            self.scalar_type(name).ok_or_else(|| {
                let what = format!("an argument has type `{name}`, which only its header knows");
                self.error("B001", op, &what)
                    .help("write the type of `<stdint.h>` that it is, or use `--backend c`")
            })
        };
        Ok(match value {
            ExternValue::Null | ExternValue::Buffer { .. } => crate::types::pointer(context).into(),
            ExternValue::Scalar { ty, .. } => scalar(ty)?,
            ExternValue::Array { ty, values } => scalar(ty)?.array_type(values.len() as u32).into(),
            ExternValue::Struct {
                fields,
                complete: true,
                ..
            } => {
                let members = fields.iter().map(|f| self.extern_type(op, &f.1));
                let members: Vec<_> = members.collect::<Result<_, _>>()?;
                context.struct_type(&members, false).into()
            }
            ExternValue::Struct { ty, .. } => {
                let what = format!("an argument is a `{ty}`, whose members only its header lists");
                let e = self.error("B001", op, &what);
                return Err(e.help(
                    "list them in a `[[struct]]` table of the library, or use `--backend c`",
                ));
            }
        })
    }

    fn scalar_type(&self, name: &str) -> Option<BasicTypeEnum<'ctx>> {
        let context = self.cx.context;
        Some(match CScalar::of_name(name)? {
            CScalar::Integer { width, .. } => {
                let bits = match width {
                    CWidth::Bits(bits) => bits,
                    CWidth::Word => self.cx.pointer_bits,
                };
                crate::types::int(context, bits)?.into()
            }
            CScalar::Bool => context.i8_type().into(),
            CScalar::Float => context.f32_type().into(),
            CScalar::Double => context.f64_type().into(),
        })
    }

    /// An argument, a member, or, of what has no buffer, the whole as a constant.
    fn extern_value(
        &self,
        op: OpId,
        buffers: &[ValueId],
        value: &ExternValue,
    ) -> Result<BasicValueEnum<'ctx>, Failure> {
        let ty = self.extern_type(op, value)?;
        Ok(match (value, ty) {
            (ExternValue::Buffer { operand, .. }, _) => {
                let v = buffers.get(*operand).copied();
                let v = v.ok_or_else(|| self.error("B001", op, "an argument names no operand"))?;
                self.pointer(op, v)?.into()
            }
            (ExternValue::Scalar { value, .. }, ty) => number(ty, *value),
            (ExternValue::Array { values, .. }, BasicTypeEnum::ArrayType(t)) => {
                match t.get_element_type() {
                    BasicTypeEnum::FloatType(e) => {
                        let all = values.iter().map(|&v| e.const_float(v as f64));
                        e.const_array(&all.collect::<Vec<_>>()).into()
                    }
                    BasicTypeEnum::IntType(e) => {
                        let all = values
                            .iter()
                            .map(|&v| e.const_int(low(v, e.get_bit_width()), false));
                        e.const_array(&all.collect::<Vec<_>>()).into()
                    }
                    other => other.const_zero(),
                }
            }
            (ExternValue::Struct { fields, .. }, _) => {
                let members = fields.iter().map(|f| self.extern_value(op, buffers, &f.1));
                let members: Vec<_> = members.collect::<Result<_, _>>()?;
                self.cx.context.const_struct(&members, false).into()
            }
            (_, ty) => ty.const_zero(),
        })
    }
}

/// A constant of a number's type.
fn number(ty: BasicTypeEnum<'_>, value: i64) -> BasicValueEnum<'_> {
    match ty {
        BasicTypeEnum::IntType(t) => t.const_int(low(value, t.get_bit_width()), false).into(),
        BasicTypeEnum::FloatType(t) => t.const_float(value as f64).into(),
        other => other.const_zero(),
    }
}

/// The low bits of a number.
fn low(value: i64, bits: u32) -> u64 {
    value as u64 & (u64::MAX >> (64 - bits.clamp(1, 64)))
}

/// How an integer that is narrower than a register fills it.
fn extension(value: &ExternValue) -> Option<&'static str> {
    let ExternValue::Scalar { ty, .. } = value else {
        return None;
    };
    match CScalar::of_name(ty)? {
        CScalar::Bool => Some("zeroext"),
        CScalar::Integer {
            signed,
            width: CWidth::Bits(8 | 16),
        } => Some(if signed { "signext" } else { "zeroext" }),
        _ => None,
    }
}

fn has_buffer(value: &ExternValue) -> bool {
    match value {
        ExternValue::Buffer { .. } => true,
        ExternValue::Struct { fields, .. } => fields.iter().any(|f| has_buffer(&f.1)),
        _ => false,
    }
}
