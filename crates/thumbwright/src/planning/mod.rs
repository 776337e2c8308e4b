//! Memory plans apart from a compile: the problem that a model poses, plans as JSON, plans for TensorFlow Lite Micro.
//!
//! The planner itself is [`usmp`]; its CSV is [`usmp::csv`].
//!
//! ```
//! use thumbwright::planning::{ModelMemory, OfflinePlan};
//! use thumbwright::{CompileOptions, Compiler};
//! use usmp::{Algorithm, Exact};
//!
//! let model = std::fs::read("../../models/digits_int8.tflite")?;
//! let options = CompileOptions::for_target("cortex-m4");
//! let memory = ModelMemory::of(&Compiler::new()?, "digits_int8.tflite", &model, &options)?;
//! let outcome = Exact::default().solve(&memory.problem);
//! assert!(outcome.is_optimal());
//!
//! // The same model run by TensorFlow Lite Micro, which needs other buffers.
//! let offline = OfflinePlan::of("digits_int8.tflite", &model, &Exact::default())?;
//! assert!(offline.outcome.is_optimal());
//! let copy: Vec<u8> = offline.copy;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod document;
mod model;
mod offline;

pub use document::{DocumentError, Planned, SCHEMA, SCHEMA_VERSION, read, write};
pub use model::ModelMemory;
pub use offline::OfflinePlan;
