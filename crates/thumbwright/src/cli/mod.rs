//! The command's forms, and how each of them ends: exit code 0, 1 (the user's error), 2 (usage), 70 (our bug).
//!
//! [`main`] is the `thumbwright` command. A vendor's own command, with everything that `thumbwright` can do and the vendor's dialects,
//! passes, patterns, schedules and targets besides, is one line: [`main_with`].

mod backend_name;
mod compile;
mod console;
mod directory;
mod extensions;
mod import_options;
mod inspect;
mod module_text;
mod npy;
mod opt;
mod output_file;
mod plan;
mod planning_options;
mod profile_text;
mod reduce;
mod run;
mod table;
mod targets;
mod tensors;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::runtime::RunError;
use crate::{CompileError, Compiler, VERSION, example};
use anyhow::Context;
use clap::{Parser, Subcommand};
use console::Console;
use ir::Diagnostics;
use pass::{RegistryBuilder, RegistryError};

/// Our bug.
const INTERNAL: u8 = 70;
/// The user's error.
const FAILURE: u8 = 1;

/// Compiles trained networks into C that runs them alone on a microcontroller.
#[derive(Parser, Debug)]
#[command(name = "thumbwright", version = VERSION, max_term_width = 100)]
struct Arguments {
    /// Print results and errors only: no progress, warnings or summaries.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Load a plug-in: a shared library with dialects, passes, patterns, schedules or targets. Its code runs: load only what you trust.
    #[arg(long, value_name = "LIBRARY", global = true)]
    load_plugin: Vec<PathBuf>,
    /// Read rewrite rules of networks from a file. May be repeated.
    #[arg(long, value_name = "FILE", global = true)]
    rules: Vec<PathBuf>,
    #[command(subcommand)]
    form: Form,
}

#[derive(Subcommand, Debug)]
enum Form {
    /// Compile a model to C for a core or board.
    Compile(compile::Compile),
    /// Run a model on samples: interpreted, on the host, or on an emulated core or board.
    Run(run::Run),
    /// Show the layers of a model and the memory that it needs.
    Inspect(inspect::Inspect),
    /// List the cores and boards that are known.
    Targets(targets::ListTargets),
    /// Plan the memory of a model, or of buffers given as CSV or JSON.
    Plan(plan::Plan),
    /// Run a pipeline of passes on a module of MLIR text.
    Opt(Box<opt::Opt>),
    /// Make a module smaller while a command on it goes on failing in the same way.
    Reduce(reduce::Reduce),
}

/// The `thumbwright` command: parses the command line, does what it says, and reports how it went.
pub fn main() -> ExitCode {
    main_with(|_| Ok(()))
}

/// The command with what `register` adds to the compiler.
///
/// ```no_run
/// fn register(r: &mut pass::RegistryBuilder) -> Result<(), pass::RegistryError> {
///     r.extend(pass::ExtensionPoint::AfterImport, "func.func(canonicalize)")?;
///     Ok(())
/// }
///
/// fn main() -> std::process::ExitCode {
///     thumbwright::cli::main_with(register)
/// }
/// ```
pub fn main_with(
    register: impl FnOnce(&mut RegistryBuilder) -> Result<(), RegistryError>,
) -> ExitCode {
    report_panics();
    ExitCode::from(guarded(|| {
        let mut arguments = Arguments::parse();
        let console = Console::new(arguments.quiet);
        let (plugins, rules) = (&arguments.load_plugin, &arguments.rules);
        let done = compiler(register, plugins, rules, &mut arguments.form)
            .and_then(|compiler| dispatch(&arguments.form, &compiler, &console))
            .and_then(|text| console.print(&text));
        match done {
            Ok(()) => 0,
            Err(error) => fail(&console, &error),
        }
    }))
}

/// The compiler that the form works with, with what its options bring along in files; the path of a target's description is replaced by
/// the target's name.
fn compiler(
    register: impl FnOnce(&mut RegistryBuilder) -> Result<(), RegistryError>,
    plugins: &[PathBuf],
    rules: &[PathBuf],
    form: &mut Form,
) -> anyhow::Result<Compiler> {
    let mut builder = Compiler::builder()?.register(register)?;
    for path in plugins {
        builder = builder.plugin(path)?;
    }
    for path in rules {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("--rules {file}: cannot be read"))?;
        builder = builder.rules(&file, &text)?;
    }
    match form {
        Form::Compile(c) => importing(&c.taken, extensions::build(builder, &c.with, &mut c.target)),
        Form::Run(r) => importing(&r.taken, extensions::build(builder, &r.with, &mut r.target)),
        Form::Inspect(i) => importing(&i.taken, extensions::build(builder, &i.with, &mut i.target)),
        Form::Opt(o) => extensions::build(builder, &o.with, &mut o.target),
        Form::Plan(p) => {
            let mut none = String::new();
            let target = p.target.as_mut().unwrap_or(&mut none);
            importing(&p.taken, extensions::build(builder, &p.with, target))
        }
        Form::Targets(_) | Form::Reduce(_) => Ok(builder.build()),
    }
}

/// The compiler that takes models as the options say.
fn importing(
    options: &import_options::ModelOptions,
    compiler: anyhow::Result<Compiler>,
) -> anyhow::Result<Compiler> {
    Ok(compiler?.with_import(options.import()?))
}

fn dispatch(form: &Form, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
    match form {
        Form::Compile(c) => c.execute(compiler, console),
        Form::Run(r) => r.execute(compiler, console),
        Form::Inspect(i) => i.execute(compiler, console),
        Form::Targets(t) => t.execute(compiler),
        Form::Plan(p) => p.execute(compiler, console),
        Form::Opt(o) => o.execute(compiler, console),
        Form::Reduce(r) => r.execute(compiler, console),
    }
}

/// Passes that the user chose failed on a module that the user gave: whose bug that is, is for the user to find out.
#[derive(Debug)]
struct PassesFailed(Diagnostics);

impl std::fmt::Display for PassesFailed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PassesFailed {}

/// Renders an error; the exit code.
fn fail(console: &Console, error: &anyhow::Error) -> u8 {
    if let Some(e) = error.downcast_ref::<PassesFailed>() {
        console.diagnostics(e.0.iter());
        return FAILURE;
    }
    let bug = match (
        error.downcast_ref::<RunError>(),
        error.downcast_ref::<CompileError>(),
    ) {
        (Some(RunError::Compile(e)), _) | (_, Some(e)) => {
            console.diagnostics(e.0.iter());
            e.is_bug()
        }
        (Some(e), _) => {
            console.error(&e.to_string());
            e.is_bug()
        }
        _ => {
            console.error(&format!("{error:#}"));
            false
        }
    };
    if !bug {
        return FAILURE;
    }
    console.line(&what_to_send());
    INTERNAL
}

/// Runs `work`; a panic becomes the exit code of a bug.
fn guarded(work: impl FnOnce() -> u8) -> u8 {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(INTERNAL)
}

/// Replaces the message of a panic by one that says what to do.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if pass::panics_are_caught() {
            return;
        }
        let message = panic
            .payload()
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = panic
            .location()
            .map(|l| format!(" at {}:{}", l.file(), l.line()))
            .unwrap_or_default();
        let console = Console::new(false);
        console.error(&format!("internal: {message}{place}"));
        console.line(&what_to_send());
    }));
}

fn what_to_send() -> String {
    let line: Vec<String> = std::env::args()
        .map(|a| match a.contains([' ', '\'', '"', '(', '{']) {
            true => format!("'{}'", a.replace('\'', r"'\''")),
            false => a,
        })
        .collect();
    let whose = match line.iter().any(|a| a.starts_with("--load-plugin")) {
        true => "in a plug-in or ",
        false => "",
    };
    format!(
        "This is a bug {whose}in thumbwright {VERSION}. Please send us the text above, the model, and this command line:\n  {}",
        line.join(" ")
    )
}

/// Name and bytes of a model file, or of the built-in model.
fn read_model(path: Option<&Path>) -> anyhow::Result<(String, Vec<u8>)> {
    let Some(path) = path else {
        return Ok((example::FILE.to_owned(), example::MODEL.to_vec()));
    };
    let bytes = frontends::tflite::read_file(path).map_err(|e| CompileError(e.into()))?;
    Ok((path.to_string_lossy().into_owned(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_forms_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_panic_is_our_bug() {
        report_panics();
        assert_eq!(guarded(|| panic!("on purpose, for a test")), INTERNAL);
        assert_eq!(guarded(|| 3), 3);
    }
}
