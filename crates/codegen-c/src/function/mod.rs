//! One function of the module as a C function.
//!
//! A value is one of these in C:
//! * nothing, if no effect depends on it ([`Liveness`]);
//! * a literal, repeated at each use;
//! * an address part: an `index` that is a sum of variables times constants, repeated where it is short or used once;
//! * *pending*: pure or a load, used once, in its own block: printed inside its use. A pending load is turned into a `const`
//!   local before anything that may write memory;
//! * a `const` local;
//! * a variable, if a loop carries it or an `if` yields it. A loop takes over the variable of its initial value where nobody else
//!   reads that, so that nested reductions have one accumulator.

mod arm;
mod arm_mve;
mod compare;
mod control;
mod convert;
mod copy_loop;
mod extern_call;
mod integer;
pub(crate) mod memory;
mod pure;
mod text;

pub(crate) use memory::role;

use crate::affine::Affine;
use crate::comment::comment;
use crate::constants::Constants;
use crate::ctype::{self, CType};
use crate::expr::Expr;
use crate::externs::Externs;
use crate::interface::{Interface, Place, Role};
use crate::liveness::Liveness;
use crate::names::Scopes;
use crate::range::Range;
use crate::support::SupportSet;
use crate::written::Written;
use ir::dialects::{arith, func};
use ir::{BlockId, Diagnostic, Module, OpId, Type, TypeData, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

/// An expression with more operators than this becomes a local.
const MAX_OPERATORS: u32 = 9;
/// An expression longer than this becomes a local.
const MAX_TEXT: usize = 88;

/// What all functions of a module share.
pub(crate) struct Context<'a> {
    pub m: &'a Module,
    pub written: &'a Written,
    pub constants: &'a Constants,
    pub interface: &'a Interface,
    pub externs: &'a Externs,
    /// Names at file scope.
    pub file_names: &'a FxHashSet<String>,
    /// The C name of each function.
    pub functions: &'a FxHashMap<OpId, String>,
    /// What the call sites say that a function's arguments are.
    pub argument_hints: &'a FxHashMap<OpId, Vec<Option<String>>>,
    /// Prefix of macros.
    pub upper: &'a str,
    /// Whether instructions of Helium are there, and so the types of its vectors.
    pub helium: bool,
}

/// A printed function.
pub(crate) struct FunctionText {
    pub text: String,
    /// Whether it computes with floats.
    pub floats: bool,
}

/// A buffer's address.
#[derive(Clone, Debug)]
struct Pointer {
    text: String,
    prec: u8,
    elem: CType,
    /// The argument's or constant's name, for the names of what is loaded from it.
    hint: String,
}

#[derive(Clone, Debug)]
enum Slot {
    Literal(Expr),
    Address(Affine),
    Pending(Expr),
    Local(Expr),
    Variable(Expr, u32),
    /// A vector that no integer holds: the address that it is copied from.
    Wide(Expr),
}

pub(crate) struct Printer<'a> {
    cx: &'a Context<'a>,
    support: &'a mut SupportSet,
    func: OpId,
    live: Liveness,
    slots: FxHashMap<ValueId, Slot>,
    pending: Vec<ValueId>,
    pointers: FxHashMap<ValueId, Pointer>,
    scopes: Scopes,
    counters: FxHashMap<String, u32>,
    variables: u32,
    depth: usize,
    body: String,
    indent: usize,
    /// Locals and variables.
    names: FxHashSet<String>,
    floats: bool,
}

/// Prints a kernel: static, its arguments in order.
pub(crate) fn kernel(
    cx: &Context<'_>,
    support: &mut SupportSet,
    func: OpId,
) -> Result<FunctionText, Diagnostic> {
    let mut p = Printer::new(cx, support, func);
    let entry = p.entry()?;
    let hints = cx.argument_hints.get(&func).cloned().unwrap_or_default();
    let mut parameters = Vec::new();
    for (i, &v) in cx.m.block_args(entry).iter().enumerate() {
        let hint = func::arg_attr(cx.m, func, i, "mcu.name")
            .and_then(|a| cx.m.attr_str(a))
            .map(str::to_owned);
        let hint = hint.or_else(|| hints.get(i).cloned().flatten());
        parameters.push(p.parameter(i, v, hint)?);
    }
    let name = cx.functions.get(&func).cloned().unwrap_or_default();
    let head = format!(
        "static {}_NOINLINE {} {name}(",
        cx.upper,
        returned(cx, func)
    );
    p.finish(entry, &head, parameters)
}

/// Prints `@main`: static, with the arenas, the states' memory, and the caller's tensors where they are not in an arena.
pub(crate) fn graph(
    cx: &Context<'_>,
    support: &mut SupportSet,
    func: OpId,
    name: &str,
) -> Result<FunctionText, Diagnostic> {
    let mut p = Printer::new(cx, support, func);
    let entry = p.entry()?;
    let memories = &cx.interface.memories;
    let mut parameters = Vec::new();
    for memory in memories.arenas.iter().chain(&memories.state) {
        let name = &memory.parameter;
        p.scopes.variable(name);
        if memory.need.size > 0 {
            parameters.push((format!("int8_t *const {name}"), name.clone()));
        }
    }
    for (i, (&v, t)) in
        cx.m.block_args(entry)
            .iter()
            .zip(cx.interface.arguments())
            .enumerate()
    {
        let (base, offset) = match (t.place, &memories.state) {
            (Place::Arena(arena, offset), _) => (&memories.arenas[arena].parameter, offset),
            (Place::State(offset), Some(state)) => (&state.parameter, offset),
            _ => {
                if t.role == Role::Input && cx.written.is_written(func, i) {
                    let d = Diagnostic::error(
                        "C007",
                        format!("the caller's input \"{}\" is written", t.name),
                    );
                    return Err(d.note("only inputs in the arena may be overwritten"));
                }
                parameters.push(p.parameter(i, v, Some(t.field.clone()))?);
                continue;
            }
        };
        let pointer = memory::at_offset(base, offset, t.elem);
        p.pointers.insert(v, pointer);
    }
    let head = format!("static {} {name}(", returned(cx, func));
    p.finish(entry, &head, parameters)
}

/// A function returns nothing unless something that it calls may fail.
fn returned(cx: &Context<'_>, func: OpId) -> &'static str {
    match cx.externs.is_fallible(func) {
        true => "int32_t",
        false => "void",
    }
}

impl<'a> Printer<'a> {
    fn new(cx: &'a Context<'a>, support: &'a mut SupportSet, func: OpId) -> Printer<'a> {
        Printer {
            cx,
            support,
            func,
            live: Liveness::of(cx.m, func),
            slots: FxHashMap::default(),
            pending: Vec::new(),
            pointers: FxHashMap::default(),
            scopes: Scopes::new(cx.file_names),
            counters: FxHashMap::default(),
            variables: 0,
            depth: 0,
            body: String::new(),
            indent: 1,
            names: FxHashSet::default(),
            floats: false,
        }
    }

    fn m(&self) -> &'a Module {
        self.cx.m
    }

    fn entry(&self) -> Result<BlockId, Diagnostic> {
        let m = self.m();
        let name = m.symbol_name(self.func).unwrap_or_default();
        m.entry_block(self.func)
            .ok_or_else(|| Diagnostic::error("C003", format!("function @{name} has no body")))
    }

    /// An error that names the op, the function and the layer.
    fn error(&self, code: &'static str, op: OpId, what: &str) -> Diagnostic {
        let m = self.m();
        let kernel = m.symbol_name(self.func).unwrap_or_default();
        let d = Diagnostic::error(code, format!("`{}` in @{kernel}: {what}", m.op_name(op)));
        match m
            .describe_loc(m.op_loc(op))
            .or_else(|| m.describe_loc(m.op_loc(self.func)))
        {
            Some(l) => d.at(l),
            None => d,
        }
    }

    /// Declares an argument; yields its C text and its name.
    fn parameter(
        &mut self,
        i: usize,
        v: ValueId,
        hint: Option<String>,
    ) -> Result<(String, String), Diagnostic> {
        let m = self.m();
        let ty = m.value_type(v);
        let hint = hint.map(|h| crate::names::c_identifier(&h).to_ascii_lowercase());
        if let TypeData::MemRef { .. } = m.type_data(ty) {
            let Some(elem) = ctype::of_memref(m, ty) else {
                return Err(self.error(
                    "C004",
                    self.func,
                    &format!("argument {i} has elements that C has not"),
                ));
            };
            let written = self.cx.written.is_written(self.func, i);
            let name = self
                .scopes
                .variable(&hint.unwrap_or_else(|| (if written { "out" } else { "in" }).to_owned()));
            let restrict = if func::arg_attr(m, self.func, i, "llvm.noalias").is_some() {
                "restrict "
            } else {
                ""
            };
            let constant = if written { "" } else { "const " };
            let text = format!("{constant}{} *{restrict}{name}", elem.name());
            self.floats |= elem.is_float();
            self.pointers.insert(
                v,
                Pointer {
                    text: name.clone(),
                    prec: crate::expr::PRIMARY,
                    elem,
                    hint: name.clone(),
                },
            );
            return Ok((text, name));
        }
        let Some(c) = self.ctype_of(ty) else {
            return Err(self.error(
                "C004",
                self.func,
                &format!("argument {i} has a type that C has not"),
            ));
        };
        let name = self
            .scopes
            .variable(&hint.unwrap_or_else(|| "p".to_owned()));
        let leaf = Expr::name(name.clone(), c).with_range(self.full_range(ty));
        self.slots.insert(v, Slot::Local(leaf));
        self.floats |= c.is_float();
        Ok((format!("{} {name}", c.name()), name))
    }

    fn finish(
        mut self,
        entry: BlockId,
        head: &str,
        parameters: Vec<(String, String)>,
    ) -> Result<FunctionText, Diagnostic> {
        self.block(entry)?;
        if self.cx.externs.is_fallible(self.func) {
            self.line(&format!("return {}_OK;", self.cx.upper));
        }
        let used: FxHashSet<&str> = text::tokens(&self.body).collect();
        let mut unused = String::new();
        for (_, name) in parameters
            .iter()
            .filter(|(_, n)| !used.contains(n.as_str()))
        {
            unused.push_str(&format!("    (void){name};\n"));
        }
        let body = text::mark_unread(&self.body, &self.names);
        let parameters: Vec<String> = parameters.into_iter().map(|p| p.0).collect();
        let list = if parameters.is_empty() {
            "void".to_owned()
        } else {
            text::wrapped(head, &parameters)
        };
        Ok(FunctionText {
            text: format!("{head}{list})\n{{\n{unused}{body}}}\n"),
            floats: self.floats,
        })
    }

    // ---- text ----

    fn line(&mut self, text: &str) {
        for _ in 0..self.indent {
            self.body.push_str("    ");
        }
        self.body.push_str(text);
        self.body.push('\n');
    }

    /// A comment line, unless it is empty.
    fn remark(&mut self, text: &str) {
        if !text.is_empty() {
            self.line(&format!("/* {} */", comment(text)));
        }
    }

    // ---- values ----

    fn ctype_of(&self, ty: Type) -> Option<CType> {
        ctype::of_value(self.m(), ty).filter(|c| self.cx.helium || c.lanes().is_none())
    }

    fn value_ctype(&self, op: OpId, ty: Type) -> Result<CType, Diagnostic> {
        self.ctype_of(ty).ok_or_else(|| {
            self.error(
                "C004",
                op,
                &format!("type {} has no C form", ir::text::type_text(self.m(), ty)),
            )
        })
    }

    fn width(&self, op: OpId, ty: Type) -> Result<u32, Diagnostic> {
        ctype::int_width(self.m(), ty).ok_or_else(|| {
            self.error(
                "C004",
                op,
                &format!("type {} has no C form", ir::text::type_text(self.m(), ty)),
            )
        })
    }

    /// Every value of an integer type; anything for others.
    fn full_range(&self, ty: Type) -> Range {
        Range::full(ctype::int_width(self.m(), ty).unwrap_or(64))
    }

    fn is_index(&self, v: ValueId) -> bool {
        *self.m().type_data(self.m().value_type(v)) == TypeData::Index
    }

    /// The expression of a value at its use; a pending one is used up.
    fn take(&mut self, op: OpId, v: ValueId) -> Result<Expr, Diagnostic> {
        match self.slots.get(&v) {
            Some(Slot::Literal(e) | Slot::Local(e) | Slot::Variable(e, _)) => Ok(e.clone()),
            Some(Slot::Address(a)) => Ok(a.expr()),
            Some(Slot::Pending(e)) => {
                let e = e.clone();
                self.pending.retain(|&p| p != v);
                self.slots.remove(&v);
                Ok(e)
            }
            Some(Slot::Wide(_)) => {
                Err(self.error("C004", op, "a vector this wide can only be copied"))
            }
            None => Err(self.error("C003", op, "an operand has no C form here")),
        }
    }

    /// The exact value of an integer operand; a float or vector as it is.
    fn take_exact(&mut self, op: OpId, v: ValueId) -> Result<Expr, Diagnostic> {
        let e = self.take(op, v)?;
        Ok(match ctype::int_width(self.m(), self.m().value_type(v)) {
            Some(w) => e.exact(w),
            None => e,
        })
    }

    /// The same as a name or literal, so that it can be printed twice.
    fn take_atom(&mut self, op: OpId, v: ValueId) -> Result<Expr, Diagnostic> {
        if let Some(Slot::Pending(_)) = self.slots.get(&v) {
            self.materialize(v)?;
        }
        self.take_exact(op, v)
    }

    fn base_name(&self, v: ValueId) -> String {
        let m = self.m();
        let casts = [
            arith::ExtSIOp::NAME,
            arith::ExtUIOp::NAME,
            arith::TruncIOp::NAME,
        ];
        let mut op = m.defining_op(v);
        while let Some(cast) = op.filter(|&op| casts.contains(&m.op_name(op))) {
            op = m.defining_op(m.operand(cast, 0));
        }
        if let Some(op) = op.filter(|&op| m.op_name(op) == ir::dialects::memref::LoadOp::NAME) {
            let hint = self
                .pointer(op, m.operand(op, 0))
                .map(|p| p.hint)
                .unwrap_or_default();
            return match hint.chars().next() {
                Some(c) if c.is_ascii_lowercase() && !hint.starts_with("in") => c.to_string(),
                _ => "x".to_owned(),
            };
        }
        match m.type_data(m.value_type(v)) {
            TypeData::Vector { .. } => "v",
            TypeData::Index => "p",
            TypeData::Float(_) => "f",
            TypeData::Integer(1) => "c",
            TypeData::Integer(64) => "s",
            _ => "t",
        }
        .to_owned()
    }

    /// Turns a pending value into a local.
    fn materialize(&mut self, v: ValueId) -> Result<(), Diagnostic> {
        let Some(Slot::Pending(e)) = self.slots.get(&v).cloned() else {
            return Ok(());
        };
        self.pending.retain(|&p| p != v);
        self.declare(v, &e)
    }

    /// Declares a local of a value.
    fn declare(&mut self, v: ValueId, e: &Expr) -> Result<(), Diagnostic> {
        let op = self.m().defining_op(v).unwrap_or(self.func);
        let ty = self.m().value_type(v);
        let c = self.value_ctype(op, ty)?;
        let (e, c) = match ctype::int_width(self.m(), ty) {
            Some(_) if arm_mve::is_predicate(self.m(), v) => (e.clone(), e.ty),
            Some(w) => (e.exact(w), c),
            None => (e.clone(), c),
        };
        // A wide value that a narrower type holds stays narrow: its products are then widening multiplications.
        let c = if c == CType::I64 && e.ty.bits() <= 32 {
            CType::I32
        } else {
            c
        };
        let base = self.base_name(v);
        let counter = self.counters.entry(base.clone()).or_default();
        let name = self.scopes.value(&base, counter);
        self.line(&format!("const {} {name} = {};", c.name(), e.to(c).text));
        self.names.insert(name.clone());
        self.slots
            .insert(v, Slot::Local(Expr::name(name, c).with_range(e.range)));
        Ok(())
    }

    /// Turns pending loads into locals, before memory changes.
    fn flush_loads(&mut self) -> Result<(), Diagnostic> {
        for v in self.pending.clone() {
            match self.slots.get(&v) {
                Some(Slot::Pending(e)) if e.loads => self.materialize(v)?,
                Some(Slot::Wide(_)) => {
                    let op = self.m().defining_op(v).unwrap_or(self.func);
                    return Err(self.error(
                        "C004",
                        op,
                        "memory may change before this vector is stored; it is too wide to be kept",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Records the expression of an op's result: pending if its one use is in this block, else a local.
    fn define(&mut self, v: ValueId, e: Expr) -> Result<(), Diagnostic> {
        let m = self.m();
        if let Some(value) = e.literal {
            let literal = if self.is_index(v) {
                Slot::Address(Affine::constant(value))
            } else {
                Slot::Literal(e)
            };
            self.slots.insert(v, literal);
            return Ok(());
        }
        let uses = self.live.uses(m, v);
        let op = m.defining_op(v);
        let here = op.and_then(|op| m.op_block(op));
        let nests = matches!(uses[..], [(user, _)] if m.op_block(user) == here);
        let short = e.size <= MAX_OPERATORS && e.text.len() <= MAX_TEXT;
        let is_name =
            e.size == 0 && e.prec == crate::expr::PRIMARY && !e.loads && e.reads.is_empty();
        if is_name && (e.ty == CType::I32 || !self.is_index(v)) {
            self.slots.insert(v, Slot::Local(e));
        } else if nests && short && !self.is_index(v) {
            self.slots.insert(v, Slot::Pending(e));
            self.pending.push(v);
        } else {
            self.declare(v, &e)?;
        }
        Ok(())
    }

    // ---- subscripts ----

    /// An index value as a sum.
    fn affine(&mut self, op: OpId, v: ValueId) -> Result<Affine, Diagnostic> {
        match self.slots.get(&v) {
            Some(Slot::Address(a)) => Ok(a.clone()),
            Some(Slot::Literal(Expr {
                literal: Some(value),
                ..
            })) => Ok(Affine::constant(*value)),
            _ => {
                let e = self.take_atom(op, v)?;
                Ok(Affine::name(e))
            }
        }
    }

    /// Records an index value that is a sum: repeated at its uses if it is short or has one use, else a local.
    fn define_affine(&mut self, v: ValueId, a: Affine) -> Result<(), Diagnostic> {
        let uses = self.live.uses(self.m(), v).len();
        if a.len() <= 1 || (uses == 1 && a.len() <= 6) {
            self.slots.insert(v, Slot::Address(a));
            Ok(())
        } else {
            self.declare(v, &a.expr())
        }
    }

    // ---- ops ----

    fn block(&mut self, block: BlockId) -> Result<(), Diagnostic> {
        let ops: Vec<OpId> = self.m().ops(block).collect();
        for op in ops {
            if self.live.is_op_live(op) {
                self.op(op)?;
            }
        }
        Ok(())
    }

    fn op(&mut self, op: OpId) -> Result<(), Diagnostic> {
        use ir::dialects::{mcu, memref, scf, vector};
        let m = self.m();
        match m.op_name(op) {
            scf::ForOp::NAME => self.for_loop(op),
            scf::IfOp::NAME => self.conditional(op),
            scf::YieldOp::NAME => Ok(()),
            func::ReturnOp::NAME if m.operands(op).len() == 0 => Ok(()),
            func::CallOp::NAME => self.call(op),
            ir::dialects::arm::BlockOp::NAME => self.arm_block(op),
            mcu::CallExternOp::NAME => self.call_extern(op),
            memref::LoadOp::NAME => self.load(op),
            memref::StoreOp::NAME => self.store(op),
            memref::CopyOp::NAME => self.copy(op),
            vector::LoadOp::NAME => self.vector_load(op),
            vector::StoreOp::NAME => self.vector_store(op),
            memref::GetGlobalOp::NAME | memref::ViewOp::NAME | memref::ReinterpretCastOp::NAME => {
                self.pointer(op, m.result(op, 0)).map(|_| ())
            }
            memref::AllocOp::NAME => {
                let e = self.error("C005", op, "the buffer has no address");
                Err(e.help("run `plan-memory` before C is emitted"))
            }
            name => match ir::dialects::arm_mve::transfer(name) {
                Some(t) => self.transfer(op, t),
                None => self.pure(op),
            },
        }
    }

    /// The integer constant of a value, if it is one.
    fn constant(&self, v: ValueId) -> Option<i64> {
        arith::const_int_of(self.m(), v)
    }
}
