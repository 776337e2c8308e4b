//! Runs a pipeline.

use crate::panics::{Ended, caught};
use crate::{
    ANY, Failed, Pass, PassCx, PassOptions, Pipeline, PipelineError, Registry, Reproducer, Step,
};
use ir::verify::{self, VerifyOptions};
use ir::{Diagnostic, Diagnostics, Module, OpId, text};

/// Every error of the pass manager: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    (
        "P001",
        "the pipeline cannot be read, or does not fit what is registered",
    ),
    ("P002", "the module does not verify after a pass"),
    ("P003", "a pass panicked"),
    ("P004", "a pass changed what the module computes"),
    ("P005", "a file of rewrite rules is wrong"),
];

/// One run of a pass on one op.
#[derive(Clone, Copy, Debug)]
pub struct PassRun<'a> {
    /// The pass.
    pub pass: &'a str,
    /// Its options.
    pub options: &'a PassOptions,
    /// The ops around the op and its own name, outermost first, as a pipeline nests them.
    pub anchors: &'a [String],
    /// The op.
    pub op: OpId,
}

impl PassRun<'_> {
    /// A pipeline of this one pass.
    pub fn pipeline(&self) -> Pipeline {
        let pass = Step::Pass {
            name: self.pass.to_owned(),
            options: self.options.clone(),
        };
        let mut pipeline = Pipeline {
            anchor: String::new(),
            steps: vec![pass],
        };
        for (i, anchor) in self.anchors.iter().rev().enumerate() {
            if i > 0 {
                pipeline = Pipeline {
                    anchor: String::new(),
                    steps: vec![Step::Nested(pipeline)],
                };
            }
            anchor.clone_into(&mut pipeline.anchor);
        }
        pipeline
    }
}

/// Sees the module around every pass.
pub trait Instrumentation {
    /// Before a pass runs on an op.
    fn before(&mut self, run: &PassRun<'_>, m: &Module) {
        let _ = (run, m);
    }

    /// After it ran without failing.
    ///
    /// # Errors
    /// If the pipeline must not go on; the diagnostics say why.
    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        let _ = (run, m);
        Ok(())
    }
}

/// No instrumentation.
impl Instrumentation for () {}

/// Several, in order; the first that wants to end the pipeline ends it.
impl Instrumentation for Vec<&mut dyn Instrumentation> {
    fn before(&mut self, run: &PassRun<'_>, m: &Module) {
        for i in self {
            i.before(run, m);
        }
    }

    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        self.iter_mut().try_for_each(|i| i.after(run, m))
    }
}

/// How to run a pipeline.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ManagerOptions {
    /// Verify the module after every pass; an error names the pass.
    pub verify_each: bool,
    /// When a pass fails or panics, keep the module before it as a [`Reproducer`] in the context. The module is copied before every
    /// pass for that.
    pub keep_reproducer: bool,
    /// Verifying lets ops pass that are not registered.
    pub allow_unregistered: bool,
}

/// A step of a pipeline whose passes are made.
enum Made {
    Pass(String, PassOptions, Box<dyn Pass>),
    Nested(String, Vec<Made>),
}

/// Runs a pipeline on a module: every pass is looked up and made before the first one runs.
///
/// # Errors
/// If the pipeline does not fit what is registered (code `P001`), a pass fails or panics (`P003`), the module does not verify after a
/// pass (`P002`), or the instrumentation says so; why is among the context's diagnostics. The module is of no use then.
pub fn run_pipeline(
    pipeline: &Pipeline,
    m: &mut Module,
    cx: &mut PassCx<'_>,
    options: ManagerOptions,
    instrumentation: &mut dyn Instrumentation,
) -> Result<(), Failed> {
    let (text, positions) = pipeline.print_with_positions();
    let mut lookup = Lookup {
        registry: cx.registry,
        text: &text,
        positions: positions.into_iter(),
        allow_unregistered: options.allow_unregistered,
    };
    let made = match lookup.make(pipeline) {
        Ok(made) => made,
        Err(e) => return cx.fail(Diagnostic::error("P001", e.to_string())),
    };
    let root = m.op_name(m.root());
    if pipeline.anchor != root {
        let message = format!(
            "the pipeline runs on `{}`, the module is `{root}`",
            pipeline.anchor
        );
        let help = format!("nest it: `{root}({text})`");
        return cx.fail(Diagnostic::error("P001", message).help(help));
    }
    let mut manager = Manager {
        cx,
        options,
        instrumentation,
        anchors: vec![pipeline.anchor.clone()],
    };
    manager.steps(&made, m, None)
}

struct Lookup<'a> {
    registry: &'a Registry,
    text: &'a str,
    positions: std::vec::IntoIter<usize>,
    allow_unregistered: bool,
}

impl Lookup<'_> {
    fn make(&mut self, p: &Pipeline) -> Result<Vec<Made>, PipelineError> {
        let mut made = Vec::new();
        for step in &p.steps {
            made.push(match step {
                Step::Nested(n) => {
                    self.anchor(&n.anchor)?;
                    Made::Nested(n.anchor.clone(), self.make(n)?)
                }
                Step::Pass { name, options } => {
                    let pass = self.pass(p, name, options)?;
                    Made::Pass(name.clone(), options.clone(), pass)
                }
            });
        }
        Ok(made)
    }

    /// An op that is not there has no name that passes can be nested on: it would be misspelt.
    fn anchor(&mut self, anchor: &str) -> Result<(), PipelineError> {
        let at = self.positions.next().unwrap_or(0);
        let ops = self.registry.dialects();
        if self.allow_unregistered || anchor == ANY || ops.op(anchor).is_some() {
            return Ok(());
        }
        let near = target::nearest(anchor, ops.ops().map(|o| o.name.as_ref()));
        let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        Err(PipelineError {
            at,
            message: format!("no op `{anchor}` is registered{hint}"),
            text: self.text.to_owned(),
        })
    }

    fn pass(
        &mut self,
        p: &Pipeline,
        name: &str,
        options: &PassOptions,
    ) -> Result<Box<dyn Pass>, PipelineError> {
        let at = self.positions.next().unwrap_or(0);
        let error = |message| PipelineError {
            at,
            message,
            text: self.text.to_owned(),
        };
        let Some(info) = self.registry.pass(name) else {
            let known = self.registry.passes().iter().map(|p| p.name.as_str());
            let hint = match target::nearest(name, known) {
                Some(n) => format!("; did you mean `{n}`?"),
                None => "; `--list-passes` lists them".to_owned(),
            };
            return Err(error(format!("no pass `{name}`{hint}")));
        };
        if !info.runs_on(&p.anchor) {
            let message = format!(
                "pass `{name}` runs on `{}`, not on `{}`",
                info.anchor, p.anchor
            );
            let hint = match info.anchor.as_str() {
                "func.func" => format!("; write `func.func({name})`"),
                _ => String::new(),
            };
            return Err(error(message + &hint));
        }
        info.instantiate(options).map_err(|e| error(e.to_string()))
    }
}

struct Manager<'a, 'r> {
    cx: &'a mut PassCx<'r>,
    options: ManagerOptions,
    instrumentation: &'a mut dyn Instrumentation,
    anchors: Vec<String>,
}

impl Manager<'_, '_> {
    /// Runs steps on an op; none stands for the root, which a pass may exchange.
    fn steps(&mut self, steps: &[Made], m: &mut Module, op: Option<OpId>) -> Result<(), Failed> {
        for step in steps {
            let op = op.unwrap_or(m.root());
            // An earlier step may have erased it.
            if !m.contains(op) {
                return Ok(());
            }
            match step {
                Made::Nested(anchor, inner) => {
                    let inside: Vec<OpId> = m
                        .regions(op)
                        .iter()
                        .flat_map(|&r| m.blocks(r))
                        .flat_map(|&b| m.ops(b))
                        .filter(|&o| anchor == ANY || m.op_name(o) == anchor)
                        .collect();
                    self.anchors.push(anchor.clone());
                    for o in inside {
                        self.steps(inner, m, Some(o))?;
                    }
                    self.anchors.pop();
                }
                Made::Pass(name, options, pass) => self.pass(name, options, &**pass, m, op)?,
            }
        }
        Ok(())
    }

    fn pass(
        &mut self,
        name: &str,
        options: &PassOptions,
        pass: &dyn Pass,
        m: &mut Module,
        op: OpId,
    ) -> Result<(), Failed> {
        let anchors = self.anchors.clone();
        let run = PassRun {
            pass: name,
            options,
            anchors: &anchors,
            op,
        };
        self.instrumentation.before(&run, m);
        let before = self.options.keep_reproducer.then(|| m.clone());
        let result = self.checked(&run, pass, m);
        if result.is_err()
            && let Some(before) = before
        {
            self.cx.reproducer = Some(Reproducer {
                pipeline: run.pipeline().to_string(),
                target: self.cx.target.name.clone(),
                module: text::print_module(&before),
            });
        }
        result
    }

    fn checked(
        &mut self,
        run: &PassRun<'_>,
        pass: &dyn Pass,
        m: &mut Module,
    ) -> Result<(), Failed> {
        let name = run.pass;
        let cx = &mut *self.cx;
        name.clone_into(&mut cx.running);
        cx.analyses.begin();
        let revision = m.revision();
        match caught(|| pass.run(m, run.op, cx)) {
            Ok(result) => result?,
            Err(Ended::Failed(error)) => return cx.fail(error),
            Err(Ended::Panicked(panic)) => {
                let message = format!("pass `{name}` panicked: {panic}");
                let d = Diagnostic::error("P003", message).help("this is a bug of the pass");
                return cx.fail(d);
            }
        }
        cx.analyses.end(revision, m);
        if self.options.verify_each {
            let options = VerifyOptions {
                allow_unregistered: self.options.allow_unregistered,
            };
            if let Err(errors) = verify::verify_with(m, &options) {
                let message = format!("the module does not verify after pass `{name}`");
                cx.diagnostics
                    .push(Diagnostic::error("P002", message).help("this is a bug of the pass"));
                cx.diagnostics.extend(errors);
                return Err(Failed);
            }
        }
        if let Err(errors) = self.instrumentation.after(run, m) {
            cx.diagnostics.extend(errors);
            return Err(Failed);
        }
        Ok(())
    }
}
