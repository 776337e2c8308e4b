//! A directory of test files, and how one of them is run.

use crate::file::{Expect, Run, Stream, TestFile};
use crate::process::{self, Outcome};
use crate::{bless, builtin, check};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

/// Directories of this name hold what tests use, no tests.
pub const INPUTS: &str = "inputs";

/// Test files and the commands that they may call.
#[derive(Clone, Debug)]
pub struct Suite {
    directory: PathBuf,
    commands: BTreeMap<String, PathBuf>,
    paths: BTreeMap<char, PathBuf>,
    bless: bool,
    tools_are_required: bool,
    limit: Duration,
}

/// How a test file went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything is as expected.
    Passed,
    /// Its `EXPECT` blocks were rewritten.
    Blessed,
    /// It was not run, and why.
    NotRun(String),
    /// What is not as expected.
    Failed(String),
}

impl Suite {
    /// The tests of a directory and its subdirectories. They are rewritten when `BLESS=1` is in the environment.
    pub fn new(directory: impl Into<PathBuf>) -> Suite {
        Suite {
            directory: directory.into(),
            commands: BTreeMap::new(),
            paths: BTreeMap::new(),
            bless: env::var_os("BLESS").is_some_and(|v| v == "1"),
            tools_are_required: false,
            limit: Duration::from_secs(60),
        }
    }

    /// With a command: the program behind a name, a path or a name in `PATH`.
    #[must_use]
    pub fn command(mut self, name: &str, program: impl Into<PathBuf>) -> Suite {
        let program = program.into();
        // Commands run in a directory of their own, where a relative path would mean another file.
        let is_path = program.components().count() > 1;
        let absolute = is_path
            .then(|| std::path::absolute(&program).ok())
            .flatten();
        self.commands
            .insert(name.to_owned(), absolute.unwrap_or(program));
        self
    }

    /// With a path that tests write as `%` and a letter, `m` for models say; `s`, `S` and `t` are taken.
    #[must_use]
    pub fn path(mut self, letter: char, path: impl Into<PathBuf>) -> Suite {
        self.paths.insert(letter, path.into());
        self
    }

    /// Whether `EXPECT` blocks are rewritten instead of compared.
    #[must_use]
    pub fn bless(mut self, bless: bool) -> Suite {
        self.bless = bless;
        self
    }

    /// Whether a test whose `REQUIRES` names a program that is not in `PATH` fails, instead of being listed as ignored.
    #[must_use]
    pub fn tools_are_required(mut self, required: bool) -> Suite {
        self.tools_are_required = required;
        self
    }

    /// With another time limit for each command than a minute.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Suite {
        self.limit = limit;
        self
    }

    /// The test files, sorted: all files but those in directories named [`INPUTS`], hidden ones and `README.md`.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn files(&self) -> std::io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        collect(&self.directory, &mut found)?;
        found.sort();
        Ok(found)
    }

    /// One test for each file, named by its path in the directory without the extension.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn trials(&self) -> std::io::Result<Vec<Trial>> {
        let suite = Arc::new(self.clone());
        let trial = |file: PathBuf| {
            let name = file
                .strip_prefix(&self.directory)
                .unwrap_or(&file)
                .with_extension("");
            let name = name.to_string_lossy().replace('\\', "/");
            let suite = suite.clone();
            Trial::ignorable_test(name, move || match suite.check(&file) {
                Verdict::Passed | Verdict::Blessed => Ok(Completion::Completed),
                Verdict::NotRun(why) => Ok(Completion::ignored_with(why)),
                Verdict::Failed(why) => Err(Failed::from(format!("{}: {why}", file.display()))),
            })
        };
        Ok(self.files()?.into_iter().map(trial).collect())
    }

    /// Runs all tests under libtest's command line; for the `main` of a test with `harness = false`.
    ///
    /// An unreadable or empty directory is a failure: it would test nothing.
    pub fn main(&self) -> ExitCode {
        let arguments = Arguments::from_args();
        match self.trials() {
            Ok(trials) if !trials.is_empty() => libtest_mimic::run(&arguments, trials).exit_code(),
            Ok(_) => {
                eprintln!("no test files in {}", self.directory.display());
                ExitCode::FAILURE
            }
            Err(e) => {
                eprintln!("{}: {e}", self.directory.display());
                ExitCode::FAILURE
            }
        }
    }

    /// Runs one test file.
    pub fn check(&self, file: &Path) -> Verdict {
        self.try_check(file).unwrap_or_else(Verdict::Failed)
    }

    fn try_check(&self, file: &Path) -> Result<Verdict, String> {
        let text = fs::read_to_string(file).map_err(|e| e.to_string())?;
        let test = TestFile::parse(&text).map_err(|e| e.to_string())?;
        let temporary = tempfile::Builder::new()
            .prefix("filetest-")
            .tempdir()
            .map_err(|e| e.to_string())?;
        // What commands print of it, where the directory for temporary files is a link.
        let temporary_path = temporary.path().canonicalize().map_err(|e| e.to_string())?;
        let names = self.names(file, &temporary_path)?;
        if let Some(missing) = test
            .requires
            .iter()
            .find(|r| !is_there(&substitute(r, &names)))
        {
            let why = if missing.contains('/') {
                format!("{missing} does not exist")
            } else {
                format!("{missing} is not in PATH")
            };
            let fails = self.tools_are_required && !missing.contains('/');
            return if fails {
                Err(why)
            } else {
                Ok(Verdict::NotRun(why))
            };
        }
        for (name, text) in &test.files {
            let path = temporary_path.join(name);
            path.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .map_err(|e| e.to_string())?;
            fs::write(&path, text).map_err(|e| format!("{name}: {e}"))?;
        }
        let mut rewritten: Vec<(&Expect, String)> = Vec::new();
        for run in &test.runs {
            for (block, output) in self.run(run, &test, &temporary_path, &names)? {
                match check::expect(&output, block) {
                    Ok(()) => {}
                    Err(_) if self.bless => rewritten.push((block, output)),
                    Err(e) => return Err(format!("{e}\n{}", framed("output", &output))),
                }
            }
        }
        if rewritten.is_empty() {
            return Ok(Verdict::Passed);
        }
        fs::write(file, bless::rewrite(&text, &rewritten)).map_err(|e| e.to_string())?;
        Ok(Verdict::Blessed)
    }

    /// What `%` and a letter stand for, the longest path first.
    fn names(&self, file: &Path, temporary: &Path) -> Result<Vec<(char, String)>, String> {
        let absolute =
            |p: &Path| std::path::absolute(p).map_err(|e| format!("{}: {e}", p.display()));
        let file = absolute(file)?;
        let mut names = vec![('t', temporary.to_path_buf())];
        if let Some(parent) = file.parent() {
            names.push(('S', parent.to_path_buf()));
        }
        names.push(('s', file));
        for (&letter, path) in &self.paths {
            names.push((letter, path.canonicalize().or_else(|_| absolute(path))?));
        }
        let mut names: Vec<(char, String)> = names
            .into_iter()
            .map(|(c, p)| (c, p.to_string_lossy().into_owned()))
            .collect();
        names.sort_by_key(|(_, p)| std::cmp::Reverse(p.len()));
        Ok(names)
    }

    /// Runs one command, checks its exit code and its lines; the streams that blocks speak of.
    fn run<'r>(
        &self,
        run: &'r Run,
        test: &TestFile,
        directory: &Path,
        names: &[(char, String)],
    ) -> Result<Vec<(&'r Expect, String)>, String> {
        let words: Vec<String> = run.words.iter().map(|w| substitute(w, names)).collect();
        let outcome = self.outcome(run, &words, test, directory)?;
        let (out, err) = (
            generalized(&outcome.out, names),
            generalized(&outcome.err, names),
        );
        let wrong = |what: String| {
            let both = format!(
                "{}{}",
                framed("standard output", &out),
                framed("standard error output", &err)
            );
            format!("{what}\ncommand: {}\n{both}", words.join(" "))
        };
        if outcome.timed_out {
            return Err(wrong(format!(
                "line {}: took longer than {:?}",
                run.line, self.limit
            )));
        }
        if err.contains("panicked at") {
            return Err(wrong(format!("line {}: the command panicked", run.line)));
        }
        if outcome.code != Some(run.exit) {
            let got = outcome
                .code
                .map_or("ended by a signal".to_owned(), |c| format!("exit code {c}"));
            return Err(wrong(format!(
                "line {}: {got}, expected {}",
                run.line, run.exit
            )));
        }
        for (stream, text) in [(Stream::Out, &out), (Stream::Err, &err)] {
            let asked = run.checks.iter().filter(|c| c.stream == stream);
            check::checks(text, asked).map_err(wrong)?;
        }
        let errors_expected = run.checks.iter().any(|c| c.stream == Stream::Err)
            || run.expects.iter().any(|e| e.stream == Stream::Err);
        if !errors_expected && !err.trim().is_empty() {
            return Err(wrong(format!(
                "line {}: something on the standard error output, and no `ERR:` asks for it",
                run.line
            )));
        }
        let of = |e: &Expect| {
            if e.stream == Stream::Out {
                out.clone()
            } else {
                err.clone()
            }
        };
        Ok(run.expects.iter().map(|e| (e, of(e))).collect())
    }

    /// Runs a built-in, or the program behind the command's name.
    fn outcome(
        &self,
        run: &Run,
        words: &[String],
        test: &TestFile,
        directory: &Path,
    ) -> Result<Outcome, String> {
        let name = &run.words[0];
        if let Some(program) = self.program(name, test) {
            return process::run(&program, &words[1..], directory, self.limit)
                .map_err(|e| format!("{}: {e}", program.display()));
        }
        builtin::run(words, directory).ok_or_else(|| {
            let known: Vec<&str> = self
                .commands
                .keys()
                .map(String::as_str)
                .chain(builtin::NAMES)
                .collect();
            format!(
                "line {}: unknown command `{name}`; known: {}",
                run.line,
                known.join(", ")
            )
        })
    }

    fn program(&self, name: &str, test: &TestFile) -> Option<PathBuf> {
        let known = self.commands.get(name).cloned();
        known.or_else(|| {
            test.requires
                .iter()
                .any(|r| r == name)
                .then(|| in_path(name))
                .flatten()
        })
    }
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.')
            || name == OsStr::new("README.md")
            || name == OsStr::new(INPUTS)
        {
            continue;
        }
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), found)?;
        } else {
            found.push(entry.path());
        }
    }
    Ok(())
}

fn is_there(what: &str) -> bool {
    if what.contains('/') {
        Path::new(what).exists()
    } else {
        in_path(what).is_some()
    }
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|d| d.join(program))
        .find(|p| p.is_file())
}

/// Replaces `%` and a letter, where no letter, digit or underscore follows.
fn substitute(word: &str, names: &[(char, String)]) -> String {
    let mut result = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('%') {
        result.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        let letter = chars.next();
        let ends = !chars
            .next()
            .is_some_and(|c| c.is_alphanumeric() || c == '_');
        match names.iter().find(|(l, _)| Some(*l) == letter && ends) {
            Some((letter, path)) => {
                result.push_str(path);
                rest = &rest[at + 1 + letter.len_utf8()..];
            }
            None => {
                result.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    result + rest
}

/// An output in which the machine's paths are `%` and a letter again.
fn generalized(output: &str, names: &[(char, String)]) -> String {
    names
        .iter()
        .fold(output.to_owned(), |text, (letter, path)| {
            text.replace(path.as_str(), &format!("%{letter}"))
        })
}

fn framed(what: &str, text: &str) -> String {
    let lines: String = text.lines().map(|l| format!("  {l}\n")).collect();
    format!(
        "{what}:\n{}",
        if lines.is_empty() {
            "  (nothing)\n".to_owned()
        } else {
            lines
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_substituted_and_back() {
        let names = vec![('s', "/a/b/f.test".to_owned()), ('S', "/a/b".to_owned())];
        assert_eq!(
            substitute("%s,%S/x,%,100 %x,%start", &names),
            "/a/b/f.test,/a/b/x,%,100 %x,%start"
        );
        assert_eq!(
            generalized("in /a/b/f.test and /a/b/g", &names),
            "in %s and %S/g"
        );
    }
}
