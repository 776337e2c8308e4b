//! What extends the compiler and what runs it: passes, schedules, the registry around them, and the pass manager.
//!
//! * A [`Pass`] changes a module; a pipeline of passes is text ([`Pipeline`]) in MLIR's syntax and prints back exactly.
//! * A [`Schedule`] lowers one tensor-level op to a loop-level kernel ([`KernelBuilder`]) and says what that costs ([`Cost`]).
//! * A [`Registry`] holds dialects, passes, schedules and targets; it is filled by explicit calls, then frozen.

mod kernel;
mod manager;
mod options;
mod pass;
mod pipeline;
mod registry;
mod schedule;

pub use kernel::{Kernel, KernelArg, KernelBuilder};
pub use manager::{Instrumentation, ManagerOptions, run_pipeline};
pub use options::{OptionError, PassOptions};
pub use pass::{Failed, Pass, PassCx, PassInfo};
pub use pipeline::{Pipeline, PipelineError, Step};
pub use registry::{Registry, RegistryBuilder, RegistryError};
pub use schedule::{Cost, Knobs, Schedule};
