//! One function of the module as a function of LLVM.
//!
//! Every value has one: integers and floats their own, a buffer its address, a vector an integer of its bits, or one of
//! LLVM's where there is Helium. What nobody uses, LLVM removes.

mod arm;
mod arm_mve;
mod control;
mod extern_call;
mod memory;
mod pure;

use crate::failure::Failure;
use crate::program::Cx;
use codegen_c::Place;
use inkwell::IntPredicate;
use inkwell::builder::Builder;
use inkwell::types::{BasicTypeEnum, IntType};
use inkwell::values::{BasicValueEnum, FloatValue, FunctionValue, IntValue, PointerValue};
use ir::dialects::{func, mcu, memref, scf, vector};
use ir::{BlockId, Diagnostic, Module, OpId, Type, TypeData, ValueId};
use rustc_hash::FxHashMap;

pub(crate) struct FunctionBuilder<'a, 'ctx> {
    cx: &'a Cx<'a, 'ctx>,
    builder: Builder<'ctx>,
    function: FunctionValue<'ctx>,
    func: OpId,
    values: FxHashMap<ValueId, BasicValueEnum<'ctx>>,
    /// The arenas and the states' memory by symbol; in `@main` alone.
    memories: FxHashMap<String, PointerValue<'ctx>>,
}

impl<'a, 'ctx> FunctionBuilder<'a, 'ctx> {
    /// Builds the body of a declared kernel.
    pub(crate) fn kernel(
        cx: &'a Cx<'a, 'ctx>,
        func: OpId,
        function: FunctionValue<'ctx>,
    ) -> Result<(), Failure> {
        let mut b = FunctionBuilder::new(cx, func, function);
        let entry = b.entry()?;
        for (&v, parameter) in cx.m.block_args(entry).iter().zip(function.get_params()) {
            b.values.insert(v, parameter);
        }
        b.finish(entry)
    }

    /// Builds `@main`: its parameters are the memories, then the caller's tensors.
    pub(crate) fn graph(
        cx: &'a Cx<'a, 'ctx>,
        func: OpId,
        function: FunctionValue<'ctx>,
    ) -> Result<(), Failure> {
        let mut b = FunctionBuilder::new(cx, func, function);
        let entry = b.entry()?;
        let mut parameters = function.get_params().into_iter();
        let mut next = || {
            let p = parameters.next();
            p.map(BasicValueEnum::into_pointer_value)
                .unwrap_or_else(|| cx.null())
        };
        for memory in cx.api.arenas.iter().chain(&cx.api.state) {
            let base = match memory.need.size {
                0 => cx.null(),
                _ => next(),
            };
            if let Some(symbol) = &memory.symbol {
                b.memories.insert(symbol.clone(), base);
            }
        }
        let tensors = cx.api.inputs.iter().chain(&cx.api.outputs);
        for (&v, t) in
            cx.m.block_args(entry)
                .iter()
                .zip(tensors.chain(&cx.api.states))
        {
            let arena = |i: usize| cx.api.arenas.get(i);
            let (memory, offset) = match t.place {
                Place::Caller(_) => {
                    b.values.insert(v, next().into());
                    continue;
                }
                Place::Arena(i, offset) => (arena(i), offset),
                Place::State(offset) => (cx.api.state.as_ref(), offset),
            };
            let symbol = memory.and_then(|m| m.symbol.as_deref());
            let base = symbol.and_then(|s| b.memories.get(s)).copied();
            let base = base.ok_or_else(|| {
                let text = format!("tensor \"{}\" lies in no memory of the module", t.name);
                Diagnostic::error("B003", text)
            })?;
            let address = b.at_offset(base, offset)?;
            b.values.insert(v, address.into());
        }
        b.finish(entry)
    }

    fn new(cx: &'a Cx<'a, 'ctx>, func: OpId, function: FunctionValue<'ctx>) -> Self {
        let builder = cx.context.create_builder();
        builder.position_at_end(cx.context.append_basic_block(function, "entry"));
        if let Some(debug) = &cx.debug {
            debug.begin(function, Some(func), &builder);
        }
        FunctionBuilder {
            cx,
            builder,
            function,
            func,
            values: FxHashMap::default(),
            memories: FxHashMap::default(),
        }
    }

    fn entry(&self) -> Result<BlockId, Diagnostic> {
        let m = self.m();
        let name = m.symbol_name(self.func).unwrap_or_default();
        m.entry_block(self.func)
            .ok_or_else(|| Diagnostic::error("B001", format!("function @{name} has no body")))
    }

    fn finish(mut self, entry: BlockId) -> Result<(), Failure> {
        self.block(entry)?;
        match self.function.get_type().get_return_type() {
            Some(_) => self.return_status(crate::interface::OK),
            None => {
                self.builder.build_return(None)?;
                Ok(())
            }
        }
    }

    fn return_status(&self, code: i32) -> Result<(), Failure> {
        self.builder
            .build_return(Some(&self.i32(i64::from(code))))?;
        Ok(())
    }

    /// A call's status other than 0 ends this function too, with the code of the header.
    fn check_status(&self, status: IntValue<'ctx>) -> Result<(), Failure> {
        let context = self.cx.context;
        let block = |name| context.append_basic_block(self.function, name);
        let (failed, after) = (block("failed"), block("succeeded"));
        let zero = status.get_type().const_zero();
        let wrong = self
            .builder
            .build_int_compare(IntPredicate::NE, status, zero, "")?;
        self.builder
            .build_conditional_branch(wrong, failed, after)?;
        self.builder.position_at_end(failed);
        self.return_status(crate::interface::ERROR_KERNEL)?;
        self.builder.position_at_end(after);
        Ok(())
    }

    fn m(&self) -> &'a Module {
        self.cx.m
    }

    /// An error that names the op, the function and the layer.
    fn error(&self, code: &'static str, op: OpId, what: &str) -> Diagnostic {
        let m = self.m();
        let kernel = m.symbol_name(self.func).unwrap_or_default();
        let d = Diagnostic::error(code, format!("`{}` in @{kernel}: {what}", m.op_name(op)));
        let own = m.describe_loc(m.op_loc(op));
        match own.or_else(|| m.describe_loc(m.op_loc(self.func))) {
            Some(l) => d.at(l),
            None => d,
        }
    }

    fn unknown(&self, op: OpId) -> Diagnostic {
        self.error("B001", op, "this op has no LLVM form")
            .help("`--backend c` may have one")
    }

    // ---- types and values ----

    fn untyped(&self, op: OpId, ty: Type) -> Diagnostic {
        let text = ir::text::type_text(self.m(), ty);
        self.error("B002", op, &format!("type {text} has no LLVM form"))
    }

    fn type_of(&self, op: OpId, ty: Type) -> Result<BasicTypeEnum<'ctx>, Diagnostic> {
        self.cx.type_of(ty).ok_or_else(|| self.untyped(op, ty))
    }

    fn int_type(&self, op: OpId, ty: Type) -> Result<IntType<'ctx>, Diagnostic> {
        match self.type_of(op, ty)? {
            BasicTypeEnum::IntType(t) => Ok(t),
            _ => Err(self.untyped(op, ty)),
        }
    }

    fn result_type(&self, op: OpId) -> Type {
        self.m().value_type(self.m().result(op, 0))
    }

    fn is_index(&self, v: ValueId) -> bool {
        *self.m().type_data(self.m().value_type(v)) == TypeData::Index
    }

    fn value(&self, op: OpId, v: ValueId) -> Result<BasicValueEnum<'ctx>, Diagnostic> {
        let found = self.values.get(&v).copied();
        found.ok_or_else(|| self.error("B001", op, "an operand has no LLVM form here"))
    }

    fn operand(&self, op: OpId, i: usize) -> Result<BasicValueEnum<'ctx>, Diagnostic> {
        self.value(op, self.m().operand(op, i))
    }

    fn int(&self, op: OpId, v: ValueId) -> Result<IntValue<'ctx>, Diagnostic> {
        match self.value(op, v)? {
            BasicValueEnum::IntValue(i) => Ok(i),
            _ => Err(self.untyped(op, self.m().value_type(v))),
        }
    }

    fn int_operand(&self, op: OpId, i: usize) -> Result<IntValue<'ctx>, Diagnostic> {
        self.int(op, self.m().operand(op, i))
    }

    fn float_operand(&self, op: OpId, i: usize) -> Result<FloatValue<'ctx>, Diagnostic> {
        match self.operand(op, i)? {
            BasicValueEnum::FloatValue(f) => Ok(f),
            _ => Err(self.untyped(op, self.m().value_type(self.m().operand(op, i)))),
        }
    }

    fn i32(&self, value: i64) -> IntValue<'ctx> {
        let bits = value as i32 as u32;
        self.cx.context.i32_type().const_int(u64::from(bits), false)
    }

    // ---- ops ----

    fn block(&mut self, block: BlockId) -> Result<(), Failure> {
        let ops: Vec<OpId> = self.m().ops(block).collect();
        ops.into_iter().try_for_each(|op| self.op(op))
    }

    /// Tells a debugger that the code from here on comes from an op.
    fn locate(&self, op: OpId) {
        if let Some(debug) = &self.cx.debug {
            debug.locate(self.m(), self.func, op, self.function, &self.builder);
        }
    }

    fn op(&mut self, op: OpId) -> Result<(), Failure> {
        let m = self.m();
        self.locate(op);
        match m.op_name(op) {
            scf::ForOp::NAME => self.for_loop(op),
            scf::IfOp::NAME => self.conditional(op),
            scf::YieldOp::NAME => Ok(()),
            func::ReturnOp::NAME if m.operands(op).len() == 0 => Ok(()),
            func::CallOp::NAME => self.call(op),
            ir::dialects::arm::BlockOp::NAME => self.arm_block(op),
            memref::LoadOp::NAME => self.load(op),
            memref::StoreOp::NAME => self.store(op),
            memref::CopyOp::NAME => self.copy(op),
            vector::LoadOp::NAME => self.vector_load(op),
            vector::StoreOp::NAME => self.vector_store(op),
            memref::GetGlobalOp::NAME | memref::ViewOp::NAME | memref::ReinterpretCastOp::NAME => {
                self.buffer(op)
            }
            memref::AllocOp::NAME => {
                let e = self.error("B003", op, "the buffer has no address");
                Err(e.help("run `plan-memory` before objects are built").into())
            }
            mcu::CallExternOp::NAME => self.call_extern(op),
            name => {
                if let Some(t) = ir::dialects::arm_mve::transfer(name) {
                    return self.transfer(op, t);
                }
                let result = match m.results(op) {
                    [v] => *v,
                    _ => return Err(self.unknown(op).into()),
                };
                let value = self.pure(op)?;
                self.values.insert(result, value);
                Ok(())
            }
        }
    }
}
