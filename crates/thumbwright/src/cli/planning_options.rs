//! What a user may ask of the memory plan: the same options wherever a model is compiled.

use crate::{Io, PipelineOptions};
use clap::{Args, ValueEnum};

/// Options of the memory plan.
///
/// A form that also takes passes of one's own makes them conflict with the group `PlanningOptions`, since they tune the default passes.
#[derive(Args, Clone, Debug)]
#[group(multiple = true)]
pub struct PlanningOptions {
    /// Where inputs and outputs live: planned inside the arena, or in the caller's memory.
    #[arg(long, value_enum, default_value_t = IoPlace::Arena)]
    io: IoPlace,
    /// The planning algorithm [default: exact].
    #[arg(long, value_name = "NAME")]
    algorithm: Option<String>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum IoPlace {
    Arena,
    Caller,
}

impl PlanningOptions {
    /// What the default pipeline is asked for.
    pub fn tuning(&self) -> PipelineOptions {
        PipelineOptions {
            io: match self.io {
                IoPlace::Arena => Io::Arena,
                IoPlace::Caller => Io::Caller,
            },
            algorithm: self.algorithm.clone(),
        }
    }
}
