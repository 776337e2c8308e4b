//! `thumbwright compile`.

use std::path::PathBuf;
use std::time::Instant;

use crate::report::{AppReport, Measurements, PageOptions, Report};
use crate::runtime::{BuildSettings, Runtime, Samples, run_samples};
use crate::{
    App, AppModel, Backend, BinaryFile, CompileOptions, Compiled, Compiler, File, ObjectKind,
    ObjectOptions, module_name,
};
use anyhow::bail;
use clap::{Args, ValueEnum};
use ir::{Diagnostics, Module, Severity};
use pass::{Instrumentation, PassRun};

use super::backend_name::BackendName;
use super::console::Console;
use super::planning_options::PlanningOptions;
use super::table::number;
use super::{directory, read_model};

/// Compile a model to C, or to a library, for a core or board.
#[derive(Args, Debug)]
pub struct Compile {
    /// The model, a .tflite or .onnx file [default: a small built-in one that reads handwritten digits]. Several need --app.
    #[arg(value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// A core or board; `thumbwright targets` lists them. Or the path of a description, NAME.toml.
    #[arg(long)]
    pub target: String,
    #[command(flatten)]
    pub taken: super::import_options::ModelOptions,
    /// The output directory; other files in it stay.
    #[arg(short, long = "output", value_name = "DIR")]
    output: PathBuf,
    /// Prefix of the public C names, of several models one each: a,b [default: the model file's stem].
    #[arg(long, value_delimiter = ',')]
    name: Vec<String>,
    /// Compile all models for one program, in which they work in one arena, one after the other; NAME is the prefix of what they share.
    #[arg(long, value_name = "NAME", conflicts_with = "profile")]
    app: Option<String>,
    /// What makes the code: C, or LLVM, if this build has it.
    #[arg(long, value_enum, default_value_t)]
    backend: BackendName,
    /// What to write: C files or what LLVM makes, and the module after every stage [default: c, or lib with `--backend llvm`].
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    emit: Vec<Emit>,
    /// With `--backend llvm`: line tables for debuggers, and NAME.mlir, the text that their lines are of.
    #[arg(short = 'g', long)]
    debug_info: bool,
    #[command(flatten)]
    planning: PlanningOptions,
    /// The passes to run instead of the default ones, as text: `builtin.module(func.func(dce),lower-nn,…)`.
    #[arg(long, value_name = "TEXT", conflicts_with = "PlanningOptions")]
    pipeline: Option<String>,
    /// Print the module to standard error after this pass (`all` for every pass).
    #[arg(long, value_name = "PASS")]
    print_ir_after: Vec<String>,
    /// Verify the module after every pass.
    #[arg(long)]
    verify_each: bool,
    /// Let passes run programs that the pipeline names. Never for a pipeline from a stranger.
    #[arg(long)]
    allow_external: bool,
    /// Build a program, run it on one sample of zeros under the emulator, and put cycles, code size and stack into the report.
    #[arg(long)]
    profile: bool,
    /// Print the remarks: what was and what was not optimised.
    #[arg(long)]
    remarks: bool,
    /// A kernel library or an accelerator to use: `cmsis-nn`, the name of another, or the path of a library's table, FILE.toml. `cmsis-nn=DIR`
    /// says where the library's sources are, for programs that are built here.
    #[arg(long, value_name = "NAME|FILE")]
    pub with: Vec<String>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Emit {
    /// Header, sources, build file, example.
    C,
    /// `mlir/NN-<stage>.mlir`.
    Mlir,
    /// By LLVM: `lib<name>.a`, with the header.
    Lib,
    /// By LLVM: `<name>.o`, with the header.
    Obj,
    /// By LLVM: `<name>.s`.
    Asm,
    /// By LLVM: `<name>.ll`.
    LlvmIr,
    /// By LLVM: `<name>.bc`.
    Bitcode,
}

impl Emit {
    /// What LLVM makes for it.
    fn object(self) -> Option<ObjectKind> {
        match self {
            Emit::C | Emit::Mlir => None,
            Emit::Lib => Some(ObjectKind::Library),
            Emit::Obj => Some(ObjectKind::Object),
            Emit::Asm => Some(ObjectKind::Assembly),
            Emit::LlvmIr => Some(ObjectKind::LlvmIr),
            Emit::Bitcode => Some(ObjectKind::Bitcode),
        }
    }

    /// Its name on the command line.
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or(String::new(), |v| v.get_name().to_owned())
    }
}

impl Compile {
    /// Compiles and writes; the summary.
    pub fn execute(&self, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
        directory::check(&self.output)?;
        let emit = self.kinds()?;
        Backend::from(self.backend).check()?;
        let options = CompileOptions {
            name: self.name.first().cloned(),
            tuning: self.planning.tuning(),
            pipeline: self.pipeline.clone(),
            verify_each: self.verify_each || cfg!(debug_assertions),
            keep_stages: emit.contains(&Emit::Mlir),
            allow_external: self.allow_external,
            ..CompileOptions::for_target(&self.target)
        };
        self.check_passes(compiler)?;
        self.check_models()?;
        let mut printer = Printer {
            console,
            passes: &self.print_ir_after,
        };
        if let Some(name) = &self.app {
            return self.execute_app(name, compiler, console, &options, &mut printer);
        }
        let (file, bytes) = read_model(self.models.first().map(PathBuf::as_path))?;
        let started = Instant::now();
        let compiled = console.during("compiling", || {
            compiler.compile_observed(&file, &bytes, &options, &mut printer)
        })?;
        let shown = |severity| severity > Severity::Remark || self.remarks;
        let diagnostics = compiled.diagnostics().iter();
        console.diagnostics(diagnostics.filter(|d| shown(d.severity)));
        let milliseconds = started.elapsed().as_millis();
        let measurements = self.measure(compiler, &compiled, console)?;
        let report = Report::of(&compiled, &measurements);
        let files = files(&compiled, &report, &emit, self.debug_info)?;
        directory::write_all(&self.output, &files)?;
        Ok(match console.is_quiet() {
            true => String::new(),
            false => summary(
                &report,
                &self.output.display().to_string(),
                &files,
                milliseconds,
            ),
        })
    }

    /// As many names as models, and an app for several of them.
    fn check_models(&self) -> anyhow::Result<()> {
        let models = self.models.len().max(1);
        if !self.name.is_empty() && self.name.len() != models {
            bail!(
                "--name has {} names, there {} {models} model{}",
                self.name.len(),
                if models == 1 { "is" } else { "are" },
                if models == 1 { "" } else { "s" },
            );
        }
        if models > 1 && self.app.is_none() {
            bail!(
                "{models} models are compiled together for one program: --app says how it is called"
            );
        }
        Ok(())
    }

    /// Compiles all models for one program and writes; the summary.
    fn execute_app(
        &self,
        name: &str,
        compiler: &Compiler,
        console: &Console,
        options: &CompileOptions,
        printer: &mut Printer<'_>,
    ) -> anyhow::Result<String> {
        let files = match &self.models[..] {
            [] => vec![read_model(None)?],
            all => all
                .iter()
                .map(|m| read_model(Some(m)))
                .collect::<anyhow::Result<_>>()?,
        };
        let names: Vec<String> = match self.name.is_empty() {
            true => files.iter().map(|(f, _)| module_name(f)).collect(),
            false => self.name.clone(),
        };
        let models: Vec<AppModel<'_>> = files
            .iter()
            .zip(&names)
            .map(|((file, bytes), name)| AppModel { file, bytes, name })
            .collect();
        let started = Instant::now();
        let app = console.during("compiling", || {
            compiler.compile_app_observed(name, &models, options, printer)
        })?;
        let milliseconds = started.elapsed().as_millis();
        let shown = |severity| severity > Severity::Remark || self.remarks;
        for model in app.models() {
            let diagnostics = model.diagnostics().iter();
            console.diagnostics(diagnostics.filter(|d| shown(d.severity)));
        }
        let files = self.app_files(&app)?;
        directory::write_all(&self.output, &files)?;
        Ok(match console.is_quiet() {
            true => String::new(),
            false => app_summary(
                &app,
                &self.output.display().to_string(),
                files.len(),
                milliseconds,
            ),
        })
    }

    fn app_files(&self, app: &App) -> anyhow::Result<Vec<BinaryFile>> {
        let mut files = Vec::new();
        if self.kinds()?.contains(&Emit::C) {
            files.extend(app.c_files()?);
        }
        let mut objects = Vec::new();
        let kinds: Vec<ObjectKind> = self.kinds()?.iter().filter_map(|e| e.object()).collect();
        if !kinds.is_empty() {
            let made = app.objects(&ObjectOptions {
                debug_info: self.debug_info,
                ..ObjectOptions::new(&kinds)
            })?;
            files.extend(made.headers);
            files.extend(made.listings);
            objects = made.files;
        }
        files.extend(app.stage_files());
        let mut add = |path: String, text: String| files.push(File { path, text });
        add("report.json".to_owned(), AppReport::of(app).json());
        for model in app.models() {
            let report = Report::of(model, &Measurements::default());
            let name = model.name();
            add(format!("reports/{name}.json"), report.json());
            add(
                format!("reports/{name}.html"),
                report.html(&PageOptions::default()),
            );
        }
        objects.extend(files.into_iter().map(BinaryFile::from));
        Ok(objects)
    }

    /// A pass to print after must be one that exists.
    fn check_passes(&self, compiler: &Compiler) -> anyhow::Result<()> {
        let passes = compiler.registry().passes();
        for name in self.print_ir_after.iter().filter(|n| *n != "all") {
            if !passes.iter().any(|p| p.name == *name) {
                let known: Vec<&str> = passes.iter().map(|p| p.name.as_str()).collect();
                bail!(
                    "--print-ir-after {name}: there is no such pass; there are {}",
                    known.join(", ")
                );
            }
        }
        Ok(())
    }

    /// What is to be written; all of it must be what the back end makes.
    fn kinds(&self) -> anyhow::Result<Vec<Emit>> {
        let backend = Backend::from(self.backend);
        if self.debug_info && backend == Backend::C {
            bail!("--debug-info takes --backend llvm; for C, the C compiler's -g makes it");
        }
        if self.emit.is_empty() {
            return Ok(vec![match backend {
                Backend::C => Emit::C,
                Backend::Llvm => Emit::Lib,
            }]);
        }
        for &kind in &self.emit {
            let by_llvm = kind.object().is_some();
            if by_llvm && backend == Backend::C {
                bail!("--emit {} takes --backend llvm", kind.name());
            }
            if kind == Emit::C && backend == Backend::Llvm {
                bail!("--emit c takes --backend c");
            }
        }
        Ok(self.emit.clone())
    }

    /// What the report says of a run, if one is wanted.
    fn measure(
        &self,
        compiler: &Compiler,
        compiled: &Compiled,
        console: &Console,
    ) -> anyhow::Result<Measurements> {
        if !self.profile {
            return Ok(Measurements::default());
        }
        let runtime = Runtime::parse(&self.target, compiler.registry().targets())?;
        let samples = Samples::zero(&compiled.inputs());
        let settings = BuildSettings {
            backend: self.backend.into(),
            ..BuildSettings::default()
        };
        let outcome = console.during("building and running firmware", || {
            run_samples(compiled, &runtime, samples, true, &settings)
        })?;
        Ok(outcome.measurements())
    }
}

/// The output files: code, stages, report.
fn files(
    compiled: &Compiled,
    report: &Report,
    emit: &[Emit],
    debug_info: bool,
) -> anyhow::Result<Vec<BinaryFile>> {
    let mut texts = Vec::new();
    let mut files = Vec::new();
    if emit.contains(&Emit::C) {
        texts.extend(compiled.c_files()?);
    }
    let kinds: Vec<ObjectKind> = emit.iter().filter_map(|e| e.object()).collect();
    if !kinds.is_empty() {
        let objects = compiled.objects(&ObjectOptions {
            debug_info,
            ..ObjectOptions::new(&kinds)
        })?;
        texts.push(objects.header);
        texts.extend(objects.listing);
        files.extend(objects.files);
    }
    texts.extend(compiled.stage_files());
    let file = |path: &str, text: String| File {
        path: path.to_owned(),
        text,
    };
    texts.push(file("report.json", report.json()));
    texts.push(file("report.html", report.html(&PageOptions::default())));
    files.extend(texts.into_iter().map(BinaryFile::from));
    Ok(files)
}

/// Prints the module after the passes that were named.
struct Printer<'a> {
    console: &'a Console,
    passes: &'a [String],
}

impl Instrumentation for Printer<'_> {
    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        let pass = run.pass;
        if self.passes.iter().any(|p| p == pass || p == "all") {
            let text = ir::text::print_module(m);
            self.console
                .line(&format!("// after {pass}\n{}", text.trim_end()));
        }
        Ok(())
    }
}

fn app_summary(app: &App, dir: &str, files: usize, milliseconds: u128) -> String {
    let names: Vec<&str> = app.models().iter().map(Compiled::name).collect();
    let kept = match app.state_bytes() {
        0 => String::new(),
        n => format!(", kept between runs {}", number(n)),
    };
    format!(
        "{} for {}: {}\n{} bytes of RAM: shared arena {}{kept}; with an arena each {}\n{files} files in {dir}, compiled in {milliseconds} ms\n",
        app.name(),
        app.target().name,
        names.join(", "),
        number(app.ram_bytes()),
        number(app.arena_bytes()),
        number(app.separate_ram_bytes()),
    )
}

fn summary(report: &Report, dir: &str, files: &[BinaryFile], milliseconds: u128) -> String {
    format!(
        "{} for {}: {} layers, {} bytes of weights\n{}{} files in {dir}, {}, compiled in {milliseconds} ms\n",
        report.model.name,
        report.target.name,
        report.layers.len(),
        number(report.totals.weight_bytes),
        super::inspect::memory(&report.memory),
        files.len(),
        match report.remarks.len() {
            1 => "1 remark (--remarks)".to_owned(),
            n => format!("{n} remarks (--remarks)"),
        },
    )
}
