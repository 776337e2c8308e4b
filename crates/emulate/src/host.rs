//! Cases as a program for the host, with or without sanitizers.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::case::{self, Case};
use crate::error::{EmulateError, io_error};
use crate::foreign;
use crate::glue;
use crate::process;
use crate::protocol::{self, RunOptions, RunResult};
use crate::toolchain::{self, CompileJob, STRICT, Tool};

/// Which of the compiler's run-time checks are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sanitizers {
    /// None; the harness's guard bytes watch the ends of the buffers.
    #[default]
    Off,
    /// `-fsanitize=address,undefined`; every buffer is an allocation of its own.
    AddressAndUndefined,
}

/// How a host program is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostOptions {
    /// The compiler: a name in `PATH` or a path.
    pub compiler: String,
    /// The compiler's optimisation flag.
    pub optimization: String,
    /// More flags for the cases' C files.
    pub flags: Vec<String>,
    /// Whether the cases' C must be C99 without any warning of `-Wall -Wextra -pedantic`.
    pub strict: bool,
    /// The run-time checks.
    pub sanitizers: Sanitizers,
    /// How many compilers run at a time; `None` is one a processor.
    pub workers: Option<usize>,
}

impl Default for HostOptions {
    /// `cc -O2`, strict, no sanitizers.
    fn default() -> HostOptions {
        HostOptions {
            compiler: Tool::CC.program.to_owned(),
            optimization: "-O2".to_owned(),
            flags: Vec::new(),
            strict: true,
            sanitizers: Sanitizers::Off,
            workers: None,
        }
    }
}

/// A host program with all its cases. Its files are removed when it is dropped.
#[derive(Debug)]
pub struct HostProgram {
    directory: TempDir,
    program: PathBuf,
    cases: Vec<Case>,
}

impl HostProgram {
    /// Compiles `cases` for the host and links them with the harness.
    ///
    /// # Errors
    /// The compiler is missing or fails, or a case is wrong.
    pub fn build(cases: &[Case], options: &HostOptions) -> Result<HostProgram, EmulateError> {
        case::check(cases)?;
        let compiler = toolchain::find_program(&options.compiler).ok_or_else(|| {
            EmulateError::ToolMissing {
                program: options.compiler.clone(),
                package: if options.compiler == "clang" {
                    "clang"
                } else {
                    Tool::CC.package
                }
                .to_owned(),
            }
        })?;
        let directory = tempfile::Builder::new()
            .prefix("thumbwright-")
            .tempdir()
            .map_err(io_error(&std::env::temp_dir()))?;
        let checks: &[&str] = match options.sanitizers {
            Sanitizers::Off => &[],
            Sanitizers::AddressAndUndefined => &[
                "-fsanitize=address,undefined",
                "-fno-sanitize-recover=all",
                "-g",
                "-DTW_GUARD=0",
                "-DTW_SANITIZED",
            ],
        };
        let base: Vec<String> = [options.optimization.as_str(), "-pipe"]
            .iter()
            .chain(checks)
            .map(|&f| f.to_owned())
            .collect();
        let mut flags = base.clone();
        if options.strict {
            flags.extend(STRICT.map(str::to_owned));
        }
        flags.extend(options.flags.iter().cloned());
        let (mut jobs, mut objects) = toolchain::lay_out(directory.path(), cases, &flags)?;
        toolchain::write(
            &directory.path().join("harness/harness.h"),
            include_bytes!("../assets/harness.h"),
        )?;
        toolchain::make_folder(&directory.path().join("library"))?;
        for job in foreign::jobs(cases, &base) {
            objects.push(job.object.clone());
            jobs.push(job);
        }
        let table = glue::case_table(cases, &[]);
        for (name, text) in [
            ("host_io.c", include_str!("../assets/host_io.c")),
            ("harness.c", include_str!("../assets/harness.c")),
            ("cases.c", &table),
        ] {
            let source = format!("harness/{name}");
            toolchain::write(&directory.path().join(&source), text.as_bytes())?;
            let object = toolchain::object_path(&source);
            objects.push(object.clone());
            let flags = base
                .iter()
                .cloned()
                .chain(["-std=gnu11".to_owned()])
                .collect();
            jobs.push(CompileJob {
                source,
                object,
                flags,
            });
        }
        let workers = options.workers.unwrap_or_else(toolchain::default_workers);
        toolchain::compile_all(&compiler, directory.path(), &jobs, workers)?;
        toolchain::write(
            &directory.path().join("objects.txt"),
            (objects.join("\n") + "\n").as_bytes(),
        )?;
        let mut link = Command::new(&compiler);
        link.current_dir(directory.path()).args(&base).args([
            "-o",
            "program",
            "@objects.txt",
            "-lm",
        ]);
        toolchain::finish(&mut link, "program")?;
        let program = directory.path().join("program");
        Ok(HostProgram {
            directory,
            program,
            cases: cases.to_vec(),
        })
    }

    /// The cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Runs the program once with all the runs of `options`; stack depth is not measured and there is no profile.
    ///
    /// # Errors
    /// Inputs do not match, a profile is asked for, the time is over, or the program stops early (a sanitizer's
    /// finding is in the error's messages).
    pub fn run(&self, options: &RunOptions) -> Result<RunResult, EmulateError> {
        if options.profile {
            let what = "a host program has no profile".to_owned();
            return Err(EmulateError::Target {
                target: "host".to_owned(),
                what,
            });
        }
        let input = protocol::encode(&self.cases, options)?;
        let work = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(self.directory.path())
            .map_err(io_error(self.directory.path()))?;
        toolchain::write(&work.path().join("tw_in.bin"), &input)?;
        let mut command = Command::new(&self.program);
        command
            .current_dir(work.path())
            .env("ASAN_OPTIONS", "detect_leaks=0")
            .env("UBSAN_OPTIONS", "print_stacktrace=1");
        let Some(finished) = process::run(&mut command, work.path(), options.timeout)? else {
            return Err(EmulateError::Timeout {
                program: "host".to_owned(),
                seconds: options.timeout.as_secs(),
            });
        };
        if !finished.status.success() {
            let case = finished
                .text
                .lines()
                .find_map(|line| line.strip_prefix("tw-stopped case="));
            return Err(EmulateError::Stopped {
                program: "host".to_owned(),
                status: finished.status.to_string(),
                case: case.map(str::to_owned),
                messages: finished.text,
            });
        }
        let output = work.path().join("tw_out.bin");
        let bytes = std::fs::read(&output).map_err(io_error(&output))?;
        let runs = protocol::decode(&self.cases, options, &bytes)?;
        Ok(RunResult {
            runs,
            profiles: Vec::new(),
            stack_high_water: 0,
        })
    }
}
