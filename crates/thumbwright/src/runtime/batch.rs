//! Several models in one program: one firmware image or one host program with a case each.

use std::path::PathBuf;
use std::time::Duration;

use codegen_c::{CFiles, MemoryNeed};
use emulate::{
    Arena, BuildOptions, Case, Firmware, HostOptions, HostProgram, RunOptions, SourceFile, State,
};
use interp::{Network, Program};
use ir::dialects::func::CallOp;
use kernel_library::KernelLibrary;

use super::Runtime;
use super::error::RunError;
use super::outcome::{FileSizes, ModelProfile, RunOutcome};
use super::samples::Samples;
use crate::{Backend, Compiled, ObjectKind, ObjectOptions};

/// What a runtime that is no interpreter runs, and how its C is built.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BuildSettings {
    /// What makes the model's code.
    pub backend: Backend,
    /// For [`Runtime::Host`].
    pub host: HostOptions,
    /// For [`Runtime::Emulated`].
    pub firmware: BuildOptions,
    /// Bytes from a 16-byte boundary to the caller's tensors, to try unaligned ones; at most 15.
    pub tensor_offset: u32,
}

/// Compiled models that are built and run together; their names differ.
#[derive(Clone, Debug, Default)]
pub struct Batch<'c> {
    models: Vec<&'c Compiled>,
}

impl<'c> Batch<'c> {
    /// No models.
    pub fn new() -> Batch<'c> {
        Batch::default()
    }

    /// Adds a model; its index is what [`Executable::run`] takes.
    pub fn add(&mut self, model: &'c Compiled) -> usize {
        self.models.push(model);
        self.models.len() - 1
    }

    /// Builds all models for a runtime.
    ///
    /// # Errors
    /// A model has no C form, two models of a C program have one name, or a tool is missing or fails.
    pub fn build(
        &self,
        runtime: &Runtime,
        settings: &BuildSettings,
    ) -> Result<Executable<'c>, RunError> {
        let models = || self.models.iter().copied();
        let kind = match runtime {
            Runtime::Interp => Kind::Networks(
                models()
                    .map(|c| Network::new(c.network(), "main"))
                    .collect::<Result<_, _>>()?,
            ),
            Runtime::InterpLoops => Kind::Programs(
                models()
                    .map(|c| Ok(Program::compile(verified(c)?)?))
                    .collect::<Result<_, RunError>>()?,
            ),
            Runtime::Host => {
                let cases = built(&self.models, settings.backend, true)?;
                Kind::Host(HostProgram::build(&cases, &settings.host)?)
            }
            Runtime::Emulated(target) => {
                let cases = built(&self.models, settings.backend, false)?;
                Kind::Firmware(Box::new(Firmware::build(
                    target,
                    &cases,
                    &settings.firmware,
                )?))
            }
        };
        Ok(Executable {
            models: self.models.clone(),
            runtime: runtime.clone(),
            tensor_offset: settings.tensor_offset,
            kind,
        })
    }
}

impl<'c> FromIterator<&'c Compiled> for Batch<'c> {
    fn from_iter<I: IntoIterator<Item = &'c Compiled>>(models: I) -> Batch<'c> {
        Batch {
            models: models.into_iter().collect(),
        }
    }
}

/// Models, built for a runtime.
#[derive(Debug)]
pub struct Executable<'c> {
    models: Vec<&'c Compiled>,
    runtime: Runtime,
    tensor_offset: u32,
    kind: Kind<'c>,
}

#[derive(Debug)]
enum Kind<'c> {
    Networks(Vec<Network<'c>>),
    Programs(Vec<Program<'c>>),
    Host(HostProgram),
    Firmware(Box<Firmware>),
}

/// Samples of one model to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// The model's index in the batch.
    pub model: usize,
    /// Its inputs.
    pub samples: Samples,
}

impl Executable<'_> {
    /// The firmware, if the runtime is a core or a board.
    pub fn firmware(&self) -> Option<&Firmware> {
        match &self.kind {
            Kind::Firmware(f) => Some(f),
            _ => None,
        }
    }

    /// Runs all jobs, C in one run of the program; an outcome a job, in their order.
    ///
    /// What a network keeps between runs goes from one sample of a job to the next, and starts anew with each job.
    ///
    /// With `profile`, the first sample of each job is counted, in a run of its own if there are more samples.
    ///
    /// # Errors
    /// The outer error: there is no such model, no profile, or the program stopped early. The inner: the job's own.
    pub fn run(
        &self,
        jobs: &[Job],
        profile: bool,
    ) -> Result<Vec<Result<RunOutcome, RunError>>, RunError> {
        let count = self.models.len();
        if let Some(job) = jobs.iter().find(|j| j.model >= count) {
            let index = job.model;
            return Err(RunError::NoModel { index, count });
        }
        if profile && self.firmware().is_none() {
            return Err(RunError::NoProfile {
                runtime: self.runtime.name().to_owned(),
            });
        }
        match &self.kind {
            Kind::Networks(networks) => Ok(jobs
                .iter()
                .map(|job| interpret_job(&networks[job.model], &job.samples))
                .collect()),
            Kind::Programs(programs) => Ok(jobs
                .iter()
                .map(|job| {
                    let program = &programs[job.model];
                    let mut states = program.initial_states("main")?;
                    each_sample(&job.samples, |i| {
                        let run = program.step("main", &job.samples.sample(i), &mut states)?;
                        Ok(run.outputs)
                    })
                })
                .collect()),
            Kind::Host(program) => {
                let result = program.run(&self.runs(jobs, false))?;
                Ok(self.outcomes(jobs, result.runs))
            }
            Kind::Firmware(firmware) => self.run_firmware(firmware, jobs, profile),
        }
    }

    fn runs(&self, jobs: &[Job], profile: bool) -> RunOptions {
        let mut options = RunOptions {
            profile,
            tensor_offset: self.tensor_offset,
            ..RunOptions::default()
        };
        for job in jobs {
            for i in 0..job.samples.count() {
                match i {
                    0 => options.add(job.model, job.samples.owned(i)),
                    _ => options.resume(job.model, job.samples.owned(i)),
                };
            }
        }
        options.timeout +=
            Duration::from_secs(10) * u32::try_from(options.runs.len()).unwrap_or(u32::MAX / 64);
        options
    }

    /// The outputs of a program's runs, job by job.
    fn outcomes(
        &self,
        jobs: &[Job],
        runs: Vec<emulate::CaseRun>,
    ) -> Vec<Result<RunOutcome, RunError>> {
        let mut runs = runs.into_iter();
        jobs.iter()
            .map(|job| {
                let of_job: Vec<emulate::CaseRun> =
                    runs.by_ref().take(job.samples.count()).collect();
                let model = self.models[job.model].name();
                let stack = of_job.iter().map(|r| r.stack).max().filter(|&s| s > 0);
                let mut of_job = of_job.into_iter();
                let outcome = each_sample(&job.samples, |sample| {
                    let run = of_job.next().expect("invariant: a result for every run");
                    let model = || model.to_owned();
                    if run.status != 0 {
                        let (model, status) = (model(), run.status);
                        return Err(RunError::Status {
                            model,
                            sample,
                            status,
                        });
                    }
                    if !run.overruns.is_empty() {
                        let (model, buffers) = (model(), run.overruns);
                        return Err(RunError::Overrun {
                            model,
                            sample,
                            buffers,
                        });
                    }
                    Ok(run.outputs)
                })?;
                Ok(RunOutcome {
                    stack_high_water: stack,
                    ..outcome
                })
            })
            .collect()
    }

    fn run_firmware(
        &self,
        firmware: &Firmware,
        jobs: &[Job],
        profile: bool,
    ) -> Result<Vec<Result<RunOutcome, RunError>>, RunError> {
        let single = jobs.iter().all(|j| j.samples.count() == 1);
        let result = firmware.run(&self.runs(jobs, profile && single))?;
        let mut outcomes = self.outcomes(jobs, result.runs);
        let mut profiles = result.profiles;
        if profile && !single {
            let first: Vec<Job> = jobs
                .iter()
                .map(|j| Job {
                    model: j.model,
                    samples: j.samples.first(1),
                })
                .collect();
            profiles = firmware.run(&self.runs(&first, true))?.profiles;
        }
        for (i, (job, outcome)) in jobs.iter().zip(&mut outcomes).enumerate() {
            let Ok(found) = outcome else { continue };
            let counted = profile.then(|| profiles.get(i)).flatten();
            if let Err(e) = self.measure(firmware, job.model, counted, found) {
                *outcome = Err(e);
            }
        }
        Ok(outcomes)
    }

    /// Adds sizes, stack frames and the profile to an outcome.
    fn measure(
        &self,
        firmware: &Firmware,
        index: usize,
        profile: Option<&emulate::Profile>,
        outcome: &mut RunOutcome,
    ) -> Result<(), RunError> {
        let compiled = self.models[index];
        outcome.machine = Some(firmware.machine().name);
        outcome.frames = firmware.stack_frames(index)?;
        for source in &firmware.cases()[index].sources {
            outcome.sizes.push(FileSizes {
                file: source.path.clone(),
                sizes: firmware.sizes(index, &source.path)?,
            });
        }
        for (path, _) in &firmware.cases()[index].objects {
            outcome.sizes.push(FileSizes {
                file: path.clone(),
                sizes: firmware.object_sizes(index, path)?,
            });
        }
        for (file, sizes) in firmware.foreign_sizes(index)? {
            outcome.sizes.push(FileSizes { file, sizes });
        }
        if let Some(profile) = profile {
            let kernels = compiled.c()?.kernels;
            let function = |symbol: &str| {
                let kernel = kernels.iter().find(|k| k.symbol == symbol);
                kernel.map(|k| k.function.clone())
            };
            outcome.profile = Some(ModelProfile::new(compiled, profile, function)?);
            outcome.counts = Some(profile.clone());
        }
        Ok(())
    }
}

/// Runs a network on the samples of a job, one after the other.
pub(super) fn interpret_job(
    network: &Network<'_>,
    samples: &Samples,
) -> Result<RunOutcome, RunError> {
    let mut states = network.initial_states().to_vec();
    each_sample(samples, |i| {
        Ok(network.step(&samples.owned(i), &mut states)?)
    })
}

/// Concatenates what `run` returns for each sample.
pub(super) fn each_sample(
    samples: &Samples,
    mut run: impl FnMut(usize) -> Result<Vec<Vec<u8>>, RunError>,
) -> Result<RunOutcome, RunError> {
    let mut outputs: Vec<Vec<u8>> = Vec::new();
    for i in 0..samples.count() {
        let new = run(i)?;
        if outputs.is_empty() {
            outputs = new;
        } else {
            for (all, one) in outputs.iter_mut().zip(new) {
                all.extend(one);
            }
        }
    }
    Ok(RunOutcome {
        samples: samples.count(),
        outputs,
        ..RunOutcome::default()
    })
}

fn verified(c: &Compiled) -> Result<ir::Verified<'_>, RunError> {
    ir::verify::verify(c.module()).map_err(|e| RunError::Compile(crate::CompileError(e)))
}

/// The cases of models, of the code that a back end makes.
fn built(models: &[&Compiled], backend: Backend, host: bool) -> Result<Vec<Case>, RunError> {
    let mut all = cases(models)?;
    if backend == Backend::Llvm {
        let mut defined: Vec<&str> = Vec::new();
        for (case, model) in all.iter_mut().zip(models) {
            let options = ObjectOptions {
                for_host: host,
                frames: !host,
                ..ObjectOptions::new(&[ObjectKind::Object])
            };
            let objects = model.objects(&options)?;
            case.frames = objects.frames;
            let mut files = objects.files;
            if let Some(shared) = model.shared_arenas()
                && !defined.contains(&shared.app())
            {
                defined.push(shared.app());
                files.extend(crate::backend::arenas(shared, model.target(), &options)?);
            }
            case.objects = files.into_iter().map(|f| (f.path, f.bytes)).collect();
            case.sources.clear();
            case.headers.clear();
        }
    }
    Ok(all)
}

/// A model's C, and that of the libraries that it calls, as a case of a program.
///
/// # Errors
/// The model has no C form, or is too large for 32 bits.
pub fn case(compiled: &Compiled) -> Result<Case, RunError> {
    let mut cases = cases(&[compiled])?;
    Ok(cases.pop().expect("invariant: a case a model"))
}

/// The cases of models; those of one app work in its arenas, which the first of them defines.
fn cases(models: &[&Compiled]) -> Result<Vec<Case>, RunError> {
    let parts: Vec<CFiles> = models.iter().map(|m| m.c()).collect::<Result<_, _>>()?;
    let cases = models
        .iter()
        .zip(&parts)
        .map(|(m, c)| own_case(m, c.clone()));
    let mut cases: Vec<Case> = cases.collect::<Result<_, _>>()?;
    let mut defined: Vec<&str> = Vec::new();
    for (i, model) in models.iter().enumerate() {
        let Some(shared) = model.shared_arenas() else {
            continue;
        };
        let member = |m: &&Compiled| m.shared_arenas().is_some_and(|s| s.app() == shared.app());
        let members: Vec<&CFiles> = models
            .iter()
            .zip(&parts)
            .filter(|(m, _)| member(m))
            .map(|(_, c)| c)
            .collect();
        let app = codegen_c::emit_app(shared, model.target(), &members);
        let others = members.iter().map(|c| &c.header);
        for header in others.chain([&app.header]) {
            if cases[i].headers.iter().all(|h| h.path != header.path) {
                let header = SourceFile::new(header.path.clone(), header.text.clone());
                cases[i].headers.push(header);
            }
        }
        if !defined.contains(&shared.app()) {
            defined.push(shared.app());
            let source = SourceFile::new(app.source.path, app.source.text);
            cases[i].sources.push(source);
        }
    }
    Ok(cases)
}

/// Paths of all libraries that a model calls.
fn paths(compiled: &Compiled, of: fn(&KernelLibrary) -> &[PathBuf]) -> Vec<PathBuf> {
    let all = compiled.libraries().iter().flat_map(of);
    all.cloned().collect()
}

/// A model's C without that of its app.
fn own_case(compiled: &Compiled, c: CFiles) -> Result<Case, RunError> {
    let mut libraries = compiled.libraries().iter();
    if let Some(l) = libraries.find(|l| l.sources().is_empty() && l.include_folders().is_empty()) {
        return Err(RunError::NoLibraryCode {
            library: l.name().to_owned(),
        });
    }
    let word = |what: &str, bytes: u64| {
        u32::try_from(bytes).map_err(|_| RunError::TooLarge {
            model: compiled.name().to_owned(),
            what: what.to_owned(),
            bytes,
        })
    };
    let tensors = |list: Vec<crate::TensorInfo>| {
        list.iter()
            .map(|t| word(&t.name, t.bytes))
            .collect::<Result<Vec<u32>, RunError>>()
    };
    let m = compiled.module();
    let called: Vec<String> = compiled
        .memory()
        .events
        .iter()
        .filter(|&&op| m.op_name(op) == CallOp::NAME)
        .map(|&op| CallOp(op).callee(m))
        .collect();
    let file = |f: codegen_c::File| SourceFile::new(f.path, f.text);
    let arena = |need: &MemoryNeed| {
        Ok(Arena {
            size: word("an arena", need.size)?,
            align: word("the alignment of an arena", need.align)?,
            pool: need.pool.clone(),
        })
    };
    let arenas = c
        .arenas
        .iter()
        .map(arena)
        .collect::<Result<_, RunError>>()?;
    let state = c.state.as_ref().map(|need| {
        Ok::<_, RunError>(State {
            size: word("the state", need.size)?,
            align: word("the alignment of the state", need.align)?,
        })
    });
    let state = state.transpose()?;
    let own_memory = compiled.shared_arenas().is_some();
    let new = Case::new(compiled.name());
    Ok(Case {
        entry: match own_memory {
            true => format!("{}_run", compiled.name()),
            false => new.entry.clone(),
        },
        own_memory,
        inputs: tensors(compiled.inputs())?,
        outputs: tensors(compiled.outputs())?,
        arenas,
        state,
        kernels: c
            .kernels
            .iter()
            .filter(|k| called.contains(&k.symbol))
            .map(|k| k.function.clone())
            .collect(),
        sources: vec![file(c.source), file(c.data)],
        headers: vec![file(c.header), file(c.data_header)],
        foreign: emulate::ForeignCode {
            sources: paths(compiled, KernelLibrary::sources),
            include: paths(compiled, KernelLibrary::include_folders),
        },
        ..new
    })
}
