//! A module as register code, ready to run.

use super::code::{Function, Kind};
use super::compile::Compiler;
use super::error::LoopError;
use super::machine::{Machine, datum, put};
use super::memory::{Extent, LIMIT, Layout, Memory};
use super::watch::{Unwatched, Watch};
use ir::dialects::func::{FuncOp, arg_attr};
use ir::dialects::mcu::{Arguments, initial_state};
use ir::interfaces::Datum;
use ir::{Module, OpId, TypeData, Verified};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Frames of nested calls at most.
const MAX_DEPTH: usize = 64;

/// An argument of a function.
#[derive(Clone, PartialEq, Debug)]
pub enum Argument {
    /// A scalar or vector.
    Value(Datum),
    /// A buffer, copied in before the call and out after it.
    Buffer(Vec<u8>),
}

/// What a run of `@main` yields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// The outputs, in the model's order.
    pub outputs: Vec<Vec<u8>>,
    /// Instructions of register code executed.
    pub steps: u64,
}

/// A verified module on buffers as register code.
pub struct Program<'m> {
    module: &'m Module,
    layout: Layout,
    functions: Vec<Function>,
    /// The `func.func` of each function.
    ops: Vec<OpId>,
    by_name: FxHashMap<String, usize>,
    limits: Limits,
}

/// What a run may take; without limits by default, but for 1 GiB of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Instructions of register code; allocations and copies may touch eight bytes for each.
    pub steps: u64,
    /// Bytes of memory, the module's globals included.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            steps: u64::MAX,
            bytes: LIMIT,
        }
    }
}

impl std::fmt::Debug for Program<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("functions", &self.by_name.len())
            .field("memory", &self.layout.image.len())
            .finish()
    }
}

impl<'m> Program<'m> {
    /// Compiles every function that has a body.
    ///
    /// # Errors
    /// [`LoopError::Unsupported`], [`LoopError::Recursion`], [`LoopError::GlobalsTooLarge`].
    pub fn compile(verified: Verified<'m>) -> Result<Self, LoopError> {
        let m = verified.module();
        let layout = Layout::new(m)?;
        let mut bodies = Vec::new();
        let mut by_name = FxHashMap::default();
        for op in ir::dialects::func::functions(m) {
            if let Some(body) = m.entry_block(op) {
                by_name.insert(FuncOp(op).sym_name(m), bodies.len());
                bodies.push((op, body));
            }
        }
        let mut functions = bodies
            .iter()
            .map(|&(op, body)| Compiler::function(m, &layout, &by_name, op, body))
            .collect::<Result<Vec<_>, _>>()?;
        let mut stacks = vec![None; functions.len()];
        for i in 0..functions.len() {
            functions[i].stack = stack_of(&functions, &mut stacks, i, 0)?;
        }
        let ops = bodies.into_iter().map(|(op, _)| op).collect();
        Ok(Self {
            module: m,
            layout,
            functions,
            ops,
            by_name,
            limits: Limits::default(),
        })
    }

    /// With limits; a run that exceeds them is a [`Fault`](super::Fault) for which
    /// [`is_undefined`](super::Fault::is_undefined) is false.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Runs `@main` on its inputs (as many as its `mcu.inputs` says); the outputs are its other arguments, but for its states, which
    /// begin at their first values.
    ///
    /// An argument with `mcu.offset` lies in its arena (`mcu.arena`, or `@arena`) at that byte. Memory is filled with [`POISON`](super::POISON) first.
    ///
    /// # Errors
    /// [`LoopError::NoFunction`], [`LoopError::Signature`], [`LoopError::ArgumentCount`],
    /// [`LoopError::Argument`], [`LoopError::Fault`].
    pub fn run(&self, inputs: &[&[u8]]) -> Result<Vec<Vec<u8>>, LoopError> {
        self.run_counted(inputs).map(|run| run.outputs)
    }

    /// As [`run`](Self::run), with the number of instructions executed.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_counted(&self, inputs: &[&[u8]]) -> Result<Run, LoopError> {
        self.run_function("main", inputs)
    }

    /// Runs any function of the form that `@main` has, with `mcu.inputs`; its states, if it has any, begin at their first values.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_function(&self, function: &str, inputs: &[&[u8]]) -> Result<Run, LoopError> {
        let mut states = self.initial_states(function)?;
        self.step(function, inputs, &mut states)
    }

    /// As [`run_function`](Self::run_function), while somebody watches; pass `&mut watch` to keep what it saw.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_watched(
        &self,
        function: &str,
        inputs: &[&[u8]],
        watch: impl Watch,
    ) -> Result<Run, LoopError> {
        let mut states = self.initial_states(function)?;
        self.step_watched(function, inputs, &mut states, watch)
    }

    /// The states of a function before its first run: those of `mcu.init`, else zeros; as many as its `mcu.states` says.
    ///
    /// # Errors
    /// [`LoopError::NoFunction`], [`LoopError::Signature`].
    pub fn initial_states(&self, function: &str) -> Result<Vec<Vec<u8>>, LoopError> {
        let index = self.function(function)?;
        let states = self.arguments(index)?.state_range();
        let value = |i| initial_state(self.module, self.ops[index], i);
        states.map(value).collect::<Option<_>>().ok_or_else(|| {
            signature(
                &self.functions[index],
                "a state is not a buffer of fixed size",
            )
        })
    }

    /// Runs a function from `states`, which hold what they are afterwards when it returns.
    ///
    /// # Errors
    /// As [`run`](Self::run); `states` are then as they were.
    pub fn step(
        &self,
        function: &str,
        inputs: &[&[u8]],
        states: &mut [Vec<u8>],
    ) -> Result<Run, LoopError> {
        self.step_watched(function, inputs, states, Unwatched)
    }

    fn step_watched(
        &self,
        function: &str,
        inputs: &[&[u8]],
        states: &mut [Vec<u8>],
        watch: impl Watch,
    ) -> Result<Run, LoopError> {
        let index = self.function(function)?;
        let f = &self.functions[index];
        let arguments = self.arguments(index)?;
        for (expected, found) in [
            (arguments.inputs, inputs.len()),
            (arguments.states, states.len()),
        ] {
            if found != expected {
                return Err(LoopError::ArgumentCount {
                    function: f.name.clone(),
                    expected,
                    found,
                });
            }
        }
        let mut machine = self.machine(self.memory(), watch);
        let variables = self.layout.constants_end;
        machine.watch.begin(&mut machine.memory.bytes[variables..]);
        let mut frame = vec![0; f.stack];
        let mut extents = Vec::with_capacity(f.args.len());
        for i in 0..f.args.len() {
            let extent = self.place(index, i, &mut machine.memory)?;
            frame[1 + 2 * i] = extent.start as i64;
            frame[2 + 2 * i] = extent.end as i64;
            let state = i.checked_sub(arguments.state_range().start);
            let held = match state.and_then(|k| states.get(k)) {
                Some(state) => Some(&state[..]),
                None => inputs.get(i).copied(),
            };
            if let Some(held) = held {
                self.fill(index, i, extent, held, &mut machine.memory)?;
            }
            extents.push(extent);
        }
        machine.call(index, &mut frame)?;
        let contents = |e: &Extent| machine.memory.bytes[e.start..e.end].to_vec();
        for (state, extent) in states.iter_mut().zip(&extents[arguments.state_range()]) {
            *state = contents(extent);
        }
        Ok(Run {
            outputs: extents[arguments.output_range()]
                .iter()
                .map(contents)
                .collect(),
            steps: machine.steps,
        })
    }

    fn arguments(&self, function: usize) -> Result<Arguments, LoopError> {
        let f = &self.functions[function];
        Arguments::of(self.module, self.ops[function])
            .filter(|a| a.inputs + a.outputs + a.states == f.args.len())
            .ok_or_else(|| {
                signature(
                    f,
                    "`mcu.inputs` and `mcu.states` do not say which arguments are inputs",
                )
            })
    }

    /// Calls any function; buffers are copied in, and back out when it returns.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn call(&self, function: &str, args: &mut [Argument]) -> Result<Vec<Datum>, LoopError> {
        let (results, _) = self.call_watched(function, args, |_| Unwatched)?;
        Ok(results)
    }

    /// As [`call`](Self::call), while somebody watches who is made of where the buffers among the arguments are; yields them as well.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn call_watched<W: Watch>(
        &self,
        function: &str,
        args: &mut [Argument],
        watch: impl FnOnce(&[Option<Range<usize>>]) -> W,
    ) -> Result<(Vec<Datum>, W), LoopError> {
        let index = self.function(function)?;
        let f = &self.functions[index];
        if args.len() != f.args.len() {
            return Err(LoopError::ArgumentCount {
                function: f.name.clone(),
                expected: f.args.len(),
                found: args.len(),
            });
        }
        let mut memory = self.memory();
        let mut frame = vec![0; f.stack];
        let mut extents = Vec::with_capacity(args.len());
        let mut r = 1;
        for (i, (arg, &kind)) in args.iter().zip(&f.args).enumerate() {
            let mismatch = |why: &str| self.mismatch(index, i, why);
            match (arg, kind) {
                (Argument::Buffer(bytes), Kind::MemRef) => {
                    if let Some(size) = self.argument_size(index, i)
                        && size != bytes.len()
                    {
                        return Err(mismatch(&format!("{} bytes, not {size}", bytes.len())));
                    }
                    let extent = memory.alloc(bytes.len());
                    let extent = extent.map_err(|e| mismatch(&e.to_string()))?;
                    memory.bytes[extent.start..extent.end].copy_from_slice(bytes);
                    frame[r as usize] = extent.start as i64;
                    frame[r as usize + 1] = extent.end as i64;
                    extents.push(Some(extent));
                }
                (Argument::Value(value), Kind::MemRef) => {
                    return Err(mismatch(&format!("{value:?} is no buffer")));
                }
                (Argument::Value(value), _) => {
                    put(&mut frame, r, kind, value).map_err(|e| mismatch(&e.to_string()))?;
                    extents.push(None);
                }
                (Argument::Buffer(_), _) => return Err(mismatch("a buffer for a value")),
            }
            r += kind.regs();
        }
        let places: Vec<_> = extents.iter().map(|e| e.map(|e| e.start..e.end)).collect();
        let mut machine = self.machine(memory, watch(&places));
        machine.call(index, &mut frame)?;
        for (arg, extent) in args.iter_mut().zip(extents) {
            if let (Argument::Buffer(bytes), Some(e)) = (arg, extent) {
                bytes.copy_from_slice(&machine.memory.bytes[e.start..e.end]);
            }
        }
        let values = ir::dialects::func::return_values(self.module, self.ops[index]);
        let mut at = 0;
        let mut results = Vec::with_capacity(values.len());
        for v in values {
            let kind = Compiler::kind_of(self.module, v)
                .ok_or_else(|| signature(f, "a result is not a scalar or vector"))?;
            results.push(datum(&frame, f.returned[at], kind));
            at += kind.regs() as usize;
        }
        Ok((results, machine.watch))
    }

    fn function(&self, name: &str) -> Result<usize, LoopError> {
        let index = self.by_name.get(name).copied();
        index.ok_or_else(|| LoopError::NoFunction(name.to_owned()))
    }

    fn memory(&self) -> Memory {
        Memory {
            bytes: self.layout.image.clone(),
            constants_end: self.layout.constants_end,
            limit: self.limits.bytes.min(LIMIT),
            budget: self.limits.steps.saturating_mul(8),
        }
    }

    fn machine<W: Watch>(&self, memory: Memory, watch: W) -> Machine<'_, W> {
        Machine {
            module: self.module,
            functions: &self.functions,
            memory,
            steps: 0,
            limit: self.limits.steps,
            depth: 0,
            watch,
        }
    }

    /// Bytes of a buffer argument, unless its extent is dynamic.
    fn argument_size(&self, function: usize, i: usize) -> Option<usize> {
        let m = self.module;
        let body = m.entry_block(self.ops[function])?;
        let ty = m.value_type(*m.block_args(body).get(i)?);
        let TypeData::MemRef { .. } = m.type_data(ty) else {
            return None;
        };
        usize::try_from(m.size_bytes(ty)?).ok()
    }

    fn mismatch(&self, function: usize, index: usize, why: &str) -> LoopError {
        LoopError::Argument {
            function: self.functions[function].name.clone(),
            index,
            why: why.to_owned(),
        }
    }

    /// Where an argument of `@main` lies: in the arena if the plan says so, else in a buffer of its own.
    fn place(&self, function: usize, i: usize, memory: &mut Memory) -> Result<Extent, LoopError> {
        let m = self.module;
        let f = &self.functions[function];
        let size = self
            .argument_size(function, i)
            .filter(|&s| s <= self.limits.bytes.min(LIMIT))
            .ok_or_else(|| signature(f, "an argument is not a buffer of fixed size"))?;
        let Some(offset) = arg_attr(m, self.ops[function], i, "mcu.offset") else {
            return memory
                .alloc(size)
                .map_err(|e| self.mismatch(function, i, &e.to_string()));
        };
        let named = arg_attr(m, self.ops[function], i, "mcu.arena").and_then(|a| m.attr_symbol(a));
        let arena = self
            .arena(named)
            .ok_or_else(|| signature(f, &format!("there is no @{}", named.unwrap_or("arena"))))?;
        let start = m
            .attr_int(offset)
            .and_then(|o| usize::try_from(o).ok())
            .and_then(|o| arena.start.checked_add(o));
        let end = start.and_then(|s| s.checked_add(size));
        match (start, end) {
            (Some(start), Some(end)) if end <= arena.end => Ok(Extent { start, end }),
            _ => Err(self.mismatch(function, i, "it does not lie in the arena")),
        }
    }

    /// The arena that offsets refer to: the one that is named, else `@arena`, or the only uninitialised global.
    fn arena(&self, named: Option<&str>) -> Option<Extent> {
        let arenas = &self.layout.arenas[..];
        let found = |symbol: &str| arenas.iter().find(|(name, _)| name == symbol);
        match (named, arenas) {
            (Some(symbol), _) => found(symbol),
            (None, [only]) => Some(only),
            (None, _) => found("arena"),
        }
        .map(|(_, extent)| *extent)
    }

    fn fill(
        &self,
        function: usize,
        index: usize,
        extent: Extent,
        input: &[u8],
        memory: &mut Memory,
    ) -> Result<(), LoopError> {
        let want = extent.end - extent.start;
        if input.len() != want {
            let why = format!("{} bytes, not {want}", input.len());
            return Err(self.mismatch(function, index, &why));
        }
        memory.bytes[extent.start..extent.end].copy_from_slice(input);
        Ok(())
    }
}

fn signature(f: &Function, why: &str) -> LoopError {
    LoopError::Signature {
        function: f.name.clone(),
        why: why.to_owned(),
    }
}

/// Registers of a function's frame and of the deepest chain of calls from it.
fn stack_of(
    functions: &[Function],
    known: &mut [Option<usize>],
    function: usize,
    depth: usize,
) -> Result<usize, LoopError> {
    if let Some(stack) = known[function] {
        return Ok(stack);
    }
    let f = &functions[function];
    if depth > MAX_DEPTH {
        return Err(LoopError::Recursion(f.name.clone()));
    }
    let mut deepest = 0;
    for site in &f.calls {
        deepest = deepest.max(stack_of(functions, known, site.callee, depth + 1)?);
    }
    let stack = f.frame.len() + deepest;
    known[function] = Some(stack);
    Ok(stack)
}
