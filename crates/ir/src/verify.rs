//! The verifier: checks every invariant of a module, accumulates errors, and hands out the [`Verified`] token.
//!
//! What it establishes, in this order for every op:
//! 1. the op is registered (`V001`); operand, result, attribute and region lists fit its declaration (`V002`–`V009`);
//! 2. every block of an op that takes terminators ends with one, and has none elsewhere (`V010`, `V011`);
//! 3. every use is dominated by its definition and sees no value across an isolated region (`V012`, `V013`);
//! 4. symbols are unique and defined (`V014`, `V015`);
//! 5. every type in use is well formed (`V022`);
//! 6. the op's own verifier.
//!
//! Structure (1–2) is checked first; an op's own verifier runs only if its structure is sound, so that it can use the
//! typed accessors. Each error has a stable code, listed in [`CODES`].

mod dominance;
mod symbols;

use crate::{
    Arity, AttrData, BlockId, Diagnostic, Diagnostics, Module, OpId, OpInfo, OpRef, QuantType,
    Type, TypeData, ValueId,
};
use dominance::Scopes;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use symbols::SymbolTables;

/// Every error of the verifier: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    ("V001", "the op is not registered"),
    ("V002", "the op has the wrong number of operands"),
    ("V003", "an operand has the wrong kind of type"),
    ("V004", "the op has the wrong number of results"),
    ("V005", "a result has the wrong kind of type"),
    ("V006", "a required attribute is missing"),
    ("V007", "an attribute is of the wrong kind"),
    (
        "V008",
        "the op has an inherent attribute that its declaration does not know, or one among the discardable ones",
    ),
    ("V009", "the op has the wrong number of regions or blocks"),
    ("V010", "a block does not end with a terminator"),
    ("V011", "a terminator is not the last op of its block"),
    (
        "V012",
        "a value is used where its definition does not dominate",
    ),
    (
        "V013",
        "a value is used across the boundary of an isolated region",
    ),
    ("V014", "a symbol is not defined"),
    ("V015", "a symbol is defined twice"),
    ("V016", "a call does not fit the function that it calls"),
    ("V017", "types that must be equal differ"),
    ("V018", "a constant's value does not fit its type"),
    ("V019", "a resource is missing or has the wrong size"),
    ("V020", "a region's arguments do not fit its op"),
    (
        "V021",
        "a terminator's operands do not fit the op that it ends",
    ),
    (
        "V022",
        "a type is malformed: quantisation parameters or shape",
    ),
    ("V023", "shapes do not fit the op"),
    ("V024", "the op does not take these element types"),
    ("V025", "an attribute's value is out of range"),
    (
        "V026",
        "the number of subscripts differs from the memref's rank",
    ),
    ("V027", "a view does not fit into its buffer"),
    ("V028", "a cast does not change the width as it says"),
    ("V029", "tensors and memrefs are mixed in one function"),
    ("V030", "a placement attribute is malformed"),
    (
        "V031",
        "an external call is malformed: names, roles, arguments, or an op of its region",
    ),
    (
        "V032",
        "an op has successors that it may not have: blocks of another region, the first of its region, or any of a registered op",
    ),
    (
        "V033",
        "the states of a function are malformed: not the last arguments and results, of different types, or with a wrong first value",
    ),
];

/// A module that the verifier said yes to. Back ends ask for it; lowering from it may fail with an error, never panic.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'m>(&'m Module);

impl<'m> Verified<'m> {
    /// The module.
    pub fn module(self) -> &'m Module {
        self.0
    }
}

/// What the verifier lets pass.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct VerifyOptions {
    /// Whether ops that are not registered are only checked for what holds for all ops, and functions may have several blocks.
    pub allow_unregistered: bool,
}

/// Where verifiers report to.
pub struct VerifyCx<'m> {
    module: &'m Module,
    options: VerifyOptions,
    /// None while one op is verified alone.
    symbols: Option<SymbolTables<'m>>,
    diagnostics: Diagnostics,
}

impl<'m> VerifyCx<'m> {
    /// The module under verification.
    pub fn module(&self) -> &'m Module {
        self.module
    }

    /// What the verifier lets pass.
    pub fn options(&self) -> VerifyOptions {
        self.options
    }

    /// The op that defines a symbol in the nearest `builtin.module` around an op; in constant time when a whole module is verified.
    pub fn lookup_symbol(&self, from: OpRef<'_>, name: &str) -> Option<OpId> {
        match &self.symbols {
            Some(all) => all.lookup(self.module, from.id, name),
            None => self.module.lookup_symbol(name),
        }
    }

    /// Reports an error of an op; `code` is one of [`CODES`] or a third party's own.
    pub fn error(
        &mut self,
        op: OpRef<'_>,
        code: impl Into<Cow<'static, str>>,
        message: impl AsRef<str>,
    ) {
        let m = op.module;
        let mut d = Diagnostic::error(code, format!("`{}`: {}", op.name(), message.as_ref()));
        d.location = m.describe_loc(m.op_loc(op.id));
        self.diagnostics.push(d);
    }

    /// Reports `code` unless `ok`; yields `ok`.
    pub fn check(
        &mut self,
        ok: bool,
        op: OpRef<'_>,
        code: impl Into<Cow<'static, str>>,
        message: impl FnOnce() -> String,
    ) -> bool {
        if !ok {
            self.error(op, code, message());
        }
        ok
    }
}

/// Verifies a module.
///
/// # Errors
/// All errors found, at most [`MAX_ERRORS`].
pub fn verify(m: &Module) -> Result<Verified<'_>, Diagnostics> {
    verify_with(m, &VerifyOptions::default()).map(|()| Verified(m))
}

/// Verifies a module as far as the options ask for; back ends want the token of [`verify`].
///
/// # Errors
/// All errors found, at most [`MAX_ERRORS`].
pub fn verify_with(m: &Module, options: &VerifyOptions) -> Result<(), Diagnostics> {
    let symbols = SymbolTables::of(m);
    let duplicates = symbols.duplicates();
    let mut cx = VerifyCx {
        module: m,
        options: *options,
        symbols: Some(symbols),
        diagnostics: Diagnostics::new(),
    };
    for (op, name) in duplicates {
        cx.error(m.op(op), "V015", format!("symbol @{name} is defined twice"));
    }
    op_tree(&mut cx, m.root(), &mut Visited::default());
    if cx.diagnostics.has_errors() {
        Err(cx.diagnostics)
    } else {
        Ok(())
    }
}

/// Verifies one op without what is in its regions and without where its operands come from: its lists, its types, and its own
/// verifier. What builds ops by trial asks this.
///
/// # Errors
/// All errors found.
pub fn verify_op(m: &Module, op: OpId) -> Result<(), Diagnostics> {
    let mut cx = VerifyCx {
        module: m,
        options: VerifyOptions::default(),
        symbols: None,
        diagnostics: Diagnostics::new(),
    };
    let r = m.op(op);
    lists(&mut cx, r, &mut FxHashSet::default());
    for &block in m.regions(op).iter().flat_map(|&region| m.blocks(region)) {
        terminators(&mut cx, r, block);
    }
    if cx.diagnostics.is_empty()
        && let Some(check) = m.op_info(op).and_then(|i| i.verify.as_ref())
    {
        check(r, &mut cx);
    }
    if cx.diagnostics.has_errors() {
        Err(cx.diagnostics)
    } else {
        Ok(())
    }
}

/// The verifier stops after about this many errors.
pub const MAX_ERRORS: usize = 100;

/// What the verifier knows of the ops that it has been at.
#[derive(Default)]
struct Visited {
    types: FxHashSet<Type>,
    scopes: Scopes,
}

fn op_tree(cx: &mut VerifyCx<'_>, op: OpId, visited: &mut Visited) {
    if cx.diagnostics.len() >= MAX_ERRORS {
        return;
    }
    let m = cx.module;
    let r = m.op(op);
    let before = cx.diagnostics.len();
    lists(cx, r, &mut visited.types);
    dominance::uses(cx, r, &visited.scopes);
    successors(cx, r);
    if before == cx.diagnostics.len()
        && let Some(check) = m.op_info(op).and_then(|i| i.verify.as_ref())
    {
        check(r, cx);
    }
    for &region in m.regions(op) {
        visited.scopes.enter(m, region, cx.options);
        for &block in m.blocks(region) {
            for &a in m.block_args(block) {
                value_type(cx, r, m.value_type(a), &mut visited.types);
            }
            terminators(cx, r, block);
            for o in m.ops(block) {
                op_tree(cx, o, visited);
            }
        }
    }
}

/// Operands, results and attributes.
fn lists(cx: &mut VerifyCx<'_>, op: OpRef<'_>, types: &mut FxHashSet<Type>) {
    let m = op.module;
    match m.op_info(op.id) {
        None if cx.options.allow_unregistered => {}
        None => cx.error(op, "V001", "this op is not registered"),
        Some(info) => structure(cx, op, info),
    }
    for v in m.operands(op.id).chain(op.results().iter().copied()) {
        value_type(cx, op, m.value_type(v), types);
    }
}

fn structure(cx: &mut VerifyCx<'_>, op: OpRef<'_>, info: &OpInfo) {
    let m = op.module;
    let operands: Vec<ValueId> = m.operands(op.id).collect();
    for (specs, values, count_code, type_code, what) in [
        (
            &info.operands,
            operands.as_slice(),
            "V002",
            "V003",
            "operand",
        ),
        (&info.results, op.results(), "V004", "V005", "result"),
    ] {
        let min = specs.iter().filter(|s| s.arity == Arity::One).count();
        let max = match specs.last().map(|s| s.arity) {
            Some(Arity::Many) => usize::MAX,
            Some(Arity::Opt) => min + 1,
            _ => min,
        };
        if values.len() < min || values.len() > max {
            let wants = if max == min {
                min.to_string()
            } else {
                format!("at least {min}")
            };
            cx.error(
                op,
                count_code,
                format!("has {} {what}s, wants {wants}", values.len()),
            );
            continue;
        }
        for (i, &v) in values.iter().enumerate() {
            let Some(spec) = specs.get(i).or(specs.last()) else {
                continue;
            };
            let ty = m.value_type(v);
            if !spec.kind.accepts(m, ty) {
                cx.error(
                    op,
                    type_code,
                    format!(
                        "{what} {i} (`{}`) must be {}, is {}",
                        spec.name,
                        spec.kind.describe(),
                        crate::text::type_text(m, ty)
                    ),
                );
            }
        }
    }
    for spec in &info.attrs {
        match m.prop(op.id, &spec.name) {
            None if spec.required => {
                cx.error(op, "V006", format!("attribute `{}` is missing", spec.name))
            }
            Some(a) if !spec.kind.accepts(m, a) => {
                cx.error(
                    op,
                    "V007",
                    format!("attribute `{}` must be {}", spec.name, spec.kind.describe()),
                );
            }
            _ => {}
        }
    }
    for &(k, _) in m.props(op.id) {
        let k = m.text(k);
        if !info.attrs.iter().any(|s| s.name == k) {
            cx.error(op, "V008", format!("unknown inherent attribute `{k}`"));
        }
    }
    for &(k, _) in m.discardables(op.id) {
        let k = m.text(k);
        if info.attrs.iter().any(|s| s.name == k) {
            let message = format!("inherent attribute `{k}` stands among the discardable ones");
            cx.error(op, "V008", message);
        }
    }
    if m.regions(op.id).len() != info.regions {
        cx.error(
            op,
            "V009",
            format!(
                "has {} regions, wants {}",
                m.regions(op.id).len(),
                info.regions
            ),
        );
    }
    if info.traits.same_type {
        let mut all = operands
            .iter()
            .chain(op.results())
            .map(|&v| m.value_type(v));
        if let Some(first) = all.next()
            && all.any(|t| t != first)
        {
            cx.error(op, "V017", "operands and results must all have one type");
        }
    }
}

/// Control goes from the end of a block to other blocks of its region. What is not registered may be a terminator.
fn terminators(cx: &mut VerifyCx<'_>, parent: OpRef<'_>, block: BlockId) {
    let m = cx.module;
    let is_terminator = |op: OpId| m.op_info(op).is_some_and(|i| i.traits.terminator);
    for op in m.ops(block) {
        let ends = is_terminator(op) || m.successors(op).len() > 0;
        if ends && m.last_op(block) != Some(op) {
            cx.error(
                m.op(op),
                "V011",
                "a terminator must be the last op of its block",
            );
        }
    }
    let is_registered = |op: OpId| m.op_info(op).is_some();
    let needs_one = m.blocks(m.block_region(block)).len() > 1
        || parent.name() != "builtin.module" && is_registered(parent.id);
    let may_end = |op: OpId| is_terminator(op) || !is_registered(op);
    if needs_one && !m.last_op(block).is_some_and(may_end) {
        cx.error(
            parent,
            "V010",
            "a block of this op does not end with a terminator",
        );
    }
}

fn successors(cx: &mut VerifyCx<'_>, op: OpRef<'_>) {
    let m = op.module;
    if m.successors(op.id).len() == 0 {
        return;
    }
    if m.op_info(op.id).is_some() {
        cx.error(op, "V032", "this op has no successors");
        return;
    }
    let region = m.op_block(op.id).map(|b| m.block_region(b));
    for (i, block) in m.successors(op.id).enumerate() {
        if Some(m.block_region(block)) != region {
            cx.error(op, "V032", format!("successor {i} is in another region"));
        } else if m.blocks(m.block_region(block)).first() == Some(&block) {
            let message = format!("successor {i} is the first block of its region");
            cx.error(op, "V032", message);
        }
    }
}

fn value_type(cx: &mut VerifyCx<'_>, op: OpRef<'_>, ty: Type, seen: &mut FxHashSet<Type>) {
    if !seen.insert(ty) {
        return;
    }
    let m = cx.module;
    let data = m.type_data(ty);
    if let (TypeData::Tensor { .. }, Some(shape)) = (data, data.shape())
        && (shape.iter().any(|&d| d < 0) || m.num_elements(ty).is_none_or(|n| n > i64::MAX as u64))
    {
        cx.error(
            op,
            "V022",
            format!("{} has no static size", crate::text::type_text(m, ty)),
        );
    }
    if let Some(q) = m.quant_of(ty) {
        let axis_len = match (q.axis, data.shape()) {
            (Some(a), Some(shape)) => match shape.get(a as usize) {
                Some(&n) => Some(n as usize),
                None => {
                    cx.error(
                        op,
                        "V022",
                        format!("quantised axis {a} of a tensor of rank {}", shape.len()),
                    );
                    return;
                }
            },
            _ => None,
        };
        if let Err(e) = quant_problem(q, axis_len) {
            cx.error(op, "V022", e);
        }
        return;
    }
    if let Some(elem) = data.elem() {
        value_type(cx, op, elem, seen);
    }
}

fn quant_problem(q: &QuantType, axis_len: Option<usize>) -> Result<(), String> {
    let n = q.scales().len();
    if n != q.zero_points.len() || n == 0 {
        return Err(format!(
            "{n} scales and {} zero points",
            q.zero_points.len()
        ));
    }
    if axis_len.is_some_and(|len| len != n) {
        return Err(format!(
            "{n} scales for an axis of {} elements",
            axis_len.unwrap_or(0)
        ));
    }
    if q.axis.is_none() && n != 1 {
        return Err(format!("a per-tensor type has {n} scales"));
    }
    if let Some(s) = q.scales().find(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(format!("scale {s} is not positive and finite"));
    }
    if !(1..=32).contains(&q.storage_width) {
        return Err(format!("storage of {} bits", q.storage_width));
    }
    let (min, max) = QuantType::default_range(q.storage_width, q.signed);
    if q.storage_min < min || q.storage_max > max || q.storage_min > q.storage_max {
        return Err(format!(
            "storage range {}:{} does not fit {} bits",
            q.storage_min, q.storage_max, q.storage_width
        ));
    }
    if let Some(z) = q
        .zero_points
        .iter()
        .find(|z| !(q.storage_min..=q.storage_max).contains(z))
    {
        return Err(format!(
            "zero point {z} outside of {}:{}",
            q.storage_min, q.storage_max
        ));
    }
    Ok(())
}

/// Reports unless a `dense` or `dense_resource` attribute has as many bytes as its type says.
pub(crate) fn elements(cx: &mut VerifyCx<'_>, op: OpRef<'_>, attr: crate::Attr) {
    let m = op.module;
    let Some((ty, bytes)) = m.attr_elements(attr) else {
        if let AttrData::Resource { key, .. } = m.attr_data(attr) {
            cx.error(
                op,
                "V019",
                format!("resource `{}` is missing", m.text(*key)),
            );
        }
        return;
    };
    let elem = m.type_data(ty).elem();
    let width = match elem.map(|e| m.type_data(e)) {
        Some(TypeData::Index) => Some(8),
        _ => elem.and_then(|e| m.elem_bytes(e)),
    };
    let want = m
        .num_elements(ty)
        .zip(width)
        .and_then(|(n, w)| n.checked_mul(w));
    if want != Some(bytes.len() as u64) {
        let want = want.map_or("a size that does not fit".to_owned(), |w| w.to_string());
        cx.error(
            op,
            "V019",
            format!("constant of {want} bytes has {} bytes", bytes.len()),
        );
    }
}
