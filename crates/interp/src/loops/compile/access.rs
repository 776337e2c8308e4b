//! `memref`, and the accesses of `vector` and `arm.mve`.

use super::Compiler;
use crate::loops::code::{Instr, Kind, Reg, TransferSite, VectorAccess};
use crate::loops::error::LoopError;
use ir::dialects::arm_mve;
use ir::dialects::memref::GetGlobalOp;
use ir::{OpId, TypeData, ValueId};

/// A memref's registers, the register of an offset in bytes, and a constant added to it.
struct Address {
    m: Reg,
    o: Reg,
    disp: i32,
}

impl Compiler<'_, '_> {
    /// Compiles an op on buffers, if it is one.
    pub(super) fn access(&mut self, op: OpId, name: &str) -> Result<bool, LoopError> {
        let m = self.m;
        let operands: Vec<ValueId> = m.operands(op).collect();
        let results = m.results(op);
        if let Some(t) = arm_mve::transfer(name) {
            return self.transfer(op, t, &operands).map(|()| true);
        }
        match (name, &operands[..], results) {
            ("memref.load", [memref, indices @ ..], &[result]) => {
                let Address { m, o, disp } = self.address(*memref, indices)?;
                let kind = self.value_kind(result)?;
                let d = self.result(result)?;
                let instr = match element_bytes(kind) {
                    Some(1) => Instr::Load8 { d, m, o, disp },
                    Some(2) => Instr::Load16 { d, m, o, disp },
                    Some(4) => Instr::Load32 { d, m, o, disp },
                    Some(8) => Instr::Load64 { d, m, o, disp },
                    _ => return Err(self.error("an element of this type")),
                };
                self.emit(instr);
                if let Kind::Int(ty) = kind
                    && ty.bits == 1
                {
                    self.emit(Instr::Wrap { d, a: d, bits: 1 });
                }
            }
            ("memref.store", [value, memref, indices @ ..], []) => {
                let Address { m, o, disp } = self.address(*memref, indices)?;
                let a = self.reg(*value)?;
                let instr = match element_bytes(self.value_kind(*value)?) {
                    Some(1) => Instr::Store8 { a, m, o, disp },
                    Some(2) => Instr::Store16 { a, m, o, disp },
                    Some(4) => Instr::Store32 { a, m, o, disp },
                    Some(8) => Instr::Store64 { a, m, o, disp },
                    _ => return Err(self.error("an element of this type")),
                };
                self.emit(instr);
            }
            ("vector.load", [memref, indices @ ..], &[result]) => {
                let Address { m, o, disp } = self.address(*memref, indices)?;
                let v = self.vector_access(op, result)?;
                let d = self.result(result)?;
                self.emit(Instr::LoadVector { d, m, o, disp, v });
            }
            ("vector.store", [value, memref, indices @ ..], []) => {
                let Address { m, o, disp } = self.address(*memref, indices)?;
                let v = self.vector_access(op, *value)?;
                let a = self.reg(*value)?;
                self.emit(Instr::StoreVector { a, m, o, disp, v });
            }
            ("memref.get_global", [], &[result]) => {
                let global = GetGlobalOp(op).name(m);
                let extent = self.layout.globals.get(&global).copied();
                let extent = extent.ok_or_else(|| self.error("no such global"))?;
                let r = match self.globals.get(&extent.start) {
                    Some(&r) => r,
                    None => {
                        let r = self.new_reg(2)?;
                        self.f.frame[r as usize] = extent.start as i64;
                        self.f.frame[r as usize + 1] = extent.end as i64;
                        self.globals.insert(extent.start, r);
                        r
                    }
                };
                self.define_constant(result, r)?;
            }
            ("memref.reinterpret_cast", [source], &[result]) => self.alias(result, *source)?,
            ("memref.view", [source, shift], &[result]) => {
                let size = self.static_size(result)?;
                let (a, b) = (self.reg(*source)?, self.reg(*shift)?);
                let d = self.result(result)?;
                self.emit(Instr::View { d, a, b, size });
            }
            ("memref.alloc", [], &[result]) => {
                let size = self.static_size(result)?;
                let d = self.result(result)?;
                self.emit(Instr::Alloc { d, size });
            }
            ("memref.copy", &[a, b], []) => {
                let (a, b) = (self.reg(a)?, self.reg(b)?);
                self.emit(Instr::Copy { a, b });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A load or store of Helium.
    fn transfer(
        &mut self,
        op: OpId,
        t: &arm_mve::Transfer,
        operands: &[ValueId],
    ) -> Result<(), LoopError> {
        let module = self.m;
        let vector = t.vector(module, op);
        let width = arm_mve::lane_width(module, module.value_type(vector));
        let width = width.ok_or_else(|| self.error("a vector of this type"))?;
        let Some((&memref, indices)) = operands.get(t.buffer()..).and_then(<[_]>::split_first)
        else {
            return Err(self.error("an access without a buffer"));
        };
        let Address { m, o, disp } = self.address(memref, indices)?;
        let first = self.reg(operands[0])?;
        let site = TransferSite {
            vector: match t.store {
                true => self.reg(vector)?,
                false => self.result(vector)?,
            },
            element: t.element,
            width,
            store: t.store,
            predicate: t.predicated.then_some(first),
            offsets: t.offsets.then_some(first),
        };
        self.f.transfers.push(site);
        let site = self.f.transfers.len() as u32 - 1;
        self.emit(Instr::Transfer { m, o, disp, site });
        Ok(())
    }

    fn static_size(&self, v: ValueId) -> Result<u32, LoopError> {
        let size = self.m.size_bytes(self.m.value_type(v));
        size.and_then(|s| u32::try_from(s).ok())
            .filter(|&s| s <= i32::MAX as u32)
            .ok_or_else(|| self.error("a buffer without a static size below 2 GiB"))
    }

    fn vector_access(&mut self, op: OpId, vector: ValueId) -> Result<u16, LoopError> {
        let Kind::Vector { bytes } = self.value_kind(vector)? else {
            return Err(self.error("a vector access of another type"));
        };
        let proven = self.m.discardable(op, "mcu.align");
        let align = match proven.map(|a| self.m.attr_int(a)) {
            None => 1,
            Some(Some(align)) if (1..=4096).contains(&align) && align.count_ones() == 1 => {
                align as u32
            }
            Some(_) => return Err(self.error("`mcu.align` is not a power of two")),
        };
        let access = VectorAccess { bytes, align };
        let list = &mut self.f.vectors;
        let at = list.iter().position(|&v| v == access).unwrap_or_else(|| {
            list.push(access);
            list.len() - 1
        });
        u16::try_from(at).map_err(|_| self.error("too many kinds of vector accesses"))
    }

    /// The address of an element: constant subscripts go into `disp`, the others into a sum that is computed
    /// as far out as they are defined.
    fn address(&mut self, memref: ValueId, indices: &[ValueId]) -> Result<Address, LoopError> {
        let m = self.m;
        let ty = m.value_type(memref);
        let TypeData::MemRef { shape, elem } = m.type_data(ty) else {
            return Err(self.error("an access to what is no memref"));
        };
        let size = m.elem_bytes(*elem).and_then(|s| i64::try_from(s).ok());
        let mut stride = size.ok_or_else(|| self.error("an element of this type"))?;
        let too_large = || "a buffer of 2 GiB or more".to_owned();
        let mut disp = 0i64;
        let mut terms: Vec<(ValueId, i64)> = Vec::new();
        for (axis, &index) in indices.iter().enumerate().rev() {
            match ir::dialects::arith::const_int_of(m, index) {
                Some(i) => {
                    let part = i.checked_mul(stride).and_then(|p| disp.checked_add(p));
                    disp = part.ok_or_else(|| self.error(too_large()))?;
                }
                None => match terms.iter_mut().find(|t| t.0 == index) {
                    Some(term) => term.1 = term.1.saturating_add(stride),
                    None => terms.push((index, stride)),
                },
            }
            // The outermost extent does not matter; it may be dynamic.
            if axis > 0 {
                let extent = shape.get(axis).copied().unwrap_or(1);
                let next = stride
                    .checked_mul(extent)
                    .filter(|s| i32::try_from(*s).is_ok());
                stride = next.ok_or_else(|| self.error(too_large()))?;
            }
        }
        let disp = i32::try_from(disp).map_err(|_| self.error(too_large()))?;
        let m = self.reg(memref)?;
        let o = self.sum(terms)?;
        Ok(Address { m, o, disp })
    }

    /// The register of a sum of `value · stride`, computed at the level of its innermost value.
    fn sum(&mut self, mut terms: Vec<(ValueId, i64)>) -> Result<Reg, LoopError> {
        let level = |c: &Self, v: ValueId| c.levels.get(&v).copied().unwrap_or(0);
        terms.reverse();
        terms.sort_by_key(|&(v, _)| level(self, v));
        let mut sum: Reg = 0;
        for i in 0..terms.len() {
            let (v, stride) = terms[i];
            let (at, prefix) = (level(self, v), &terms[..=i]);
            let known = self.buffers[..=at].iter().find_map(|b| b.sums.get(prefix));
            if let Some(&r) = known {
                sum = r;
                continue;
            }
            let a = self.reg(v)?;
            if stride == 1 && i == 0 {
                // The index itself; its register must keep its value from now on.
                self.shared.insert(a);
                self.buffers[at].sums.insert(prefix.to_vec(), a);
                sum = a;
                continue;
            }
            let d = self.new_reg(1)?;
            let factor = i32::try_from(stride).map_err(|_| self.error("a stride of 2 GiB"))?;
            let b = sum;
            self.emit_at(
                at,
                if factor == 1 {
                    Instr::Add64 { d, a, b }
                } else {
                    Instr::MulAdd { d, a, factor, b }
                },
            );
            self.buffers[at].sums.insert(prefix.to_vec(), d);
            sum = d;
        }
        Ok(sum)
    }
}

/// Bytes of an element in memory.
fn element_bytes(kind: Kind) -> Option<u32> {
    match kind {
        Kind::Int(ty) => Some(ty.bits.div_ceil(8).next_power_of_two()),
        Kind::F32 => Some(4),
        Kind::F64 => Some(8),
        Kind::Vector { .. } | Kind::MemRef => None,
    }
}
