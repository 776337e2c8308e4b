//! What a run returns: outputs, and what was measured.

use emulate::{Profile, SectionKind, Sizes, StackFrame};
use ir::dialects::func::CallOp;
use ir::{Loc, Module};
use serde::Serialize;

use super::error::RunError;
use crate::report::{CodeSize, Measurements, StackNeed, StackSource, named_layers};
use crate::{Compiled, Layer};

/// Executed instructions and modelled cycles.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Count {
    /// Instructions, exact.
    pub instructions: u64,
    /// Cycles by the model of the core, without caches and wait states.
    pub cycles: u64,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.instructions += other.instructions;
        self.cycles += other.cycles;
    }
}

/// A kernel's share of a run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct KernelCount {
    /// Its function in the C file.
    pub kernel: String,
    /// How often it was called.
    pub calls: u64,
    /// Multiply–accumulates of the layers that it computes.
    pub macs: u64,
    /// What its calls took, callees included.
    #[serde(flatten)]
    pub count: Count,
}

/// A layer's share of a run.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct LayerCount {
    /// Its operator's index in the model file; the first one's where several layers are computed as one.
    pub index: Option<u32>,
    /// Its name in the model, or all their names.
    pub layer: String,
    /// The op, `nn.conv_2d`, or all their ops; empty for what no operator of the model asks for.
    pub op: String,
    /// The functions that compute it, in the order of the calls.
    pub kernels: Vec<String>,
    /// Its multiply–accumulates.
    pub macs: u64,
    /// What its calls took.
    #[serde(flatten)]
    pub count: Count,
}

/// Where the time of one run goes.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct ModelProfile {
    /// The whole call of `<name>_run_in`.
    #[serde(flatten)]
    pub total: Count,
    /// By kernel, most cycles first.
    pub kernels: Vec<KernelCount>,
    /// By layer, in the order of execution.
    pub layers: Vec<LayerCount>,
    /// Outside of every kernel: argument checks, copies.
    pub outside: Count,
}

impl ModelProfile {
    /// Attributes the calls of a profile to the layers: they are the calls of the module's `@main`, in its order.
    ///
    /// `function` gives the C name of a kernel's symbol.
    pub(crate) fn new(
        compiled: &Compiled,
        profile: &Profile,
        function: impl Fn(&str) -> Option<String>,
    ) -> Result<ModelProfile, RunError> {
        let m = compiled.module();
        let mismatch = |what: String| RunError::Profile {
            model: compiled.name().to_owned(),
            what,
        };
        let model_layers = compiled.layers();
        let calls: Vec<ir::OpId> = compiled
            .memory()
            .events
            .iter()
            .copied()
            .filter(|&op| m.op_name(op) == CallOp::NAME)
            .collect();
        if calls.len() != profile.calls.len() {
            return Err(mismatch(format!(
                "{} calls are counted, @main has {}",
                profile.calls.len(),
                calls.len()
            )));
        }
        let mut result = ModelProfile {
            total: Count {
                instructions: profile.instructions,
                cycles: profile.cycles,
            },
            outside: Count {
                instructions: profile.outside.0,
                cycles: profile.outside.1,
            },
            ..ModelProfile::default()
        };
        for (&op, call) in calls.iter().zip(&profile.calls) {
            let symbol = CallOp(op).callee(m);
            if function(&symbol).as_deref() != Some(call.function.as_str()) {
                return Err(mismatch(format!(
                    "`{}` is counted where @main calls `{symbol}`",
                    call.function
                )));
            }
            let count = Count {
                instructions: call.instructions,
                cycles: call.cycles,
            };
            let loc = m.op_loc(op);
            let name = m.layer_name(loc).unwrap_or_default();
            let described = described(m, loc, &model_layers);
            let macs = result.layer(name, &described, call, count);
            result.kernel(call, macs, count);
        }
        result.kernels.sort_by(|a, b| {
            b.count
                .cycles
                .cmp(&a.count.cycles)
                .then_with(|| a.kernel.cmp(&b.kernel))
        });
        Ok(result)
    }

    /// Adds a call to its layers; returns their multiply–accumulates, once.
    fn layer(
        &mut self,
        name: String,
        layers: &[&Layer],
        call: &emulate::CallCount,
        count: Count,
    ) -> u64 {
        let index = layers.first().map(|l| l.index);
        let known = self
            .layers
            .iter_mut()
            .find(|l| l.index == index && l.layer == name);
        if let Some(l) = known {
            l.count.add(count);
            l.kernels.push(call.function.clone());
            return 0;
        }
        let macs = layers.iter().map(|l| l.macs).sum();
        let mut ops: Vec<&str> = layers.iter().map(|l| l.op.as_str()).collect();
        ops.dedup();
        self.layers.push(LayerCount {
            index,
            layer: name,
            op: ops.join(" + "),
            kernels: vec![call.function.clone()],
            macs,
            count,
        });
        macs
    }

    fn kernel(&mut self, call: &emulate::CallCount, macs: u64, count: Count) {
        match self.kernels.iter_mut().find(|k| k.kernel == call.function) {
            Some(k) => {
                k.calls += 1;
                k.macs += macs;
                k.count.add(count);
            }
            None => self.kernels.push(KernelCount {
                kernel: call.function.clone(),
                calls: 1,
                macs,
                count,
            }),
        }
    }
}

/// The layers of the model that a location names; an operator of the model that became several ops is several of them.
fn described<'a>(m: &Module, loc: Loc, layers: &'a [Layer]) -> Vec<&'a Layer> {
    let mut named = Vec::new();
    named_layers(m, loc, &mut named);
    let is_named = |l: &&Layer| named.iter().any(|(i, n)| *i == l.index && *n == l.name);
    layers.iter().filter(is_named).collect()
}

/// What one C file of a model becomes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileSizes {
    /// The C file, such as `src/kws.c`, or the object.
    pub file: String,
    /// The sections and symbols of its object.
    pub sizes: Sizes,
}

impl FileSizes {
    /// Bytes of code and constants.
    pub fn flash(&self) -> u64 {
        self.sizes.flash()
    }

    /// Bytes of code.
    pub fn text(&self) -> u64 {
        self.sizes.total(SectionKind::Text)
    }
}

/// What the runs of a model returned.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunOutcome {
    /// How many samples ran.
    pub samples: usize,
    /// The bytes of each output tensor, samples concatenated.
    pub outputs: Vec<Vec<u8>>,
    /// The profile of the first sample, where one was asked for.
    pub profile: Option<ModelProfile>,
    /// The counts that the profile is made of: by function and by call.
    pub counts: Option<Profile>,
    /// The deepest stack of all samples in bytes, on cores and boards.
    pub stack_high_water: Option<u32>,
    /// What each C file puts into flash and RAM, on cores and boards.
    pub sizes: Vec<FileSizes>,
    /// The stack frame of every function as the compiler states it, on cores and boards.
    pub frames: Vec<StackFrame>,
    /// The emulated machine, on cores and boards.
    pub machine: Option<&'static str>,
}

impl RunOutcome {
    /// What the report of a compile shows of it.
    pub fn measurements(&self) -> Measurements {
        let total = |file: &FileSizes, kind| file.sizes.total(kind);
        let is_data = |f: &&FileSizes| f.file.ends_with("_data.c");
        let sum = |data: bool, kind| {
            let of_kind = self.sizes.iter().filter(|f| is_data(f) == data);
            of_kind.map(|f| total(f, kind)).sum::<u64>()
        };
        Measurements {
            profile: self.counts.clone(),
            code: (!self.sizes.is_empty()).then(|| CodeSize {
                text_bytes: sum(false, SectionKind::Text),
                rodata_bytes: sum(false, SectionKind::Rodata),
                data_bytes: sum(true, SectionKind::Rodata),
            }),
            stack: self.stack_high_water.map(|bytes| StackNeed {
                bytes: u64::from(bytes),
                source: StackSource::Measured,
            }),
        }
    }
}
