//! Running any pipeline on any module's text: what `thumbwright opt` is made of.

mod expectations;

pub use expectations::{Mismatch, check_expectations};

use crate::Compiler;
use crate::compiler::base_name;
use ir::rewrite::Fuel;
use ir::verify::{VerifyOptions, verify_with};
use ir::{Diagnostic, Diagnostics, Module, text};
use pass::{Instrumentation, ManagerOptions, PassCx, Pipeline, Reproducer, Statistics};

/// How to run a pipeline on a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptimizeOptions {
    /// The pipeline; without one the text is parsed, verified and printed.
    pub pipeline: Option<String>,
    /// The target that passes ask, by name.
    pub target: String,
    /// Whether ops, types and attributes of unknown dialects are taken as they are.
    pub allow_unregistered: bool,
    /// Verify the module after every pass.
    pub verify_each: bool,
    /// How many optional changes passes may make; `None` for any number.
    pub fuel: Option<u64>,
    /// Whether a pass may run programs that the pipeline names.
    pub allow_external: bool,
    /// Keep the module before each pass, for a reproducer.
    pub keep_reproducer: bool,
}

impl OptimizeOptions {
    /// The defaults: no pipeline, strict, for a target.
    pub fn for_target(target: &str) -> OptimizeOptions {
        OptimizeOptions {
            pipeline: None,
            target: target.to_owned(),
            allow_unregistered: false,
            verify_each: false,
            fuel: None,
            allow_external: false,
            keep_reproducer: false,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Optimized {
    /// The module after the pipeline; none if an error is among the diagnostics.
    pub module: Option<Module>,
    /// Errors, warnings and remarks.
    pub diagnostics: Diagnostics,
    /// What passes counted.
    pub statistics: Statistics,
    /// How many optional changes were made.
    pub fuel_used: u64,
    /// What repeats the failure of a pass, if one failed and it was asked for.
    pub reproducer: Option<Reproducer>,
}

impl Optimized {
    fn failed(diagnostics: Diagnostics) -> Optimized {
        Optimized {
            module: None,
            diagnostics,
            statistics: Statistics::default(),
            fuel_used: 0,
            reproducer: None,
        }
    }
}

/// A pipeline as people write it: the whole text, or only what stands inside of `builtin.module(…)`.
///
/// # Errors
/// `P001`, with the position.
pub fn parse_pipeline(text: &str) -> Result<Pipeline, Diagnostic> {
    let parsed = match text.trim_start().starts_with("builtin.module") {
        true => Pipeline::parse(text),
        false => Pipeline::parse(&format!("builtin.module({text})")),
    };
    parsed.map_err(|e| Diagnostic::error("P001", e.to_string()))
}

impl Compiler {
    /// Parses a module, verifies it, runs a pipeline on it, and verifies it again. `file` is its name in messages.
    pub fn optimize(
        &self,
        file: &str,
        source: &str,
        options: &OptimizeOptions,
        observer: &mut dyn Instrumentation,
    ) -> Optimized {
        match self.prepare(file, source, options) {
            Ok((m, pipeline)) => self.run(m, &pipeline, options, observer),
            Err(diagnostics) => Optimized::failed(diagnostics),
        }
    }

    fn prepare(
        &self,
        file: &str,
        source: &str,
        options: &OptimizeOptions,
    ) -> Result<(Module, Pipeline), Diagnostics> {
        let pipeline = parse_pipeline(options.pipeline.as_deref().unwrap_or("builtin.module()"))?;
        self.target(&options.target).map_err(|e| e.0)?;
        let parse = text::ParseOptions {
            allow_unregistered: options.allow_unregistered,
        };
        let registry = self.registry().dialects().clone();
        let m = text::parse(source, base_name(file), registry, &parse)?;
        verify_with(&m, &verify_options(options))?;
        Ok((m, pipeline))
    }

    fn run(
        &self,
        mut m: Module,
        pipeline: &Pipeline,
        options: &OptimizeOptions,
        observer: &mut dyn Instrumentation,
    ) -> Optimized {
        let target = match self.target(&options.target) {
            Ok(t) => t,
            Err(e) => return Optimized::failed(e.0),
        };
        let mut cx = PassCx::new(self.registry(), target);
        cx.allow_external = options.allow_external;
        cx.fuel = options.fuel.map_or(Fuel::unlimited(), Fuel::limited);
        let manager = ManagerOptions {
            verify_each: options.verify_each,
            keep_reproducer: options.keep_reproducer,
            allow_unregistered: options.allow_unregistered,
        };
        let ran = pass::run_pipeline(pipeline, &mut m, &mut cx, manager, observer).is_ok();
        let mut module = ran.then_some(m);
        if let Some(m) = &module
            && let Err(errors) = verify_with(m, &verify_options(options))
        {
            let d = Diagnostic::error("D004", "the pipeline made a module that does not verify");
            cx.diagnostics
                .push(d.help("`--verify-each` names the pass"));
            cx.diagnostics.extend(errors);
            module = None;
        }
        Optimized {
            module,
            diagnostics: cx.diagnostics,
            statistics: cx.statistics,
            fuel_used: cx.fuel.used(),
            reproducer: cx.reproducer,
        }
    }
}

fn verify_options(options: &OptimizeOptions) -> VerifyOptions {
    VerifyOptions {
        allow_unregistered: options.allow_unregistered,
    }
}
