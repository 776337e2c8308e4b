//! Cases as a firmware image for a target, and its runs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use target::{ProfileModel, Target};
use tempfile::TempDir;

use crate::case::{self, Case};
use crate::error::{EmulateError, io_error};
use crate::foreign;
use crate::glue;
use crate::image::Image;
use crate::machine::Machine;
use crate::pools::{self, Pool};
use crate::profile::{self, Profiler};
use crate::protocol::{self, RunOptions, RunResult};
use crate::qemu;
use crate::sizes::Sizes;
use crate::stack_usage::{self, StackFrame};
use crate::toolchain::{self, CompileJob, STRICT, Toolchain};

/// How firmware is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildOptions {
    /// The compiler's optimisation flag.
    pub optimization: String,
    /// More flags for the cases' C files.
    pub flags: Vec<String>,
    /// Whether the cases' C must be C99 without any warning of `-Wall -Wextra -pedantic`.
    pub strict: bool,
    /// The QEMU machine; `None` takes the first of the target's that the program fits.
    pub machine: Option<String>,
    /// Bytes of stack; `None` takes the machine's default.
    pub stack_size: Option<u32>,
    /// How many compilers run at a time; `None` is one a processor.
    pub workers: Option<usize>,
}

impl Default for BuildOptions {
    /// `-O2`, strict, everything else by default.
    fn default() -> BuildOptions {
        BuildOptions {
            optimization: "-O2".to_owned(),
            flags: Vec::new(),
            strict: true,
            machine: None,
            stack_size: None,
            workers: None,
        }
    }
}

/// A linked image with all its cases. Its files are removed when it is dropped.
#[derive(Debug)]
pub struct Firmware {
    directory: TempDir,
    elf: PathBuf,
    image: Image,
    cases: Vec<Case>,
    machine: &'static Machine,
    model: ProfileModel,
    qemu: PathBuf,
    profiler: Mutex<Option<Profiler>>,
}

impl Firmware {
    /// Compiles `cases` for `target` and links them with the harness.
    ///
    /// # Errors
    /// A tool is missing or fails, the target cannot be emulated, a case is wrong or two have one name, or the
    /// program fits none of the target's machines.
    pub fn build(
        target: &Target,
        cases: &[Case],
        options: &BuildOptions,
    ) -> Result<Firmware, EmulateError> {
        let tools = Toolchain::find()?;
        case::check(cases)?;
        let (machines, model) = machines(target, options)?;
        let directory = tempfile::Builder::new()
            .prefix("thumbwright-")
            .tempdir()
            .map_err(io_error(&std::env::temp_dir()))?;
        let base: Vec<String> = target
            .gcc_flags()
            .into_iter()
            .chain([options.optimization.clone()])
            .chain(
                [
                    "-ffunction-sections",
                    "-fdata-sections",
                    "-fstack-usage",
                    "-pipe",
                ]
                .map(str::to_owned),
            )
            .collect();
        let mut flags = base.clone();
        if options.strict {
            flags.extend(STRICT.map(str::to_owned));
        }
        flags.extend(options.flags.iter().cloned());
        let (mut jobs, mut objects) = toolchain::lay_out(directory.path(), cases, &flags)?;
        let pools = Pool::of(target);
        let harness = harness_jobs(directory.path(), cases, &pools, &base)?;
        toolchain::make_folder(&directory.path().join("library"))?;
        for job in foreign::jobs(cases, &base).into_iter().chain(harness) {
            objects.push(job.object.clone());
            jobs.push(job);
        }
        let workers = options.workers.unwrap_or_else(toolchain::default_workers);
        toolchain::compile_all(&tools.gcc, directory.path(), &jobs, workers)?;

        let elf = directory.path().join("firmware.elf");
        let machine = link(
            &tools.gcc,
            directory.path(),
            &objects,
            target,
            &machines,
            options,
            (cases, &pools),
        )?;
        let bytes = std::fs::read(&elf).map_err(io_error(&elf))?;
        let map = directory.path().join("firmware.map");
        let map = std::fs::read_to_string(&map).map_err(io_error(&map))?;
        let image = Image::read("firmware.elf", &bytes, &map)?;
        Ok(Firmware {
            image,
            cases: cases.iter().map(without_text).collect(),
            machine,
            model,
            qemu: tools.qemu,
            profiler: Mutex::new(None),
            elf,
            directory,
        })
    }

    /// The image's ELF file.
    pub fn elf(&self) -> &Path {
        &self.elf
    }

    /// The functions of the image.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The machine that runs it.
    pub fn machine(&self) -> &'static Machine {
        self.machine
    }

    /// The cases, without the text of their files.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// What the object of the case's C file `path` puts into which section.
    ///
    /// # Errors
    /// The case has no such file, or the object cannot be read.
    pub fn sizes(&self, case: usize, path: &str) -> Result<Sizes, EmulateError> {
        let object = toolchain::object_path(&format!("{}/{path}", toolchain::case_directory(case)));
        let file = self.directory.path().join(&object);
        Sizes::of(path, &std::fs::read(&file).map_err(io_error(&file))?)
    }

    /// What the case's object `path` puts into which section.
    ///
    /// # Errors
    /// The case has no such object, or it cannot be read.
    pub fn object_sizes(&self, case: usize, path: &str) -> Result<Sizes, EmulateError> {
        let object = format!("{}/{path}", toolchain::case_directory(case));
        let file = self.directory.path().join(&object);
        Sizes::of(path, &std::fs::read(&file).map_err(io_error(&file))?)
    }

    /// The same of each C file of others that the case calls, by the file's name.
    ///
    /// # Errors
    /// An object cannot be read.
    pub fn foreign_sizes(&self, case: usize) -> Result<Vec<(String, Sizes)>, EmulateError> {
        let objects = foreign::objects_of(&self.cases, case).into_iter();
        objects
            .map(|(name, object)| {
                let file = self.directory.path().join(&object);
                let bytes = std::fs::read(&file).map_err(io_error(&file))?;
                Ok((name.clone(), Sizes::of(&name, &bytes)?))
            })
            .collect()
    }

    /// What the linked image puts into which section.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn image_sizes(&self) -> Result<Sizes, EmulateError> {
        Sizes::of(
            "firmware.elf",
            &std::fs::read(&self.elf).map_err(io_error(&self.elf))?,
        )
    }

    /// The stack frame of every function of a case's objects and files, and of those that it calls, as the compiler states it.
    ///
    /// # Errors
    /// There is no such case, or the compiler's file cannot be read.
    pub fn stack_frames(&self, case: usize) -> Result<Vec<StackFrame>, EmulateError> {
        let described = self.cases.get(case).ok_or_else(|| EmulateError::Input {
            case: case.to_string(),
            what: "there is no such case".to_owned(),
        })?;
        let mut frames = described.frames.clone();
        let own = described
            .sources
            .iter()
            .map(|s| format!("{}/{}.su", toolchain::case_directory(case), s.path));
        let foreign = foreign::objects_of(&self.cases, case).into_iter();
        // An assembler states no frames.
        let foreign = foreign
            .map(|(_, object)| object.replace(".o", ".su"))
            .filter(|su| self.directory.path().join(su).is_file());
        for file in own.chain(foreign) {
            let path = self.directory.path().join(&file);
            frames.extend(stack_usage::parse(
                &file,
                &std::fs::read_to_string(&path).map_err(io_error(&path))?,
            )?);
        }
        Ok(frames)
    }

    /// Runs the image once with all the runs of `options`.
    ///
    /// # Errors
    /// Inputs do not match, the processor faults, the time is over, or the program stops early.
    pub fn run(&self, options: &RunOptions) -> Result<RunResult, EmulateError> {
        let input = protocol::encode(&self.cases, options)?;
        let work = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(self.directory.path())
            .map_err(io_error(self.directory.path()))?;
        toolchain::write(&work.path().join("tw_in.bin"), &input)?;
        let mut arguments = Vec::new();
        if options.profile {
            arguments = self
                .profiler()?
                .arguments(work.path(), &self.entries(options)?)?;
        }
        qemu::run(
            &self.qemu,
            self.machine,
            &self.elf,
            &self.image,
            work.path(),
            &arguments,
            options.timeout,
        )?;
        let output = work.path().join("tw_out.bin");
        let bytes = std::fs::read(&output).map_err(io_error(&output))?;
        let runs = protocol::decode(&self.cases, options, &bytes)?;
        let profiles = if options.profile {
            profile::read(work.path(), &self.image)?
        } else {
            Vec::new()
        };
        let stack_high_water = runs.iter().map(|r| r.stack).max().unwrap_or(0);
        Ok(RunResult {
            runs,
            profiles,
            stack_high_water,
        })
    }

    fn profiler(&self) -> Result<Profiler, EmulateError> {
        let mut built = self.profiler.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(profiler) = &*built {
            return Ok(profiler.clone());
        }
        let profiler = Profiler::build(self.directory.path(), &self.elf, &self.image, self.model)?;
        *built = Some(profiler.clone());
        Ok(profiler)
    }

    /// The addresses of the kernels of every case that `options` runs.
    fn entries(&self, options: &RunOptions) -> Result<Vec<u32>, EmulateError> {
        let mut cases: Vec<usize> = options.runs.iter().map(|r| r.case).collect();
        cases.sort_unstable();
        cases.dedup();
        let mut entries = Vec::new();
        for index in cases {
            let case = &self.cases[index];
            for kernel in &case.kernels {
                let addresses = self.image.of_case(kernel, index);
                if addresses.is_empty() {
                    return Err(EmulateError::Case {
                        case: case.name.clone(),
                        what: format!(
                            "the kernel {kernel} is not in the image: it is not called, or was inlined"
                        ),
                    });
                }
                entries.extend(addresses);
            }
        }
        entries.sort_unstable();
        entries.dedup();
        Ok(entries)
    }
}

fn without_text(case: &Case) -> Case {
    let mut case = case.clone();
    for file in case.sources.iter_mut().chain(&mut case.headers) {
        file.text = String::new();
    }
    case.objects.iter_mut().for_each(|(_, bytes)| bytes.clear());
    case
}

/// The machines to try in turn, and the cycle model.
fn machines(
    target: &Target,
    options: &BuildOptions,
) -> Result<(Vec<&'static Machine>, ProfileModel), EmulateError> {
    let wrong = |what: String| EmulateError::Target {
        target: target.name.clone(),
        what,
    };
    let Some(emulation) = &target.emulation else {
        return Err(wrong(
            "it has no [emulation] table, so it cannot be emulated".to_owned(),
        ));
    };
    let names = match &options.machine {
        Some(machine) => std::slice::from_ref(machine),
        None => &emulation.machines[..],
    };
    let find = |name: &String| {
        Machine::find(name).ok_or_else(|| {
            let known: Vec<&str> = Machine::all().iter().map(|m| m.name).collect();
            wrong(format!(
                "emulation.machines names {name:?}, which is not known; known are {}",
                known.join(", ")
            ))
        })
    };
    Ok((
        names.iter().map(find).collect::<Result<_, _>>()?,
        emulation.profile_model,
    ))
}

/// Writes the harness's files and returns the jobs that compile them.
fn harness_jobs(
    directory: &Path,
    cases: &[Case],
    pools: &[Pool],
    flags: &[String],
) -> Result<Vec<CompileJob>, EmulateError> {
    let files = [
        ("startup.c", include_str!("../assets/startup.c")),
        ("target_io.c", include_str!("../assets/target_io.c")),
        ("harness.c", include_str!("../assets/harness.c")),
        ("cases.c", &glue::case_table(cases, pools)),
        ("pools.c", &pools::table(pools)),
    ];
    toolchain::write(
        &directory.join("harness/harness.h"),
        include_bytes!("../assets/harness.h"),
    )?;
    let mut jobs = Vec::new();
    for (name, text) in files {
        let source = format!("harness/{name}");
        toolchain::write(&directory.join(&source), text.as_bytes())?;
        let object = toolchain::object_path(&source);
        let mut flags = flags.to_vec();
        flags.push("-std=gnu11".to_owned());
        jobs.push(CompileJob {
            source,
            object,
            flags,
        });
    }
    Ok(jobs)
}

/// Links for the first machine that the program fits.
fn link(
    gcc: &Path,
    directory: &Path,
    objects: &[String],
    target: &Target,
    machines: &[&'static Machine],
    options: &BuildOptions,
    (cases, pools): (&[Case], &[Pool]),
) -> Result<&'static Machine, EmulateError> {
    // A response file, since hundreds of cases are more than a command line holds.
    let list = objects.join("\n") + "\n";
    toolchain::write(&directory.join("objects.txt"), list.as_bytes())?;
    let mut too_large = None;
    for &machine in machines {
        let stack = options.stack_size.unwrap_or(machine.stack_size);
        let script = pools::linker_script(machine, stack, pools, cases);
        toolchain::write(&directory.join("link.ld"), script.as_bytes())?;
        let mut command = Command::new(gcc);
        command
            .current_dir(directory)
            .args(target.gcc_flags())
            .args([
                "-nostartfiles",
                "-T",
                "link.ld",
                "-Wl,--gc-sections",
                "-o",
                "firmware.elf",
                "-Wl,-Map=firmware.map",
                "@objects.txt",
            ]);
        match toolchain::finish(&mut command, "firmware.elf") {
            Ok(()) => return Ok(machine),
            Err(EmulateError::Tool { messages, .. }) if messages.contains("overflowed") => {
                too_large = Some(EmulateError::DoesNotFit {
                    machine: machine.name.to_owned(),
                    messages,
                });
            }
            Err(error) => return Err(error),
        }
    }
    Err(too_large.unwrap_or_else(|| EmulateError::Target {
        target: target.name.clone(),
        what: "it names no machine".to_owned(),
    }))
}
