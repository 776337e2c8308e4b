//! From a function of loops to register code.
//!
//! The code of a region is collected in a buffer of its own, one *level* deeper than the op that owns it,
//! and spliced in when the region ends; jumps are relative, so that code moves freely. Until then, parts of
//! addresses that depend on outer values only go to the outer buffer, in front of the loop.
//!
//! A register may stand for several values: a widening cast keeps its operand's register, a loop's result
//! and carried value take over the initial value's register if nothing else uses it, and the value that a
//! loop yields is computed in place if the old one is not used afterwards.

mod access;
mod arith;
mod control;

use super::code::{Function, Instr, InterpretSite, Kind, Reg};
use super::error::LoopError;
use super::memory::Layout;
use crate::arith::int_type;
use ir::{BlockId, FloatKind, Module, OpId, Type, TypeData, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Registers of a frame, and instructions of a function, at most.
const MAX_SIZE: usize = 1 << 24;

/// The code of one region.
#[derive(Default)]
struct Buffer {
    code: Vec<(Instr, OpId)>,
    /// Sums of address terms that this level has computed.
    sums: FxHashMap<Vec<(ValueId, i64)>, Reg>,
}

/// Compiles one function.
pub struct Compiler<'m, 'a> {
    m: &'m Module,
    layout: &'a Layout,
    functions: &'a FxHashMap<String, usize>,
    f: Function,
    func: OpId,
    /// The op under compilation.
    op: OpId,
    regs: FxHashMap<ValueId, Reg>,
    /// The level at which a value is defined.
    levels: FxHashMap<ValueId, usize>,
    buffers: Vec<Buffer>,
    constants: FxHashMap<i64, Reg>,
    globals: FxHashMap<usize, Reg>,
    /// Registers that stand for more than one live value, or for a constant.
    shared: FxHashSet<Reg>,
    /// The register that a value shall be computed in.
    wanted: FxHashMap<ValueId, Reg>,
}

impl<'m, 'a> Compiler<'m, 'a> {
    /// Compiles `func`, which has a body.
    pub fn function(
        m: &'m Module,
        layout: &'a Layout,
        functions: &'a FxHashMap<String, usize>,
        func: OpId,
        body: BlockId,
    ) -> Result<Function, LoopError> {
        let name = m.symbol_name(func).unwrap_or_default().to_owned();
        let mut c = Compiler {
            m,
            layout,
            functions,
            f: Function {
                name,
                frame: vec![0],
                ..Function::default()
            },
            func,
            op: func,
            regs: FxHashMap::default(),
            levels: FxHashMap::default(),
            buffers: vec![Buffer::default()],
            constants: FxHashMap::default(),
            globals: FxHashMap::default(),
            shared: FxHashSet::default(),
            wanted: FxHashMap::default(),
        };
        c.constants.insert(0, 0);
        c.shared.insert(0);
        for &arg in m.block_args(body) {
            let kind = c.kind(m.value_type(arg))?;
            let r = c.new_reg(kind.regs())?;
            c.f.args.push(kind);
            c.define(arg, r);
        }
        c.block(body)?;
        let code = c.buffers.remove(0).code;
        (c.f.code, c.f.ops) = code.into_iter().unzip();
        Ok(c.f)
    }

    fn error(&self, why: impl Into<String>) -> LoopError {
        LoopError::Unsupported {
            function: self.f.name.clone(),
            op: self.m.op_name(self.op).to_owned(),
            location: self
                .m
                .describe_loc(self.m.op_loc(self.op))
                .or_else(|| self.m.describe_loc(self.m.op_loc(self.func))),
            why: why.into(),
        }
    }

    /// How a value is held in registers, if it can be.
    pub fn kind_of(m: &Module, v: ValueId) -> Option<Kind> {
        kind_of_type(m, m.value_type(v))
    }

    fn kind(&self, ty: Type) -> Result<Kind, LoopError> {
        kind_of_type(self.m, ty).ok_or_else(|| self.error("a value of this type"))
    }

    fn value_kind(&self, v: ValueId) -> Result<Kind, LoopError> {
        self.kind(self.m.value_type(v))
    }

    fn level(&self) -> usize {
        self.buffers.len() - 1
    }

    fn new_reg(&mut self, count: u32) -> Result<Reg, LoopError> {
        let r = self.f.frame.len();
        if r + count as usize > MAX_SIZE {
            return Err(self.error("the function has too many values"));
        }
        self.f.frame.resize(r + count as usize, 0);
        Ok(r as Reg)
    }

    /// The register of a constant.
    fn constant(&mut self, value: i64) -> Result<Reg, LoopError> {
        if let Some(&r) = self.constants.get(&value) {
            return Ok(r);
        }
        let r = self.new_reg(1)?;
        self.f.frame[r as usize] = value;
        self.constants.insert(value, r);
        self.shared.insert(r);
        Ok(r)
    }

    fn emit(&mut self, instr: Instr) {
        let at = self.level();
        self.emit_at(at, instr);
    }

    fn emit_at(&mut self, level: usize, instr: Instr) {
        let op = self.op;
        self.buffers[level].code.push((instr, op));
    }

    fn reg(&self, v: ValueId) -> Result<Reg, LoopError> {
        let r = self.regs.get(&v).copied();
        r.ok_or_else(|| self.error("an operand has no value"))
    }

    /// Says that a value, defined here, is in a register.
    fn define(&mut self, v: ValueId, r: Reg) {
        self.regs.insert(v, r);
        self.levels.insert(v, self.level());
    }

    /// A register for a new value.
    fn result(&mut self, v: ValueId) -> Result<Reg, LoopError> {
        let r = match self.wanted.remove(&v) {
            Some(r) => r,
            None => {
                let kind = self.value_kind(v)?;
                self.new_reg(kind.regs())?
            }
        };
        self.define(v, r);
        Ok(r)
    }

    /// `v` is `of` in the same register.
    fn alias(&mut self, v: ValueId, of: ValueId) -> Result<(), LoopError> {
        let r = self.reg(of)?;
        if let Some(wanted) = self.wanted.remove(&v) {
            let kind = self.value_kind(v)?;
            self.move_regs(wanted, r, kind.regs());
            self.define(v, wanted);
            return Ok(());
        }
        self.shared.insert(r);
        let level = self.levels.get(&of).copied().unwrap_or(0);
        self.regs.insert(v, r);
        self.levels.insert(v, level);
        Ok(())
    }

    /// `v` is in a register of constants, valid everywhere.
    fn define_constant(&mut self, v: ValueId, r: Reg) -> Result<(), LoopError> {
        if let Some(wanted) = self.wanted.remove(&v) {
            let kind = self.value_kind(v)?;
            self.move_regs(wanted, r, kind.regs());
            self.define(v, wanted);
            return Ok(());
        }
        self.shared.insert(r);
        self.regs.insert(v, r);
        self.levels.insert(v, 0);
        Ok(())
    }

    fn move_regs(&mut self, d: Reg, a: Reg, count: u32) {
        if d != a {
            for i in 0..count {
                self.emit(Instr::Mov { d: d + i, a: a + i });
            }
        }
    }

    fn enter(&mut self) {
        self.buffers.push(Buffer::default());
    }

    fn leave(&mut self) -> Result<Vec<(Instr, OpId)>, LoopError> {
        let buffer = self.buffers.pop();
        let code = buffer.map(|b| b.code).unwrap_or_default();
        if code.len() > MAX_SIZE {
            return Err(self.error("the function has too many ops"));
        }
        Ok(code)
    }

    fn splice(&mut self, code: Vec<(Instr, OpId)>) {
        let at = self.level();
        self.buffers[at].code.extend(code);
    }

    /// Compiles the ops of a block; the terminator is its caller's, except `func.return`.
    fn block(&mut self, block: BlockId) -> Result<(), LoopError> {
        let ops: Vec<OpId> = self.m.ops(block).collect();
        for op in ops {
            self.op = op;
            self.one(op)?;
        }
        Ok(())
    }

    fn one(&mut self, op: OpId) -> Result<(), LoopError> {
        let name = self.m.op_name(op);
        if self.arith(op, name)? || self.access(op, name)? || self.control(op, name)? {
            return Ok(());
        }
        self.interpreted(op, name)
    }

    /// An op that is run through its interpretation.
    fn interpreted(&mut self, op: OpId, name: &str) -> Result<(), LoopError> {
        let m = self.m;
        let Some(interpret) = m.registry().interpret(name) else {
            return Err(self.error("the executor does not know this op"));
        };
        if !m.regions(op).is_empty() {
            return Err(self.error("the executor does not know this op, and it has regions"));
        }
        let mut site = InterpretSite {
            op,
            interpret: interpret.clone(),
            args: Vec::new(),
            results: Vec::new(),
        };
        for v in m.operands(op) {
            site.args.push((self.reg(v)?, self.scalar_kind(v)?));
        }
        for &v in m.results(op) {
            let kind = self.scalar_kind(v)?;
            site.results.push((self.result(v)?, kind));
        }
        let index = self.f.interprets.len() as u32;
        self.f.interprets.push(site);
        self.emit(Instr::Interpret { site: index });
        Ok(())
    }

    fn scalar_kind(&self, v: ValueId) -> Result<Kind, LoopError> {
        match self.value_kind(v)? {
            Kind::MemRef => Err(self.error("an interpreted op on a buffer")),
            kind => Ok(kind),
        }
    }
}

fn kind_of_type(m: &Module, ty: Type) -> Option<Kind> {
    if let Some(int) = int_type(m, ty) {
        return Some(Kind::Int(int));
    }
    match m.type_data(ty) {
        TypeData::Float(FloatKind::F32) => Some(Kind::F32),
        TypeData::Float(FloatKind::F64) => Some(Kind::F64),
        TypeData::MemRef { .. } => Some(Kind::MemRef),
        TypeData::Vector { .. } => match m.size_bytes(ty) {
            Some(bytes @ 1..=4096) => Some(Kind::Vector {
                bytes: bytes as u32,
            }),
            _ => None,
        },
        _ => None,
    }
}
