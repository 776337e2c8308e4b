//! Runs a pipeline.

use crate::{Failed, Pass, PassCx, Pipeline, PipelineError, Registry, Step};
use ir::{Diagnostic, Module, OpId};

/// Sees the module around every pass.
pub trait Instrumentation {
    /// Before a pass runs on an op.
    fn before(&mut self, pass: &str, m: &Module) {
        let _ = (pass, m);
    }
    /// After it ran without failing.
    fn after(&mut self, pass: &str, m: &Module) {
        let _ = (pass, m);
    }
}

/// No instrumentation.
impl Instrumentation for () {}

/// How to run a pipeline.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ManagerOptions {
    /// Verify the module after every pass; an error names the pass.
    pub verify_each: bool,
}

/// A step of a pipeline whose passes are made.
enum Made {
    Pass(String, Box<dyn Pass>),
    Nested(String, Vec<Made>),
}

/// Runs a pipeline on a module: every pass is looked up and made before the first one runs.
///
/// # Errors
/// If the pipeline does not fit what is registered (code `P001`), a pass fails, or the module does not verify after a pass; why is among
/// the context's diagnostics.
pub fn run_pipeline(
    pipeline: &Pipeline,
    m: &mut Module,
    cx: &mut PassCx<'_>,
    options: ManagerOptions,
    instrumentation: &mut dyn Instrumentation,
) -> Result<(), Failed> {
    let made = match make(pipeline, cx.registry, &pipeline.to_string()) {
        Ok(made) => made,
        Err(e) => return cx.fail(Diagnostic::error("P001", e.to_string())),
    };
    let root = m.root();
    if pipeline.anchor != m.op_name(root) {
        let message = format!(
            "the pipeline runs on `{}`, the module is `{}`",
            pipeline.anchor,
            m.op_name(root)
        );
        return cx.fail(Diagnostic::error("P001", message));
    }
    run(&made, m, root, cx, options, instrumentation)
}

fn make(p: &Pipeline, registry: &Registry, text: &str) -> Result<Vec<Made>, PipelineError> {
    p.steps
        .iter()
        .map(|step| match step {
            Step::Nested(n) => Ok(Made::Nested(n.anchor.clone(), make(n, registry, text)?)),
            Step::Pass { name, options, at } => {
                let error = |message| PipelineError {
                    at: *at,
                    message,
                    text: text.to_owned(),
                };
                let Some(info) = registry.pass(name) else {
                    let near = nearest(name, registry);
                    let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                    return Err(error(format!("no pass `{name}`{hint}")));
                };
                if info.anchor != p.anchor {
                    let message = format!(
                        "pass `{name}` runs on `{}`, not on `{}`",
                        info.anchor, p.anchor
                    );
                    return Err(error(message));
                }
                let pass = (info.make)(options).map_err(|e| error(e.to_string()))?;
                Ok(Made::Pass(name.clone(), pass))
            }
        })
        .collect()
}

fn run(
    steps: &[Made],
    m: &mut Module,
    op: OpId,
    cx: &mut PassCx<'_>,
    options: ManagerOptions,
    instrumentation: &mut dyn Instrumentation,
) -> Result<(), Failed> {
    for step in steps {
        match step {
            Made::Nested(anchor, inner) => {
                let inside: Vec<OpId> = m
                    .regions(op)
                    .iter()
                    .flat_map(|&r| m.blocks(r))
                    .flat_map(|&b| m.ops(b))
                    .filter(|&o| m.op_name(o) == anchor)
                    .collect();
                for o in inside {
                    run(inner, m, o, cx, options, instrumentation)?;
                }
            }
            Made::Pass(name, pass) => {
                instrumentation.before(name, m);
                pass.run(m, op, cx)?;
                if options.verify_each
                    && let Err(errors) = ir::verify::verify(m)
                {
                    let message = format!("the module does not verify after pass `{name}`");
                    cx.diagnostics
                        .push(Diagnostic::error("P002", message).help("this is a bug of the pass"));
                    cx.diagnostics.extend(errors);
                    return Err(Failed);
                }
                instrumentation.after(name, m);
            }
        }
    }
    Ok(())
}

/// The registered pass whose name is fewest edits away, if that is less than half of the name.
fn nearest<'r>(name: &str, registry: &'r Registry) -> Option<&'r str> {
    let all = registry
        .passes()
        .iter()
        .map(|p| (distance(name, &p.name), p.name.as_str()));
    all.min()
        .filter(|(d, _)| *d * 2 < name.len().max(2))
        .map(|(_, n)| n)
}

/// Levenshtein distance, by bytes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
