//! The register code.

use crate::arm::Dsp;
use crate::helium::Resolved;
use crate::scalar::IntType;
use crate::scalar::{FloatOp, IntOp, Undefined};
use ir::dialects::mcu::BufferRole;
use ir::interfaces::Interpret;
use ir::{BlockId, OpId};
use std::sync::Arc;

/// A register of a frame: an index. Register 0 holds 0.
pub type Reg = u32;

/// How a value is held in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Sign-extended; one bit as 0 or 1.
    Int(IntType),
    /// Bits, sign-extended from 32.
    F32,
    /// Bits.
    F64,
    /// Bytes, little endian, eight a register, zero-padded.
    Vector {
        /// Bytes in all.
        bytes: u32,
    },
    /// Address of the first byte, and behind the last.
    MemRef,
}

impl Kind {
    /// Registers of a value.
    pub fn regs(self) -> u32 {
        match self {
            Kind::Int(_) | Kind::F32 | Kind::F64 => 1,
            Kind::Vector { bytes } => bytes.div_ceil(8).max(1),
            Kind::MemRef => 2,
        }
    }
}

/// One instruction. `d` is written, `a`, `b`, `c` are read; jumps skip that many instructions.
#[derive(Clone, Copy, Debug)]
pub enum Instr {
    Mov {
        d: Reg,
        a: Reg,
    },
    /// 32 bits, wrapping.
    Add32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Sub32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Mul32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    /// 64 bits, wrapping; also of addresses, which do not wrap.
    Add64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Sub64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Mul64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    /// 32 bits, `error` when the result does not fit.
    AddChecked {
        d: Reg,
        a: Reg,
        b: Reg,
        error: Undefined,
    },
    SubChecked {
        d: Reg,
        a: Reg,
        b: Reg,
        error: Undefined,
    },
    MulChecked {
        d: Reg,
        a: Reg,
        b: Reg,
        error: Undefined,
    },
    /// Shifts of `bits` (32 or 64); an oversized amount is an error.
    ShrS {
        d: Reg,
        a: Reg,
        b: Reg,
        bits: u8,
    },
    And {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Or {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Xor {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    MinS {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    MaxS {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    /// Any integer op of any type.
    Int {
        d: Reg,
        a: Reg,
        b: Reg,
        op: IntOp,
        bits: u8,
        index: bool,
        nsw: bool,
    },
    /// The low bits, sign-extended.
    Wrap {
        d: Reg,
        a: Reg,
        bits: u8,
    },
    /// The low bits, zero-extended.
    ZeroExtend {
        d: Reg,
        a: Reg,
        bits: u8,
    },
    /// 0 or 1 to 0 or −1.
    Negate {
        d: Reg,
        a: Reg,
    },
    /// An integer that must fit `index`.
    ToIndex {
        d: Reg,
        a: Reg,
    },
    CmpI {
        d: Reg,
        a: Reg,
        b: Reg,
        predicate: u8,
    },
    CmpF32 {
        d: Reg,
        a: Reg,
        b: Reg,
        predicate: u8,
    },
    Select {
        d: Reg,
        c: Reg,
        a: Reg,
        b: Reg,
    },
    F32 {
        d: Reg,
        a: Reg,
        b: Reg,
        op: FloatOp,
    },
    NegF32 {
        d: Reg,
        a: Reg,
    },
    ExpF32 {
        d: Reg,
        a: Reg,
    },
    IntToF32 {
        d: Reg,
        a: Reg,
    },
    F32ToInt {
        d: Reg,
        a: Reg,
        bits: u8,
    },
    /// An instruction of the DSP extension; `by` is its attribute.
    Dsp {
        d: Reg,
        a: Reg,
        b: Reg,
        c: Reg,
        by: u8,
        op: Dsp,
    },
    /// The instruction `site` of Helium on registers.
    Helium {
        site: u32,
    },
    /// The load or store `site` of Helium; the address is `o + disp`.
    Transfer {
        m: Reg,
        o: Reg,
        disp: i32,
        site: u32,
    },
    /// `a · factor + b`, of addresses.
    MulAdd {
        d: Reg,
        a: Reg,
        factor: i32,
        b: Reg,
    },
    /// A sign-extended element of the memref `m` at byte `o + disp`.
    Load8 {
        d: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Load16 {
        d: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Load32 {
        d: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Load64 {
        d: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Store8 {
        a: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Store16 {
        a: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Store32 {
        a: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    Store64 {
        a: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
    },
    /// A vector; the address is `o + disp` of access `v`.
    LoadVector {
        d: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
        v: u16,
    },
    StoreVector {
        a: Reg,
        m: Reg,
        o: Reg,
        disp: i32,
        v: u16,
    },
    /// `bits` of a vector's register from bit `shift` on, sign-extended.
    Extract {
        d: Reg,
        a: Reg,
        shift: u8,
        bits: u8,
    },
    Jump {
        skip: u32,
    },
    JumpIfZero {
        a: Reg,
        skip: u32,
    },
    /// Skips a loop that does not run.
    LoopEnter {
        iv: Reg,
        upper: Reg,
        skip: u32,
    },
    /// Counts, and goes back `body` instructions.
    LoopNext {
        iv: Reg,
        step: Reg,
        upper: Reg,
        body: u32,
    },
    CheckStep {
        a: Reg,
    },
    /// `size` bytes of the memref `a` from byte `b` on.
    View {
        d: Reg,
        a: Reg,
        b: Reg,
        size: u32,
    },
    Alloc {
        d: Reg,
        size: u32,
    },
    Copy {
        a: Reg,
        b: Reg,
    },
    /// The call `site`.
    Call {
        site: u32,
    },
    /// The op `site`, through its interpretation.
    Interpret {
        site: u32,
    },
    /// The external call `site`, through its region.
    Extern {
        site: u32,
    },
    Return,
}

/// Size and alignment of a vector access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VectorAccess {
    pub bytes: u32,
    pub align: u32,
}

/// An instruction of Helium on registers.
#[derive(Clone, Debug)]
pub struct HeliumSite {
    pub resolved: Resolved,
    pub args: Vec<Reg>,
    pub result: Reg,
}

/// A load or store of Helium.
#[derive(Clone, Copy, Debug)]
pub struct TransferSite {
    /// Of the vector that is loaded or stored.
    pub vector: Reg,
    /// Bits of an element in memory, and of a lane.
    pub element: u32,
    pub width: u32,
    pub store: bool,
    pub predicate: Option<Reg>,
    pub offsets: Option<Reg>,
}

/// A call: registers to copy into the callee's first registers, and from its returned ones.
#[derive(Clone, Debug)]
pub struct CallSite {
    pub callee: usize,
    pub args: Vec<Reg>,
    pub results: Vec<Reg>,
}

/// An op that is run through its interpretation.
#[derive(Clone)]
pub struct InterpretSite {
    pub op: OpId,
    pub interpret: Arc<dyn Interpret>,
    pub args: Vec<(Reg, Kind)>,
    pub results: Vec<(Reg, Kind)>,
}

/// A call of an external function.
#[derive(Clone)]
pub struct ExternSite {
    /// The region's block.
    pub body: BlockId,
    /// The registers of each buffer, and what it is.
    pub buffers: Vec<(Reg, BufferRole)>,
}

/// A function.
#[derive(Clone, Default)]
pub struct Function {
    /// The symbol.
    pub name: String,
    /// The first registers hold the arguments, from register 1 on.
    pub args: Vec<Kind>,
    pub code: Vec<Instr>,
    /// The op that each instruction comes from.
    pub ops: Vec<OpId>,
    /// Initial registers: constants, addresses of globals, zeros.
    pub frame: Vec<i64>,
    pub vectors: Vec<VectorAccess>,
    pub helium: Vec<HeliumSite>,
    pub transfers: Vec<TransferSite>,
    pub calls: Vec<CallSite>,
    pub interprets: Vec<InterpretSite>,
    pub externs: Vec<ExternSite>,
    pub returned: Vec<Reg>,
    /// Registers of this frame and of the deepest chain of calls from it.
    pub stack: usize,
}
