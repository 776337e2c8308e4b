//! What a callback says beside its result.

use super::op;
use crate::abi;
use crate::host::incoming::Out;
use crate::host::refusal::{Outcome, bad_argument, not_allowed};
use crate::host::session::Session;
use ir::{Diagnostic, Severity};
use target::Feature;

/// A callback reports at most so much.
const MAX_DIAGNOSTICS: usize = 10_000;

pub fn set_error(s: &mut Session<'_>, message: &str) -> Outcome {
    s.error = Some(message.to_owned());
    Ok(())
}

pub fn emit(s: &mut Session<'_>, severity: u32, code: &str, at: abi::Op, message: &str) -> Outcome {
    let severity = match severity {
        abi::severity::REMARK => Severity::Remark,
        abi::severity::WARNING => Severity::Warning,
        abi::severity::ERROR => Severity::Error,
        n => return bad_argument(format!("{n} is no severity")),
    };
    if code.is_empty() || code.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return bad_argument("a diagnostic's code is one word");
    }
    if s.diagnostics.len() >= MAX_DIAGNOSTICS {
        return not_allowed(format!("more than {MAX_DIAGNOSTICS} diagnostics"));
    }
    let mut d = Diagnostic::new(severity, code.to_owned(), message);
    if at.0 != 0 {
        let at = op(s, at)?;
        let m = s.access.read()?;
        d.location = m.describe_loc(m.op_loc(at));
    }
    s.diagnostics.push(d);
    Ok(())
}

pub fn count(s: &mut Session<'_>, what: &str, n: u64) -> Outcome {
    match &mut s.pass {
        Some(pass) => {
            pass.count(what, n);
            Ok(())
        }
        None => not_allowed("only a pass counts"),
    }
}

pub fn fuel_take(s: &mut Session<'_>, taken: Out<'_, u32>) -> Outcome {
    match &mut s.pass {
        Some(pass) => taken.set(pass.take_fuel().into()),
        None => not_allowed("only a pass takes fuel; of a pattern it is taken by who applies it"),
    }
}

pub fn option(s: &mut Session<'_>, name: &str, value: Out<'_, abi::Str>) -> Outcome {
    let Some(options) = s.options else {
        return not_allowed("only a pass has options");
    };
    match options.iter().find(|o| o.0 == name) {
        Some((_, text)) => value.set(s.lent.text(text)),
        None => bad_argument(format!("the pass declares no option `{name}`")),
    }
}

pub fn target_name(s: &mut Session<'_>, name: Out<'_, abi::Str>) -> Outcome {
    match s.target {
        Some(target) => name.set(s.lent.text(&target.name)),
        None => not_allowed("this callback knows no target"),
    }
}

pub fn target_has_feature(s: &mut Session<'_>, feature: &str, has: Out<'_, u32>) -> Outcome {
    let Some(target) = s.target else {
        return not_allowed("this callback knows no target");
    };
    match Feature::from_name(feature) {
        Some(f) => has.set(target.has(f).into()),
        None => bad_argument(format!("`{feature}` is no feature of a core")),
    }
}
