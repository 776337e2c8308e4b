//! `func`: functions and calls.

use crate::interfaces::Effects;
use crate::verify::VerifyCx;
use crate::{
    AttrData, BlockId, DialectRegistryBuilder, Loc, Module, OpId, OpRef, OpState, RegistryError,
    Type, TypeData, ValueId, define_op,
};

define_op! {
    /// `func.func`: a function; its region's one block has an argument for each input. An empty region declares an
    /// external function.
    ///
    /// Argument attributes: `llvm.noalias` (the argument overlaps no other at any call), `mcu.name` (the tensor's name in
    /// the model), `mcu.offset` (where the tensor lives in its arena), `mcu.arena` (which arena that is, if not `@arena`), `mcu.state` (what
    /// the network remembers from one run to the next), `mcu.init` (a state before the first run).
    pub struct FuncOp = "func.func" {
        traits: { symbol, isolated },
        attrs: {
            sym_name: req Str, function_type: req Type, sym_visibility: opt Str, arg_attrs: opt Array, res_attrs: opt Array,
        },
        regions: 1,
        verify: verify_func,
    }
}

define_op! {
    /// `func.return`: ends a function.
    pub struct ReturnOp = "func.return" {
        traits: { terminator },
        operands: { values: many Any },
        verify: verify_return,
    }
}

define_op! {
    /// `func.call`: calls a function of the module.
    pub struct CallOp = "func.call" {
        operands: { args: many Any },
        results: { values: many Any },
        attrs: { callee: req Symbol },
        verify: verify_call,
    }
}

impl FuncOp {
    /// Input and result types; `None` if the type is no function's, which does not verify.
    pub(crate) fn signature(m: &Module, func: OpId) -> Option<(&[Type], &[Type])> {
        signature(
            m,
            m.prop(func, "function_type").and_then(|a| m.attr_type(a))?,
        )
    }
}

/// Input and result types of a function type.
fn signature(m: &Module, ty: Type) -> Option<(&[Type], &[Type])> {
    match m.type_data(ty) {
        TypeData::Function { inputs, results } => Some((inputs, results)),
        _ => None,
    }
}

fn verify_func(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let f = FuncOp(op.id);
    let Some((inputs, _)) = signature(m, f.function_type(m)) else {
        cx.error(op, "V007", "`function_type` must be a function type");
        return;
    };
    if let Some(a) = f.arg_attrs(m) {
        let AttrData::Array(list) = m.attr_data(a) else {
            return;
        };
        let dicts = list
            .iter()
            .all(|&d| matches!(m.attr_data(d), AttrData::Dict(_)));
        cx.check(dicts && list.len() == inputs.len(), op, "V030", || {
            format!(
                "`arg_attrs` must be one dictionary for each of {} arguments",
                inputs.len()
            )
        });
    }
    super::mcu::verify_states(op, cx);
    let blocks = m.blocks(m.regions(op.id)[0]);
    if blocks.len() > 1 && !cx.options().allow_unregistered {
        cx.error(
            op,
            "V009",
            format!("has {} blocks, wants one", blocks.len()),
        );
    }
    let Some(&entry) = blocks.first() else { return };
    let args: Vec<Type> = m
        .block_args(entry)
        .iter()
        .map(|&v| m.value_type(v))
        .collect();
    cx.check(args == inputs, op, "V020", || {
        "the entry block's arguments differ from the function's type".to_owned()
    });
    let mut found = Found::default();
    found.region(m, m.regions(op.id)[0]);
    cx.check(!(found.tensors && found.memrefs), op, "V029", || {
        "tensors and memrefs are mixed in one function".to_owned()
    });
}

/// Which kinds of shaped values a function's ops use.
#[derive(Default)]
struct Found {
    tensors: bool,
    memrefs: bool,
}

impl Found {
    /// An isolated region inside is not the function's: that of `mcu.call_extern` states on tensors what is done to buffers.
    fn region(&mut self, m: &Module, region: crate::RegionId) {
        for o in m.blocks(region).iter().flat_map(|&b| m.ops(b)) {
            for v in m.operands(o).chain(m.results(o).iter().copied()) {
                self.tensors |= matches!(m.type_data(m.value_type(v)), TypeData::Tensor { .. });
                self.memrefs |= matches!(m.type_data(m.value_type(v)), TypeData::MemRef { .. });
            }
            if !m.op_info(o).is_some_and(|i| i.traits.isolated) {
                m.regions(o).iter().for_each(|&r| self.region(m, r));
            }
        }
    }
}

fn verify_return(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some(f) = m.parent_op(op.id).and_then(|p| FuncOp::cast(m, p)) else {
        cx.error(op, "V021", "must stand directly in a function");
        return;
    };
    let types: Vec<Type> = m.operands(op.id).map(|v| m.value_type(v)).collect();
    let want = m
        .prop(f.0, "function_type")
        .and_then(|a| m.attr_type(a))
        .and_then(|t| signature(m, t));
    cx.check(want.is_some_and(|(_, r)| r == types), op, "V021", || {
        "returns other types than the function's type says".to_owned()
    });
}

fn verify_call(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let name = CallOp(op.id).callee(m);
    let Some(f) = cx.lookup_symbol(op, &name).and_then(|f| FuncOp::cast(m, f)) else {
        cx.error(op, "V014", format!("no function @{name}"));
        return;
    };
    let Some((inputs, results)) = m
        .prop(f.0, "function_type")
        .and_then(|a| m.attr_type(a))
        .and_then(|t| signature(m, t))
    else {
        return;
    };
    let fits = m
        .operands(op.id)
        .map(|v| m.value_type(v))
        .eq(inputs.iter().copied())
        && op
            .results()
            .iter()
            .map(|&v| m.value_type(v))
            .eq(results.iter().copied());
    cx.check(fits, op, "V016", || {
        format!("operands or results do not fit the type of @{name}")
    });
}

/// Makes a function at the end of the module, with an empty entry block; visibility is public.
pub fn build_func(
    m: &mut Module,
    name: &str,
    inputs: &[Type],
    results: &[Type],
    loc: Loc,
) -> (OpId, BlockId) {
    let ty = m.function(inputs, results);
    let (name, ty) = (m.str_attr(name), m.type_attr(ty));
    let state = OpState::new("func.func")
        .loc(loc)
        .prop("sym_name", name)
        .prop("function_type", ty)
        .regions(1);
    let op = m.create(state);
    let body = m.body();
    m.append(body, op);
    let region = m.regions(op)[0];
    let entry = m.add_block(region, inputs);
    (op, entry)
}

/// Sets an attribute of a function's argument.
pub fn set_arg_attr(m: &mut Module, func: OpId, arg: usize, name: &str, value: crate::Attr) {
    let count = m.entry_block(func).map_or(0, |b| m.block_args(b).len());
    set_entry(m, func, ("arg_attrs", count), arg, name, value);
}

/// Sets an attribute of a function's result.
pub fn set_result_attr(m: &mut Module, func: OpId, result: usize, name: &str, value: crate::Attr) {
    let count = FuncOp::signature(m, func).map_or(0, |s| s.1.len());
    set_entry(m, func, ("res_attrs", count), result, name, value);
}

/// Sets an attribute in the `i`-th of `count` dictionaries.
fn set_entry(
    m: &mut Module,
    func: OpId,
    (list, count): (&str, usize),
    i: usize,
    name: &str,
    value: crate::Attr,
) {
    let mut dicts: Vec<crate::Attr> = match m.prop(func, list).map(|a| m.attr_data(a)) {
        Some(AttrData::Array(list)) => list.clone(),
        _ => vec![m.dict_attr(&[]); count],
    };
    let mut entries = match m.attr_data(dicts[i]) {
        AttrData::Dict(d) => d.clone(),
        _ => Vec::new(),
    };
    let key = m.str(name);
    entries.retain(|(k, _)| *k != key);
    entries.push((key, value));
    entries.sort_by(|a, b| m.text(a.0).cmp(m.text(b.0)));
    dicts[i] = m.attr(AttrData::Dict(entries));
    let all = m.attr(AttrData::Array(dicts));
    m.set_prop(func, list, all);
}

/// An attribute of a function's argument.
pub fn arg_attr(m: &Module, func: OpId, arg: usize, name: &str) -> Option<crate::Attr> {
    entry(m, func, "arg_attrs", arg, name)
}

/// An attribute of a function's result.
pub fn result_attr(m: &Module, func: OpId, result: usize, name: &str) -> Option<crate::Attr> {
    entry(m, func, "res_attrs", result, name)
}

fn entry(m: &Module, func: OpId, list: &str, i: usize, name: &str) -> Option<crate::Attr> {
    match m.attr_data(m.prop(func, list)?) {
        AttrData::Array(dicts) => m.attr_entry(*dicts.get(i)?, name),
        _ => None,
    }
}

/// The functions of a module, in order.
pub fn functions(m: &Module) -> Vec<OpId> {
    m.ops(m.body())
        .filter(|&op| m.op_name(op) == FuncOp::NAME)
        .collect()
}

/// A function's result values at its return.
pub fn return_values(m: &Module, func: OpId) -> Vec<ValueId> {
    m.entry_block(func)
        .and_then(|b| m.last_op(b))
        .map(|r| m.operands(r).collect())
        .unwrap_or_default()
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(FuncOp::info())?
        .op(ReturnOp::info())?
        .op(CallOp::info())?;
    r.effects(FuncOp::NAME, |_: OpRef<'_>| Effects::None)?;
    r.effects(CallOp::NAME, |_: OpRef<'_>| Effects::Write)?;
    Ok(())
}
