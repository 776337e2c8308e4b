//! The programs that build and run firmware, and compiling many C files with them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::case::Case;
use crate::error::{EmulateError, io_error};

/// A program that is looked up in `PATH`, with the Debian package that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The program's name.
    pub program: &'static str,
    /// The Debian package.
    pub package: &'static str,
}

impl Tool {
    /// The cross compiler.
    pub const ARM_GCC: Tool = Tool {
        program: "arm-none-eabi-gcc",
        package: "gcc-arm-none-eabi",
    };
    /// The disassembler.
    pub const ARM_OBJDUMP: Tool = Tool {
        program: "arm-none-eabi-objdump",
        package: "binutils-arm-none-eabi",
    };
    /// The emulator.
    pub const QEMU: Tool = Tool {
        program: "qemu-system-arm",
        package: "qemu-system-arm",
    };
    /// The host's compiler, for host programs and for the profiler's plug-in.
    pub const CC: Tool = Tool {
        program: "cc",
        package: "gcc",
    };

    /// The program's path.
    ///
    /// # Errors
    /// It is not in `PATH`.
    pub fn find(self) -> Result<PathBuf, EmulateError> {
        find_program(self.program).ok_or_else(|| EmulateError::ToolMissing {
            program: self.program.to_owned(),
            package: self.package.to_owned(),
        })
    }
}

/// The first file of that name in `PATH`; a name with a `/` is a path already.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Path::new(name).is_file().then(|| PathBuf::from(name));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|candidate| candidate.is_file())
}

/// The programs that building and running firmware takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    /// `arm-none-eabi-gcc`.
    pub gcc: PathBuf,
    /// `qemu-system-arm`.
    pub qemu: PathBuf,
}

impl Toolchain {
    /// The cross compiler and the emulator; a profile needs [`Tool::CC`] and [`Tool::ARM_OBJDUMP`] too.
    ///
    /// # Errors
    /// One of them is not in `PATH`; the error names its package.
    pub fn find() -> Result<Toolchain, EmulateError> {
        Ok(Toolchain {
            gcc: Tool::ARM_GCC.find()?,
            qemu: Tool::QEMU.find()?,
        })
    }
}

/// One C file to compile.
pub(crate) struct CompileJob {
    /// Path of the C file, relative to the build directory.
    pub source: String,
    /// Path of the object, relative to the build directory.
    pub object: String,
    pub flags: Vec<String>,
}

/// Compiles all of `jobs` in `directory`, `workers` at a time.
///
/// # Errors
/// That of the first job that fails, in the order of `jobs`.
pub(crate) fn compile_all(
    compiler: &Path,
    directory: &Path,
    jobs: &[CompileJob],
    workers: usize,
) -> Result<(), EmulateError> {
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<(usize, EmulateError)>> = Mutex::new(None);
    let work = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(i) else { return };
            if let Err(error) = compile(compiler, directory, job) {
                // Later jobs stop; earlier ones that still run may yet fail and win.
                next.store(jobs.len(), Ordering::Relaxed);
                let mut first = failed.lock().unwrap_or_else(|e| e.into_inner());
                if first.as_ref().is_none_or(|(at, _)| i < *at) {
                    *first = Some((i, error));
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..workers.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    match failed.into_inner().unwrap_or_else(|e| e.into_inner()) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

fn compile(compiler: &Path, directory: &Path, job: &CompileJob) -> Result<(), EmulateError> {
    let mut command = Command::new(compiler);
    command
        .current_dir(directory)
        .args(&job.flags)
        .args(["-c", &job.source, "-o", &job.object]);
    finish(&mut command, &job.source)
}

/// Runs a tool to its end; its messages become the error when it fails.
pub(crate) fn finish(command: &mut Command, input: &str) -> Result<(), EmulateError> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|source| EmulateError::Io {
            path: tool.clone(),
            source,
        })?;
    if output.status.success() {
        return Ok(());
    }
    let mut messages = String::from_utf8_lossy(&output.stderr).into_owned();
    messages.push_str(&String::from_utf8_lossy(&output.stdout));
    Err(EmulateError::Tool {
        tool,
        input: input.to_owned(),
        messages,
    })
}

/// The directory of the case with that index, relative to the build directory.
pub(crate) fn case_directory(index: usize) -> String {
    format!("c{index}")
}

/// The index of the case whose directory the relative path `path` lies in.
pub(crate) fn case_of_path(path: &str) -> Option<usize> {
    path.split_once('/')?.0.strip_prefix('c')?.parse().ok()
}

/// Writes the files of the cases below `directory` and returns the jobs that compile them, and the objects of all cases.
pub(crate) fn lay_out(
    directory: &Path,
    cases: &[Case],
    flags: &[String],
) -> Result<(Vec<CompileJob>, Vec<String>), EmulateError> {
    let mut jobs = Vec::new();
    let mut objects = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let base = case_directory(i);
        let mut includes: Vec<String> = Vec::new();
        for file in case.headers.iter().chain(&case.sources) {
            write(
                &directory.join(&base).join(&file.path),
                file.text.as_bytes(),
            )?;
        }
        for header in &case.headers {
            let below = header
                .path
                .rsplit_once('/')
                .map_or(String::new(), |(dir, _)| format!("/{dir}"));
            let include = format!("-I{base}{below}");
            if !includes.contains(&include) {
                includes.push(include);
            }
        }
        includes.extend(case.foreign.include_flags());
        for source in &case.sources {
            let source = format!("{base}/{}", source.path);
            let object = object_path(&source);
            objects.push(object.clone());
            jobs.push(CompileJob {
                source,
                object,
                flags: [flags, &includes].concat(),
            });
        }
        for (path, bytes) in &case.objects {
            let object = format!("{base}/{path}");
            write(&directory.join(&object), bytes)?;
            objects.push(object);
        }
    }
    Ok((jobs, objects))
}

/// Where the object of a C file goes.
pub(crate) fn object_path(source: &str) -> String {
    format!("{source}.o")
}

/// Makes a directory and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), EmulateError> {
    std::fs::create_dir_all(path).map_err(io_error(path))
}

/// Writes a file and the directories above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), EmulateError> {
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    std::fs::write(path, bytes).map_err(io_error(path))
}

/// How many compilers run at a time unless told otherwise.
pub(crate) fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}

/// The flags that make a warning of the generated C an error.
pub(crate) const STRICT: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];
