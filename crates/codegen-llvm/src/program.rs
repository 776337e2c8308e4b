//! A module as an LLVM module: constants, own memory, a function a kernel, the function that calls them.

use crate::debug::Debug;
use crate::facts::Facts;
use crate::failure::Failure;
use crate::function::FunctionBuilder;
use crate::types;
use codegen_c::{Api, ApiMemory, Place, Written};
use inkwell::AddressSpace;
use inkwell::attributes::{Attribute, AttributeLoc};
use inkwell::context::Context;
use inkwell::module::{Linkage, Module as LlvmModule};
use inkwell::targets::TargetMachine;
use inkwell::types::{BasicMetadataTypeEnum, BasicTypeEnum};
use inkwell::values::{FunctionValue, GlobalValue, PointerValue, UnnamedAddress};
use ir::dialects::{arm_mve, func, memref};
use ir::{Diagnostic, Diagnostics, Module, OpId, TypeData};
use rustc_hash::FxHashMap;
use std::cell::{OnceCell, RefCell};

/// What all functions of a module share.
pub(crate) struct Cx<'a, 'ctx> {
    pub context: &'ctx Context,
    pub llvm: LlvmModule<'ctx>,
    pub m: &'a Module,
    pub api: &'a Api,
    pub written: Written,
    pub facts: Facts,
    /// The constants by symbol.
    pub constants: FxHashMap<String, PointerValue<'ctx>>,
    /// The kernels.
    pub functions: FxHashMap<OpId, FunctionValue<'ctx>>,
    /// `tw_expf`, from its first use on.
    pub exponential: OnceCell<FunctionValue<'ctx>>,
    /// The functions of others, from the first call on.
    pub externals: RefCell<FxHashMap<String, PointerValue<'ctx>>>,
    /// Bits of an address.
    pub pointer_bits: u32,
    /// Whether there are instructions of Helium, and so its vectors.
    pub helium: bool,
    /// If it is asked for.
    pub debug: Option<Debug<'ctx>>,
}

/// A module of LLVM.
pub(crate) struct Built<'ctx> {
    pub llvm: LlvmModule<'ctx>,
    /// With debug information, the text that it refers to.
    pub listing: Option<String>,
}

/// Builds, and lets nothing pass that has no form; with debug information if there is a file name for the module's text.
pub(crate) fn build<'ctx>(
    context: &'ctx Context,
    m: &Module,
    api: &Api,
    target: &target::Target,
    machine: &TargetMachine,
    listing: Option<&str>,
) -> Result<Built<'ctx>, Diagnostics> {
    let llvm = context.create_module(&api.name);
    llvm.set_source_file_name(&api.name);
    llvm.set_triple(&machine.get_triple());
    llvm.set_data_layout(&machine.get_target_data().get_data_layout());
    let debug = listing.map(|file| Debug::new(context, &llvm, m, file));
    let mut cx = Cx {
        context,
        llvm,
        m,
        api,
        written: Written::of(m)?,
        facts: Facts::of(m, api),
        constants: FxHashMap::default(),
        functions: FxHashMap::default(),
        exponential: OnceCell::new(),
        externals: RefCell::default(),
        pointer_bits: 8 * machine.get_target_data().get_pointer_byte_size(None),
        helium: m
            .walk(m.root(), ir::WalkOrder::Pre)
            .into_iter()
            .any(|op| arm_mve::is_helium(m, op)),
        debug,
    };
    for (symbol, name) in &api.constants {
        let global = cx.constant(symbol, name, target)?;
        cx.constants.insert(symbol.clone(), global);
    }
    let mut errors = Diagnostics::new();
    let mut kernels = Vec::new();
    for k in &api.kernels {
        match cx.declare_kernel(&k.symbol, &k.function) {
            Ok((op, function)) => {
                cx.functions.insert(op, function);
                kernels.push((op, function));
            }
            Err(e) => errors.push(e),
        }
    }
    if errors.has_errors() {
        return Err(errors);
    }
    for (op, function) in kernels {
        let name = m.symbol_name(op).unwrap_or_default();
        if let Err(e) = FunctionBuilder::kernel(&cx, op, function) {
            errors.push(e.diagnostic(name));
        }
    }
    match cx.graph() {
        Ok(graph) if !errors.has_errors() => {
            crate::interface::define(&cx, graph, target).map_err(|e| e.diagnostic(&api.name))?;
        }
        Ok(_) => {}
        Err(e) => errors.push(e.diagnostic("main")),
    }
    if errors.has_errors() {
        return Err(errors);
    }
    Ok(Built {
        llvm: cx.llvm,
        listing: cx.debug.map(Debug::finish),
    })
}

/// A module that defines nothing but arenas, for other modules.
pub(crate) fn arenas<'ctx>(
    context: &'ctx Context,
    name: &str,
    arenas: &[ApiMemory],
    target: &target::Target,
    machine: &TargetMachine,
) -> LlvmModule<'ctx> {
    let llvm = context.create_module(name);
    llvm.set_source_file_name(name);
    llvm.set_triple(&machine.get_triple());
    llvm.set_data_layout(&machine.get_target_data().get_data_layout());
    let several = arenas.len() > 1;
    for arena in arenas {
        define_memory(
            context,
            &llvm,
            arena,
            &arena_section(arena, several, target),
        );
    }
    llvm
}

/// The section of an arena: on a board with several, that of its memory.
pub(crate) fn arena_section(arena: &ApiMemory, several: bool, target: &target::Target) -> String {
    match (&arena.need.pool, several) {
        (Some(pool), true) => target.arena_section(pool),
        _ => format!(".bss.{}", arena.variable),
    }
}

/// A public variable of zeros for a block of memory.
fn define_memory<'ctx>(
    context: &'ctx Context,
    llvm: &LlvmModule<'ctx>,
    memory: &ApiMemory,
    section: &str,
) -> GlobalValue<'ctx> {
    let global = declare_memory(context, llvm, memory);
    let size = u32::try_from(memory.need.size).unwrap_or(u32::MAX);
    global.set_initializer(&context.i8_type().array_type(size).const_zero());
    global.set_section(Some(section));
    global
}

fn declare_memory<'ctx>(
    context: &'ctx Context,
    llvm: &LlvmModule<'ctx>,
    memory: &ApiMemory,
) -> GlobalValue<'ctx> {
    let size = u32::try_from(memory.need.size).unwrap_or(u32::MAX);
    let ty = context.i8_type().array_type(size);
    let global = llvm.add_global(ty, None, &memory.variable);
    global.set_linkage(Linkage::External);
    global.set_alignment(u32::try_from(memory.need.align).unwrap_or(16));
    global
}

impl<'ctx> Cx<'_, 'ctx> {
    /// LLVM's type of a value.
    pub(crate) fn type_of(&self, ty: ir::Type) -> Option<BasicTypeEnum<'ctx>> {
        let width = arm_mve::lane_width(self.m, ty).filter(|_| self.helium);
        match width.and_then(|w| types::int(self.context, w)) {
            Some(lane) => Some(lane.vec_type(128 / lane.get_bit_width()).into()),
            None => types::of_value(self.context, self.m, ty),
        }
    }

    /// Defines a constant in read-only memory, or in what start-up code fills for a pool.
    fn constant(
        &self,
        symbol: &str,
        name: &str,
        target: &target::Target,
    ) -> Result<PointerValue<'ctx>, Diagnostic> {
        let m = self.m;
        let missing = || Diagnostic::error("B002", format!("@{symbol} has no LLVM form"));
        let op = m.lookup_symbol(symbol).ok_or_else(missing)?;
        let g = memref::GlobalOp::cast(m, op).ok_or_else(missing)?;
        let value = m.prop(op, "initial_value").ok_or_else(missing)?;
        let (_, bytes) = m.attr_elements(value).ok_or_else(missing)?;
        let TypeData::MemRef { elem, .. } = m.type_data(g.memref_type(m)) else {
            return Err(missing());
        };
        let natural = types::element_bytes(m, *elem);
        let stated = g.alignment(m).and_then(|a| u32::try_from(a).ok());
        let pool = m.discardable(op, "mcu.pool").and_then(|a| m.attr_symbol(a));
        let section = m.discardable(op, "mcu.section");
        let section = section.and_then(|a| m.attr_str(a));
        let section = match (pool, section.filter(|&s| s != ".rodata")) {
            (Some(pool), _) => target.data_section(pool),
            (None, Some(section)) => section.to_owned(),
            (None, None) => format!(".rodata.{name}"),
        };
        let global = self.bytes(name, bytes);
        global.set_constant(true);
        global.set_unnamed_address(UnnamedAddress::Global);
        global.set_section(Some(&section));
        let align = stated.filter(|a| a.is_power_of_two()).unwrap_or(1);
        global.set_alignment(align.max(natural));
        Ok(global.as_pointer_value())
    }

    /// A private variable of these bytes.
    pub(crate) fn bytes(&self, name: &str, bytes: &[u8]) -> GlobalValue<'ctx> {
        let value = self.context.const_string(bytes, false);
        let global = self.llvm.add_global(value.get_type(), None, name);
        global.set_linkage(Linkage::Internal);
        global.set_initializer(&value);
        global
    }

    /// A private variable of zeros for a block of memory.
    pub(crate) fn memory(&self, memory: &ApiMemory, section: &str) -> GlobalValue<'ctx> {
        let global = define_memory(self.context, &self.llvm, memory, section);
        global.set_linkage(Linkage::Internal);
        global
    }

    /// A block of memory that an app defines.
    pub(crate) fn foreign_memory(&self, memory: &ApiMemory) -> GlobalValue<'ctx> {
        declare_memory(self.context, &self.llvm, memory)
    }

    /// A function of others; what it takes is said at each call.
    pub(crate) fn external(
        &self,
        name: &str,
        ty: inkwell::types::FunctionType<'ctx>,
    ) -> Result<PointerValue<'ctx>, Failure> {
        if let Some(&known) = self.externals.borrow().get(name) {
            return Ok(known);
        }
        let function = self.llvm.add_function(name, ty, Some(Linkage::External));
        // LLVM names the second of two otherwise.
        if function.get_name().to_bytes() != name.as_bytes() {
            return Err(crate::failure::refused(&format!("two functions `{name}`")).into());
        }
        let pointer = function.as_global_value().as_pointer_value();
        self.externals.borrow_mut().insert(name.to_owned(), pointer);
        Ok(pointer)
    }

    /// A function with its own section, so that a linker can leave it out.
    pub(crate) fn add_function(
        &self,
        name: &str,
        parameters: &[BasicMetadataTypeEnum<'ctx>],
        returns_status: bool,
        linkage: Linkage,
    ) -> FunctionValue<'ctx> {
        let ty = match returns_status {
            true => self.context.i32_type().fn_type(parameters, false),
            false => self.context.void_type().fn_type(parameters, false),
        };
        self.add_function_of(name, ty, linkage)
    }

    /// As [`add_function`](Self::add_function), of any type.
    pub(crate) fn add_function_of(
        &self,
        name: &str,
        ty: inkwell::types::FunctionType<'ctx>,
        linkage: Linkage,
    ) -> FunctionValue<'ctx> {
        let function = self.llvm.add_function(name, ty, Some(linkage));
        function.set_section(Some(&format!(".text.{name}")));
        for attribute in crate::optimize::ATTRIBUTES {
            self.mark(function, AttributeLoc::Function, attribute, 0);
        }
        function
    }

    /// Adds an attribute that LLVM knows by name.
    pub(crate) fn mark(
        &self,
        function: FunctionValue<'ctx>,
        at: AttributeLoc,
        name: &str,
        value: u64,
    ) {
        let kind = Attribute::get_named_enum_kind_id(name);
        let attribute = self.context.create_enum_attribute(kind, value);
        function.add_attribute(at, attribute);
    }

    /// Declares a kernel; what its arguments are known to be is said by attributes.
    fn declare_kernel(
        &self,
        symbol: &str,
        name: &str,
    ) -> Result<(OpId, FunctionValue<'ctx>), Diagnostic> {
        let m = self.m;
        let missing = |what: &str| Diagnostic::error("B001", format!("function @{symbol} {what}"));
        let op = m
            .lookup_symbol(symbol)
            .ok_or_else(|| missing("is not there"))?;
        let entry = m
            .entry_block(op)
            .ok_or_else(|| missing("has no body that LLVM could build"))?;
        let arguments = m.block_args(entry).to_vec();
        let mut parameters: Vec<BasicMetadataTypeEnum<'ctx>> = Vec::new();
        for (i, &v) in arguments.iter().enumerate() {
            let ty = self.type_of(m.value_type(v)).ok_or_else(|| {
                let text = ir::text::type_text(m, m.value_type(v));
                let d = Diagnostic::error(
                    "B002",
                    format!("argument {i} of @{symbol} has type {text}, which has no LLVM form"),
                );
                match m.describe_loc(m.op_loc(op)) {
                    Some(l) => d.at(l),
                    None => d,
                }
            })?;
            parameters.push(ty.into());
        }
        let fallible = self.api.fallible.contains(symbol);
        let function = self.add_function(name, &parameters, fallible, Linkage::Internal);
        // A profile tells kernels apart, and the stack need of a kernel is its own.
        self.mark(function, AttributeLoc::Function, "noinline", 0);
        for (i, &v) in arguments.iter().enumerate() {
            if let TypeData::MemRef { elem, .. } = m.type_data(m.value_type(v)) {
                let at = AttributeLoc::Param(i as u32);
                if func::arg_attr(m, op, i, "llvm.noalias").is_some() {
                    self.mark(function, at, "noalias", 0);
                }
                if let Some(bytes) = m.size_bytes(m.value_type(v)).filter(|&b| b > 0) {
                    self.mark(function, at, "dereferenceable", bytes);
                }
                let known = self.facts.argument(op, i).align;
                let known = u32::try_from(known).unwrap_or(1);
                let align = types::element_bytes(m, *elem).max(known);
                function.set_param_alignment(i as u32, align);
            }
        }
        Ok((op, function))
    }

    /// The function that runs the layers; its parameters are the arenas that are not empty, the state, and the caller's tensors.
    fn graph(&self) -> Result<FunctionValue<'ctx>, Failure> {
        let m = self.m;
        let api = self.api;
        let main = m
            .lookup_symbol("main")
            .ok_or_else(|| Diagnostic::error("B001", "the module has no function @main"))?;
        let places = || api.inputs.iter().chain(&api.outputs).chain(&api.states);
        for (i, t) in api.inputs.iter().enumerate() {
            if matches!(t.place, Place::Caller(_)) && self.written.is_written(main, i) {
                let text = format!("the caller's input \"{}\" is written", t.name);
                let d = Diagnostic::error("B004", text);
                return Err(d.note("only inputs in the arena may be overwritten").into());
            }
        }
        let pointer = types::pointer(self.context);
        let callers = places().filter(|t| matches!(t.place, Place::Caller(_)));
        let count = self.graph_memories().count() + callers.count();
        let name = format!("{}_graph", api.name);
        let parameters = vec![pointer.into(); count];
        let fallible = self.api.fallible.contains("main");
        let function = self.add_function(&name, &parameters, fallible, Linkage::Internal);
        FunctionBuilder::graph(self, main, function)?;
        Ok(function)
    }

    /// The blocks of memory that the function of the layers is called with.
    pub(crate) fn graph_memories(&self) -> impl Iterator<Item = &ApiMemory> {
        let all = self.api.arenas.iter().chain(&self.api.state);
        all.filter(|a| a.need.size > 0)
    }

    pub(crate) fn null(&self) -> PointerValue<'ctx> {
        self.context.ptr_type(AddressSpace::default()).const_null()
    }
}
