//! What a plug-in registers.

use super::callbacks::{
    Callback, Origin, PluginEffects, PluginFold, PluginInfer, PluginInterpret, PluginPass,
    PluginPattern, PluginSchedule, verifier,
};
use super::incoming::{array, part};
use super::refusal::{Outcome, Refusal, bad_argument, not_allowed};
use super::session::{Access, Session, enter};
use crate::abi::{self, Status};
use ir::dialects::nn::OffloadOp;
use ir::{Arity, AttrKind, AttrSpec, OpInfo, Traits, ValueKind, ValueSpec};
use pass::{Accelerator, ExtensionPoint, PassInfo, RegistryBuilder, RewriteRule};
use std::ffi::c_void;
use std::sync::Arc;

/// What a plug-in wants to get back in its callbacks.
#[derive(Clone, Copy)]
pub(super) struct UserPointer(pub *mut c_void);

// SAFETY: the host only passes it on. That callbacks come on any thread, several at once, is in the interface: what the pointer means is
// the plug-in's to guard.
unsafe impl Send for UserPointer {}
// SAFETY: as above.
unsafe impl Sync for UserPointer {}

/// Has a plug-in register what it has; what went wrong, in words.
pub(super) fn register(
    r: &mut RegistryBuilder,
    origin: Arc<Origin>,
    register_all: abi::RegisterFn,
    user: UserPointer,
) -> Result<(), String> {
    let mut session = Session::new(Access::None);
    session.registration = Some((r, origin));
    // SAFETY: called as the interface says, with the plug-in's own pointer, while its library is loaded.
    let status = enter(&mut session, |cx| unsafe { register_all(user.0, cx) });
    match status {
        Status::OK => Ok(()),
        _ => Err(super::callbacks::reason(&mut session, status)),
    }
}

type Registration<'s, 'a> = (&'s mut &'a mut RegistryBuilder, Arc<Origin>);

fn registration<'s, 'a>(s: &'s mut Session<'a>) -> Outcome<Registration<'s, 'a>> {
    match &mut s.registration {
        Some((r, origin)) => Ok((r, origin.clone())),
        None => not_allowed("only `register_all` can register"),
    }
}

fn refused(error: impl std::fmt::Display) -> Refusal {
    Refusal::failed(error.to_string())
}

fn named<'p>(what: &str, name: abi::Str) -> Outcome<&'p str> {
    let name = part(name)?;
    if name.is_empty()
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-$".contains(c))
    {
        return bad_argument(format!(
            "`{name}` is no name for {what}: letters, digits, `.`, `_`, `-`"
        ));
    }
    Ok(name)
}

fn value_spec(spec: &abi::ValueSpec) -> Outcome<ValueSpec> {
    use abi::{arity, value_kind as k};
    Ok(ValueSpec {
        name: part(spec.name)?.to_owned().into(),
        arity: match spec.arity {
            arity::ONE => Arity::One,
            arity::OPTIONAL => Arity::Opt,
            arity::MANY => Arity::Many,
            n => return bad_argument(format!("{n} is no arity")),
        },
        kind: match spec.kind {
            k::ANY => ValueKind::Any,
            k::TENSOR => ValueKind::Tensor,
            k::MEMREF => ValueKind::MemRef,
            k::INDEX => ValueKind::Index,
            k::BOOL => ValueKind::Bool,
            k::INT_OR_INDEX => ValueKind::IntOrIndex,
            k::INT => ValueKind::Int,
            k::FLOAT => ValueKind::Float,
            k::VECTOR => ValueKind::Vector,
            k::SCALAR => ValueKind::Scalar,
            n => return bad_argument(format!("{n} is no kind of value")),
        },
    })
}

fn value_specs(what: &str, data: *const abi::ValueSpec, len: usize) -> Outcome<Vec<ValueSpec>> {
    let specs: Vec<ValueSpec> = array(data, len)?
        .iter()
        .map(value_spec)
        .collect::<Outcome<_>>()?;
    match specs.split_last() {
        Some((_, rest)) if rest.iter().any(|s| s.arity != Arity::One) => bad_argument(format!(
            "only the last {what} may be optional or any number"
        )),
        _ => Ok(specs),
    }
}

fn attr_spec(spec: &abi::AttrSpec) -> Outcome<AttrSpec> {
    use abi::attr_spec as k;
    Ok(AttrSpec {
        name: named("an attribute", spec.name)?.to_owned().into(),
        required: spec.required != 0,
        kind: match spec.kind {
            k::ANY => AttrKind::Any,
            k::INT => AttrKind::Int,
            k::FLOAT => AttrKind::Float,
            k::BOOL => AttrKind::Bool,
            k::STRING => AttrKind::Str,
            k::SYMBOL => AttrKind::Symbol,
            k::I64_ARRAY => AttrKind::I64Array,
            k::ARRAY => AttrKind::Array,
            k::TYPE => AttrKind::Type,
            k::ELEMENTS => AttrKind::Elements,
            k::UNIT => AttrKind::Unit,
            n => return bad_argument(format!("{n} is no kind of attribute")),
        },
    })
}

pub(super) fn register_op(s: &mut Session<'_>, info: abi::OpInfo) -> Outcome {
    let (r, origin) = registration(s)?;
    let has = |bit| info.traits & bit != 0;
    let name = named("an op", info.name)?;
    let regions = match usize::try_from(info.regions) {
        Ok(n) if n <= super::functions::MAX_REGIONS => n,
        _ => return bad_argument("too many regions"),
    };
    let op = OpInfo {
        name: name.to_owned().into(),
        docs: part(info.docs)?.to_owned().into(),
        operands: value_specs("operand", info.operands, info.operand_count)?,
        results: value_specs("result", info.results, info.result_count)?,
        attrs: array(info.attrs, info.attr_count)?
            .iter()
            .map(attr_spec)
            .collect::<Outcome<_>>()?,
        regions,
        traits: Traits {
            pure: has(abi::traits::PURE),
            terminator: has(abi::traits::TERMINATOR),
            symbol: has(abi::traits::SYMBOL),
            isolated: has(abi::traits::ISOLATED),
            same_type: has(abi::traits::SAME_TYPE),
            constant: has(abi::traits::CONSTANT),
            commutative: has(abi::traits::COMMUTATIVE),
        },
        verify: info.verify.map(|f| {
            verifier(Callback::new(
                &origin,
                "the verifier of",
                name,
                f,
                info.user,
            ))
        }),
    };
    r.dialects.op(op).map_err(refused)?;
    Ok(())
}

pub(super) fn register_interfaces(
    s: &mut Session<'_>,
    op: &str,
    given: abi::Interfaces,
) -> Outcome {
    let (r, origin) = registration(s)?;
    let user = given.user;
    if let Some(f) = given.interpret {
        let f = PluginInterpret(Callback::new(&origin, "the interpretation of", op, f, user));
        r.dialects.interpret(op, f).map_err(refused)?;
    }
    if let Some(f) = given.fold {
        let f = PluginFold(Callback::new(&origin, "the folding of", op, f, user));
        r.dialects.fold(op, f).map_err(refused)?;
    }
    if let Some(f) = given.infer_types {
        let f = PluginInfer(Callback::new(&origin, "the type inference of", op, f, user));
        r.dialects.infer_types(op, f).map_err(refused)?;
    }
    if let Some(f) = given.effects {
        let f = PluginEffects(Callback::new(&origin, "the effects of", op, f, user));
        r.dialects.effects(op, f).map_err(refused)?;
    }
    Ok(())
}

pub(super) fn register_pass(s: &mut Session<'_>, info: abi::PassInfo) -> Outcome {
    let (r, origin) = registration(s)?;
    let name = named("a pass", info.name)?;
    let Some(run) = info.run else {
        return bad_argument(format!("pass `{name}` has no `run`"));
    };
    let callback = Callback::new(&origin, "pass", name, run, info.user);
    let declared: Vec<[&str; 4]> = array(info.options, info.option_count)?
        .iter()
        .map(|o| {
            Ok([
                named("an option", o.name)?,
                part(o.values)?,
                part(o.default_value)?,
                part(o.summary)?,
            ])
        })
        .collect::<Outcome<_>>()?;
    let names: Vec<String> = declared.iter().map(|o| o[0].to_owned()).collect();
    let make = move |options: &pass::Options<'_>| {
        Ok(PluginPass {
            callback: callback.clone(),
            options: names
                .iter()
                .map(|n| (n.clone(), options.text(n).to_owned()))
                .collect(),
        })
    };
    let anchor = named("an op", info.anchor)?;
    let mut pass = PassInfo::with_options(name, anchor, part(info.summary)?, make);
    for [name, values, default, summary] in declared {
        pass = pass.option(name, values, default, summary);
    }
    if info.flags & abi::pass_flags::IDEMPOTENT != 0 {
        pass = pass.idempotent();
    }
    r.pass(pass).map_err(refused)?;
    Ok(())
}

pub(super) fn register_pattern(s: &mut Session<'_>, info: abi::PatternInfo) -> Outcome {
    let (r, origin) = registration(s)?;
    r.pattern(pattern(&origin, info)?).map_err(refused)?;
    Ok(())
}

pub(super) fn register_rule(s: &mut Session<'_>, left: &str, info: abi::PatternInfo) -> Outcome {
    let (r, origin) = registration(s)?;
    let pattern = pattern(&origin, info)?;
    let rule = RewriteRule::function(left, pattern).map_err(refused)?;
    r.rewrite_rule(rule).map_err(refused)?;
    Ok(())
}

pub(super) fn register_rules(s: &mut Session<'_>, file: &str, rules: &str) -> Outcome {
    let (r, _) = registration(s)?;
    r.rules(file, rules).map_err(refused)?;
    Ok(())
}

fn pattern(origin: &Arc<Origin>, info: abi::PatternInfo) -> Outcome<PluginPattern> {
    let name = named("a pattern", info.name)?;
    let Some(apply) = info.apply else {
        return bad_argument(format!("pattern `{name}` has no `apply`"));
    };
    let root = part(info.root)?;
    Ok(PluginPattern {
        root: (!root.is_empty()).then(|| root.to_owned()),
        equation: part(info.equation)?.to_owned(),
        benefit: info.benefit,
        name: name.to_owned(),
        callback: Callback::new(origin, "pattern", name, apply, info.user),
    })
}

pub(super) fn register_schedule(s: &mut Session<'_>, info: abi::ScheduleInfo) -> Outcome {
    let (r, origin) = registration(s)?;
    r.schedule(schedule(&origin, info)?).map_err(refused)?;
    Ok(())
}

pub(super) fn register_accelerator(
    s: &mut Session<'_>,
    summary: &str,
    claims: &str,
    info: abi::ScheduleInfo,
) -> Outcome {
    let (r, origin) = registration(s)?;
    let schedule = schedule(&origin, info)?;
    if schedule.op != OffloadOp::NAME {
        return bad_argument(format!(
            "an accelerator lowers `{}`, not `{}`",
            OffloadOp::NAME,
            schedule.op
        ));
    }
    let accelerator = Accelerator::new(summary, schedule).claim(claims);
    r.accelerator(accelerator.map_err(refused)?)
        .map_err(refused)?;
    Ok(())
}

fn schedule(origin: &Arc<Origin>, info: abi::ScheduleInfo) -> Outcome<PluginSchedule> {
    let name = named("a schedule", info.name)?;
    let (Some(applies), Some(cost), Some(lower)) = (info.applies, info.cost, info.lower) else {
        return bad_argument(format!(
            "schedule `{name}` wants `applies`, `cost` and `lower`"
        ));
    };
    let knobs: Vec<Arc<str>> = array(info.knobs, info.knob_count)?
        .iter()
        .map(|&k| Ok(named("a knob", k)?.into()))
        .collect::<Outcome<_>>()?;
    if info.space.is_none() && !knobs.is_empty() {
        return bad_argument(format!("schedule `{name}` has knobs and no `space`"));
    }
    let user = info.user;
    Ok(PluginSchedule {
        name: name.to_owned(),
        op: named("an op", info.op)?.to_owned(),
        knobs,
        applies: Callback::new(origin, "`applies` of schedule", name, applies, user),
        space: info
            .space
            .map(|f| Callback::new(origin, "`space` of schedule", name, f, user)),
        cost: Callback::new(origin, "`cost` of schedule", name, cost, user),
        lower: Callback::new(origin, "`lower` of schedule", name, lower, user),
    })
}

pub(super) fn register_target(s: &mut Session<'_>, file: &str, toml: &str) -> Outcome {
    let (r, _) = registration(s)?;
    r.target(file, toml).map_err(refused)?;
    Ok(())
}

pub(super) fn register_extension(s: &mut Session<'_>, point: &str, steps: &str) -> Outcome {
    let (r, _) = registration(s)?;
    let Some(point) = ExtensionPoint::named(point) else {
        let all: Vec<&str> = ExtensionPoint::ALL.iter().map(|p| p.name()).collect();
        return bad_argument(format!(
            "no extension point `{point}`; there are {}",
            all.join(", ")
        ));
    };
    r.extend(point, steps).map_err(refused)?;
    Ok(())
}
