//! `scf`, `func`, `arm.block`, and calls of external functions.

use super::Compiler;
use crate::loops::code::{CallSite, ExternSite, Instr, Kind, Reg};
use crate::loops::error::LoopError;
use ir::dialects::func::CallOp;
use ir::dialects::mcu::CallExternOp;
use ir::dialects::scf::{ForOp, IfOp};
use ir::{BlockId, OpId, ValueDef, ValueId};

/// The ops whose result may be in its operand's register.
const SHARING: [&str; 7] = [
    "arith.extsi",
    "arith.extui",
    "arith.trunci",
    "arith.index_cast",
    "arith.bitcast",
    "vector.bitcast",
    "memref.reinterpret_cast",
];

impl Compiler<'_, '_> {
    /// Compiles an op of `scf` or `func`, `arm.block` or `mcu.call_extern`, if it is one.
    pub(super) fn control(&mut self, op: OpId, name: &str) -> Result<bool, LoopError> {
        match name {
            "scf.for" => self.for_op(ForOp(op))?,
            "scf.if" => self.if_op(IfOp(op))?,
            "arm.block" => self.arm_block(op)?,
            // Its region's owner reads it.
            "scf.yield" | "arm.yield" => {}
            "func.call" => self.call(CallOp(op))?,
            "mcu.call_extern" => self.call_extern(CallExternOp(op))?,
            "func.return" => {
                for v in self.m.operands(op) {
                    let (r, kind) = (self.reg(v)?, self.value_kind(v)?);
                    self.f.returned.extend((0..kind.regs()).map(|i| r + i));
                }
                self.emit(Instr::Return);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn for_op(&mut self, op: ForOp) -> Result<(), LoopError> {
        let m = self.m;
        let body = m
            .entry_block(op.0)
            .ok_or_else(|| self.error("a loop without a body"))?;
        let (lower, upper, step) = (op.lower(m), op.upper(m), op.step(m));
        let (lower_r, upper_r, step_r) = (self.reg(lower)?, self.reg(upper)?, self.reg(step)?);
        let inits = op.inits(m);
        let args = m.block_args(body).to_vec();
        let mut carried = Vec::with_capacity(inits.len());
        for &init in &inits {
            let (r, regs) = (self.reg(init)?, self.value_kind(init)?.regs());
            if self.may_take_over(op.0, init)? {
                carried.push((r, regs));
            } else {
                let d = self.new_reg(regs)?;
                self.move_regs(d, r, regs);
                carried.push((d, regs));
            }
        }
        let iv = self.new_reg(1)?;
        self.shared.insert(iv);
        self.emit(Instr::Mov { d: iv, a: lower_r });
        let constant = |v: ValueId| ir::dialects::arith::const_int_of(m, v);
        if constant(step).is_none_or(|s| s <= 0) {
            self.emit(Instr::CheckStep { a: step_r });
        }
        let runs = matches!((constant(lower), constant(upper)), (Some(l), Some(u)) if l < u);

        self.enter();
        self.define(args[0], iv);
        for (&arg, &(r, _)) in args[1..].iter().zip(&carried) {
            self.define(arg, r);
        }
        self.want_in_place(body, &args[1..], &carried);
        self.block(body)?;
        self.op = op.0;
        let next = self.yielded(body)?;
        self.move_in_parallel(&carried, &next)?;
        let code = self.leave()?;

        let length = code.len() as u32;
        if !runs {
            self.emit(Instr::LoopEnter {
                iv,
                upper: upper_r,
                skip: length + 1,
            });
        }
        self.splice(code);
        self.emit(Instr::LoopNext {
            iv,
            step: step_r,
            upper: upper_r,
            body: length,
        });
        for (&v, &(r, _)) in m.results(op.0).iter().zip(&carried) {
            self.define(v, r);
        }
        Ok(())
    }

    /// Whether a loop may count in the register of an initial value: nothing else uses the value, and it is
    /// made anew each time that the loop is reached.
    fn may_take_over(&self, op: OpId, init: ValueId) -> Result<bool, LoopError> {
        let m = self.m;
        let block = m.op_block(op);
        let here = match m.value_def(init) {
            ValueDef::Result(def, _) => m.op_block(def) == block,
            // The first argument of a loop's body is its counter.
            ValueDef::Argument(b, i) => Some(b) == block && (i > 0 || !self.is_loop_body(b)),
        };
        let r = self.reg(init)?;
        let single = m.uses(init).len() == 1 && self.value_kind(init)? != Kind::MemRef;
        Ok(here && single && !self.shared.contains(&r))
    }

    fn is_loop_body(&self, block: BlockId) -> bool {
        let owner = self.m.region_op(self.m.block_region(block));
        self.m.op_name(owner) == ForOp::NAME
    }

    /// Lets each yielded value be computed in the register of the carried one, where the old value is not
    /// read any more.
    fn want_in_place(&mut self, body: BlockId, args: &[ValueId], carried: &[(Reg, u32)]) {
        let m = self.m;
        let Some(terminator) = m.last_op(body) else {
            return;
        };
        let order: rustc_hash::FxHashMap<OpId, usize> =
            m.ops(body).enumerate().map(|(i, op)| (op, i)).collect();
        let position = |op: OpId| {
            let mut op = op;
            loop {
                if let Some(&at) = order.get(&op) {
                    return at;
                }
                match m.parent_op(op) {
                    Some(parent) => op = parent,
                    None => return usize::MAX,
                }
            }
        };
        for ((&arg, &(r, regs)), next) in args.iter().zip(carried).zip(m.operands(terminator)) {
            let Some(def) = m.defining_op(next) else {
                continue;
            };
            let Some(&at) = order.get(&def) else {
                continue;
            };
            let simple = m.regions(def).is_empty() && m.results(def).len() == 1 && regs == 1;
            let only_yielded = m.uses(next).len() == 1;
            let read_before = self.last_read(arg, &position) <= at;
            if simple && only_yielded && read_before {
                self.wanted.insert(next, r);
            }
        }
    }

    /// The last position at which the register of a value may be read: by its users, and by those of every value
    /// that may share the register.
    fn last_read(&self, v: ValueId, position: &impl Fn(OpId) -> usize) -> usize {
        let m = self.m;
        let mut last = 0;
        let mut todo = vec![v];
        while let Some(v) = todo.pop() {
            for &(user, operand) in m.uses(v) {
                last = last.max(position(user));
                if m.op_name(user) == ForOp::NAME {
                    let carried = (operand as usize).checked_sub(3);
                    todo.extend(carried.and_then(|i| m.results(user).get(i)));
                } else if SHARING.contains(&m.op_name(user)) {
                    todo.extend_from_slice(m.results(user));
                }
            }
        }
        last
    }

    /// The registers that a region yields.
    fn yielded(&self, block: BlockId) -> Result<Vec<Reg>, LoopError> {
        let terminator = self.m.last_op(block);
        let operands = terminator.into_iter().flat_map(|t| self.m.operands(t));
        operands.map(|v| self.reg(v)).collect()
    }

    /// Moves all of `from` to `to` at once.
    fn move_in_parallel(&mut self, to: &[(Reg, u32)], from: &[Reg]) -> Result<(), LoopError> {
        let overwritten = |r: Reg| to.iter().any(|&(d, n)| (d..d + n).contains(&r));
        let mut sources = from.to_vec();
        // A source that another move may overwrite first is saved.
        for (source, &(d, regs)) in sources.iter_mut().zip(to) {
            if *source != d && overwritten(*source) {
                let saved = self.new_reg(regs)?;
                self.move_regs(saved, *source, regs);
                *source = saved;
            }
        }
        for (&source, &(d, regs)) in sources.iter().zip(to) {
            self.move_regs(d, source, regs);
        }
        Ok(())
    }

    fn if_op(&mut self, op: IfOp) -> Result<(), LoopError> {
        let m = self.m;
        let condition = self.reg(op.condition(m))?;
        let results = m.results(op.0).to_vec();
        let mut targets = Vec::with_capacity(results.len());
        for &v in &results {
            let regs = self.value_kind(v)?.regs();
            targets.push((self.new_reg(regs)?, regs));
        }
        let mut branches = Vec::with_capacity(2);
        for &region in m.regions(op.0) {
            self.enter();
            if let Some(&block) = m.blocks(region).first() {
                self.block(block)?;
                self.op = op.0;
                let values = self.yielded(block)?;
                for (&r, &(d, regs)) in values.iter().zip(&targets) {
                    self.move_regs(d, r, regs);
                }
            }
            branches.push(self.leave()?);
        }
        let otherwise = branches.pop().unwrap_or_default();
        let mut then = branches.pop().unwrap_or_default();
        if !otherwise.is_empty() {
            let skip = otherwise.len() as u32;
            then.push((Instr::Jump { skip }, op.0));
        }
        self.emit(Instr::JumpIfZero {
            a: condition,
            skip: then.len() as u32,
        });
        self.splice(then);
        self.splice(otherwise);
        for (&v, &(r, _)) in results.iter().zip(&targets) {
            self.define(v, r);
        }
        Ok(())
    }

    /// Its region stands in its place.
    fn arm_block(&mut self, op: OpId) -> Result<(), LoopError> {
        let m = self.m;
        let Some(body) = m.entry_block(op) else {
            return Ok(());
        };
        self.block(body)?;
        self.op = op;
        let values = self.yielded(body)?;
        let mut targets = Vec::with_capacity(values.len());
        for &v in m.results(op) {
            let regs = self.value_kind(v)?.regs();
            let d = match self.wanted.remove(&v) {
                Some(d) => d,
                None => self.new_reg(regs)?,
            };
            targets.push((d, regs));
        }
        self.move_in_parallel(&targets, &values)?;
        for (&v, &(r, _)) in m.results(op).iter().zip(&targets) {
            self.define(v, r);
        }
        Ok(())
    }

    fn call(&mut self, op: CallOp) -> Result<(), LoopError> {
        let m = self.m;
        let name = op.callee(m);
        let Some(&callee) = self.functions.get(&name) else {
            return Err(self.error(format!("@{name} has no body")));
        };
        let mut site = CallSite {
            callee,
            args: Vec::new(),
            results: Vec::new(),
        };
        for v in m.operands(op.0) {
            let (r, kind) = (self.reg(v)?, self.value_kind(v)?);
            site.args.extend((0..kind.regs()).map(|i| r + i));
        }
        for &v in m.results(op.0) {
            let kind = self.value_kind(v)?;
            let r = self.result(v)?;
            site.results.extend((0..kind.regs()).map(|i| r + i));
        }
        let index = self.f.calls.len() as u32;
        self.f.calls.push(site);
        self.emit(Instr::Call { site: index });
        Ok(())
    }

    fn call_extern(&mut self, op: CallExternOp) -> Result<(), LoopError> {
        let m = self.m;
        let body = m.entry_block(op.0);
        let body = body.ok_or_else(|| self.error("its region is empty"))?;
        let mut buffers = Vec::new();
        for (v, role) in op.operand_roles(m) {
            buffers.push((self.reg(v)?, role));
        }
        let index = self.f.externs.len() as u32;
        self.f.externs.push(ExternSite { body, buffers });
        self.emit(Instr::Extern { site: index });
        Ok(())
    }
}
