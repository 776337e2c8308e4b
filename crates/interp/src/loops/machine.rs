//! The executor of register code.

use super::code::{CallSite, Function, Instr, InterpretSite, Kind, Reg};
use super::error::{Fault, LoopError};
use super::memory::Memory;
use super::watch::Watch;
use super::{extern_call, helium};
use crate::scalar::{IntType, sign_extend};
use crate::scalar::{
    Undefined, compare_float, compare_int, exp_f32, f32_binary, float_to_int, int_binary, wrap,
    zero_extend,
};
use ir::Module;
use ir::interfaces::{Datum, EvalError};
use std::sync::Arc;

/// Runs the functions of one program.
pub struct Machine<'p, W> {
    pub module: &'p Module,
    pub functions: &'p [Function],
    pub memory: Memory,
    /// Instructions executed, counted by whole loop bodies and calls.
    pub steps: u64,
    /// More instructions are a fault.
    pub limit: u64,
    /// Functions that run, each called by the one before.
    pub depth: usize,
    pub watch: W,
}

#[inline]
fn f32_of(x: i64) -> f32 {
    f32::from_bits(x as u32)
}

#[inline]
fn of_f32(x: f32) -> i64 {
    i64::from(x.to_bits() as i32)
}

/// The address of `size` bytes at byte `offset` of the memref in registers `m`, `m + 1`.
#[inline]
pub(super) fn address(regs: &[i64], m: Reg, offset: i64, size: u64) -> Result<usize, Fault> {
    let (start, end) = (regs[m as usize], regs[m as usize + 1]);
    let len = end - start;
    if offset < 0 || offset > len - size as i64 {
        return Err(Fault::OutOfBounds {
            offset,
            size,
            len: len as u64,
        });
    }
    Ok((start + offset) as usize)
}

#[inline]
pub(super) fn aligned(at: usize, align: usize) -> Result<(), Fault> {
    if at & (align - 1) == 0 {
        Ok(())
    } else {
        Err(Fault::Misaligned {
            address: at as u64,
            align: align as u64,
        })
    }
}

impl Memory {
    #[inline]
    fn load<const N: usize>(
        &self,
        watch: &mut impl Watch,
        regs: &[i64],
        m: Reg,
        o: Reg,
        disp: i32,
    ) -> Result<[u8; N], Fault> {
        let at = address(
            regs,
            m,
            regs[o as usize].saturating_add(disp.into()),
            N as u64,
        )?;
        aligned(at, N)?;
        watch.load(at..at + N);
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.bytes[at..at + N]);
        Ok(bytes)
    }

    #[inline]
    fn store<const N: usize>(
        &mut self,
        watch: &mut impl Watch,
        regs: &[i64],
        m: Reg,
        o: Reg,
        disp: i32,
        bytes: [u8; N],
    ) -> Result<(), Fault> {
        let at = address(
            regs,
            m,
            regs[o as usize].saturating_add(disp.into()),
            N as u64,
        )?;
        aligned(at, N)?;
        if at < self.constants_end {
            return Err(Fault::WriteToConstant);
        }
        watch.store(at..at + N);
        self.bytes[at..at + N].copy_from_slice(&bytes);
        Ok(())
    }

    fn copy(&mut self, watch: &mut impl Watch, regs: &[i64], a: Reg, b: Reg) -> Result<(), Fault> {
        let extent = |r: Reg| regs[r as usize] as usize..regs[r as usize + 1] as usize;
        let (from, to) = (extent(a), extent(b));
        if from.len() != to.len() {
            return Err(Fault::OutOfBounds {
                offset: 0,
                size: from.len() as u64,
                len: to.len() as u64,
            });
        }
        if from.start < to.end && to.start < from.end {
            return Err(Fault::OverlappingCopy);
        }
        if to.start < self.constants_end {
            return Err(Fault::WriteToConstant);
        }
        self.spend(from.len())?;
        watch.load(from.clone());
        watch.store(to.clone());
        self.bytes.copy_within(from, to.start);
        Ok(())
    }
}

impl<W: Watch> Machine<'_, W> {
    /// Runs a function whose arguments stand in `frame` from register 1 on; `frame` holds
    /// [`Function::stack`] registers.
    pub fn call(&mut self, function: usize, frame: &mut [i64]) -> Result<(), LoopError> {
        let f = &self.functions[function];
        let first_constant = 1 + f.args.iter().map(|k| k.regs() as usize).sum::<usize>();
        let (regs, rest) = frame.split_at_mut(f.frame.len());
        regs[0] = 0;
        regs[first_constant..].copy_from_slice(&f.frame[first_constant..]);
        self.depth += 1;
        self.steps += f.code.len() as u64;
        if self.steps > self.limit {
            return Err(self.fault(f, 0, Fault::StepLimit(self.limit)));
        }
        let buffers_end = self.memory.bytes.len();
        let mut pc = 0;
        loop {
            match self.run(f, &mut pc, regs) {
                Ok(Stop::Return) => {
                    self.memory.bytes.truncate(buffers_end);
                    self.depth -= 1;
                    return Ok(());
                }
                Ok(Stop::Call(site)) => {
                    let site = &f.calls[site as usize];
                    let outermost = self.depth == 1;
                    if outermost && !self.watched_call(f, pc, site, regs) {
                        pc += 1;
                        continue;
                    }
                    for (to, &from) in rest[1..].iter_mut().zip(&site.args) {
                        *to = regs[from as usize];
                    }
                    self.call(site.callee, rest)
                        .map_err(|e| self.on_behalf_of(f, pc, e))?;
                    let returned = &self.functions[site.callee].returned;
                    for (&to, &from) in site.results.iter().zip(returned) {
                        regs[to as usize] = rest[from as usize];
                    }
                    if outermost {
                        self.watch.returned();
                    }
                    pc += 1;
                }
                Err(fault) => return Err(self.fault(f, pc, fault)),
            }
        }
    }

    /// Shows a call to whoever watches; says whether it is to run. A call with results runs whatever they say.
    fn watched_call(&mut self, f: &Function, pc: usize, site: &CallSite, regs: &[i64]) -> bool {
        let mut at = 0;
        let kinds = &self.functions[site.callee].args;
        let buffers = kinds.iter().map(|kind| {
            let first = at;
            at += kind.regs() as usize;
            let address = |i: usize| regs[site.args[i] as usize] as usize;
            (*kind == Kind::MemRef).then(|| address(first)..address(first + 1))
        });
        let buffers: Vec<_> = buffers.collect();
        self.watch.call(f.ops[pc], &buffers) || !site.results.is_empty()
    }

    fn fault(&self, f: &Function, pc: usize, fault: Fault) -> LoopError {
        let m = self.module;
        let op = f.ops[pc];
        LoopError::Fault {
            kernel: f.name.clone(),
            layer: m.describe_loc(m.op_loc(op)),
            op: m.op_name(op).to_owned(),
            fault,
        }
    }

    /// The layer of a fault is that of the outermost call with a location: kernels are shared.
    fn on_behalf_of(&self, f: &Function, pc: usize, error: LoopError) -> LoopError {
        match error {
            LoopError::Fault {
                kernel,
                layer,
                op,
                fault,
            } => LoopError::Fault {
                kernel,
                layer: self
                    .module
                    .describe_loc(self.module.op_loc(f.ops[pc]))
                    .or(layer),
                op,
                fault,
            },
            other => other,
        }
    }

    /// Runs until a call, a return or a fault; `pc` stays at the instruction that stopped.
    fn run(&mut self, f: &Function, pc: &mut usize, regs: &mut [i64]) -> Result<Stop, Fault> {
        let code = f.code.as_slice();
        let memory = &mut self.memory;
        let watch = &mut self.watch;
        let mut steps = 0;
        let left = self.limit.saturating_sub(self.steps);
        let mut at = *pc;
        let stop = loop {
            macro_rules! get {
                ($r:expr) => {
                    regs[$r as usize]
                };
            }
            // A fault leaves `pc` at its instruction.
            macro_rules! check {
                ($e:expr) => {
                    match $e {
                        Ok(value) => value,
                        Err(fault) => {
                            *pc = at;
                            return Err(fault.into());
                        }
                    }
                };
            }
            macro_rules! checked32 {
                ($d:expr, $exact:expr, $error:expr) => {{
                    let exact: i64 = $exact;
                    if i64::from(exact as i32) != exact {
                        *pc = at;
                        return Err($error.into());
                    }
                    get!($d) = exact;
                }};
            }
            match code[at] {
                Instr::Mov { d, a } => get!(d) = get!(a),
                Instr::Add32 { d, a, b } => {
                    get!(d) = i64::from((get!(a) as i32).wrapping_add(get!(b) as i32));
                }
                Instr::Sub32 { d, a, b } => {
                    get!(d) = i64::from((get!(a) as i32).wrapping_sub(get!(b) as i32));
                }
                Instr::Mul32 { d, a, b } => {
                    get!(d) = i64::from((get!(a) as i32).wrapping_mul(get!(b) as i32));
                }
                Instr::Add64 { d, a, b } => get!(d) = get!(a).wrapping_add(get!(b)),
                Instr::Sub64 { d, a, b } => get!(d) = get!(a).wrapping_sub(get!(b)),
                Instr::Mul64 { d, a, b } => get!(d) = get!(a).wrapping_mul(get!(b)),
                Instr::AddChecked { d, a, b, error } => checked32!(d, get!(a) + get!(b), error),
                Instr::SubChecked { d, a, b, error } => checked32!(d, get!(a) - get!(b), error),
                Instr::MulChecked { d, a, b, error } => checked32!(d, get!(a) * get!(b), error),
                Instr::ShrS { d, a, b, bits } => {
                    let amount = get!(b);
                    if !(0..i64::from(bits)).contains(&amount) {
                        *pc = at;
                        return Err(Undefined::OversizedShift.into());
                    }
                    get!(d) = get!(a) >> amount;
                }
                Instr::And { d, a, b } => get!(d) = get!(a) & get!(b),
                Instr::Or { d, a, b } => get!(d) = get!(a) | get!(b),
                Instr::Xor { d, a, b } => get!(d) = get!(a) ^ get!(b),
                Instr::MinS { d, a, b } => get!(d) = get!(a).min(get!(b)),
                Instr::MaxS { d, a, b } => get!(d) = get!(a).max(get!(b)),
                Instr::Int {
                    d,
                    a,
                    b,
                    op,
                    bits,
                    index,
                    nsw,
                } => {
                    let bits = u32::from(bits);
                    let ty = IntType { bits, index };
                    get!(d) = check!(int_binary(op, ty, nsw, get!(a), get!(b)));
                }
                Instr::Wrap { d, a, bits } => get!(d) = wrap(get!(a), u32::from(bits)),
                Instr::ZeroExtend { d, a, bits } => get!(d) = zero_extend(get!(a), u32::from(bits)),
                Instr::Negate { d, a } => get!(d) = sign_extend(get!(a), 1),
                Instr::ToIndex { d, a } => checked32!(d, get!(a), Undefined::IndexOverflow),
                Instr::CmpI { d, a, b, predicate } => {
                    get!(d) = compare_int(predicate, 64, get!(a), get!(b)).into();
                }
                Instr::CmpF32 { d, a, b, predicate } => {
                    let (a, b) = (f32_of(get!(a)), f32_of(get!(b)));
                    get!(d) = compare_float(predicate, a.into(), b.into()).into();
                }
                Instr::Select { d, c, a, b } => {
                    get!(d) = if get!(c) != 0 { get!(a) } else { get!(b) };
                }
                Instr::F32 { d, a, b, op } => {
                    get!(d) = of_f32(f32_binary(op, f32_of(get!(a)), f32_of(get!(b))));
                }
                Instr::NegF32 { d, a } => get!(d) = of_f32(-f32_of(get!(a))),
                Instr::ExpF32 { d, a } => get!(d) = of_f32(exp_f32(f32_of(get!(a)))),
                Instr::IntToF32 { d, a } => get!(d) = of_f32(get!(a) as f32),
                Instr::F32ToInt { d, a, bits } => {
                    get!(d) = check!(float_to_int(f32_of(get!(a)).into(), u32::from(bits)));
                }
                Instr::Dsp { d, a, b, c, by, op } => {
                    get!(d) = op(get!(a), get!(b), get!(c), by.into())
                }
                Instr::Helium { site } => {
                    check!(helium::run(&f.helium[site as usize], regs));
                }
                Instr::Transfer { m, o, disp, site } => {
                    let site = &f.transfers[site as usize];
                    let offset = get!(o).saturating_add(disp.into());
                    check!(helium::transfer(site, memory, watch, regs, m, offset));
                }
                Instr::MulAdd { d, a, factor, b } => {
                    get!(d) = get!(a)
                        .saturating_mul(factor.into())
                        .saturating_add(get!(b));
                }
                Instr::Load8 { d, m, o, disp } => {
                    let bytes = check!(memory.load::<1>(watch, regs, m, o, disp));
                    get!(d) = i64::from(i8::from_le_bytes(bytes));
                }
                Instr::Load16 { d, m, o, disp } => {
                    let bytes = check!(memory.load::<2>(watch, regs, m, o, disp));
                    get!(d) = i64::from(i16::from_le_bytes(bytes));
                }
                Instr::Load32 { d, m, o, disp } => {
                    let bytes = check!(memory.load::<4>(watch, regs, m, o, disp));
                    get!(d) = i64::from(i32::from_le_bytes(bytes));
                }
                Instr::Load64 { d, m, o, disp } => {
                    let bytes = check!(memory.load::<8>(watch, regs, m, o, disp));
                    get!(d) = i64::from_le_bytes(bytes);
                }
                Instr::Store8 { a, m, o, disp } => {
                    let value = (get!(a) as i8).to_le_bytes();
                    check!(memory.store(watch, regs, m, o, disp, value));
                }
                Instr::Store16 { a, m, o, disp } => {
                    let value = (get!(a) as i16).to_le_bytes();
                    check!(memory.store(watch, regs, m, o, disp, value));
                }
                Instr::Store32 { a, m, o, disp } => {
                    let value = (get!(a) as i32).to_le_bytes();
                    check!(memory.store(watch, regs, m, o, disp, value));
                }
                Instr::Store64 { a, m, o, disp } => {
                    let value = get!(a).to_le_bytes();
                    check!(memory.store(watch, regs, m, o, disp, value));
                }
                Instr::LoadVector { d, m, o, disp, v } => {
                    let v = f.vectors[v as usize];
                    let offset = get!(o).saturating_add(disp.into());
                    let start = check!(address(regs, m, offset, u64::from(v.bytes)));
                    check!(aligned(start, v.align as usize));
                    watch.load(start..start + v.bytes as usize);
                    let bytes = &memory.bytes[start..start + v.bytes as usize];
                    for (i, chunk) in bytes.chunks(8).enumerate() {
                        let mut raw = [0; 8];
                        raw[..chunk.len()].copy_from_slice(chunk);
                        regs[d as usize + i] = i64::from_le_bytes(raw);
                    }
                }
                Instr::StoreVector { a, m, o, disp, v } => {
                    let v = f.vectors[v as usize];
                    let offset = get!(o).saturating_add(disp.into());
                    let start = check!(address(regs, m, offset, u64::from(v.bytes)));
                    check!(aligned(start, v.align as usize));
                    if start < memory.constants_end {
                        *pc = at;
                        return Err(Fault::WriteToConstant);
                    }
                    watch.store(start..start + v.bytes as usize);
                    let bytes = &mut memory.bytes[start..start + v.bytes as usize];
                    for (i, chunk) in bytes.chunks_mut(8).enumerate() {
                        let raw = regs[a as usize + i].to_le_bytes();
                        chunk.copy_from_slice(&raw[..chunk.len()]);
                    }
                }
                Instr::Extract { d, a, shift, bits } => {
                    get!(d) = wrap(get!(a) >> shift, u32::from(bits));
                }
                Instr::Jump { skip } => at += skip as usize,
                Instr::JumpIfZero { a, skip } => {
                    if get!(a) == 0 {
                        at += skip as usize;
                    }
                }
                Instr::LoopEnter { iv, upper, skip } => {
                    if get!(iv) >= get!(upper) {
                        at += skip as usize;
                    }
                }
                Instr::LoopNext {
                    iv,
                    step,
                    upper,
                    body,
                } => {
                    steps += u64::from(body) + 1;
                    if steps > left {
                        *pc = at;
                        return Err(Fault::StepLimit(self.limit));
                    }
                    let next = get!(iv).saturating_add(get!(step));
                    get!(iv) = next;
                    if next < get!(upper) {
                        at -= body as usize;
                        continue;
                    }
                }
                Instr::CheckStep { a } => {
                    if get!(a) <= 0 {
                        *pc = at;
                        return Err(Fault::Step(get!(a)));
                    }
                }
                Instr::View { d, a, b, size } => {
                    let start = check!(address(regs, a, get!(b), u64::from(size)));
                    get!(d) = start as i64;
                    get!(d + 1) = start as i64 + i64::from(size);
                }
                Instr::Alloc { d, size } => {
                    let extent = check!(memory.alloc(size as usize));
                    get!(d) = extent.start as i64;
                    get!(d + 1) = extent.end as i64;
                }
                Instr::Copy { a, b } => check!(memory.copy(watch, regs, a, b)),
                Instr::Call { site } => break Stop::Call(site),
                Instr::Interpret { site } => {
                    check!(interpret(self.module, &f.interprets[site as usize], regs));
                }
                Instr::Extern { site } => {
                    let site = &f.externs[site as usize];
                    check!(extern_call::run(self.module, site, memory, watch, regs));
                }
                Instr::Return => break Stop::Return,
            }
            at += 1;
        };
        *pc = at;
        self.steps += steps;
        Ok(stop)
    }
}

/// Why the inner loop stopped.
enum Stop {
    Return,
    Call(u32),
}

fn interpret(m: &Module, site: &InterpretSite, regs: &mut [i64]) -> Result<(), Fault> {
    let args: Vec<Datum> = site.args.iter().map(|&(r, k)| datum(regs, r, k)).collect();
    let results = site
        .interpret
        .interpret(m.op(site.op), &args)
        .map_err(Fault::Eval)?;
    if results.len() != site.results.len() {
        let why = "the number of results differs".to_owned();
        return Err(Fault::Eval(EvalError::Unsupported(why)));
    }
    for (result, &(r, kind)) in results.iter().zip(&site.results) {
        put(regs, r, kind, result).map_err(Fault::Eval)?;
    }
    Ok(())
}

/// The value in registers from `r` on.
pub fn datum(regs: &[i64], r: Reg, kind: Kind) -> Datum {
    let x = regs[r as usize];
    match kind {
        Kind::Int(_) | Kind::MemRef => Datum::Int(x),
        Kind::F32 => Datum::F32(f32_of(x)),
        Kind::F64 => Datum::F64(f64::from_bits(x as u64)),
        Kind::Vector { bytes } => {
            let words = &regs[r as usize..(r + kind.regs()) as usize];
            let all = words.iter().flat_map(|w| w.to_le_bytes());
            Datum::Bytes(all.take(bytes as usize).collect::<Arc<[u8]>>())
        }
    }
}

/// Puts a value into registers from `r` on.
pub fn put(regs: &mut [i64], r: Reg, kind: Kind, value: &Datum) -> Result<(), EvalError> {
    let r = r as usize;
    match (kind, value) {
        (Kind::Int(ty), Datum::Int(x)) => regs[r] = wrap(*x, ty.bits),
        (Kind::F32, Datum::F32(x)) => regs[r] = of_f32(*x),
        (Kind::F64, Datum::F64(x)) => regs[r] = x.to_bits() as i64,
        (Kind::Vector { bytes }, Datum::Bytes(b)) if b.len() == bytes as usize => {
            for (i, chunk) in b.chunks(8).enumerate() {
                let mut raw = [0; 8];
                raw[..chunk.len()].copy_from_slice(chunk);
                regs[r + i] = i64::from_le_bytes(raw);
            }
        }
        _ => {
            let why = "a result is of another type".to_owned();
            return Err(EvalError::Unsupported(why));
        }
    }
    Ok(())
}
