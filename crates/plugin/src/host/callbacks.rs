//! A plug-in's functions as passes, patterns, interfaces and schedules.
//!
//! A callback that fails makes the running pass fail with the plug-in's message; where a trait has no way to return an error, by
//! [`pass::fail_by_unwinding`], which starts after the plug-in's function has returned.

use super::functions::{datum_in, named_attrs};
use super::handles::Entity;
use super::registration::UserPointer;
use super::session::{Access, Session, around, enter};
use crate::abi::{self, Context, Status};
use ir::interfaces::{
    Datum, Effects, EvalError, Fold, Folded, InferTypes, Interpret, MemoryEffects, Results,
};
use ir::rewrite::Pattern;
use ir::{Attr, Diagnostic, Module, OpId, OpRef, Severity, Type, VerifyFn};
use libloading::Library;
use pass::{Cost, Failed, KernelBuilder, Knobs, Pass, PassCx, Schedule, fail_by_unwinding};
use smallvec::SmallVec;
use std::ffi::c_void;
use std::sync::Arc;
use target::Target;

/// The code of a failed callback.
pub(super) const FAILED: &str = "K001";

/// Whose a callback is. It keeps the library loaded, if there is one.
pub(super) struct Origin {
    pub plugin: String,
    #[allow(dead_code, reason = "it is kept, not used")]
    pub library: Option<Library>,
}

/// A function of a plug-in, and what to say if it fails.
#[derive(Clone)]
pub(super) struct Callback<F> {
    function: F,
    user: UserPointer,
    origin: Arc<Origin>,
    what: String,
}

/// Why a callback failed.
pub(super) fn reason(session: &mut Session<'_>, status: Status) -> String {
    let reported = session.diagnostics.iter().rev();
    let mut errors = reported.filter(|d| d.severity == Severity::Error);
    match (session.error.take(), errors.next()) {
        (Some(why), _) => why,
        (None, Some(error)) => error.message.clone(),
        (None, None) => format!("it returned {} and no message", status.0),
    }
}

impl<F: Copy> Callback<F> {
    pub fn new(
        origin: &Arc<Origin>,
        what: &str,
        name: &str,
        function: F,
        user: *mut c_void,
    ) -> Callback<F> {
        Callback {
            function,
            user: UserPointer(user),
            origin: origin.clone(),
            what: format!("{what} `{name}`"),
        }
    }

    /// Calls the function; `false` if it says [`Status::NO_MATCH`].
    fn call(
        &self,
        session: &mut Session<'_>,
        call: impl FnOnce(F, *mut c_void, Context) -> Status,
    ) -> Result<bool, (Status, String)> {
        let status = enter(session, |cx| call(self.function, self.user.0, cx));
        match status {
            Status::OK => Ok(true),
            Status::NO_MATCH => Ok(false),
            _ => Err((status, self.failure(&reason(session, status)))),
        }
    }

    fn failure(&self, why: &str) -> String {
        format!("{} of plug-in `{}`: {why}", self.what, self.origin.plugin)
    }

    /// As [`call`](Self::call), where the trait has no way to return an error.
    fn call_or_unwind(
        &self,
        session: &mut Session<'_>,
        call: impl FnOnce(F, *mut c_void, Context) -> Status,
    ) -> bool {
        match self.call(session, call) {
            Ok(matched) => matched,
            Err((_, error)) => self.unwind(session, error),
        }
    }

    fn unwind(&self, session: &Session<'_>, error: String) -> ! {
        let mut error = failed(error);
        error.location = session.place();
        fail_by_unwinding(error)
    }
}

fn failed(message: String) -> Diagnostic {
    Diagnostic::error(FAILED, message)
}

impl Callback<abi::OpFn> {
    fn on_op(&self, session: &mut Session<'_>) -> Result<bool, (Status, String)> {
        let op = session.op_handle();
        // SAFETY: called as the interface says, with the plug-in's own pointer; the library is loaded as long as `self` lives.
        self.call(session, |f, user, cx| unsafe { f(user, cx, op) })
    }

    fn on_op_or_unwind(&self, session: &mut Session<'_>) -> bool {
        match self.on_op(session) {
            Ok(matched) => matched,
            Err((_, error)) => self.unwind(session, error),
        }
    }
}

pub(super) struct PluginPass {
    pub callback: Callback<abi::OpFn>,
    pub options: Vec<(String, String)>,
}

impl Pass for PluginPass {
    fn run(&self, m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let target = cx.target;
        let (result, reported) = {
            let mut session = Session::new(Access::Change(m)).on(op).within(op);
            session.target = Some(target);
            session.options = Some(&self.options);
            session.pass = Some(cx);
            let result = self.callback.on_op(&mut session);
            (result, session.diagnostics)
        };
        let has_error = reported.iter().any(|d| d.severity == Severity::Error);
        for d in reported {
            cx.diagnostics.push(d);
        }
        match result {
            Err((_, error)) => cx.fail(failed(error)),
            Ok(_) if has_error => Err(Failed),
            Ok(_) => Ok(()),
        }
    }
}

pub(super) struct PluginPattern {
    pub name: String,
    pub root: Option<String>,
    pub equation: String,
    pub benefit: u32,
    pub callback: Callback<abi::OpFn>,
}

impl Pattern for PluginPattern {
    fn name(&self) -> &str {
        &self.name
    }
    fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }
    fn equation(&self) -> &str {
        &self.equation
    }
    fn benefit(&self) -> u32 {
        self.benefit
    }
    fn apply(&self, m: &mut Module, op: OpId) -> Option<()> {
        let scope = isolated_around(m, op);
        let mut session = Session::new(Access::Change(m)).on(op).within(scope);
        self.callback.on_op_or_unwind(&mut session).then_some(())
    }
}

/// The innermost op around `op` that sees no values from outside, where a rewrite stays.
fn isolated_around(m: &Module, op: OpId) -> OpId {
    around(m, op)
        .skip(1)
        .find(|&o| m.op_info(o).is_some_and(|i| i.traits.isolated))
        .unwrap_or(m.root())
}

/// A verifier that asks the plug-in.
pub(super) fn verifier(callback: Callback<abi::OpFn>) -> VerifyFn {
    Arc::new(move |op, cx| {
        let mut session = Session::new(Access::Read(op.module)).on(op.id);
        let result = callback.on_op(&mut session);
        let mut found = false;
        for d in session.diagnostics {
            found = true;
            cx.error(op, d.code, d.message);
        }
        if let Err((_, error)) = result
            && !found
        {
            cx.error(op, FAILED, error);
        }
    })
}

pub(super) struct PluginInterpret(pub Callback<abi::InterpretFn>);

impl Interpret for PluginInterpret {
    fn interpret(&self, op: OpRef<'_>, args: &[Datum]) -> Result<Results, EvalError> {
        let mut session = Session::new(Access::Read(op.module)).on(op.id);
        session.data = Some(vec![None; op.results().len()]);
        let handle = session.op_handle();
        let given: Vec<abi::Datum> = args.iter().map(datum_in).collect();
        let (data, len) = (given.as_ptr(), given.len());
        let result = self.0.call(&mut session, |f, user, cx| {
            // SAFETY: called as the interface says; `given` and the bytes in `args` live until the call has returned.
            unsafe { f(user, cx, handle, data, len) }
        });
        match result {
            Ok(true) => {}
            Ok(false) => return Err(EvalError::Unsupported(format!("`{}`", op.name()))),
            Err((Status::POISON, error)) => return Err(EvalError::Poison(error)),
            Err((_, error)) => return Err(EvalError::Unsupported(error)),
        }
        let results: Option<Results> = session.data.into_iter().flatten().collect();
        results.ok_or_else(|| EvalError::Unsupported(self.0.failure("it did not set every result")))
    }
}

pub(super) struct PluginFold(pub Callback<abi::OpFn>);

impl Fold for PluginFold {
    fn fold(&self, m: &mut Module, op: OpId) -> Option<SmallVec<[Folded; 1]>> {
        let results = m.results(op).len();
        let mut session = Session::new(Access::Intern(m)).on(op);
        session.folded = Some(vec![None; results]);
        if !self.0.on_op_or_unwind(&mut session) {
            return None;
        }
        session.folded.into_iter().flatten().collect()
    }
}

pub(super) struct PluginInfer(pub Callback<abi::InferFn>);

impl InferTypes for PluginInfer {
    fn infer(
        &self,
        m: &mut Module,
        operands: &[Type],
        props: &[(&str, Attr)],
    ) -> Option<Vec<Type>> {
        let mut session = Session::new(Access::Intern(m));
        session.types = Some(Vec::new());
        let operands: Vec<u64> = operands
            .iter()
            .map(|&t| session.handles.of(Entity::Type(t)))
            .collect();
        let operands = session.lent.handles(operands);
        let props = props.iter().map(|&(k, a)| (k.to_owned(), a)).collect();
        let props = named_attrs(&mut session, props);
        let matched = self.0.call_or_unwind(&mut session, |f, user, cx| {
            // SAFETY: called as the interface says; the session lends both lists until it ends.
            unsafe { f(user, cx, operands, props) }
        });
        matched.then_some(session.types).flatten()
    }
}

pub(super) struct PluginEffects(pub Callback<abi::EffectsFn>);

impl MemoryEffects for PluginEffects {
    fn effects(&self, op: OpRef<'_>) -> Effects {
        let mut session = Session::new(Access::Read(op.module)).on(op.id);
        let handle = session.op_handle();
        let mut effects = abi::effects::UNKNOWN;
        let out = &raw mut effects;
        self.0.call_or_unwind(&mut session, |f, user, cx| {
            // SAFETY: called as the interface says; `effects` lives until the call has returned.
            unsafe { f(user, cx, handle, out) }
        });
        match effects {
            abi::effects::NONE => Effects::None,
            abi::effects::READ => Effects::Read,
            abi::effects::WRITE => Effects::Write,
            _ => Effects::Unknown,
        }
    }
}

pub(super) struct PluginSchedule {
    pub name: String,
    pub op: String,
    pub knobs: Vec<Arc<str>>,
    pub applies: Callback<abi::OpFn>,
    pub space: Option<Callback<abi::OpFn>>,
    pub cost: Callback<abi::CostFn>,
    pub lower: Callback<abi::OpFn>,
}

impl PluginSchedule {
    fn session<'a>(&'a self, access: Access<'a>, op: OpId, target: &'a Target) -> Session<'a> {
        let mut session = Session::new(access).on(op);
        session.target = Some(target);
        session.knob_names = Some(&self.knobs);
        session
    }
}

impl Schedule for PluginSchedule {
    fn name(&self) -> &str {
        &self.name
    }

    fn op(&self) -> &str {
        &self.op
    }

    fn applies(&self, op: OpRef<'_>, target: &Target) -> Result<(), String> {
        let mut session = self.session(Access::Read(op.module), op.id, target);
        match self.applies.on_op(&mut session) {
            Ok(true) => Ok(()),
            Ok(false) => Err(session
                .error
                .take()
                .unwrap_or_else(|| "the plug-in says no".to_owned())),
            Err((_, error)) => self.applies.unwind(&session, error),
        }
    }

    fn space(&self, op: OpRef<'_>, target: &Target) -> Vec<Knobs> {
        let Some(space) = &self.space else {
            return vec![Knobs::default()];
        };
        let mut session = self.session(Access::Read(op.module), op.id, target);
        session.choices = Some(Vec::new());
        space.on_op_or_unwind(&mut session);
        let choices = session.choices.take().unwrap_or_default();
        if choices.is_empty() {
            space.unwind(&session, space.failure("it gave no choice"));
        }
        choices
    }

    fn cost(&self, op: OpRef<'_>, knobs: &Knobs, target: &Target) -> Cost {
        let mut session = self.session(Access::Read(op.module), op.id, target);
        session.choice = Some(knobs);
        let handle = session.op_handle();
        let mut cost = abi::Cost::default();
        let out = &raw mut cost;
        let said = self.cost.call_or_unwind(&mut session, |f, user, cx| {
            // SAFETY: called as the interface says; `cost` lives until the call has returned.
            unsafe { f(user, cx, handle, out) }
        });
        if !said {
            self.cost.unwind(
                &session,
                self.cost
                    .failure("it knows no cost of an op that it applies to"),
            );
        }
        Cost {
            cycles: cost.cycles,
            flash: cost.flash,
            ram: cost.ram,
        }
    }

    fn lower(
        &self,
        op: OpId,
        knobs: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let func = k.func();
        let mut session = self.session(Access::Kernel(k), op, target).within(func);
        session.choice = Some(knobs);
        match self.lower.on_op(&mut session) {
            Ok(true) => Ok(()),
            Ok(false) => Err(failed(self.lower.failure("it does not apply after all"))),
            Err((_, error)) => Err(failed(error)),
        }
    }
}
