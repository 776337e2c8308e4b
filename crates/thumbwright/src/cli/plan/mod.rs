//! `thumbwright plan`.

mod capacity;
mod emit;
mod source;
mod text;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use clap::Args;
use usmp::{Algorithm, Algorithms, Outcome, Problem};

use super::console::Console;
use super::planning_options::PlanningOptions;
use crate::Compiler;
use capacity::Capacity;
use emit::{Kind, Outputs};
use source::{Form, Source};

/// The name that stands for every algorithm.
const ALL: &str = "all";

/// Plan the memory of a model, or of buffers given as CSV or JSON.
#[derive(Args, Debug)]
pub struct Plan {
    /// A model (.tflite, .onnx, .mlir), or buffers (.csv as minimalloc's, .json) [default: a small built-in model].
    file: Option<PathBuf>,
    /// Plan a model's memory for this core or board, or for that of a description, NAME.toml [default: cortex-m4].
    #[arg(long)]
    pub target: Option<String>,
    #[command(flatten)]
    pub taken: super::import_options::ModelOptions,
    #[command(flatten)]
    planning: PlanningOptions,
    /// Bytes that the plan may take; `min` for as few as it can.
    #[arg(long, value_name = "N|min", default_value = "min")]
    capacity: Capacity,
    /// What to write: the buffers with their offsets, the picture, a copy of a .tflite with a plan for TensorFlow Lite Micro [default: by the output's ending].
    #[arg(long, value_delimiter = ',', value_name = "KIND")]
    emit: Vec<Kind>,
    /// Where to write: a file, a directory, `-` for standard output; of several kinds, the beginning of the files' names.
    #[arg(short, long = "output", value_name = "PATH")]
    output: Option<PathBuf>,
    /// A kernel library or an accelerator to use: `cmsis-nn`, the name of another, or the path of a library's table, FILE.toml. `cmsis-nn=DIR`
    /// says where the library's sources are, for programs that are built here.
    #[arg(long, value_name = "NAME|FILE")]
    pub with: Vec<String>,
}

/// What an algorithm made of a problem, and how long it took.
struct Trial {
    algorithm: String,
    outcome: Outcome,
    time: Duration,
}

impl Plan {
    /// Plans, writes, and says how it went.
    pub fn execute(&self, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
        let algorithms = self.algorithms(compiler.registry().algorithms())?;
        let outputs = Outputs::of(&self.emit, self.output.as_deref(), self.file.as_deref())?;
        let form = Form::of(self.file.as_deref())?;
        ensure!(
            form == Form::Tflite || !outputs.have(Kind::Tflite),
            "--emit tflite takes a .tflite model"
        );
        ensure!(
            !self.planning.concern_memories(),
            "--pool and --constants are for a compile: here the buffers are planned in one memory"
        );
        if matches!(form, Form::Csv | Form::Json) {
            ensure!(
                self.target.is_none() && self.with.is_empty(),
                "--target and --with are for models; the buffers of a file have been compiled"
            );
        }
        let mut summary = String::new();
        let mut contents = Vec::new();
        // Only for TensorFlow Lite Micro: its operators need not be ours.
        if !outputs.are_only(Kind::Tflite) {
            let source = self.read(form, compiler, console)?;
            let (trial, text) = self.plan(&source, &algorithms, console)?;
            summary += &text;
            contents = outputs.contents(&source, &trial.algorithm, &trial.outcome);
        }
        if outputs.have(Kind::Tflite) {
            let (copy, text) = self.offline(&algorithms, console)?;
            summary += &text;
            contents.push((Kind::Tflite, copy));
        }
        outputs.write(contents, summary, console)
    }

    fn algorithms<'a>(&self, registered: &'a Algorithms) -> anyhow::Result<Vec<&'a dyn Algorithm>> {
        let name = self.planning.algorithm().unwrap_or(Algorithms::DEFAULT);
        let names: Vec<&str> = match name {
            ALL => registered.names().collect(),
            name => vec![name],
        };
        let found = names.into_iter().map(|name| registered.get(name));
        Ok(found.collect::<Result<_, _>>()?)
    }

    fn read(&self, form: Form, compiler: &Compiler, console: &Console) -> anyhow::Result<Source> {
        let source = match form {
            Form::Csv | Form::Json => Source::of_buffers(form, self.file.as_deref())?,
            Form::Tflite | Form::Onnx | Form::Mlir => console.during("compiling", || {
                let target = self.target.as_deref();
                let tuning = self.planning.tuning();
                Source::of_model(compiler, self.file.as_deref(), target, tuning)
            })?,
        };
        Ok(match self.capacity {
            Capacity::Min => source,
            Capacity::Bytes(n) => source.with_capacity(n),
        })
    }

    /// The plan to write, and the text about it. None is there to write that does not fit, or that the checker refuses.
    fn plan(
        &self,
        source: &Source,
        algorithms: &[&dyn Algorithm],
        console: &Console,
    ) -> anyhow::Result<(Trial, String)> {
        let problem = &source.problem;
        let mut trials = console.during("planning", || try_all(problem, algorithms));
        for trial in &trials {
            check(problem, trial)?;
        }
        let table = text::comparison(source, &trials);
        let bound = trials.iter().map(|t| t.outcome.lower_bound()).max();
        let heights = trials.iter().map(|t| t.outcome.plan().height());
        let Some((best, _)) = heights.enumerate().min_by_key(|&(_, height)| height) else {
            bail!("there is no planning algorithm");
        };
        let best = trials.swap_remove(best);
        let height = best.outcome.plan().height();
        if let Some(capacity) = problem.capacity().filter(|&c| height > c) {
            let bound = bound.unwrap_or(0);
            bail!("{}", text::does_not_fit(source, height, bound, capacity));
        }
        let mut text = source.heading().to_owned();
        text += &match algorithms.len() {
            1 => text::one(source, &best),
            _ => table,
        };
        Ok((best, text))
    }

    /// The copy for TensorFlow Lite Micro, by the algorithm of the lowest plan, and the text about it.
    fn offline(
        &self,
        algorithms: &[&dyn Algorithm],
        console: &Console,
    ) -> anyhow::Result<(Vec<u8>, String)> {
        let (file, bytes) = super::read_model(self.file.as_deref())?;
        let mut best: Option<(&str, crate::planning::OfflinePlan)> = None;
        for algorithm in algorithms {
            let plan = console.during("planning", || {
                crate::planning::OfflinePlan::of(&file, &bytes, *algorithm)
            })?;
            let height = plan.outcome.plan().height();
            if best
                .as_ref()
                .is_none_or(|(_, b)| height < b.outcome.plan().height())
            {
                best = Some((algorithm.name(), plan));
            }
        }
        let Some((algorithm, plan)) = best else {
            bail!("there is no planning algorithm");
        };
        if let Capacity::Bytes(capacity) = self.capacity {
            let height = plan.outcome.plan().height();
            ensure!(
                height <= capacity,
                "the plan for TensorFlow Lite Micro does not fit: height {height} bytes, capacity {capacity} bytes"
            );
        }
        let text = text::offline(algorithm, &plan);
        Ok((plan.copy, text))
    }
}

fn try_all(problem: &Problem, algorithms: &[&dyn Algorithm]) -> Vec<Trial> {
    let attempt = |algorithm: &&dyn Algorithm| {
        let started = Instant::now();
        let outcome = algorithm.solve(problem);
        Trial {
            algorithm: algorithm.name().to_owned(),
            outcome,
            time: started.elapsed(),
        }
    };
    algorithms.iter().map(attempt).collect()
}

/// Everything but the capacity.
fn check(problem: &Problem, trial: &Trial) -> anyhow::Result<()> {
    let violations = usmp::check(problem, trial.outcome.plan());
    let wrong = |v: &&usmp::Violation| !matches!(v, usmp::Violation::OverCapacity { .. });
    match violations.iter().find(wrong) {
        Some(violation) => bail!(
            "algorithm `{}` made a wrong plan: {violation}",
            trial.algorithm
        ),
        None => Ok(()),
    }
}
