//! `thumbwright run`.

use std::path::PathBuf;

use crate::runtime::{
    BuildSettings, ModelProfile, RunOutcome, Runtime, Samples, describe, interpret_samples,
    run_samples,
};
use crate::{Backend, CompileOptions, Compiler, PipelineOptions, TensorInfo};
use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Serialize;

use super::backend_name::BackendName;
use super::console::Console;
use super::output_file::OutputFiles;
use super::planning_options::PlanningOptions;
use super::{profile_text, read_model, tensors, values};

/// Run a model on samples: interpreted, on the host, or on an emulated core or board.
#[derive(Args, Debug)]
pub struct Run {
    /// The model, a .tflite or .onnx file [default: a small built-in one that reads handwritten digits].
    model: Option<PathBuf>,
    /// A core or board, `interp` (the network interpreted), `interp-loops` (the lowered code interpreted) or `host` (the C built by cc). Or the path of a description, NAME.toml.
    #[arg(long)]
    pub target: String,
    #[command(flatten)]
    pub taken: super::import_options::ModelOptions,
    /// An input tensor, raw little endian or .npy; one FILE a tensor in the model's order, samples concatenated [default: one sample of zeros].
    #[arg(long, value_name = "FILE")]
    input: Vec<PathBuf>,
    /// Where to write an output tensor, raw or .npy; one FILE a tensor in the model's order [default: values as text on standard output].
    #[arg(long, value_name = "FILE")]
    output: Vec<PathBuf>,
    #[command(flatten)]
    planning: PlanningOptions,
    /// What makes the code that runs: C, or LLVM, if this build has it.
    #[arg(long, value_enum, default_value_t)]
    backend: BackendName,
    /// Overwrite dead memory after every layer, to find who reads it; takes longer.
    #[arg(long, conflicts_with_all = ["profile", "pipeline"])]
    poison: bool,
    /// Count instructions and model cycles by layer and by kernel, on the first sample.
    #[arg(long)]
    profile: bool,
    /// Print the profile as JSON.
    #[arg(long, requires = "profile")]
    json: bool,
    /// The passes to run instead of the default ones.
    #[arg(long, value_name = "TEXT", conflicts_with = "PlanningOptions")]
    pipeline: Option<String>,
    /// A kernel library or an accelerator to use: `cmsis-nn`, the name of another, or the path of a library's table, FILE.toml. `cmsis-nn=DIR`
    /// says where the library's sources are, for programs that are built here.
    #[arg(long, value_name = "NAME|FILE")]
    pub with: Vec<String>,
}

/// What `--profile --json` prints.
#[derive(Serialize)]
struct ProfileJson<'a> {
    model: String,
    target: &'a str,
    machine: Option<&'a str>,
    #[serde(flatten)]
    profile: &'a ModelProfile,
    stack_bytes: Option<u32>,
    files: Vec<FileJson<'a>>,
}

#[derive(Serialize)]
struct FileJson<'a> {
    file: &'a str,
    text_bytes: u64,
    flash_bytes: u64,
    ram_bytes: u64,
}

impl Run {
    /// Runs the model; outputs or profile as text.
    pub fn execute(&self, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
        let runtime = Runtime::parse(&self.target, compiler.registry().targets())?;
        if self.profile && !matches!(runtime, Runtime::Emulated(_)) {
            bail!(
                "--profile takes a core or a board, `{}` is none",
                self.target
            );
        }
        let backend = Backend::from(self.backend);
        backend.check()?;
        let interpreted = matches!(runtime, Runtime::Interp | Runtime::InterpLoops);
        if interpreted && backend != Backend::C {
            bail!(
                "--backend takes a core, a board or the host, `{}` is interpreted",
                self.target
            );
        }
        let (file, bytes) = read_model(self.model.as_deref())?;
        let (outputs, outcome) = if runtime == Runtime::Interp {
            let (network, remarks) = compiler.import(&file, &bytes)?;
            warn(console, &remarks);
            let (inputs, outputs) = crate::tensors(&network);
            let samples = self.samples(&inputs, &outputs, console)?;
            let outcome =
                console.during("interpreting", || interpret_samples(&network, &samples))?;
            (outputs, outcome)
        } else {
            let options = CompileOptions {
                tuning: PipelineOptions {
                    poison: self.poison,
                    ..self.planning.tuning()
                },
                pipeline: self.pipeline.clone(),
                ..CompileOptions::for_target(runtime.target())
            };
            let compiled =
                console.during("compiling", || compiler.compile(&file, &bytes, &options))?;
            warn(console, compiled.diagnostics());
            let outputs = compiled.outputs();
            let samples = self.samples(&compiled.inputs(), &outputs, console)?;
            let what = format!(
                "running on {}, samples: {}",
                runtime.name(),
                samples.count()
            );
            let settings = BuildSettings {
                backend,
                ..BuildSettings::default()
            };
            let outcome = console.during(&what, || {
                run_samples(&compiled, &runtime, samples, self.profile, &settings)
            })?;
            (outputs, outcome)
        };
        self.write(&outputs, &outcome)?;
        self.text(&file, &outputs, &outcome)
    }

    /// The inputs, checked; that of the output files too, before anything runs.
    fn samples(
        &self,
        inputs: &[TensorInfo],
        outputs: &[TensorInfo],
        console: &Console,
    ) -> anyhow::Result<Samples> {
        let list =
            |tensors: &[TensorInfo]| tensors.iter().map(describe).collect::<Vec<_>>().join("; ");
        if !self.output.is_empty() && self.output.len() != outputs.len() {
            bail!(
                "{} --output files are given, the model has {} outputs: {}",
                self.output.len(),
                outputs.len(),
                list(outputs)
            );
        }
        if self.input.is_empty() {
            if !console.is_quiet() {
                console.line("no --input: running one sample of zeros");
            }
            return Ok(Samples::zero(inputs));
        }
        ensure!(
            self.input.len() == inputs.len(),
            "{} --input files are given, the model has {} inputs: {}",
            self.input.len(),
            inputs.len(),
            list(inputs)
        );
        let data = self.input.iter().zip(inputs);
        let data = data
            .map(|(path, t)| tensors::read(path, t))
            .collect::<anyhow::Result<_>>()?;
        Ok(Samples::new(inputs, data).map_err(crate::runtime::RunError::from)?)
    }

    fn write(&self, outputs: &[TensorInfo], outcome: &RunOutcome) -> anyhow::Result<()> {
        let mut files = OutputFiles::default();
        for ((path, t), data) in self.output.iter().zip(outputs).zip(&outcome.outputs) {
            files.stage(path, tensors::encode(path, t, outcome.samples, data))?;
        }
        files.commit()
    }

    fn text(
        &self,
        model: &str,
        outputs: &[TensorInfo],
        outcome: &RunOutcome,
    ) -> anyhow::Result<String> {
        let mut text = String::new();
        if self.output.is_empty() && !self.json {
            text += &values::text(outputs, outcome.samples, &outcome.outputs);
        }
        let Some(profile) = &outcome.profile else {
            return Ok(text);
        };
        if !self.json {
            if !text.is_empty() {
                text.push('\n');
            }
            return Ok(text + &profile_text::text(profile, outcome));
        }
        let json = ProfileJson {
            model: crate::compiler::base_name(model).to_owned(),
            target: &self.target,
            machine: outcome.machine,
            profile,
            stack_bytes: outcome.stack_high_water,
            files: outcome
                .sizes
                .iter()
                .map(|f| FileJson {
                    file: &f.file,
                    text_bytes: f.text(),
                    flash_bytes: f.flash(),
                    ram_bytes: f.sizes.ram(),
                })
                .collect(),
        };
        Ok(serde_json::to_string_pretty(&json).context("cannot write JSON")? + "\n")
    }
}

/// Prints warnings; remarks are for `compile`.
fn warn(console: &Console, diagnostics: &ir::Diagnostics) {
    let warnings = diagnostics
        .iter()
        .filter(|d| d.severity > ir::Severity::Remark);
    console.diagnostics(warnings);
}
