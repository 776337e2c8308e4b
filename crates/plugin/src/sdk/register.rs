//! Registering what a plug-in has.

use super::context::{Cx, PassCx, lent, tell, text};
use super::error::Result;
use super::export::guarded;
use super::interfaces::{Datum, Effects, Folded};
use crate::abi::{
    self, Attr, AttrSpec, Context, Handles, Host, Interfaces, NamedAttrs, Op, OpInfo, OptionInfo,
    PassInfo, PatternInfo, Status, Type, ValueSpec,
};
use std::ffi::c_void;

/// Takes what a plug-in has. What is registered stays until the process ends.
pub struct Registrar<'c>(pub(super) Cx<'c>);

/// A function of the plug-in, and the host that calls it.
pub(super) struct Registered<F> {
    pub host: &'static Host,
    pub function: F,
}

impl<F> Registered<F> {
    /// As the pointer that the host passes back.
    pub fn stay(host: &'static Host, function: F) -> *mut c_void {
        Box::into_raw(Box::new(Registered { host, function })).cast()
    }

    /// What the host passed back.
    ///
    /// # Safety
    /// `user` came from [`stay`](Self::stay) of the same type.
    pub unsafe fn back<'a>(user: *mut c_void) -> &'a Registered<F> {
        // SAFETY: by the caller's promise; nobody frees it.
        unsafe { &*user.cast::<Registered<F>>() }
    }
}

/// The declaration of a pass.
#[must_use]
pub struct PassDecl {
    name: String,
    anchor: String,
    summary: String,
    options: Vec<[String; 4]>,
    flags: u32,
}

impl PassDecl {
    /// A pass on operations of a name: `builtin.module`, `func.func`, or `any`.
    pub fn new(name: &str, anchor: &str, summary: &str) -> PassDecl {
        PassDecl {
            name: name.to_owned(),
            anchor: anchor.to_owned(),
            summary: summary.to_owned(),
            options: Vec::new(),
            flags: 0,
        }
    }

    /// With an option: its name, its values as in a synopsis, its default, and what it does.
    pub fn option(mut self, name: &str, values: &str, default: &str, summary: &str) -> PassDecl {
        self.options
            .push([name, values, default, summary].map(str::to_owned));
        self
    }

    /// Which changes nothing when it runs a second time.
    pub fn idempotent(mut self) -> PassDecl {
        self.flags |= abi::pass_flags::IDEMPOTENT;
        self
    }
}

/// The declaration of a rewrite pattern.
#[must_use]
pub struct PatternDecl {
    name: String,
    root: String,
    equation: String,
    benefit: u32,
}

impl PatternDecl {
    /// A pattern on operations of a name (none for any), with its equation in one line.
    pub fn new(name: &str, root: &str, equation: &str) -> PatternDecl {
        PatternDecl {
            name: name.to_owned(),
            root: root.to_owned(),
            equation: equation.to_owned(),
            benefit: 1,
        }
    }

    /// With another benefit than 1.
    pub fn benefit(mut self, benefit: u32) -> PatternDecl {
        self.benefit = benefit;
        self
    }
}

/// The declaration of an operation.
#[must_use]
pub struct OpDecl {
    name: String,
    docs: String,
    operands: Vec<(String, u32, u32)>,
    results: Vec<(String, u32, u32)>,
    attrs: Vec<(String, u32, bool)>,
    regions: u64,
    traits: u32,
}

impl OpDecl {
    /// An operation of a full name, `acme.scale`, with its documentation in Markdown.
    pub fn new(name: &str, docs: &str) -> OpDecl {
        OpDecl {
            name: name.to_owned(),
            docs: docs.to_owned(),
            operands: Vec::new(),
            results: Vec::new(),
            attrs: Vec::new(),
            regions: 0,
            traits: 0,
        }
    }

    /// With an operand of a [kind](abi::value_kind).
    pub fn operand(self, name: &str, kind: u32) -> OpDecl {
        self.operand_list(name, kind, abi::arity::ONE)
    }

    /// With operands of a [kind](abi::value_kind), as many as an [arity](abi::arity) says.
    pub fn operand_list(mut self, name: &str, kind: u32, arity: u32) -> OpDecl {
        self.operands.push((name.to_owned(), kind, arity));
        self
    }

    /// With a result of a [kind](abi::value_kind).
    pub fn result(mut self, name: &str, kind: u32) -> OpDecl {
        self.results.push((name.to_owned(), kind, abi::arity::ONE));
        self
    }

    /// With an inherent attribute of a [kind](abi::attr_spec) that must be there.
    pub fn attr(mut self, name: &str, kind: u32) -> OpDecl {
        self.attrs.push((name.to_owned(), kind, true));
        self
    }

    /// With an inherent attribute of a [kind](abi::attr_spec) that may be there.
    pub fn optional_attr(mut self, name: &str, kind: u32) -> OpDecl {
        self.attrs.push((name.to_owned(), kind, false));
        self
    }

    /// With regions.
    pub fn regions(mut self, count: u64) -> OpDecl {
        self.regions = count;
        self
    }

    /// With [traits](abi::traits), added up.
    pub fn traits(mut self, traits: u32) -> OpDecl {
        self.traits |= traits;
        self
    }

    /// Without effects.
    pub fn pure(self) -> OpDecl {
        self.traits(abi::traits::PURE)
    }
}

fn value_specs(list: &[(String, u32, u32)]) -> Vec<ValueSpec> {
    let one = |(name, kind, arity): &(String, u32, u32)| ValueSpec {
        name: text(name),
        kind: *kind,
        arity: *arity,
    };
    list.iter().map(one).collect()
}

/// A callback on an operation that says whether it did or found something.
unsafe extern "C" fn on_op<F>(user: *mut c_void, cx: Context, op: Op) -> Status
where
    F: Fn(Cx<'_>, Op) -> Result<bool> + Send + Sync + 'static,
{
    // SAFETY: registered together with what `stay` returned for an `F`.
    let registered = unsafe { Registered::<F>::back(user) };
    guarded(registered.host, cx, |cx| (registered.function)(cx, op))
}

/// A function, as the pair that the host is given.
pub(super) fn op_callback<F>(host: &'static Host, f: F) -> (Option<abi::OpFn>, *mut c_void)
where
    F: Fn(Cx<'_>, Op) -> Result<bool> + Send + Sync + 'static,
{
    (Some(on_op::<F>), Registered::stay(host, f))
}

impl Registrar<'_> {
    /// Registers a pass without options.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn pass<F>(&self, name: &str, anchor: &str, summary: &str, run: F) -> Result<()>
    where
        F: Fn(&PassCx<'_>, Op) -> Result<()> + Send + Sync + 'static,
    {
        self.pass_with(PassDecl::new(name, anchor, summary), run)
    }

    /// Registers a pass.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn pass_with<F>(&self, decl: PassDecl, run: F) -> Result<()>
    where
        F: Fn(&PassCx<'_>, Op) -> Result<()> + Send + Sync + 'static,
    {
        let options: Vec<OptionInfo> = decl
            .options
            .iter()
            .map(|[name, values, default, summary]| OptionInfo {
                name: text(name),
                values: text(values),
                default_value: text(default),
                summary: text(summary),
            })
            .collect();
        let (run, user) = op_callback(self.0.host, move |cx, op| {
            run(&PassCx(cx), op).map(|()| true)
        });
        let info = PassInfo {
            size: size_of::<PassInfo>() as u32,
            flags: decl.flags,
            name: text(&decl.name),
            anchor: text(&decl.anchor),
            summary: text(&decl.summary),
            options: options.as_ptr(),
            option_count: options.len(),
            run,
            user,
        };
        tell!(self.0, register_pass(&info))
    }

    /// Registers a rewrite pattern on operations of a name: it says whether it matched, and changes nothing if not.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn pattern<F>(&self, name: &str, root: &str, equation: &str, apply: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op) -> Result<bool> + Send + Sync + 'static,
    {
        self.pattern_with(PatternDecl::new(name, root, equation), apply)
    }

    /// Registers a rewrite pattern.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn pattern_with<F>(&self, decl: PatternDecl, apply: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op) -> Result<bool> + Send + Sync + 'static,
    {
        let (apply, user) = op_callback(self.0.host, move |cx, op| apply(&cx, op));
        let info = pattern_info(&decl, apply, user);
        tell!(self.0, register_pattern(&info))
    }

    /// Registers a rewrite rule of networks: where the term `left` fits, `apply` replaces the operation at the top, in a block that holds what
    /// fits and nothing else.
    ///
    /// # Errors
    /// If the name is taken, or `left` is no term.
    pub fn rule<F>(&self, left: &str, decl: PatternDecl, apply: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op) -> Result<bool> + Send + Sync + 'static,
    {
        let (apply, user) = op_callback(self.0.host, move |cx, op| apply(&cx, op));
        let info = pattern_info(&decl, apply, user);
        tell!(self.0, register_rule(text(left), &info))
    }

    /// Registers the rewrite rules of a text; `file` names it in errors.
    ///
    /// # Errors
    /// If it is no file of rules.
    pub fn rules(&self, file: &str, rules: &str) -> Result<()> {
        tell!(self.0, register_rules(text(file), text(rules)))
    }

    /// Declares an operation.
    ///
    /// # Errors
    /// If the name is taken, or has no dialect.
    pub fn op(&self, decl: OpDecl) -> Result<()> {
        self.declare(decl, (None, std::ptr::null_mut()))
    }

    /// Declares an operation with a check of its own, whose error is what is wrong with an operation.
    ///
    /// # Errors
    /// If the name is taken, or has no dialect.
    pub fn op_with_verifier<F>(&self, decl: OpDecl, verify: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op) -> Result<()> + Send + Sync + 'static,
    {
        let callback = op_callback(self.0.host, move |cx, op| verify(&cx, op).map(|()| true));
        self.declare(decl, callback)
    }

    fn declare(&self, decl: OpDecl, verify: (Option<abi::OpFn>, *mut c_void)) -> Result<()> {
        let (operands, results) = (value_specs(&decl.operands), value_specs(&decl.results));
        let one = |(name, kind, required): &(String, u32, bool)| AttrSpec {
            name: text(name),
            kind: *kind,
            required: (*required).into(),
        };
        let attrs: Vec<AttrSpec> = decl.attrs.iter().map(one).collect();
        let info = OpInfo {
            size: size_of::<OpInfo>() as u32,
            traits: decl.traits,
            name: text(&decl.name),
            docs: text(&decl.docs),
            operands: operands.as_ptr(),
            operand_count: operands.len(),
            results: results.as_ptr(),
            result_count: results.len(),
            attrs: attrs.as_ptr(),
            attr_count: attrs.len(),
            regions: decl.regions,
            verify: verify.0,
            user: verify.1,
        };
        tell!(self.0, register_op(&info))
    }

    fn attach(&self, op: &str, interfaces: Interfaces) -> Result<()> {
        let interfaces = Interfaces {
            size: size_of::<Interfaces>() as u32,
            ..interfaces
        };
        tell!(self.0, register_interfaces(text(op), &interfaces))
    }

    /// Says how to evaluate an operation, somebody else's too: its results, in order, on its operands' values.
    ///
    /// # Errors
    /// If the operation has an interpretation already.
    pub fn interpret<F>(&self, op: &str, f: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op, &[Datum]) -> Result<Vec<Datum>> + Send + Sync + 'static,
    {
        unsafe extern "C" fn call<F>(
            user: *mut c_void,
            cx: Context,
            op: Op,
            args: *const abi::Datum,
            count: usize,
        ) -> Status
        where
            F: Fn(&Cx<'_>, Op, &[Datum]) -> Result<Vec<Datum>>,
        {
            // SAFETY: registered together with what `stay` returned for an `F`.
            let registered = unsafe { Registered::<F>::back(user) };
            guarded(registered.host, cx, |cx| {
                // SAFETY: the host passes `count` data for the call.
                let args = unsafe { lent(args, count) };
                let args: Vec<Datum> = args.iter().map(Datum::received).collect();
                let results = (registered.function)(&cx, op, &args)?;
                for (i, datum) in results.iter().enumerate() {
                    tell!(cx, set_result(i as u64, &datum.given()))?;
                }
                Ok(true)
            })
        }
        self.attach(
            op,
            Interfaces {
                interpret: Some(call::<F>),
                user: Registered::stay(self.0.host, f),
                ..Interfaces::default()
            },
        )
    }

    /// Says how to simplify an operation: what each result is, or `None` if nothing is known.
    ///
    /// # Errors
    /// If the operation has a simplification already.
    pub fn fold<F>(&self, op: &str, f: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op) -> Result<Option<Vec<Folded>>> + Send + Sync + 'static,
    {
        let (fold, user) = op_callback(self.0.host, move |cx, op| {
            let Some(results) = f(&cx, op)? else {
                return Ok(false);
            };
            for (i, folded) in results.into_iter().enumerate() {
                match folded {
                    Folded::Value(v) => tell!(cx, fold_to_value(i as u64, v))?,
                    Folded::Constant(a) => tell!(cx, fold_to_constant(i as u64, a))?,
                }
            }
            Ok(true)
        });
        self.attach(
            op,
            Interfaces {
                fold,
                user,
                ..Interfaces::default()
            },
        )
    }

    /// Says which types an operation's results have, given its operands' types and inherent attributes; `None` if such an operation
    /// cannot be.
    ///
    /// # Errors
    /// If the operation has such a rule already.
    pub fn infer_types<F>(&self, op: &str, f: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, &[Type], &[(&str, Attr)]) -> Result<Option<Vec<Type>>>
            + Send
            + Sync
            + 'static,
    {
        unsafe extern "C" fn call<F>(
            user: *mut c_void,
            cx: Context,
            operands: Handles,
            props: NamedAttrs,
        ) -> Status
        where
            F: Fn(&Cx<'_>, &[Type], &[(&str, Attr)]) -> Result<Option<Vec<Type>>>,
        {
            // SAFETY: registered together with what `stay` returned for an `F`.
            let registered = unsafe { Registered::<F>::back(user) };
            guarded(registered.host, cx, |cx| {
                let operands: Vec<Type> = cx.list(operands);
                let props = cx.named(props);
                let Some(types) = (registered.function)(&cx, &operands, &props)? else {
                    return Ok(false);
                };
                for ty in types {
                    tell!(cx, add_type(ty))?;
                }
                Ok(true)
            })
        }
        self.attach(
            op,
            Interfaces {
                infer_types: Some(call::<F>),
                user: Registered::stay(self.0.host, f),
                ..Interfaces::default()
            },
        )
    }

    /// Says what an operation does to memory.
    ///
    /// # Errors
    /// If that is said already.
    pub fn effects<F>(&self, op: &str, f: F) -> Result<()>
    where
        F: Fn(&Cx<'_>, Op) -> Result<Effects> + Send + Sync + 'static,
    {
        unsafe extern "C" fn call<F>(
            user: *mut c_void,
            cx: Context,
            op: Op,
            effects: *mut u32,
        ) -> Status
        where
            F: Fn(&Cx<'_>, Op) -> Result<Effects>,
        {
            // SAFETY: registered together with what `stay` returned for an `F`.
            let registered = unsafe { Registered::<F>::back(user) };
            guarded(registered.host, cx, |cx| {
                let found = (registered.function)(&cx, op)?;
                // SAFETY: the host passes a place for the answer.
                unsafe { effects.write(found as u32) };
                Ok(true)
            })
        }
        self.attach(
            op,
            Interfaces {
                effects: Some(call::<F>),
                user: Registered::stay(self.0.host, f),
                ..Interfaces::default()
            },
        )
    }

    /// Registers a target that a text in TOML describes; `file` names it in errors.
    ///
    /// # Errors
    /// If the text is no target, or its name is taken.
    pub fn target(&self, file: &str, toml: &str) -> Result<()> {
        tell!(self.0, register_target(text(file), text(toml)))
    }

    /// Adds passes to the default pipeline at a named point, `before-lowering` say.
    ///
    /// # Errors
    /// If there is no such point, or the text is no list of passes.
    pub fn extend(&self, point: &str, steps: &str) -> Result<()> {
        tell!(self.0, register_extension(text(point), text(steps)))
    }
}

fn pattern_info(decl: &PatternDecl, apply: Option<abi::OpFn>, user: *mut c_void) -> PatternInfo {
    PatternInfo {
        size: size_of::<PatternInfo>() as u32,
        benefit: decl.benefit,
        name: text(&decl.name),
        root: text(&decl.root),
        equation: text(&decl.equation),
        apply,
        user,
    }
}
