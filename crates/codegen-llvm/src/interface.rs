//! The functions that the public header declares: checks, copies, the run; the module's own memory.

use crate::address;
use crate::failure::Failure;
use crate::program::{self, Cx};
use crate::types;
use codegen_c::{Api, ApiMemory, ApiTensor, Place};
use inkwell::IntPredicate;
use inkwell::builder::Builder;
use inkwell::module::Linkage;
use inkwell::types::BasicMetadataTypeEnum;
use inkwell::values::{
    BasicMetadataValueEnum, BasicValueEnum, FunctionValue, IntValue, PointerValue,
};

/// The codes of the header.
pub(crate) const OK: i32 = 0;
const ERROR_NULL_ARENA: i32 = -1;
const ERROR_ARENA_ALIGNMENT: i32 = -2;
const ERROR_NULL_TENSOR: i32 = -3;
const ERROR_TENSOR_ALIGNMENT: i32 = -4;
pub(crate) const ERROR_KERNEL: i32 = -5;
const ERROR_NULL_STATE: i32 = -6;
const ERROR_STATE_ALIGNMENT: i32 = -7;

/// Defines all of them; `graph` runs the layers.
pub(crate) fn define<'ctx>(
    cx: &Cx<'_, 'ctx>,
    graph: FunctionValue<'ctx>,
    target: &target::Target,
) -> Result<(), Failure> {
    let api = cx.api;
    let run_in = run_in(cx, graph)?;
    let several = api.arenas.len() > 1;
    let own = |a: &ApiMemory| match a.need.size {
        0 => cx.null(),
        _ if api.shares_arenas => cx.foreign_memory(a).as_pointer_value(),
        _ => {
            let section = program::arena_section(a, several, target);
            cx.memory(a, &section).as_pointer_value()
        }
    };
    let arenas: Vec<PointerValue<'ctx>> = api.arenas.iter().map(own).collect();
    let mut state = None;
    if let Some(memory) = &api.state {
        let reset_in = reset_in(cx, memory)?;
        let own = own_state(cx, memory);
        let f = Function::new(cx, &format!("{}_reset", api.name), &[], false);
        f.b.build_call(reset_in, &[own.into()], "")?;
        f.b.build_return(None)?;
        state = Some(own);
    }
    run(cx, run_in, &arenas, state)?;
    if api.io_in_arena {
        for t in api.inputs.iter().chain(&api.outputs) {
            if let Place::Arena(arena, offset) = t.place {
                let pointer = types::pointer(cx.context).into();
                let f = Function::returning(cx, &t.function, pointer);
                let at = f.at_offset(arenas[arena], offset)?;
                f.b.build_return(Some(&at))?;
            }
        }
    }
    Ok(())
}

/// `<name>_run_in(arena or arenas, state, in, out)`
fn run_in<'ctx>(
    cx: &Cx<'_, 'ctx>,
    graph: FunctionValue<'ctx>,
) -> Result<FunctionValue<'ctx>, Failure> {
    let api = cx.api;
    let name = format!("{}_run_in", api.name);
    let pointers = 3 + usize::from(api.state.is_some());
    let mut f = Function::new(cx, &name, &vec![(); pointers], true);
    let mut parameters = f.parameters();
    let (out, input) = (parameters.pop(), parameters.pop());
    let state = api.state.as_ref().and_then(|_| parameters.pop());
    let (Some(out), Some(input), Some(arena)) = (out, input, parameters.pop()) else {
        return Err(crate::failure::refused("a function without its parameters").into());
    };
    let mut bases = Vec::new();
    if api.arenas.len() > 1 {
        f.refuse(f.is_null(arena)?, ERROR_NULL_ARENA)?;
        for i in 0..api.arenas.len() {
            bases.push(f.member(arena, i)?);
        }
    } else {
        bases.push(arena);
    }
    let used = |api: &Api, i: usize| api.arenas[i].need.size > 0;
    for (i, &base) in bases.iter().enumerate() {
        if used(api, i) {
            f.refuse(f.is_null(base)?, ERROR_NULL_ARENA)?;
        }
    }
    for (i, &base) in bases.iter().enumerate() {
        if used(api, i) {
            let askew = f.is_unaligned(base, api.arenas[i].need.align)?;
            f.refuse(askew, ERROR_ARENA_ALIGNMENT)?;
        }
    }
    if let (Some(state), Some(memory)) = (state, &api.state) {
        f.check_state(state, memory)?;
    }
    let mut arguments: Vec<BasicMetadataValueEnum<'ctx>> = Vec::new();
    for (i, &base) in bases.iter().enumerate() {
        if used(api, i) {
            arguments.push(base.into());
        }
    }
    let kept = api.state.as_ref().filter(|s| s.need.size > 0);
    arguments.extend(kept.and(state).map(BasicMetadataValueEnum::from));
    if api.io_in_arena {
        f.copies(&api.inputs, input, &bases, true)?;
        f.call_graph(graph, &arguments)?;
        f.copies(&api.outputs, out, &bases, false)?;
    } else {
        let tensors = f.callers_tensors(&[(&api.inputs, input), (&api.outputs, out)])?;
        arguments.extend(tensors.into_iter().map(BasicMetadataValueEnum::from));
        f.call_graph(graph, &arguments)?;
    }
    f.return_status(OK)?;
    Ok(f.llvm)
}

/// `<name>_run(in, out)`: in the module's own memory.
fn run<'ctx>(
    cx: &Cx<'_, 'ctx>,
    run_in: FunctionValue<'ctx>,
    arenas: &[PointerValue<'ctx>],
    state: Option<PointerValue<'ctx>>,
) -> Result<(), Failure> {
    let f = Function::new(cx, &format!("{}_run", cx.api.name), &[(); 2], true);
    let first = match arenas {
        [one] => *one,
        several => {
            let pointer = types::pointer(cx.context);
            let members = vec![pointer.into(); several.len()];
            let ty = cx.context.struct_type(&members, false);
            let all = f.b.build_alloca(ty, "arenas")?;
            for (i, &arena) in several.iter().enumerate() {
                let member = f.b.build_struct_gep(ty, all, i as u32, "")?;
                f.b.build_store(member, arena)?;
            }
            all
        }
    };
    let mut arguments: Vec<BasicMetadataValueEnum<'ctx>> = vec![first.into()];
    arguments.extend(state.map(BasicMetadataValueEnum::from));
    arguments.extend(f.parameters().into_iter().map(BasicMetadataValueEnum::from));
    let status = f.b.build_call(run_in, &arguments, "")?;
    let status = status.try_as_basic_value().basic();
    f.b.build_return(status.as_ref().map(|s| s as _))?;
    Ok(())
}

/// `<name>_reset_in(state)`
fn reset_in<'ctx>(cx: &Cx<'_, 'ctx>, memory: &ApiMemory) -> Result<FunctionValue<'ctx>, Failure> {
    let name = format!("{}_reset_in", cx.api.name);
    let mut f = Function::new(cx, &name, &[()], true);
    let Some(state) = f.parameters().pop() else {
        return Err(crate::failure::refused("a function without its parameter").into());
    };
    f.check_state(state, memory)?;
    let first = &cx.api.initial_state;
    let size = cx.context.i32_type().const_int(first.len() as u64, false);
    let byte = first.first().copied().unwrap_or(0);
    let align = u32::try_from(memory.need.align).unwrap_or(1);
    if first.iter().all(|&b| b == byte) {
        let value = cx.context.i8_type().const_int(byte.into(), false);
        f.b.build_memset(state, align, value, size)?;
    } else {
        let name = format!("{}_initial_state", cx.api.name);
        let from = cx.bytes(&name, first);
        from.set_constant(true);
        from.set_section(Some(&format!(".rodata.{name}")));
        f.b.build_memcpy(state, align, from.as_pointer_value(), 1, size)?;
    }
    f.return_status(OK)?;
    Ok(f.llvm)
}

/// The states' own memory, with what it holds first.
fn own_state<'ctx>(cx: &Cx<'_, 'ctx>, memory: &ApiMemory) -> PointerValue<'ctx> {
    let first = &cx.api.initial_state;
    let variable = &memory.variable;
    let global = if first.iter().all(|&b| b == 0) {
        cx.memory(memory, &format!(".bss.{variable}"))
    } else {
        let global = cx.bytes(variable, first);
        global.set_section(Some(&format!(".data.{variable}")));
        global.set_alignment(u32::try_from(memory.need.align).unwrap_or(16));
        global
    };
    global.as_pointer_value()
}

/// A public function on its way.
struct Function<'a, 'ctx> {
    cx: &'a Cx<'a, 'ctx>,
    llvm: FunctionValue<'ctx>,
    b: Builder<'ctx>,
}

impl<'a, 'ctx> Function<'a, 'ctx> {
    /// With a pointer for each element of `pointers`.
    fn new(cx: &'a Cx<'a, 'ctx>, name: &str, pointers: &[()], returns_status: bool) -> Self {
        let pointer: BasicMetadataTypeEnum<'ctx> = types::pointer(cx.context).into();
        let parameters = vec![pointer; pointers.len()];
        let llvm = cx.add_function(name, &parameters, returns_status, Linkage::External);
        Function::starting(cx, llvm)
    }

    fn returning(
        cx: &'a Cx<'a, 'ctx>,
        name: &str,
        ty: inkwell::types::BasicTypeEnum<'ctx>,
    ) -> Self {
        use inkwell::types::BasicType;
        let llvm = cx.add_function_of(name, ty.fn_type(&[], false), Linkage::External);
        Function::starting(cx, llvm)
    }

    fn starting(cx: &'a Cx<'a, 'ctx>, llvm: FunctionValue<'ctx>) -> Self {
        let b = cx.context.create_builder();
        b.position_at_end(cx.context.append_basic_block(llvm, "entry"));
        if let Some(debug) = &cx.debug {
            debug.begin(llvm, None, &b);
        }
        Function { cx, llvm, b }
    }

    fn parameters(&self) -> Vec<PointerValue<'ctx>> {
        let all = self.llvm.get_params().into_iter();
        all.map(BasicValueEnum::into_pointer_value).collect()
    }

    fn status(&self, code: i32) -> IntValue<'ctx> {
        let bits = u64::from(code as u32);
        self.cx.context.i32_type().const_int(bits, false)
    }

    fn return_status(&self, code: i32) -> Result<(), Failure> {
        self.b.build_return(Some(&self.status(code)))?;
        Ok(())
    }

    /// Returns the code if the condition holds.
    fn refuse(&mut self, condition: IntValue<'ctx>, code: i32) -> Result<(), Failure> {
        let context = self.cx.context;
        let wrong = context.append_basic_block(self.llvm, "refused");
        let right = context.append_basic_block(self.llvm, "accepted");
        self.b.build_conditional_branch(condition, wrong, right)?;
        self.b.position_at_end(wrong);
        self.return_status(code)?;
        self.b.position_at_end(right);
        Ok(())
    }

    /// Runs the layers; a status of theirs ends the function.
    fn call_graph(
        &mut self,
        graph: FunctionValue<'ctx>,
        arguments: &[BasicMetadataValueEnum<'ctx>],
    ) -> Result<(), Failure> {
        let call = self.b.build_call(graph, arguments, "")?;
        let Some(status) = call.try_as_basic_value().basic() else {
            return Ok(());
        };
        let (status, ok) = (status.into_int_value(), self.status(OK));
        let failed = self.b.build_int_compare(IntPredicate::NE, status, ok, "")?;
        self.refuse(failed, ERROR_KERNEL)
    }

    fn is_null(&self, p: PointerValue<'ctx>) -> Result<IntValue<'ctx>, Failure> {
        Ok(self.b.build_is_null(p, "")?)
    }

    fn is_unaligned(&self, p: PointerValue<'ctx>, align: u64) -> Result<IntValue<'ctx>, Failure> {
        let word = self.cx.context.i32_type();
        let address = self.b.build_ptr_to_int(p, word, "")?;
        let mask = word.const_int(align.saturating_sub(1), false);
        let rest = self.b.build_and(address, mask, "")?;
        Ok(self
            .b
            .build_int_compare(IntPredicate::NE, rest, word.const_zero(), "")?)
    }

    /// A member of a struct of pointers.
    fn member(&self, of: PointerValue<'ctx>, i: usize) -> Result<PointerValue<'ctx>, Failure> {
        let pointer = types::pointer(self.cx.context);
        let index = self.cx.context.i32_type().const_int(i as u64, false);
        let at = address::element(&self.b, pointer.into(), of, index)?;
        Ok(self.b.build_load(pointer, at, "")?.into_pointer_value())
    }

    fn at_offset(
        &self,
        base: PointerValue<'ctx>,
        offset: u64,
    ) -> Result<PointerValue<'ctx>, Failure> {
        let offset = self.cx.context.i32_type().const_int(offset, false);
        address::element(&self.b, self.cx.context.i8_type().into(), base, offset)
    }

    fn check_state(
        &mut self,
        state: PointerValue<'ctx>,
        memory: &ApiMemory,
    ) -> Result<(), Failure> {
        self.refuse(self.is_null(state)?, ERROR_NULL_STATE)?;
        let askew = self.is_unaligned(state, memory.need.align)?;
        self.refuse(askew, ERROR_STATE_ALIGNMENT)
    }

    /// Copies tensors between the caller's memory and their places, where the caller has named another place.
    fn copies(
        &mut self,
        tensors: &[ApiTensor],
        pointers: PointerValue<'ctx>,
        arenas: &[PointerValue<'ctx>],
        inward: bool,
    ) -> Result<(), Failure> {
        if tensors.is_empty() {
            return Ok(());
        }
        let context = self.cx.context;
        let given = context.append_basic_block(self.llvm, "given");
        let after = context.append_basic_block(self.llvm, "after");
        let none = self.is_null(pointers)?;
        self.b.build_conditional_branch(none, after, given)?;
        self.b.position_at_end(given);
        for (i, t) in tensors.iter().enumerate() {
            let Place::Arena(arena, offset) = t.place else {
                continue;
            };
            let place = self.at_offset(arenas[arena], offset)?;
            let theirs = self.member(pointers, i)?;
            let copy = context.append_basic_block(self.llvm, "copy");
            let next = context.append_basic_block(self.llvm, "next");
            let named = self.b.build_is_not_null(theirs, "")?;
            let elsewhere = self
                .b
                .build_int_compare(IntPredicate::NE, theirs, place, "")?;
            let needed = self.b.build_and(named, elsewhere, "")?;
            self.b.build_conditional_branch(needed, copy, next)?;
            self.b.position_at_end(copy);
            let (to, from) = if inward {
                (place, theirs)
            } else {
                (theirs, place)
            };
            let size = context.i32_type().const_int(t.bytes, false);
            self.b.build_memmove(to, 1, from, 1, size)?;
            self.b.build_unconditional_branch(next)?;
            self.b.position_at_end(next);
        }
        self.b.build_unconditional_branch(after)?;
        self.b.position_at_end(after);
        Ok(())
    }

    /// The pointers to tensors in the caller's memory, checked.
    fn callers_tensors(
        &mut self,
        lists: &[(&[ApiTensor], PointerValue<'ctx>)],
    ) -> Result<Vec<PointerValue<'ctx>>, Failure> {
        let mut all = Vec::new();
        for &(tensors, pointers) in lists.iter().filter(|l| !l.0.is_empty()) {
            self.refuse(self.is_null(pointers)?, ERROR_NULL_TENSOR)?;
            for (i, t) in tensors.iter().enumerate() {
                let p = self.member(pointers, i)?;
                self.refuse(self.is_null(p)?, ERROR_NULL_TENSOR)?;
                all.push((p, t.place));
            }
        }
        for &(p, place) in &all {
            if let Place::Caller(align) = place
                && align > 1
            {
                let askew = self.is_unaligned(p, align)?;
                self.refuse(askew, ERROR_TENSOR_ALIGNMENT)?;
            }
        }
        Ok(all.into_iter().map(|t| t.0).collect())
    }
}
