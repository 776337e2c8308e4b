//! `thumbwright reduce`: makes a failing module smaller while a command goes on failing in the same way.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use ir::reduce::{ReduceOptions, reduce};
use ir::text::{ParseOptions, parse, print_module};
use ir::{Module, WalkOrder};

use super::console::Console;
use super::{module_text, output_file};
use crate::{CompileError, Compiler};

/// Make a module smaller while a command on it goes on failing in the same way.
///
/// The command gets the name of a file with the module in place of `{}`, or as its last argument. A smaller module is kept if the
/// command ends as it does on the whole one: with the same exit code, and with TEXT in what it prints if --output-has is given.
#[derive(Args, Debug)]
pub struct Reduce {
    /// The module, a .mlir file; `-` for standard input.
    file: PathBuf,
    /// Where to write the result [default: standard output].
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The exit code that makes a module interesting [default: that of the command on the whole module].
    #[arg(long, value_name = "N")]
    exit: Option<i32>,
    /// What the command must print, on standard output or standard error.
    #[arg(long, value_name = "TEXT")]
    output_has: Option<String>,
    /// Run the command at most so often.
    #[arg(long, value_name = "N", default_value_t = ReduceOptions::default().max_tries)]
    max_tries: usize,
    /// A run of the command that takes longer is not interesting.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
    /// The command.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How a run of the command ended: exit code (none after a signal), and what it printed.
type Ended = (Option<i32>, String);

impl Reduce {
    /// Reduces; the smallest module as text.
    pub fn execute(&self, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
        let source = module_text::read(&self.file)?;
        let name = module_text::name(&self.file);
        let options = ParseOptions {
            allow_unregistered: true,
        };
        let registry = compiler.registry().dialects().clone();
        let m = parse(&source, &name, registry, &options).map_err(CompileError)?;
        let directory = tempfile::tempdir().context("cannot make a directory for modules")?;
        let candidate = directory.path().join("module.mlir");

        let (code, printed) = self.run(&candidate, &m)?;
        let wanted = self.exit.or(code);
        let shown = |code: Option<i32>| code.map_or("a signal".to_owned(), |c| c.to_string());
        ensure!(
            code == wanted,
            "the command ends with {} on the whole module, not with {}",
            shown(code),
            shown(wanted)
        );
        if let Some(text) = self.output_has.as_ref().filter(|t| !printed.contains(*t)) {
            bail!("the command does not print `{text}` on the whole module; it prints:\n{printed}");
        }

        let mut tries = 0;
        let mut broken = None;
        let mut interesting = |m: &Module| {
            tries += 1;
            match self.run(&candidate, m) {
                Ok((code, printed)) => {
                    let has = self.output_has.as_ref();
                    code == wanted && has.is_none_or(|t| printed.contains(t))
                }
                // Too slow, most likely; why is told if nothing else was found.
                Err(e) => {
                    broken = Some(e);
                    false
                }
            }
        };
        let options = ReduceOptions {
            max_tries: self.max_tries,
        };
        let small = console.during("reducing", || reduce(&m, &mut interesting, &options));
        let count = |m: &Module| m.walk(m.root(), WalkOrder::Pre).len();
        if count(&small) == count(&m)
            && let Some(e) = broken
        {
            return Err(e);
        }
        if !console.is_quiet() {
            console.line(&format!(
                "{} of {} ops are left, after {tries} runs of the command",
                count(&small),
                count(&m)
            ));
        }
        let text = print_module(&small);
        match &self.output {
            None => Ok(text),
            Some(path) => output_file::write(path, text.into_bytes()).map(|()| String::new()),
        }
    }

    fn run(&self, file: &std::path::Path, m: &Module) -> anyhow::Result<Ended> {
        std::fs::write(file, print_module(m)).context("cannot write a module")?;
        let path = file.to_string_lossy();
        let mut words: Vec<String> = self
            .command
            .iter()
            .map(|w| w.replace("{}", &path))
            .collect();
        if words == self.command {
            words.push(path.into_owned());
        }
        let timeout = Duration::from_secs(self.timeout);
        let ended = passes::process::run(&words, String::new(), timeout)
            .map_err(|e| anyhow::anyhow!("the command: {e}"))?;
        let out = ended.out.unwrap_or_default();
        Ok((
            ended.status.code(),
            String::from_utf8_lossy(&out).into_owned() + &ended.err,
        ))
    }
}
