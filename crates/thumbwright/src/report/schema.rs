//! The data of a report; its JSON form is documented in `docs/report-schema.md`.

use super::measurements::{CodeSize, Measurements, StackNeed};
use crate::layers::TensorInfo;
use crate::{Compiled, report};
use serde::Serialize;

/// Everything that a report says. Sizes are bytes; steps count from 0.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`](report::SCHEMA).
    pub schema: String,
    /// [`SCHEMA_VERSION`](report::SCHEMA_VERSION).
    pub version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What was compiled.
    pub model: ModelReport,
    /// For what.
    pub target: TargetReport,
    /// The pipeline that ran.
    pub pipeline: String,
    /// Inputs, in the model's order.
    pub inputs: Vec<IoTensor>,
    /// Outputs, in the model's order.
    pub outputs: Vec<IoTensor>,
    /// The networks that rewrite rules found equal and that no other one beats in everything, the fewest cycles first; none if there was
    /// nothing to choose.
    pub networks: Vec<NetworkReport>,
    /// What lives where and when.
    pub memory: MemoryReport,
    /// Layers, in the model's order.
    pub layers: Vec<LayerReport>,
    /// Functions that compute layers, in order of their first call.
    pub kernels: Vec<KernelReport>,
    /// Sums over the layers.
    pub totals: Totals,
    /// Flash of the compiled C, if it was compiled.
    pub code: Option<CodeSize>,
    /// Stack need, if it is known.
    pub stack: Option<StackNeed>,
    /// Remarks and warnings, in order of emission.
    pub remarks: Vec<Remark>,
}

/// The compiler.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Tool {
    /// `thumbwright`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The compiled model.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ModelReport {
    /// Prefix of the public C names.
    pub name: String,
    /// The model file, without its folders.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// What was compiled for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TargetReport {
    /// Its name.
    pub name: String,
    /// `core`, `board` or `host`.
    pub kind: String,
    /// In one sentence.
    pub description: String,
    /// Bytes of RAM, if the target names memories.
    pub ram_bytes: Option<u64>,
    /// Bytes of flash, if the target names memories.
    pub flash_bytes: Option<u64>,
}

/// An input or output.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct IoTensor {
    /// Name, shape, type, quantisation.
    #[serde(flatten)]
    pub tensor: TensorInfo,
    /// The arena that it is in; none where the caller brings the memory.
    pub arena: Option<String>,
    /// Bytes from the start of that arena.
    pub offset: Option<u64>,
}

/// What a network costs that could be taken, as estimated before it is lowered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NetworkReport {
    /// Cycles of a run, by the schedules' costs.
    pub cycles: u64,
    /// Bytes of constants and code.
    pub flash_bytes: u64,
    /// Bytes of a plan of its memory.
    pub ram_bytes: u64,
    /// Whether the network costs this as it was given.
    pub given: bool,
    /// Whether the network that was taken costs this.
    pub taken: bool,
}

/// The arenas and what is in them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MemoryReport {
    /// Whether every buffer between the layers has an address.
    pub placed: bool,
    /// `arena` if inputs and outputs are planned with everything else, `caller` if the caller brings their memory.
    pub io: String,
    /// Bytes of all arenas; 0 if nothing is placed.
    pub arena_bytes: u64,
    /// The arenas, one in each memory that is used; without those that keep their contents between runs.
    pub arenas: Vec<ArenaReport>,
    /// The algorithm that planned them, if the module says so.
    pub algorithm: Option<String>,
    /// It is proved that no plan takes fewer bytes: for this order of execution, and for what is in which memory.
    pub bound_bytes: u64,
    /// `arena_bytes − bound_bytes`; 0 says that the plan is optimal.
    pub gap_bytes: u64,
    /// Most bytes that are live at once, alignment included. Arenas may be smaller, where results run into operands.
    pub liveness_bound_bytes: u64,
    /// End of the highest buffer that is no scratch; of several arenas, their sum.
    pub activation_bytes: u64,
    /// The bound if there were no scratch.
    pub activation_bound_bytes: u64,
    /// Most bytes of scratch that are live at once.
    pub scratch_bytes: u64,
    /// Where the bound is reached first; none if there are no buffers.
    pub peak: Option<Peak>,
    /// Steps of a run, in order.
    pub steps: Vec<StepReport>,
    /// Inputs, outputs and activations.
    pub buffers: Vec<BufferReport>,
    /// Working memory of single kernels.
    pub scratch: Vec<BufferReport>,
    /// Where two buffers that are live together share bytes: a result runs into an operand.
    pub overlaps: Vec<OverlapReport>,
    /// Bytes of what is kept between runs, beside the arenas.
    pub state_bytes: u64,
    /// What is kept between runs.
    pub states: Vec<BufferReport>,
}

/// Two buffers that share bytes while both are live.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct OverlapReport {
    /// The buffer that is written, by name.
    pub result: String,
    /// The buffer that is read, by name.
    pub operand: String,
    /// The step that reads the one and writes the other.
    pub step: usize,
    /// The arena that both are in.
    pub arena: String,
    /// First byte that they share.
    pub offset: u64,
    /// Bytes that they share.
    pub bytes: u64,
}

/// An arena.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ArenaReport {
    /// Its symbol in the placed module.
    pub name: String,
    /// The target's memory that it lies in; none on a target without memories.
    pub pool: Option<String>,
    /// Its size.
    pub bytes: u64,
}

/// Where most bytes are live.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Peak {
    /// The step.
    pub step: usize,
    /// The layer that it computes.
    pub layer: String,
}

/// One call of a kernel or one copy: a unit of time in the plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StepReport {
    /// The layer that it computes.
    pub layer: String,
    /// The op, `nn.conv_2d`; none for a copy.
    pub op: Option<String>,
    /// The function that it calls; none for a copy.
    pub kernel: Option<String>,
    /// Bytes in the arenas that are live during the step, scratch included.
    pub live_bytes: u64,
    /// Bytes of scratch among them.
    pub scratch_bytes: u64,
}

/// A buffer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BufferReport {
    /// The tensor's name; for scratch the layer's.
    pub name: String,
    /// The layer at whose step it begins to live; none for an input.
    pub layer: Option<String>,
    /// `input`, `output`, `activation`, `scratch` or `state`.
    pub role: String,
    /// Its size.
    pub bytes: u64,
    /// The arena that it is in; none if it is the caller's, or not placed.
    pub arena: Option<String>,
    /// Bytes from the start of that arena.
    pub offset: Option<u64>,
    /// First step at which it is live.
    pub start: usize,
    /// First step at which it no longer is.
    pub end: usize,
}

/// A layer: one operator of the model.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LayerReport {
    /// Index of the operator in the model file.
    pub index: u32,
    /// The op, `nn.conv_2d`.
    pub op: String,
    /// The layer's name in the model.
    pub name: String,
    /// Activations that it reads.
    pub inputs: Vec<TensorInfo>,
    /// What it makes.
    pub outputs: Vec<TensorInfo>,
    /// Shape of the weights, if it has any.
    pub filter: Option<Vec<i64>>,
    /// Multiply–accumulates.
    pub macs: u64,
    /// Constants that it reads, as in the model file.
    pub weight_bytes: u64,
    /// What it makes.
    pub activation_bytes: u64,
    /// Working memory of its kernel.
    pub scratch_bytes: u64,
    /// The schedule that lowered it, with its knobs; none for a layer that needs no code, as a reshape.
    pub schedule: Option<String>,
    /// The function that computes it.
    pub kernel: Option<String>,
    /// The step at which it is computed.
    pub step: Option<usize>,
    /// Instructions of that step, if profiled. Layers that were fused into one step: all at the first of them.
    pub instructions: Option<u64>,
    /// Modelled cycles, likewise.
    pub cycles: Option<u64>,
}

/// A function that computes one layer or several of equal shape.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KernelReport {
    /// Its name in the lowered module.
    pub name: String,
    /// The layers that it computes, in order of its calls.
    pub layers: Vec<String>,
    /// Instructions of all its calls, if profiled.
    pub instructions: Option<u64>,
    /// Modelled cycles, likewise.
    pub cycles: Option<u64>,
}

/// Sums.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Totals {
    /// Multiply–accumulates.
    pub macs: u64,
    /// Constants that the layers read, as in the model file.
    pub weight_bytes: u64,
    /// Constants of the compiled model: packed weights and tables.
    pub constant_bytes: u64,
    /// Instructions of a run, the harness's call included, if profiled.
    pub instructions: Option<u64>,
    /// Modelled cycles, likewise.
    pub cycles: Option<u64>,
}

/// A remark or warning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Remark {
    /// `remark` or `warning`.
    pub severity: String,
    /// Stable code.
    pub code: String,
    /// One sentence, without a final stop.
    pub message: String,
    /// The layer's name and the model's file, if it is about one place.
    pub location: Option<String>,
    /// Further facts.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Report {
    /// The report of a compiled model.
    pub fn of(compiled: &Compiled, measured: &Measurements) -> Report {
        report::gather::gather(compiled, measured)
    }

    /// `report.json`: indented, fields in the order of the documentation, a newline at the end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("invariant: strings, numbers and lists are JSON");
        text.push('\n');
        text
    }

    /// `report.html`: one page without external resources.
    pub fn html(&self, options: &report::PageOptions) -> String {
        report::page::html(self, options)
    }
}
