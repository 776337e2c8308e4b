//! `lower-nn`: a network on tensors becomes a function on buffers that calls kernels.
//!
//! Every nn op is lowered by the cheapest schedule that applies; each becomes one call. Results live in `memref.alloc`s, or right in the
//! caller's output where they are returned; reshapes are views, and so are the parts of splits and concatenations where their layout
//! allows it ([`tensor_views`](crate::tensor_views)); constants become globals, equal ones once. Afterwards `@main` takes the inputs,
//! then the outputs, then the states, and returns nothing. Calls say which op and schedule they are by `mcu.op` and `mcu.schedule`.
//!
//! A kernel may come in two halves ([`KernelBuilder::wait`]): one starts an accelerator, the other waits for it. The second is called before
//! the first op that has to do with what the accelerator reads or writes ([`pending`]); what is between them runs meanwhile.
//!
//! A new state is computed right in the buffer of the old one where nothing reads that any more, else aside, and copied at the end.
//!
//! Cheapest is what takes the fewest cycles ([`choice`]), or the least flash with `optimize-for=flash`; with `optimize-for=ram` among those
//! that keep the arena at the smallest size that any choice of schedules allows, and with a budget among those that keep within it ([`ram`]).

mod choice;
mod end_copies;
mod pending;
mod ram;

use crate::front::Front;
use crate::preference::{self, Preference};
use crate::tensor_views::{TensorViews, behind_reshapes, offsets};
use choice::{Candidate, candidates, take};
use ir::dialects::{func, mcu, nn};
use ir::{Attr, Builder, Diagnostic, Module, OpId, OpState, Type, TypeData, ValueDef, ValueId};
use pass::{
    Failed, Kernel, KernelArg, KernelBuilder, Knobs, OptionError, Options, Pass, PassCx, PassInfo,
};
use pending::Pending;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "lower-nn",
        "builtin.module",
        "Lower the network to kernels on buffers, each op by its cheapest schedule.",
        LowerNn::new,
    )
    .option(
        "optimize-for",
        "balanced|latency|ram|flash",
        "balanced",
        "What the choice of schedules is to make small; `balanced` and `latency` are both cycles here.",
    )
    .option(
        "ram-budget",
        "BYTES",
        "",
        "What kernels may make live, if any choice of schedules allows it; else as little as possible.",
    )
    .option(
        "io",
        "arena|caller",
        "arena",
        "For `ram` and budgets: where inputs and outputs live, as for plan-memory.",
    )
    .option(
        "overlap",
        "true|false",
        "true",
        "For `ram` and budgets: whether results may run into operands, as for plan-memory.",
    )
    .option("prefer", "NAME,…", "", preference::HELP)
}

struct LowerNn {
    /// What counts for the arena, if it is to be small.
    ram: Option<ram::Terms>,
    /// Whether flash goes before cycles.
    flash: bool,
    prefer: Preference,
}

impl LowerNn {
    fn new(o: &Options<'_>) -> Result<LowerNn, OptionError> {
        let goals = ["balanced", "latency", "ram", "flash"];
        let goal = o.choice("optimize-for", &goals)?;
        let budget = crate::rewrite_graph::bytes(o, "ram-budget")?;
        let terms = ram::Terms {
            enough: budget.filter(|_| goal != "ram").unwrap_or(0),
            io_in_arena: o.choice("io", &["arena", "caller"])? == "arena",
            overlap: o.flag("overlap")?,
        };
        Ok(LowerNn {
            ram: (goal == "ram" || budget.is_some()).then_some(terms),
            flash: goal == "flash",
            prefer: Preference::of(o),
        })
    }
}

/// Alignment in bytes of constant tables, enough for any word access.
const TABLE_ALIGN: i64 = 16;

impl Pass for LowerNn {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let Some(main) = m
            .lookup_symbol("main")
            .filter(|&f| m.op_name(f) == func::FuncOp::NAME)
        else {
            return cx.fail(Diagnostic::error(
                "L001",
                "the module has no function @main",
            ));
        };
        let Some(entry) = m.entry_block(main) else {
            return cx.fail(Diagnostic::error("L001", "function @main has no body"));
        };
        let ops: Vec<OpId> = m.ops(entry).collect();
        let Some((_, body)) = ops.split_last() else {
            return cx.fail(Diagnostic::error("L001", "function @main has no body"));
        };
        let body = body.to_vec();
        let checked = check_tensors(m, main, &ops);
        if let Err(e) = checked.and_then(|()| self.prefer.check("lower-nn", cx.registry)) {
            return cx.fail(e);
        }
        let errors = cx.diagnostics.len();
        let budget = match self.ram {
            Some(terms) => match ram::Budget::of(m, main, &body, terms, &self.prefer, cx) {
                Ok(budget) => Some(budget),
                Err(e) => return cx.fail(e),
            },
            None => None,
        };
        let mut l = Lowering::start(m, main, budget);
        l.flash_first = self.flash;
        l.prefer = self.prefer.clone();
        for op in body {
            if let Err(e) = l.op(op, cx) {
                cx.diagnostics.push(e);
            }
        }
        if cx
            .diagnostics
            .iter()
            .skip(errors)
            .any(|d| d.severity == ir::Severity::Error)
        {
            return Err(Failed);
        }
        l.end();
        Ok(())
    }
}

/// Bytes of a tensor at most: `index` has 32 bits on every target.
const MAX_TENSOR_BYTES: i64 = i32::MAX as i64;

/// Whether `@main` is a function of tensors that 32 bits can address, and the module's only one.
fn check_tensors(m: &Module, main: OpId, ops: &[OpId]) -> Result<(), Diagnostic> {
    let error = |at: OpId, message: String| {
        let mut d = Diagnostic::error("L001", message);
        d.location = m.describe_loc(m.op_loc(at));
        Err(d)
    };
    let is_tensor = |v: ValueId| matches!(m.type_data(m.value_type(v)), TypeData::Tensor { .. });
    let arguments = |f: OpId| m.entry_block(f).map_or(&[][..], |b| m.block_args(b));
    for f in func::functions(m) {
        let returned = func::return_values(m, f);
        let mut interface = arguments(f).iter().chain(&returned).copied();
        if f == main {
            if let Some(v) = interface.find(|&v| !is_tensor(v)) {
                let ty = ir::text::type_text(m, m.value_type(v));
                let message =
                    format!("@main takes or returns {ty}; a network's values are tensors");
                return error(f, message);
            }
        } else if interface.any(is_tensor) {
            let name = m.symbol_name(f).unwrap_or_default();
            return error(
                f,
                format!("@{name} takes or returns tensors; a network has the one function @main"),
            );
        }
    }
    let values = ops
        .iter()
        .flat_map(|&op| m.results(op).iter().map(move |&v| (op, v)));
    for (at, v) in arguments(main).iter().map(|&v| (main, v)).chain(values) {
        if is_tensor(v) && !is_addressable(m, m.value_type(v)) {
            let ty = ir::text::type_text(m, m.value_type(v));
            return error(at, format!("{ty} is larger than what 32 bits can address"));
        }
    }
    Ok(())
}

/// Whether strides and offsets fit `index`; an extent of 0 counts as 1, since strides multiply the others.
fn is_addressable(m: &Module, tensor: Type) -> bool {
    let data = m.type_data(tensor);
    let element = data
        .elem()
        .and_then(|e| m.elem_bytes(e))
        .and_then(|n| i64::try_from(n).ok());
    let mut extents = data.shape().unwrap_or_default().iter();
    element
        .and_then(|n| extents.try_fold(n, |n, &d| n.checked_mul(d.max(1))))
        .is_some_and(|n| n <= MAX_TENSOR_BYTES)
}

struct Lowering<'m> {
    m: &'m mut Module,
    old: OpId,
    new: OpId,
    entry: ir::BlockId,
    views: TensorViews,
    /// The buffer of each value of the old function.
    buffers: FxHashMap<ValueId, ValueId>,
    /// The buffers, as bytes, of those that hold others.
    bytes: FxHashMap<ValueId, ValueId>,
    /// Where a result must be put, because it is returned.
    destinations: FxHashMap<ValueId, ValueId>,
    /// Returned values that are no op's result, or returned twice: copied at the end.
    copies: Vec<(ValueId, ValueId)>,
    /// Names of globals by type and contents.
    tables: FxHashMap<(Type, Arc<[u8]>), String>,
    /// Bytes that a kernel may make live, if that is limited.
    budget: Option<ram::Budget>,
    /// Whether the schedule of least flash is taken, and not the fastest.
    flash_first: bool,
    /// Libraries to take where they apply.
    prefer: Preference,
    /// Each op that became a call, with what the call passes.
    calls: Vec<(OpId, OpId, Vec<KernelArg>)>,
    /// What is started and not waited for.
    pending: Vec<Pending>,
}

impl<'m> Lowering<'m> {
    fn start(m: &'m mut Module, old: OpId, budget: Option<ram::Budget>) -> Lowering<'m> {
        let entry = m
            .entry_block(old)
            .expect("invariant: the caller has seen the body");
        let arguments = m.block_args(entry).to_vec();
        let results = func::return_values(m, old);
        let views = TensorViews::of(m, old);
        let states = mcu::network_states(m, old);
        let (inputs, old_states) = arguments.split_at(arguments.len() - states);
        let (outputs, new_states) = results.split_at(results.len() - states);
        let tensors = [inputs, outputs, old_states].concat();
        let types: Vec<Type> = tensors.iter().map(|&v| m.value_type(v)).collect();
        let memrefs: Vec<Type> = types.iter().map(|&t| buffer_type(m, t)).collect();
        let loc = m.op_loc(old);
        let hidden = m.str_attr("main.tensors");
        m.set_prop(old, "sym_name", hidden);
        let (new, block) = func::build_func(m, "main", &memrefs, &[], loc);
        Front::copy(m, old, new);
        let count = m.i64_attr(inputs.len() as i64);
        m.set_discardable(new, "mcu.inputs", count);
        if states > 0 {
            let count = m.i64_attr(states as i64);
            m.set_discardable(new, "mcu.states", count);
        }
        let first_state = inputs.len() + outputs.len();
        for (i, &t) in types.iter().enumerate() {
            let ty = m.type_attr(t);
            func::set_arg_attr(m, new, i, "mcu.type", ty);
            let kept = |m: &Module, name: &str| match i.checked_sub(inputs.len()) {
                Some(output) if i < first_state => func::result_attr(m, old, output, name),
                Some(after) => func::arg_attr(m, old, after - outputs.len() + inputs.len(), name),
                None => func::arg_attr(m, old, i, name),
            };
            for name in ["mcu.name", "mcu.state", "mcu.init"] {
                if let Some(value) = kept(m, name) {
                    func::set_arg_attr(m, new, i, name, value);
                }
            }
        }
        let args = m.block_args(block).to_vec();
        let (new_outputs, buffers_of_states) = args[inputs.len()..].split_at(outputs.len());
        let held = args[..inputs.len()].iter().chain(buffers_of_states);
        let mut l = Lowering {
            buffers: arguments.iter().copied().zip(held.copied()).collect(),
            m,
            old,
            new,
            entry: block,
            views,
            bytes: FxHashMap::default(),
            destinations: FxHashMap::default(),
            copies: Vec::new(),
            tables: FxHashMap::default(),
            budget,
            flash_first: false,
            prefer: Preference::default(),
            calls: Vec::new(),
            pending: Vec::new(),
        };
        for (&value, &arg) in outputs.iter().zip(new_outputs) {
            l.returned(value, arg, true);
        }
        for ((&value, &arg), &old) in new_states.iter().zip(buffers_of_states).zip(old_states) {
            if behind_reshapes(l.m, value) != old {
                let free = l.is_free_before(old, value, &results);
                l.returned(value, arg, free);
            }
        }
        l
    }

    /// Has a returned value computed right in the memory of an argument, if that is `free` and it can be; else copied there at the end.
    fn returned(&mut self, value: ValueId, arg: ValueId, free: bool) {
        let source = behind_reshapes(self.m, value);
        let computed = matches!(self.m.value_def(source), ValueDef::Result(op, _) if self.m.op_name(op) != nn::ConstantOp::NAME);
        if free && computed && !self.destinations.contains_key(&source) {
            self.destinations.insert(source, arg);
        } else {
            self.copies.push((value, arg));
        }
    }

    /// Whether nothing reads an old state from the op on that computes the new one: no op, and no return. If parts of the new one are
    /// computed by ops of their own, nothing may read the old one at all.
    fn is_free_before(&self, old: ValueId, new: ValueId, results: &[ValueId]) -> bool {
        let new = behind_reshapes(self.m, new);
        let Some(maker) = self.m.defining_op(new) else {
            return false;
        };
        let is_old = |v: ValueId| self.views.place(v).root == old;
        let block = self.m.op_block(maker);
        let has_parts = self.views.is_shared(new);
        let before = |op: &OpId| !has_parts && *op != maker;
        let from = block.map(|b| self.m.ops(b).skip_while(before));
        let mut later = from.into_iter().flatten();
        let read = later.any(|op| self.m.operands(op).any(is_old));
        !read && !results.iter().any(|&v| is_old(v))
    }

    fn builder(&mut self, at: OpId) -> Builder<'_> {
        let loc = self.m.op_loc(at);
        let mut b = Builder::at_end(self.m, self.entry);
        b.set_loc(loc);
        b
    }

    fn op(&mut self, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Diagnostic> {
        self.wait_for(op);
        match self.m.op_name(op) {
            nn::ConstantOp::NAME => Ok(()),
            nn::ReshapeOp::NAME => {
                let input = self.m.operand(op, 0);
                let result = self.m.result(op, 0);
                let buffer = self.buffer(input, op);
                let shape = nn::shape(self.m, result).to_vec();
                let view = self.builder(op).reshape(buffer, &shape);
                self.buffers.insert(result, view);
                Ok(())
            }
            _ => match self.views.copies(op).map(<[usize]>::to_vec) {
                Some(copies) => {
                    self.joint(op, &copies);
                    Ok(())
                }
                None => self.kernel(op, cx),
            },
        }
    }

    /// A split or concatenation without a kernel: copies the parts of these indices.
    fn joint(&mut self, op: OpId, copies: &[usize]) {
        let is_split = self.m.op_name(op) == nn::SplitOp::NAME;
        let (whole, parts): (ValueId, Vec<ValueId>) = if is_split {
            (self.m.operand(op, 0), self.m.results(op).to_vec())
        } else {
            (self.m.result(op, 0), self.m.operands(op).collect())
        };
        let (place, offsets) = (self.views.place(whole), offsets(self.m, &parts));
        for &i in copies {
            let bytes = self.bytes(place.root, op);
            let inside = self.view(bytes, place.offset + offsets[i], parts[i], op);
            let [source, target] = if is_split {
                [inside, self.result_buffer(parts[i], op)]
            } else {
                [self.buffer(parts[i], op), inside]
            };
            self.builder(op).op("memref.copy", &[source, target], &[]);
        }
    }

    /// The buffer of a root as bytes.
    fn bytes(&mut self, root: ValueId, at: OpId) -> ValueId {
        if let Some(&b) = self.bytes.get(&root) {
            return b;
        }
        let size = self.m.size_bytes(self.m.value_type(root)).unwrap_or(0);
        let size = i64::try_from(size).expect("invariant: a network's tensors are addressable");
        let argument = match self.destinations.get(&root) {
            Some(&arg) => Some(arg),
            None => self.buffers.get(&root).copied(),
        };
        let bytes = match argument {
            Some(arg) => self.builder(at).reshape(arg, &[size]),
            None => {
                let i8 = self.m.i8();
                let ty = self.m.memref(&[size], i8);
                self.builder(at).alloc(ty, "activation")
            }
        };
        self.bytes.insert(root, bytes);
        bytes
    }

    /// The bytes from an offset on as the buffer of a value.
    fn view(&mut self, bytes: ValueId, offset: u64, value: ValueId, at: OpId) -> ValueId {
        let ty = self.m.value_type(value);
        let ty = buffer_type(self.m, ty);
        let offset = i64::try_from(offset).expect("invariant: a network's tensors are addressable");
        let mut b = self.builder(at);
        let shift = b.const_index(offset);
        let view = b.op("memref.view", &[bytes, shift], &[ty]);
        self.m.result(view, 0)
    }

    fn kernel(&mut self, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Diagnostic> {
        let mut all = candidates(self.m, op, &self.prefer, cx)?;
        if self.flash_first {
            all.flash_first();
        }
        let fits = |c: &Candidate<'_>| {
            let budget = self.budget.as_mut();
            budget.is_none_or(|b| b.allows(op, c, cx.target))
        };
        let (
            Candidate {
                schedule, knobs, ..
            },
            remarks,
        ) = take(self.m, op, all, fits);
        remarks.into_iter().for_each(|r| cx.diagnostics.push(r));
        let mut k = KernelBuilder::new(self.m, op);
        if let Err(e) = schedule.lower(op, &knobs, cx.target, &mut k) {
            k.abandon();
            return Err(e);
        }
        let kernel = k.finish();
        let operands = self.call_operands(op, &kernel);
        let name = self
            .m
            .symbol_name(kernel.func)
            .unwrap_or_default()
            .to_owned();
        let op_name = self.m.op_name(op).to_owned();
        let call = self.builder(op).call(&name, &operands, &[]);
        let op_name = self.m.str_attr(&op_name);
        self.m.set_discardable(call, "mcu.op", op_name);
        if let Some(wait) = kernel.wait {
            self.started(op, wait, operands);
        }
        let text = if knobs == Knobs::default() {
            schedule.name().to_owned()
        } else {
            format!("{}{{{knobs}}}", schedule.name())
        };
        let text = self.m.str_attr(&text);
        self.m.set_discardable(call, "mcu.schedule", text);
        self.calls.push((op, call, kernel.args));
        Ok(())
    }

    fn call_operands(&mut self, op: OpId, kernel: &Kernel) -> Vec<ValueId> {
        let entry = self
            .m
            .entry_block(kernel.func)
            .expect("invariant: a kernel has a body");
        let types: Vec<Type> = self
            .m
            .block_args(entry)
            .iter()
            .map(|&v| self.m.value_type(v))
            .collect();
        let mut operands = Vec::new();
        for (arg, ty) in kernel.args.iter().zip(types) {
            let shape = self
                .m
                .type_data(ty)
                .shape()
                .map(<[i64]>::to_vec)
                .unwrap_or_default();
            operands.push(match arg {
                KernelArg::Input(i) => {
                    let buffer = self.buffer(self.m.operand(op, *i), op);
                    self.builder(op).reshape(buffer, &shape)
                }
                KernelArg::Output(i) => {
                    let result = self.m.result(op, *i);
                    let buffer = self.result_buffer(result, op);
                    self.builder(op).reshape(buffer, &shape)
                }
                KernelArg::Table { value, role } => self.global(op, *value, role, ty),
                KernelArg::Scalar(value) => {
                    let state = OpState::new("arith.constant")
                        .prop("value", *value)
                        .results(&[ty]);
                    let constant = self.builder(op).insert(state);
                    self.m.result(constant, 0)
                }
                KernelArg::Scratch => self.builder(op).alloc(ty, "scratch"),
            });
        }
        operands
    }

    fn result_buffer(&mut self, result: ValueId, op: OpId) -> ValueId {
        if let Some(&b) = self.buffers.get(&result) {
            return b;
        }
        let place = self.views.place(result);
        if place.root != result || self.views.is_shared(result) {
            let bytes = self.bytes(place.root, op);
            let view = self.view(bytes, place.offset, result, op);
            self.buffers.insert(result, view);
            return view;
        }
        let ty = self.m.value_type(result);
        let buffer = match self.destinations.get(&result).copied() {
            Some(arg) => {
                let shape = nn::shape(self.m, result).to_vec();
                self.builder(op).reshape(arg, &shape)
            }
            None => {
                let ty = buffer_type(self.m, ty);
                self.builder(op).alloc(ty, "activation")
            }
        };
        self.buffers.insert(result, buffer);
        buffer
    }

    /// The buffer that holds a value of the old function; a constant's becomes a global now.
    fn buffer(&mut self, value: ValueId, user: OpId) -> ValueId {
        if let Some(&b) = self.buffers.get(&value) {
            return b;
        }
        let constant = self
            .m
            .defining_op(value)
            .and_then(|op| nn::ConstantOp::cast(self.m, op));
        let Some(constant) = constant else {
            return self.result_buffer(value, user);
        };
        let elements = constant.value(self.m);
        let ty = self.m.value_type(value);
        let ty = buffer_type(self.m, ty);
        // No entry in `buffers`: each use gets the global anew, close to the call.
        let role = self.operand_name(user, value);
        self.global(constant.0, elements, &role, ty)
    }

    /// What a value is to its user, as the op's declaration calls it: `filter`.
    fn operand_name(&self, user: OpId, value: ValueId) -> String {
        let at = self.m.operands(user).position(|v| v == value);
        let specs = self.m.op_info(user).map(|i| i.operands.as_slice());
        let spec = specs.zip(at).and_then(|(s, i)| s.get(i));
        spec.map_or_else(|| "constant".to_owned(), |s| s.name.to_string())
    }

    fn global(&mut self, op: OpId, value: Attr, role: &str, ty: Type) -> ValueId {
        let m = &mut *self.m;
        let (_, bytes) = m
            .attr_elements(value)
            .expect("invariant: verified elements");
        let key = (ty, bytes.clone());
        let name = match self.tables.get(&key) {
            Some(name) => name.clone(),
            None => {
                let index = m.operator_index(m.op_loc(op));
                let base = index.map_or_else(|| role.to_owned(), |i| format!("op{i}_{role}"));
                let mut name = base.clone();
                let mut n = 1;
                while m.lookup_symbol(&name).is_some() {
                    n += 1;
                    name = format!("{base}_{n}");
                }
                let loc = m.op_loc(op);
                add_global(m, &name, ty, value, loc);
                self.tables.insert(key, name.clone());
                name
            }
        };
        self.builder(op).get_global(&name, ty)
    }

    fn end(mut self) {
        self.wait_for_all();
        let mut copies = Vec::new();
        for (value, arg) in std::mem::take(&mut self.copies) {
            let at = self.m.defining_op(value).unwrap_or(self.old);
            copies.push((at, self.buffer(value, at), arg));
        }
        end_copies::emit(&mut self, copies);
        let old = self.old;
        self.builder(old).op("func.return", &[], &[]);
        self.m.erase(self.old);
        let body = self.m.body();
        self.m.detach(self.new);
        self.m.append(body, self.new);
    }
}

fn add_global(m: &mut Module, name: &str, ty: Type, value: Attr, loc: ir::Loc) {
    let (sym, private, ty, unit) = (
        m.str_attr(name),
        m.str_attr("private"),
        m.type_attr(ty),
        m.unit_attr(),
    );
    let (align, section) = (m.i64_attr(TABLE_ALIGN), m.str_attr(".rodata"));
    let state = OpState::new("memref.global")
        .loc(loc)
        .prop("sym_name", sym)
        .prop("sym_visibility", private);
    let state = state
        .prop("type", ty)
        .prop("initial_value", value)
        .prop("constant", unit)
        .prop("alignment", align);
    let global = m.create(state.attr("mcu.section", section));
    let first = m.ops(m.body()).find(|&op| m.op_name(op) != "memref.global");
    match first {
        Some(anchor) => m.insert_before(anchor, global),
        None => {
            let body = m.body();
            m.append(body, global);
        }
    }
}

/// The memref that holds a tensor: same shape, storage elements.
fn buffer_type(m: &mut Module, tensor: Type) -> Type {
    let data = m.type_data(tensor);
    let shape = data.shape().map(<[i64]>::to_vec).unwrap_or_default();
    let elem = data
        .elem()
        .expect("invariant: a verified network's values are tensors");
    let elem = m.storage_type(elem);
    m.memref(&shape, elem)
}

/// Whether a type is a memref.
pub(crate) fn is_memref(m: &Module, v: ValueId) -> bool {
    matches!(m.type_data(m.value_type(v)), TypeData::MemRef { .. })
}
