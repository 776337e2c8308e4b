//! `canonicalize`: applies every registered rewrite pattern and folds, until nothing changes.
//!
//! It terminates: after a number of rewrites in proportion to the ops it gives up, with a remark (`remark.not-converged`) that names the
//! pattern that was applied last. What third parties register takes part.

use ir::rewrite::apply_patterns;
use ir::{Diagnostic, Module, OpId};
use pass::{ANY, Failed, Pass, PassCx, PassInfo};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "canonicalize",
        ANY,
        "Rewrite by all patterns and fold, until nothing changes.",
        |o| {
            let disable = o.list("disable").map(str::to_owned).collect();
            Ok(Canonicalize { disable })
        },
    )
    .option("disable", "NAME,…", "", "Patterns to leave out, by name.")
    .idempotent()
}

struct Canonicalize {
    disable: Vec<String>,
}

impl Pass for Canonicalize {
    fn run(&self, m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let registry = cx.registry;
        for name in &self.disable {
            let known = || registry.patterns().iter().map(|p| p.name());
            if !known().any(|k| k == name) {
                let message = format!("`canonicalize` cannot disable `{name}`: no such pattern");
                let error = Diagnostic::error("P001", message);
                return cx.fail(match target::nearest(name, known()) {
                    Some(n) => error.help(format!("did you mean `{n}`?")),
                    None => error,
                });
            }
        }
        let patterns = registry.patterns_without(&self.disable);
        let rewrites = apply_patterns(m, op, &patterns, &mut cx.fuel);
        for (name, &n) in &rewrites.applied {
            cx.count(name, n);
        }
        if !rewrites.converged {
            let message = format!("`canonicalize` gave up after {} rewrites", rewrites.total());
            let last = rewrites.last.unwrap_or_default();
            let remark = Diagnostic::remark("remark.not-converged", message);
            let remark = remark.note(format!("the last one was by `{last}`"));
            cx.diagnostics
                .push(remark.help(format!("`canonicalize{{disable={last}}}` leaves it out")));
        }
        Ok(())
    }
}
