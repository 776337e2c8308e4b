//! The report of a compile: [`Report`] as data, as `report.json`, and as a page that a person can look at.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use thumbwright::report::{Measurements, PageOptions, Report};
//! use thumbwright::{CompileOptions, Compiler};
//!
//! let model = std::fs::read("kws.tflite")?;
//! let compiled = Compiler::new()?.compile("kws.tflite", &model, &CompileOptions::for_target("cortex-m4"))?;
//! let report = Report::of(&compiled, &Measurements::default());
//! std::fs::write("report.json", report.json())?;
//! std::fs::write("report.html", report.html(&PageOptions::default()))?;
//! # Ok(())
//! # }
//! ```
//!
//! Invariant: [`Report::json`], and [`Report::html`] with default options, are functions of the compiled model and the measurements
//! alone. Host time is neither, so it is not a measurement: the command prints it, and the page shows it only where
//! [`PageOptions::host_time`] asks for it.

mod app;
mod escape;
mod gather;
pub(crate) use gather::named_layers;
mod measurements;
mod numbers;
mod page;
pub mod picture;
mod schema;

pub use app::{APP_SCHEMA, AppModelReport, AppReport, SharedArenaReport};
pub use measurements::{CodeSize, Measurements, StackNeed, StackSource};
pub(crate) use page::steps_of;
pub use page::{HostTime, PageOptions};
pub use schema::{
    ArenaReport, BufferReport, IoTensor, KernelReport, LayerReport, MemoryReport, ModelReport,
    NetworkReport, OverlapReport, Peak, Remark, Report, StepReport, TargetReport, Tool, Totals,
};

/// The value of `schema` in `report.json`.
pub const SCHEMA: &str = "thumbwright.report";
/// The version of `report.json`, documented in `docs/report-schema.md`. It changes when a field goes or changes its meaning; new fields
/// may come without a change.
pub const SCHEMA_VERSION: u32 = 1;
