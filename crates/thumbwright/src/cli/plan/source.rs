//! Where the buffers come from.

use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use usmp::Problem;

use super::super::console::printable;
use crate::planning::{self, ModelMemory};
use crate::report::picture::{Picture, Step};
use crate::{CompileOptions, Compiler, PipelineOptions};

/// Larger files of buffers are refused.
const MAX_BYTES: u64 = 1 << 28;
/// What a model's memory is planned for, unless it is said.
const DEFAULT_TARGET: &str = "cortex-m4";

/// What a file holds, by its ending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Csv,
    Json,
    Tflite,
    Onnx,
    Mlir,
}

impl Form {
    pub fn of(file: Option<&Path>) -> anyhow::Result<Form> {
        let Some(file) = file else {
            return Ok(Form::Tflite);
        };
        let ending = file.extension().and_then(|e| e.to_str());
        Ok(match ending {
            Some("csv") => Form::Csv,
            Some("json") => Form::Json,
            Some("tflite") => Form::Tflite,
            Some("onnx") => Form::Onnx,
            Some("mlir") => Form::Mlir,
            _ => bail!(
                "{}: it is told by a file's ending what it holds: .tflite, .onnx or .mlir for a model, .csv or .json for buffers",
                file.display()
            ),
        })
    }
}

/// Buffers to be planned, and what is known of them beyond that.
#[derive(Debug)]
pub struct Source {
    /// The file's name without its folders.
    pub name: String,
    /// Of a model, a line on what its memory is planned for.
    heading: String,
    /// The problem.
    pub problem: Problem,
    /// The plan that a file of buffers brings along, unchecked.
    pub plan: Option<usmp::Plan>,
    /// Of each buffer, what it is called in a picture.
    labels: Vec<String>,
    /// What runs at each time, of a model.
    pub steps: Vec<Step>,
}

impl Source {
    /// The buffers of a .csv or .json file.
    pub fn of_buffers(form: Form, file: Option<&Path>) -> anyhow::Result<Source> {
        let path = file.context("invariant: no file is a model")?;
        let text = read(path)?;
        let (problem, plan) = match form {
            Form::Json => planning::read(&text)
                .map(|planned| (planned.problem, planned.plan))
                .map_err(|errors| wrong(path, &errors))?,
            _ => usmp::csv::read(&text, 1)
                .map(|instance| (instance.problem.clone(), instance.plan()))
                .map_err(|errors| wrong(path, errors.errors()))?,
        };
        let labels = problem.buffers().iter().map(|b| b.name.clone()).collect();
        Ok(Source {
            name: base_name(path),
            heading: String::new(),
            problem,
            plan,
            labels,
            steps: Vec::new(),
        })
    }

    /// The buffers of a model, compiled for a target up to planning.
    pub fn of_model(
        compiler: &Compiler,
        file: Option<&Path>,
        target: Option<&str>,
        tuning: PipelineOptions,
    ) -> anyhow::Result<Source> {
        let (name, bytes) = crate::cli::read_model(file)?;
        let options = CompileOptions {
            tuning,
            ..CompileOptions::for_target(target.unwrap_or(DEFAULT_TARGET))
        };
        let memory = ModelMemory::of(compiler, &name, &bytes, &options)?;
        let memories = &compiler.target(&options.target)?.memories;
        let many = memories.iter().filter(|m| m.kind.holds_buffers()).count() > 1;
        let remark = match target {
            None => " (--target chooses another)",
            Some(_) if many => " (in one memory; a compile uses all that it has)",
            Some(_) => "",
        };
        let name = base_name(Path::new(&name));
        Ok(Source {
            heading: format!("{} for {}{remark}\n", printable(&name), options.target),
            name,
            problem: memory.problem,
            plan: None,
            labels: memory.names,
            steps: memory.steps,
        })
    }

    /// The same with so many bytes of memory.
    pub fn with_capacity(mut self, capacity: u64) -> Source {
        self.problem = self.problem.with_capacity(capacity);
        self
    }

    /// A line on what is planned; none for a file of buffers.
    pub fn heading(&self) -> &str {
        &self.heading
    }

    /// The layer that runs at a time.
    pub fn layer(&self, time: u32) -> Option<&str> {
        let step = usize::try_from(time).ok().and_then(|t| self.steps.get(t))?;
        Some(&step.name)
            .filter(|name| !name.is_empty())
            .map(String::as_str)
    }

    /// The picture of a plan.
    pub fn picture(&self, outcome: &usmp::Outcome) -> Picture {
        let title = format!("Memory plan of {}", self.name);
        let mut picture = Picture::of(&title, &self.problem, outcome.plan());
        picture.bound = outcome.lower_bound();
        picture.steps.clone_from(&self.steps);
        for (block, label) in picture.blocks.iter_mut().zip(&self.labels) {
            block.name.clone_from(label);
        }
        picture
    }
}

/// Errors of a file, a line each.
fn wrong(path: &Path, errors: &[impl std::fmt::Display]) -> anyhow::Error {
    let line = |error| format!("{}: {error}", path.display());
    let lines: Vec<String> = errors.iter().map(line).collect();
    anyhow!("{}", lines.join("\n"))
}

fn base_name(path: &Path) -> String {
    crate::compiler::base_name(&path.to_string_lossy()).to_owned()
}

fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let cannot = || format!("cannot read {shown}");
    let metadata = std::fs::metadata(path).with_context(cannot)?;
    ensure!(!metadata.is_dir(), "{shown} is a directory, not a file");
    ensure!(
        metadata.len() <= MAX_BYTES,
        "{shown} is larger than {MAX_BYTES} bytes"
    );
    std::fs::read_to_string(path).with_context(cannot)
}
