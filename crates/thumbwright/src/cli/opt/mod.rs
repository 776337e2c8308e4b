//! `thumbwright opt`: a pipeline of passes on a module of MLIR text, as `mlir-opt` runs one.

mod listing;
mod printing;
mod timing;

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use ir::Diagnostics;
use pass::{Instrumentation, Reproducer};

use super::PassesFailed;
use super::console::Console;
use super::{module_text, output_file};
use crate::optimize::{OptimizeOptions, Optimized, check_expectations, parse_pipeline};
use crate::{CompileError, Compiler};
use interp::evaluate::Settings;
use passes::validate_each::ValidateEach;

/// What separates the modules of a file under `--split-input-file`.
const SEPARATOR: &str = "// -----";

/// Run a pipeline of passes on a module of MLIR text.
#[derive(Args, Debug)]
pub struct Opt {
    /// The module, a .mlir file; `-` for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Where to write the result [default: standard output].
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The passes: `builtin.module(func.func(canonicalize,cse))`, or only what stands in the outer parentheses.
    #[arg(long, value_name = "TEXT", conflicts_with = "run_reproducer")]
    pipeline: Option<String>,
    /// The core or board that passes ask, or the path of a description, NAME.toml.
    #[arg(long, default_value = "cortex-m4", conflicts_with = "run_reproducer")]
    pub target: String,
    /// A kernel library or an accelerator to use: `cmsis-nn`, the name of another, or the path of a library's table, FILE.toml. `cmsis-nn=DIR`
    /// says where the library's sources are, for programs that are built here.
    #[arg(long, value_name = "NAME|FILE")]
    pub with: Vec<String>,
    /// Take ops, types and attributes of unknown dialects as they are.
    #[arg(long, visible_alias = "allow-unregistered-dialect")]
    allow_unregistered: bool,
    /// Verify the module after every pass.
    #[arg(long)]
    verify_each: bool,
    /// Interpret the module before and after every pass, on random inputs; fail if a pass changed a result.
    #[arg(long)]
    validate_each: bool,
    /// How many random inputs --validate-each takes for each function.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4,
        requires = "validate_each"
    )]
    validate_samples: usize,
    /// The seed of the inputs of --validate-each.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        requires = "validate_each"
    )]
    validate_seed: u64,
    /// Print the module to standard error before this pass, or before every pass.
    #[arg(long, value_name = "PASS", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    print_ir_before: Vec<String>,
    /// Print the module to standard error after this pass, or after every pass.
    #[arg(long, value_name = "PASS", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    print_ir_after: Vec<String>,
    /// Print the module to standard error after this pass, or every pass, if it changed it.
    #[arg(long, value_name = "PASS", num_args = 0..=1, require_equals = true, default_missing_value = "all")]
    print_ir_changed: Vec<String>,
    /// Print to standard error how long each pass took.
    #[arg(long)]
    timing: bool,
    /// Print to standard error what passes counted.
    #[arg(long)]
    statistics: bool,
    /// Print the remarks: what was and what was not optimised.
    #[arg(long)]
    remarks: bool,
    /// Let passes make at most so many optional changes: to find the one that breaks something.
    #[arg(long, value_name = "N")]
    fuel: Option<u64>,
    /// Treat the parts of the file between lines `// -----` as modules of their own.
    #[arg(long)]
    split_input_file: bool,
    /// Print nothing; fail unless the diagnostics are those of the file's `expected-error@… {{…}}` comments.
    #[arg(long, conflicts_with = "output")]
    verify_diagnostics: bool,
    /// If a pass fails or panics, write the module before it and the pipeline that repeats it to this file.
    #[arg(long, value_name = "FILE")]
    emit_reproducer: Option<PathBuf>,
    /// The file is a reproducer: run the pipeline that it says, for the target that it says.
    #[arg(long)]
    run_reproducer: bool,
    /// Let passes run programs that the pipeline names. Never for a pipeline from a stranger.
    #[arg(long)]
    allow_external: bool,
    /// List the passes with their options, and the places of the default pipeline.
    #[arg(long)]
    list_passes: bool,
    /// List the dialects, their ops and interfaces.
    #[arg(long)]
    list_dialects: bool,
    /// List the rewrite patterns of `canonicalize`.
    #[arg(long)]
    list_patterns: bool,
    /// List the rewrite rules of `rewrite-graph`.
    #[arg(long)]
    list_rules: bool,
    /// Say what a diagnostic's code means.
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
}

impl Opt {
    /// Runs the pipeline; the modules as text.
    pub fn execute(&self, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
        if self.list_passes {
            return Ok(listing::passes(compiler));
        }
        if self.list_dialects {
            return Ok(listing::dialects(compiler));
        }
        if self.list_patterns {
            return Ok(listing::patterns(compiler));
        }
        if self.list_rules {
            return Ok(listing::rules(compiler));
        }
        if let Some(code) = &self.explain {
            return listing::explain(code);
        }
        let name = module_text::name(&self.file);
        let source = module_text::read(&self.file)?;
        let options = self.options(&source)?;
        self.check_names(compiler)?;
        let mut run = Run {
            opt: self,
            compiler,
            console,
            options,
            timing: timing::Timing::default(),
            failed: Diagnostics::new(),
            mismatches: 0,
            reproduced: false,
        };
        let mut texts = Vec::new();
        for part in self.parts(&source) {
            texts.extend(run.part(&name, &part)?);
        }
        run.end()?;
        if self.verify_diagnostics {
            return Ok(String::new());
        }
        let text = texts.join(&format!("{SEPARATOR}\n"));
        match &self.output {
            None => Ok(text),
            Some(path) => output_file::write(path, text.into_bytes()).map(|()| String::new()),
        }
    }

    fn options(&self, source: &str) -> anyhow::Result<OptimizeOptions> {
        let mut options = OptimizeOptions {
            pipeline: self.pipeline.clone(),
            allow_unregistered: self.allow_unregistered,
            verify_each: self.verify_each,
            fuel: self.fuel,
            allow_external: self.allow_external,
            keep_reproducer: true,
            ..OptimizeOptions::for_target(&self.target)
        };
        if self.run_reproducer {
            let Some(r) = Reproducer::parse(source) else {
                bail!(
                    "{} is no reproducer: its first lines do not say what to run",
                    self.file.display()
                );
            };
            options.pipeline = Some(r.pipeline);
            options.target = r.target;
        }
        if let Some(text) = &options.pipeline {
            parse_pipeline(text).map_err(CompileError::from)?;
        }
        Ok(options)
    }

    /// A pass to print around must be one that exists.
    fn check_names(&self, compiler: &Compiler) -> anyhow::Result<()> {
        let flags = [
            ("before", &self.print_ir_before),
            ("after", &self.print_ir_after),
            ("changed", &self.print_ir_changed),
        ];
        for (flag, names) in flags {
            for name in names.iter().filter(|n| *n != "all") {
                if compiler.registry().pass(name).is_none() {
                    let known = compiler.registry().passes().iter().map(|p| p.name.as_str());
                    let near = target::nearest(name, known);
                    let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
                    bail!("--print-ir-{flag}={name}: there is no such pass{hint}");
                }
            }
        }
        Ok(())
    }

    /// The modules of the file. Each is preceded by as many line ends as there are lines before it, so that places stay true.
    fn parts(&self, source: &str) -> Vec<String> {
        if !self.split_input_file {
            return vec![source.to_owned()];
        }
        let mut parts = vec![String::new()];
        for (i, line) in source.lines().enumerate() {
            if line.trim_end() == SEPARATOR {
                parts.push("\n".repeat(i + 1));
            } else if let Some(part) = parts.last_mut() {
                part.push_str(line);
                part.push('\n');
            }
        }
        parts
    }
}

/// One run of the form over the parts of its file.
struct Run<'a> {
    opt: &'a Opt,
    compiler: &'a Compiler,
    console: &'a Console,
    options: OptimizeOptions,
    timing: timing::Timing,
    /// The errors of all parts.
    failed: Diagnostics,
    mismatches: usize,
    reproduced: bool,
}

impl Run<'_> {
    /// Runs one module; its text.
    fn part(&mut self, name: &str, source: &str) -> anyhow::Result<Option<String>> {
        let mut printer = printing::Printer::new(self.opt, self.console);
        let settings = Settings::new(self.opt.validate_seed, self.opt.validate_samples);
        let mut validator = self.opt.validate_each.then(|| ValidateEach::new(settings));
        let optimized = {
            let mut observers: Vec<&mut dyn Instrumentation> = vec![&mut printer];
            if self.opt.timing {
                observers.push(&mut self.timing);
            }
            if let Some(v) = &mut validator {
                observers.push(v);
            }
            self.compiler
                .optimize(name, source, &self.options, &mut observers)
        };
        if let Some(v) = &validator {
            self.console.line(&validated(v));
        }
        if self.opt.statistics {
            self.console.line(&listing::statistics(
                &optimized.statistics,
                optimized.fuel_used,
            ));
        }
        self.reproducer(&optimized)?;
        if self.opt.verify_diagnostics {
            for m in check_expectations(source, name, &optimized.diagnostics) {
                let place = m.line.map_or(String::new(), |l| format!(":{l}"));
                self.console.error(&format!("{name}{place}: {}", m.message));
                self.mismatches += 1;
            }
            return Ok(None);
        }
        let shown = optimized
            .diagnostics
            .iter()
            .filter(|d| d.severity > ir::Severity::Remark || self.opt.remarks);
        match optimized.module {
            Some(m) => {
                self.console.diagnostics(shown);
                Ok(Some(ir::text::print_module(&m)))
            }
            None => {
                self.failed.extend(optimized.diagnostics);
                Ok(None)
            }
        }
    }

    /// Writes what repeats a failure. A panic is kept even if nobody asked.
    fn reproducer(&mut self, optimized: &Optimized) -> anyhow::Result<()> {
        let Some(r) = optimized.reproducer.as_ref().filter(|_| !self.reproduced) else {
            return Ok(());
        };
        let panicked = optimized.diagnostics.iter().any(|d| d.code == "P003");
        let path = match &self.opt.emit_reproducer {
            Some(path) => path.clone(),
            None if panicked && !self.opt.verify_diagnostics => {
                std::env::temp_dir().join(format!("thumbwright-{}.mlir", std::process::id()))
            }
            None => return Ok(()),
        };
        output_file::write(&path, r.to_string().into_bytes())?;
        self.reproduced = true;
        self.console.line(&format!(
            "the failure is repeated by: thumbwright opt --run-reproducer {}",
            path.display()
        ));
        Ok(())
    }

    fn end(self) -> anyhow::Result<()> {
        if self.opt.timing {
            self.console.line(&self.timing.text());
        }
        if self.mismatches > 0 {
            bail!("{} of the diagnostics are not as expected", self.mismatches);
        }
        if self.failed.has_errors() {
            return Err(PassesFailed(self.failed).into());
        }
        Ok(())
    }
}

/// What `--validate-each` has seen.
fn validated(v: &ValidateEach) -> String {
    let mut text = format!(
        "validated: {} runs of passes change no result",
        v.validated()
    );
    for s in v.skipped() {
        text += &format!("\n  not compared: {s}");
    }
    text
}
