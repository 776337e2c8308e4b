//! Helium: LLVM's intrinsics, and what LLVM matches to an instruction.
//!
//! A vector is one of LLVM's, a predicate an `i16`, which becomes a vector of `i1` where it is read.

use super::FunctionBuilder;
use crate::failure::{Failure, refused};
use inkwell::IntPredicate;
use inkwell::intrinsics::Intrinsic;
use inkwell::types::{BasicTypeEnum, VectorType};
use inkwell::values::{BasicMetadataValueEnum, BasicValue, BasicValueEnum, IntValue, VectorValue};
use ir::dialects::arm_mve::{self, Shape, Transfer};
use ir::{OpId, ValueId};

impl<'ctx> FunctionBuilder<'_, 'ctx> {
    fn lanes_type(&self, width: u32) -> VectorType<'ctx> {
        let c = self.cx.context;
        let elem = match width {
            8 => c.i8_type(),
            16 => c.i16_type(),
            32 => c.i32_type(),
            _ => c.i64_type(),
        };
        elem.vec_type(128 / width)
    }

    /// Lanes of `width` bits, but as many as there are lanes of `lanes` bits in a vector.
    fn part_type(&self, width: u32, lanes: u32) -> VectorType<'ctx> {
        let full = self.lanes_type(width);
        full.get_element_type()
            .into_int_type()
            .vec_type(128 / lanes)
    }

    fn mask_type(&self, width: u32) -> VectorType<'ctx> {
        self.cx.context.bool_type().vec_type(128 / width)
    }

    /// Calls an intrinsic; `types` are those that its name ends with.
    fn intrinsic(
        &self,
        name: &str,
        types: &[BasicTypeEnum<'ctx>],
        arguments: &[BasicValueEnum<'ctx>],
    ) -> Result<Option<BasicValueEnum<'ctx>>, Failure> {
        let function = Intrinsic::find(name)
            .and_then(|i| i.get_declaration(&self.cx.llvm, types))
            .ok_or_else(|| refused(&format!("{name} is not known")))?;
        let arguments: Vec<BasicMetadataValueEnum<'ctx>> =
            arguments.iter().map(|&x| x.into()).collect();
        let call = self.builder.build_call(function, &arguments, "")?;
        Ok(call.try_as_basic_value().basic())
    }

    fn value_of(
        &self,
        op: OpId,
        name: &str,
        types: &[BasicTypeEnum<'ctx>],
        arguments: &[BasicValueEnum<'ctx>],
    ) -> Result<BasicValueEnum<'ctx>, Failure> {
        let value = self.intrinsic(name, types, arguments)?;
        value.ok_or_else(|| self.unknown(op).into())
    }

    fn splat(&self, word: IntValue<'ctx>, width: u32) -> Result<VectorValue<'ctx>, Failure> {
        let b = &self.builder;
        let ty = self.lanes_type(width);
        let elem = ty.get_element_type().into_int_type();
        let lane = b.build_int_truncate_or_bit_cast(word, elem, "")?;
        let (undefined, zero) = (ty.get_poison(), self.i32(0));
        let first = b.build_insert_element(undefined, lane, zero, "")?;
        let mask = self
            .cx
            .context
            .i32_type()
            .vec_type(128 / width)
            .const_zero();
        Ok(b.build_shuffle_vector(first, undefined, mask, "")?)
    }

    /// Lanes at these positions of `a`, then `b`.
    fn shuffle(
        &self,
        a: VectorValue<'ctx>,
        b: VectorValue<'ctx>,
        positions: impl Iterator<Item = u32>,
    ) -> Result<VectorValue<'ctx>, Failure> {
        let positions: Vec<IntValue<'ctx>> = positions.map(|p| self.i32(p.into())).collect();
        let mask = VectorType::const_vector(&positions);
        Ok(self.builder.build_shuffle_vector(a, b, mask, "")?)
    }

    /// A predicate as one `i1` a lane.
    fn mask(
        &self,
        op: OpId,
        predicate: IntValue<'ctx>,
        width: u32,
    ) -> Result<BasicValueEnum<'ctx>, Failure> {
        let i32t = self.cx.context.i32_type();
        let bits = self.builder.build_int_z_extend(predicate, i32t, "")?;
        let ty = self.mask_type(width).into();
        self.value_of(op, "llvm.arm.mve.pred.i2v", &[ty], &[bits.into()])
    }

    /// The predicate of such a mask.
    fn predicate(
        &self,
        op: OpId,
        mask: BasicValueEnum<'ctx>,
    ) -> Result<BasicValueEnum<'ctx>, Failure> {
        let bits = self.value_of(op, "llvm.arm.mve.pred.v2i", &[mask.get_type()], &[mask])?;
        let i16t = self.cx.context.i16_type();
        let bits = bits.into_int_value();
        Ok(self.builder.build_int_truncate(bits, i16t, "")?.into())
    }

    /// An instruction on registers.
    pub(super) fn helium(&mut self, op: OpId) -> Result<BasicValueEnum<'ctx>, Failure> {
        let m = self.m();
        let (Some(row), Some(width)) = (
            arm_mve::instruction(m.op_name(op)),
            arm_mve::op_width(m, op),
        ) else {
            return Err(self.unknown(op).into());
        };
        let (mut vectors, mut words, mut masks) = (Vec::new(), Vec::new(), Vec::new());
        let mut by_word = false;
        for (i, &shape) in row.operands.iter().enumerate() {
            match (shape, self.operand(op, i)?) {
                (Shape::Predicate, BasicValueEnum::IntValue(p)) => {
                    masks.push(self.mask(op, p, width)?);
                }
                (Shape::VectorOrWord, BasicValueEnum::IntValue(x)) => {
                    by_word = true;
                    words.push(x);
                    vectors.push(self.splat(x, width)?);
                }
                (_, BasicValueEnum::IntValue(x)) => words.push(x),
                (_, BasicValueEnum::VectorValue(v)) => vectors.push(v),
                _ => return Err(self.unknown(op).into()),
            }
        }
        let b = &self.builder;
        let name = row.name.trim_start_matches("arm.mve.");
        let ty: BasicTypeEnum<'ctx> = self.lanes_type(width).into();
        let (zero, one) = (self.i32(0).into(), self.i32(1).into());
        let shift = arm_mve::shift(m.op(op));
        let two = |f: &str| {
            let arguments: Vec<_> = vectors.iter().map(|v| v.as_basic_value_enum()).collect();
            self.value_of(op, f, &[ty], &arguments)
        };
        let missing = || Failure::from(self.unknown(op));
        let first = || vectors.first().copied().ok_or_else(missing);
        let second = || vectors.get(1).copied().ok_or_else(missing);
        let word = || words.first().copied().ok_or_else(missing);
        let constant = |by: i64| self.splat(self.i32(by), width);
        let compared = |p: IntPredicate| {
            let mask = b.build_int_compare(p, first()?, second()?, "")?;
            self.predicate(op, mask.into())
        };
        Ok(match name {
            "vdup" => self.splat(word()?, width)?.into(),
            "vadd" => b.build_int_add(first()?, second()?, "")?.into(),
            "vsub" => b.build_int_sub(first()?, second()?, "")?.into(),
            "vmul" => b.build_int_mul(first()?, second()?, "")?.into(),
            "vmla" => {
                let product = b.build_int_mul(second()?, self.splat(word()?, width)?, "")?;
                b.build_int_add(first()?, product, "")?.into()
            }
            "vmax" => two("llvm.smax")?,
            "vmin" => two("llvm.smin")?,
            "vqadd" => two("llvm.sadd.sat")?,
            "vqsub" => two("llvm.ssub.sat")?,
            "vneg" => b.build_int_neg(first()?, "")?.into(),
            "vabs" => {
                let wraps = self.cx.context.bool_type().const_zero();
                self.value_of(op, "llvm.abs", &[ty], &[first()?.into(), wraps.into()])?
            }
            "vand" => b.build_and(first()?, second()?, "")?.into(),
            "vorr" => b.build_or(first()?, second()?, "")?.into(),
            "veor" => b.build_xor(first()?, second()?, "")?.into(),
            "vmulh" | "vrmulh" => {
                let name = format!("llvm.arm.mve.{name}");
                self.value_of(op, &name, &[ty], &[first()?.into(), second()?.into(), zero])?
            }
            "vqdmulh" | "vqrdmulh" => two(&format!("llvm.arm.mve.{name}"))?,
            "vshl" | "vrshl" => {
                let rounds = if name == "vrshl" { one } else { zero };
                let (a, by): (_, BasicValueEnum<'ctx>) = match by_word {
                    true => (first()?, word()?.into()),
                    false => (first()?, second()?.into()),
                };
                let arguments = [a.into(), by, zero, rounds, zero];
                match by_word {
                    true => self.value_of(op, "llvm.arm.mve.vshl.scalar", &[ty], &arguments)?,
                    false => {
                        self.value_of(op, "llvm.arm.mve.vshl.vector", &[ty, ty], &arguments)?
                    }
                }
            }
            "vshl_n" => b.build_left_shift(first()?, constant(shift)?, "")?.into(),
            "vshr_n" => {
                // By the width is as by one less.
                let by = shift.min(i64::from(width) - 1);
                b.build_right_shift(first()?, constant(by)?, true, "")?
                    .into()
            }
            "vrshr_n" => {
                let arguments = [first()?.into(), self.i32(shift).into(), zero];
                self.value_of(op, "llvm.arm.mve.vrshr.imm", &[ty], &arguments)?
            }
            "vmovlb" | "vmovlt" => {
                let odd = u32::from(name == "vmovlt");
                let a = first()?;
                let half = self.shuffle(a, a, (0..128 / width).map(|i| 2 * i + odd))?;
                b.build_int_s_extend(half, self.lanes_type(width), "")?
                    .into()
            }
            "vmovnb" | "vmovnt" => {
                let (a, odd) = (first()?, u32::from(name == "vmovnt"));
                let low = b.build_bit_cast(second()?, self.lanes_type(width / 2), "")?;
                let n = 256 / width;
                // The low half of lane i is the narrower lane 2·i.
                let positions = (0..n).map(|i| if i % 2 == odd { n + i - odd } else { i });
                self.shuffle(a, low.into_vector_value(), positions)?.into()
            }
            "vqmovnb" | "vqmovnt" => {
                let top = if name == "vqmovnt" { one } else { zero };
                let types = [self.lanes_type(width / 2).into(), ty];
                let arguments = [first()?.into(), second()?.into(), zero, zero, top];
                self.value_of(op, "llvm.arm.mve.vqmovn", &types, &arguments)?
            }
            "vmullb" | "vmullt" => {
                let top = if name == "vmullt" { one } else { zero };
                let types = [self.lanes_type(width * 2).into(), ty];
                let arguments = [first()?.into(), second()?.into(), zero, top];
                self.value_of(op, "llvm.arm.mve.vmull", &types, &arguments)?
            }
            "vmladava" | "vmladava_p" => {
                let mut arguments = vec![
                    zero,
                    zero,
                    zero,
                    word()?.into(),
                    first()?.into(),
                    second()?.into(),
                ];
                let mut types = vec![ty];
                let mut name = "llvm.arm.mve.vmldava";
                for &mask in &masks {
                    arguments.push(mask);
                    types.push(mask.get_type());
                    name = "llvm.arm.mve.vmldava.predicated";
                }
                self.value_of(op, name, &types, &arguments)?
            }
            "vaddva" | "vaddva_p" => {
                let mut arguments = vec![first()?.into(), zero];
                let mut types = vec![ty];
                let mut name = "llvm.arm.mve.addv";
                for &mask in &masks {
                    arguments.push(mask);
                    types.push(mask.get_type());
                    name = "llvm.arm.mve.addv.predicated";
                }
                let sum = self.value_of(op, name, &types, &arguments)?;
                b.build_int_add(word()?, sum.into_int_value(), "")?.into()
            }
            "vpsel" => match masks.first() {
                Some(&BasicValueEnum::VectorValue(mask)) => {
                    b.build_select(mask, first()?, second()?, "")?
                }
                _ => return Err(missing()),
            },
            "vcmpeq" => compared(IntPredicate::EQ)?,
            "vcmpne" => compared(IntPredicate::NE)?,
            "vcmplt" => compared(IntPredicate::SLT)?,
            "vcmple" => compared(IntPredicate::SLE)?,
            "vcmpgt" => compared(IntPredicate::SGT)?,
            "vcmpge" => compared(IntPredicate::SGE)?,
            "vctp8" | "vctp16" | "vctp32" => {
                let name = format!("llvm.arm.mve.{name}");
                let mask = self.value_of(op, &name, &[], &[word()?.into()])?;
                self.predicate(op, mask)?
            }
            "vpnot" => b.build_not(self.int_operand(op, 0)?, "")?.into(),
            _ => return Err(missing()),
        })
    }

    /// A load or store.
    pub(super) fn transfer(&mut self, op: OpId, t: &Transfer) -> Result<(), Failure> {
        let m = self.m();
        let vector = t.vector(m, op);
        let width = arm_mve::lane_width(m, m.value_type(vector));
        let width = width.ok_or_else(|| self.unknown(op))?;
        let buffer = m.operand(op, t.buffer());
        let indices: Vec<ValueId> = m.operands(op).skip(t.buffer() + 1).collect();
        if t.store {
            self.check_writable(op, buffer)?;
        }
        let at = self.element(op, buffer, &indices)?;
        let (whole, part) = (self.lanes_type(width), self.part_type(t.element, width));
        let align = t.element / 8;
        let pointer: BasicTypeEnum<'ctx> = at.get_type().into();
        let bytes = self.i32(align.into()).into();
        let mask = match t.predicated {
            true => Some(self.mask(op, self.int_operand(op, 0)?, width)?),
            false => None,
        };
        if t.store {
            let mut value = self.value(op, vector)?.into_vector_value();
            if t.element < width {
                value = self.builder.build_int_truncate(value, part, "")?;
            }
            match mask {
                None => {
                    let store = self.builder.build_store(at, value)?;
                    self.align(Some(store), align)?;
                }
                Some(mask) => {
                    let (types, arguments) = (
                        [part.into(), pointer],
                        [value.into(), at.into(), bytes, mask],
                    );
                    self.intrinsic("llvm.masked.store", &types, &arguments)?;
                }
            }
            return Ok(());
        }
        let loaded = match (t.offsets, mask) {
            (true, _) => {
                let offsets = self.operand(op, 0)?;
                let shift = self.i32(i64::from(align.trailing_zeros())).into();
                let memory = self.i32(t.element.into()).into();
                let types = [whole.into(), pointer, offsets.get_type()];
                let arguments = [at.into(), offsets, memory, shift, self.i32(0).into()];
                self.value_of(op, "llvm.arm.mve.vldr.gather.offset", &types, &arguments)?
            }
            (false, Some(mask)) => {
                let inactive = part.const_zero().into();
                let arguments = [at.into(), bytes, mask, inactive];
                self.value_of(op, "llvm.masked.load", &[part.into(), pointer], &arguments)?
            }
            (false, None) => {
                let value = self.builder.build_load(part, at, "")?;
                self.align(value.as_instruction_value(), align)?;
                value
            }
        };
        let mut value = loaded.into_vector_value();
        if t.element < width && !t.offsets {
            value = self.builder.build_int_s_extend(value, whole, "")?;
        }
        self.values.insert(vector, value.into());
        Ok(())
    }
}
