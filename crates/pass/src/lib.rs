//! What extends the compiler and what runs it: passes, schedules, the registry around them, and the pass manager.
//!
//! * A [`Pass`] changes a module; a pipeline of passes is text ([`Pipeline`]) in MLIR's syntax and prints back exactly.
//! * A [`Schedule`] lowers one tensor-level op to a loop-level kernel ([`KernelBuilder`]) and says what that costs ([`Cost`]).
//! * An [`Accelerator`] says which parts of a network it may compute, and what that costs.
//! * A [`RewriteRule`] says that two networks compute the same.
//! * A [`Registry`] holds dialects, passes, rewrite patterns, schedules, accelerators and targets; it is filled by explicit calls, then frozen.
//! * [`run_pipeline`] runs passes: it verifies between them, turns a panic into a diagnostic with a [`Reproducer`], keeps analyses
//!   ([`Analysis`]) until the module changes, and tells [`Instrumentation`] what happens.
//!
//! A pass in full, registered and run:
//!
//! ```
//! use ir::WalkOrder;
//! use pass::{ANY, Failed, ManagerOptions, PassCx, PassInfo, Pipeline, Registry, run_pipeline};
//! use target::Targets;
//!
//! fn count_ops(m: &mut ir::Module, op: ir::OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
//!     cx.count("ops", m.walk(op, WalkOrder::Pre).len() as u64);
//!     Ok(())
//! }
//!
//! let mut registry = Registry::builder(Targets::builtin());
//! ir::dialects::register_all(&mut registry.dialects)?;
//! registry.pass(PassInfo::new("count-ops", ANY, "Count ops.", count_ops).idempotent())?;
//! let registry = registry.freeze();
//!
//! let mut m = ir::Module::new(registry.dialects().clone());
//! let target = registry.targets().get("cortex-m4").expect("a built-in target");
//! let mut cx = PassCx::new(&registry, target);
//! let pipeline = Pipeline::parse("builtin.module(count-ops)").expect("a pipeline");
//! assert!(run_pipeline(&pipeline, &mut m, &mut cx, ManagerOptions::default(), &mut ()).is_ok());
//! assert_eq!(cx.statistics.get("count-ops", "ops"), 1);
//! # Ok::<(), pass::RegistryError>(())
//! ```

mod accelerator;
mod analysis;
mod extension;
mod info;
mod kernel;
mod manager;
mod options;
mod panics;
mod pass;
mod pipeline;
mod registry;
mod reproducer;
mod rule;
mod schedule;
mod statistics;
pub mod term;

pub use accelerator::{Accelerator, DriverCode};
pub use analysis::Analysis;
pub use extension::ExtensionPoint;
pub use info::{ALGORITHM, ANY, OptionInfo, PassInfo};
pub use kernel::{Kernel, KernelArg, KernelBuilder};
pub use manager::{CODES, Instrumentation, ManagerOptions, PassRun, run_pipeline};
pub use options::{OptionError, Options, PassOptions};
pub use panics::{fail_by_unwinding, panics_are_caught};
pub use pass::{Failed, Pass, PassCx};
pub use pipeline::{Pipeline, PipelineError, Step};
pub use registry::{Registry, RegistryBuilder, RegistryError};
pub use reproducer::Reproducer;
pub use rule::{Condition, Expression, RewriteRule, When};
pub use schedule::{Cost, Knobs, Schedule};
pub use statistics::Statistics;
