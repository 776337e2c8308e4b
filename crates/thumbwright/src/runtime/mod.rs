//! Running compiled models: the same inputs through every runtime that we have.
//!
//! A [`Runtime`] is one of our interpreters, the generated C on the host, or the generated C on an emulated core or board. [`run`] runs
//! one model; a [`Batch`] builds any number of models into one program, which is what tests of many small cases want.
//!
//! A network that has states (what it keeps from one run to the next) takes the samples as one series, on every runtime.
//!
//! ```
//! use thumbwright::runtime::{Runtime, run};
//! use thumbwright::{CompileOptions, Compiler};
//!
//! let model = std::fs::read("../../models/digits_int8.tflite")?;
//! let compiler = Compiler::new()?;
//! let (network, _) = compiler.import("digits_int8.tflite", &model)?;
//! let inputs = vec![vec![0u8; 64 * 2]];
//! let outputs = thumbwright::runtime::interpret(&network, inputs)?;
//! assert_eq!((outputs.samples, outputs.outputs[0].len()), (2, 20));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod error;
mod outcome;
mod samples;

pub use batch::{Batch, BuildSettings, Executable, Job, case};
pub use error::RunError;
pub use outcome::{Count, FileSizes, KernelCount, LayerCount, ModelProfile, RunOutcome};
pub use samples::{InputError, Samples, describe};

use crate::Compiled;
use crate::compiler::tensors;
use target::{Target, Targets};

/// Where a compiled model runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Runtime {
    /// The nn interpreter, on the imported network.
    Interp,
    /// The executor of loops, on the placed module.
    InterpLoops,
    /// The generated C, built by the host's compiler.
    Host,
    /// The generated C on an emulated core or board.
    Emulated(Box<Target>),
}

impl Runtime {
    /// The runtimes that are no targets.
    pub const NAMES: [&'static str; 3] = ["interp", "interp-loops", "host"];

    /// By name: one of [`NAMES`](Self::NAMES), or a target's.
    ///
    /// # Errors
    /// [`RunError::UnknownRuntime`].
    pub fn parse(name: &str, targets: &Targets) -> Result<Runtime, RunError> {
        match name {
            "interp" => Ok(Runtime::Interp),
            "interp-loops" => Ok(Runtime::InterpLoops),
            "host" => Ok(Runtime::Host),
            _ => match targets.get(name) {
                Ok(target) => Ok(Runtime::Emulated(Box::new(target.clone()))),
                Err(e) => Err(RunError::UnknownRuntime(e)),
            },
        }
    }

    /// Its name, as [`parse`](Self::parse) takes it.
    pub fn name(&self) -> &str {
        match self {
            Runtime::Interp => "interp",
            Runtime::InterpLoops => "interp-loops",
            Runtime::Host => "host",
            Runtime::Emulated(target) => &target.name,
        }
    }

    /// The target to compile for, so that the runtime can run it.
    pub fn target(&self) -> &str {
        match self {
            Runtime::Emulated(target) => &target.name,
            _ => "host",
        }
    }
}

/// Runs a model on one or more samples: `inputs` has one block of bytes a tensor, in the model's order, samples concatenated.
///
/// # Errors
/// The inputs do not fit, a tool is missing, or the model fails.
pub fn run(
    compiled: &Compiled,
    runtime: &Runtime,
    inputs: Vec<Vec<u8>>,
    profile: bool,
) -> Result<RunOutcome, RunError> {
    let samples = Samples::new(&compiled.inputs(), inputs)?;
    run_samples(
        compiled,
        runtime,
        samples,
        profile,
        &BuildSettings::default(),
    )
}

/// As [`run`], on checked samples and with a say in how C is built.
///
/// # Errors
/// A tool is missing, or the model fails.
pub fn run_samples(
    compiled: &Compiled,
    runtime: &Runtime,
    samples: Samples,
    profile: bool,
    settings: &BuildSettings,
) -> Result<RunOutcome, RunError> {
    let batch: Batch<'_> = [compiled].into_iter().collect();
    let executable = batch.build(runtime, settings)?;
    let mut outcomes = executable.run(&[Job { model: 0, samples }], profile)?;
    outcomes.pop().expect("invariant: an outcome a job")
}

/// Runs an imported network through the nn interpreter, without compiling it.
///
/// # Errors
/// The inputs do not fit, or an op cannot be evaluated.
pub fn interpret(network: &ir::Module, inputs: Vec<Vec<u8>>) -> Result<RunOutcome, RunError> {
    let samples = Samples::new(&tensors(network).0, inputs)?;
    interpret_samples(network, &samples)
}

/// As [`interpret`], on checked samples.
///
/// # Errors
/// An op cannot be evaluated.
pub fn interpret_samples(network: &ir::Module, samples: &Samples) -> Result<RunOutcome, RunError> {
    let network = interp::Network::new(network, "main")?;
    batch::interpret_job(&network, samples)
}
