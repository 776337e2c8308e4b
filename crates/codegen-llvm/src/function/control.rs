//! Loops, conditionals and calls.

use super::FunctionBuilder;
use crate::failure::Failure;
use inkwell::IntPredicate;
use inkwell::basic_block::BasicBlock;
use inkwell::values::{BasicMetadataValueEnum, BasicValue, BasicValueEnum};
use ir::dialects::{arith, func, scf};
use ir::{BlockId, Diagnostic, OpId, TypeData, ValueId};

impl<'ctx> FunctionBuilder<'_, 'ctx> {
    fn new_block(&self, name: &str) -> BasicBlock<'ctx> {
        self.cx.context.append_basic_block(self.function, name)
    }

    /// The block that is being written.
    fn here(&self, op: OpId) -> Result<BasicBlock<'ctx>, Diagnostic> {
        let here = self.builder.get_insert_block();
        here.ok_or_else(|| self.error("B001", op, "it stands in no block"))
    }

    /// The values that a block's terminator yields.
    fn yielded(&self, op: OpId, block: BlockId) -> Result<Vec<BasicValueEnum<'ctx>>, Diagnostic> {
        let m = self.m();
        let Some(last) = m.last_op(block) else {
            return Ok(Vec::new());
        };
        m.operands(last).map(|v| self.value(op, v)).collect()
    }

    /// A loop. One whose body runs at least once for sure ends with the question whether it goes on, others begin with it.
    pub(super) fn for_loop(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let f = scf::ForOp(op);
        let body = m.entry_block(op).ok_or_else(|| self.unknown(op))?;
        let arguments = m.block_args(body).to_vec();
        let (&counter, carried) = arguments.split_first().ok_or_else(|| self.unknown(op))?;
        let (lower, upper) = (self.int(op, f.lower(m))?, self.int(op, f.upper(m))?);
        let step = self.int(op, f.step(m))?;
        let constant = |v| arith::const_int_of(m, v);
        let bounds = (constant(f.lower(m)), constant(f.upper(m)));
        let runs = matches!(bounds, (Some(l), Some(u)) if l < u);
        let counts_up = matches!(bounds.0, Some(0..));
        let inits: Vec<ValueId> = f.inits(m).to_vec();

        let before = self.here(op)?;
        let head = match runs {
            true => None,
            false => Some(self.new_block("head")),
        };
        let (inside, after) = (self.new_block("body"), self.new_block("after"));
        let start = head.unwrap_or(inside);
        self.builder.build_unconditional_branch(start)?;
        self.builder.position_at_end(start);
        let i = self.builder.build_phi(lower.get_type(), "i")?;
        i.add_incoming(&[(&lower, before)]);
        self.values.insert(counter, i.as_basic_value());
        let mut phis = Vec::new();
        for (&inner, &init) in carried.iter().zip(&inits) {
            let first = self.value(op, init)?;
            let phi = self.builder.build_phi(first.get_type(), "")?;
            phi.add_incoming(&[(&first, before)]);
            self.values.insert(inner, phi.as_basic_value());
            phis.push(phi);
        }
        let i_now = i.as_basic_value().into_int_value();
        if head.is_some() {
            let more = self
                .builder
                .build_int_compare(IntPredicate::SLT, i_now, upper, "")?;
            self.builder.build_conditional_branch(more, inside, after)?;
            self.builder.position_at_end(inside);
        }
        self.block(body)?;
        self.locate(op);
        let end = self.here(op)?;
        let next = self.builder.build_int_nsw_add(i_now, step, "")?;
        if let Some(add) = next.as_instruction_value().filter(|_| counts_up) {
            add.set_no_unsigned_wrap_flag(true)
                .map_err(|e| crate::failure::refused(&e.to_string()))?;
        }
        i.add_incoming(&[(&next, end)]);
        let yielded = self.yielded(op, body)?;
        for (phi, value) in phis.iter().zip(&yielded) {
            phi.add_incoming(&[(value, end)]);
        }
        let results: Vec<BasicValueEnum<'ctx>> = match head {
            Some(head) => {
                self.builder.build_unconditional_branch(head)?;
                phis.iter().map(|p| p.as_basic_value()).collect()
            }
            None => {
                let more = self
                    .builder
                    .build_int_compare(IntPredicate::SLT, next, upper, "")?;
                self.builder.build_conditional_branch(more, inside, after)?;
                yielded
            }
        };
        self.builder.position_at_end(after);
        self.values
            .extend(m.results(op).iter().copied().zip(results));
        Ok(())
    }

    pub(super) fn conditional(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let condition = self.int_operand(op, 0)?;
        let (then, otherwise, after) = (
            self.new_block("then"),
            self.new_block("else"),
            self.new_block("after"),
        );
        self.builder
            .build_conditional_branch(condition, then, otherwise)?;
        let mut branches = Vec::new();
        for (i, start) in [then, otherwise].into_iter().enumerate() {
            self.builder.position_at_end(start);
            let region = m.regions(op).get(i);
            let block = region.and_then(|&r| m.blocks(r).first().copied());
            let values = match block {
                Some(block) => {
                    self.block(block)?;
                    self.yielded(op, block)?
                }
                None => Vec::new(),
            };
            self.locate(op);
            branches.push((values, self.here(op)?));
            self.builder.build_unconditional_branch(after)?;
        }
        self.builder.position_at_end(after);
        for (i, &result) in m.results(op).iter().enumerate() {
            let ty = self.type_of(op, m.value_type(result))?;
            let phi = self.builder.build_phi(ty, "")?;
            for (values, end) in &branches {
                let value = values.get(i).ok_or_else(|| self.unknown(op))?;
                phi.add_incoming(&[(value, *end)]);
            }
            self.values.insert(result, phi.as_basic_value());
        }
        Ok(())
    }

    pub(super) fn call(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        let name = func::CallOp(op).callee(m);
        let callee = m.lookup_symbol(&name);
        let function = callee.and_then(|c| self.cx.functions.get(&c)).copied();
        let (Some(callee), Some(function), true) = (callee, function, m.results(op).is_empty())
        else {
            let d = self.error("B001", op, &format!("@{name} has no LLVM form"));
            return Err(d.into());
        };
        let mut arguments: Vec<BasicMetadataValueEnum<'ctx>> = Vec::new();
        for (i, v) in m.operands(op).enumerate() {
            let buffer = matches!(m.type_data(m.value_type(v)), TypeData::MemRef { .. });
            if buffer && self.cx.written.is_written(callee, i) {
                self.check_writable(op, v)?;
            }
            arguments.push(self.value(op, v)?.into());
        }
        let call = self.builder.build_call(function, &arguments, "")?;
        match call.try_as_basic_value().basic() {
            Some(status) => self.check_status(status.into_int_value()),
            None => Ok(()),
        }
    }
}
