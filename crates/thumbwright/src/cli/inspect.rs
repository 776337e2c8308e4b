//! `thumbwright inspect`.

use std::path::PathBuf;

use crate::report::{Measurements, MemoryReport, Report as CompileReport};
use crate::{CompileOptions, Compiled, Compiler, Layer, TensorInfo};
use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::console::{Console, printable};
use super::profile_text::shortened;
use super::read_model;
use super::table::{Table, number, shape};

/// Show the layers of a model and the memory that it needs.
#[derive(Args, Debug)]
pub struct Inspect {
    /// The model, a .tflite or .onnx file [default: a small built-in one that reads handwritten digits].
    model: Option<PathBuf>,
    /// Plan the memory for this core or board, or for that of a description, NAME.toml.
    #[arg(long, default_value = "host")]
    pub target: String,
    #[command(flatten)]
    pub taken: super::import_options::ModelOptions,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// A kernel library or an accelerator to use: `cmsis-nn`, the name of another, or the path of a library's table, FILE.toml. `cmsis-nn=DIR`
    /// says where the library's sources are, for programs that are built here.
    #[arg(long, value_name = "NAME|FILE")]
    pub with: Vec<String>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    model: String,
    target: String,
    inputs: Vec<TensorInfo>,
    outputs: Vec<TensorInfo>,
    layers: Vec<Layer>,
    total: Total,
    /// None when the model does not compile for the target.
    memory: Option<MemoryReport>,
}

#[derive(Serialize)]
struct Total {
    macs: u64,
    weight_bytes: u64,
}

impl Inspect {
    /// The tables or the JSON.
    pub fn execute(&self, compiler: &Compiler, console: &Console) -> anyhow::Result<String> {
        compiler.target(&self.target)?;
        let (file, bytes) = read_model(self.model.as_deref())?;
        let options = CompileOptions::for_target(&self.target);
        let (network, _) = compiler.import(&file, &bytes)?;
        let compiled = console.during("compiling", || compiler.compile(&file, &bytes, &options));
        if let Err(e) = &compiled {
            console.diagnostics(e.0.iter());
            console.line(
                "the memory is not planned, since the model does not compile for this target",
            );
        }
        let base = crate::compiler::base_name(&file);
        let report = Report::new(base, &self.target, &network, compiled.ok().as_ref());
        if self.json {
            return Ok(serde_json::to_string_pretty(&report).context("cannot write JSON")? + "\n");
        }
        Ok(report.text())
    }
}

impl Report {
    fn new(file: &str, target: &str, network: &ir::Module, compiled: Option<&Compiled>) -> Report {
        let layers = crate::layers(network);
        let (inputs, outputs) = crate::tensors(network);
        Report {
            model: file.to_owned(),
            target: target.to_owned(),
            inputs,
            outputs,
            total: Total {
                macs: layers.iter().map(|l| l.macs).sum(),
                weight_bytes: layers.iter().map(|l| l.weight_bytes).sum(),
            },
            layers,
            memory: compiled.map(|c| CompileReport::of(c, &Measurements::default()).memory),
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} for {}\n", printable(&self.model), self.target);
        for (what, list) in [("input", &self.inputs), ("output", &self.outputs)] {
            for t in list {
                text += &format!(
                    "{what} \"{}\": {}{}\n",
                    printable(&t.name),
                    kind(t),
                    quantisation(t)
                );
            }
        }
        let mut table = Table::new(&[
            ">#",
            "operator",
            "layer",
            "input",
            "filter",
            "output",
            "quantisation",
            ">MACs",
            ">weights",
            ">activation",
        ]);
        for l in &self.layers {
            let tensors =
                |list: &[TensorInfo]| list.iter().map(kind).collect::<Vec<_>>().join(", ");
            table.row(vec![
                l.index.to_string(),
                l.op.trim_start_matches("nn.").to_owned(),
                shortened(&l.name),
                tensors(&l.inputs),
                l.filter.as_deref().map(shape).unwrap_or_default(),
                tensors(&l.outputs),
                l.outputs
                    .first()
                    .map(|t| quantisation(t).trim().to_owned())
                    .unwrap_or_default(),
                number(l.macs),
                number(l.weight_bytes),
                number(l.activation_bytes),
            ]);
        }
        text += &format!("\n{}\n", table.text());
        text += &format!(
            "{} MACs, {} bytes of weights\n",
            number(self.total.macs),
            number(self.total.weight_bytes)
        );
        if let Some(m) = &self.memory {
            text += &memory(m);
        }
        text
    }
}

/// The arena in one line.
pub fn memory(m: &MemoryReport) -> String {
    let kept = match m.state_bytes {
        0 => String::new(),
        n => format!("; kept between runs {}", number(n)),
    };
    format!(
        "arena {} bytes: activations {} ({} live at once), scratch {}{kept}\n",
        number(m.arena_bytes),
        number(m.activation_bytes),
        number(m.activation_bound_bytes),
        number(m.scratch_bytes)
    )
}

/// `int8 1×8×8×1`.
fn kind(t: &TensorInfo) -> String {
    format!("{} {}", t.dtype, shape(&t.shape))
}

/// ` 0.5 × (q + 3)`, or nothing. Scales are single-precision numbers in the file: their shortest decimals say all of them.
fn quantisation(t: &TensorInfo) -> String {
    match (&t.scales[..], &t.zero_points[..]) {
        ([scale], [zero]) => format!(" {} × (q − {zero})", *scale as f32).replace("− -", "+ "),
        ([], _) => String::new(),
        (scales, _) => format!(" {} scales", scales.len()),
    }
}
