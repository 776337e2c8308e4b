//! Thumbwright compiles a trained network into C that runs it alone on a microcontroller.
//!
//! This crate is the façade that embedders call; the `thumbwright` command is built on it.
//!
//! ```
//! use thumbwright::{CompileOptions, Compiler};
//!
//! let model = std::fs::read("../../models/digits_int8.tflite")?;
//! let compiler = Compiler::new()?;
//! let compiled = compiler.compile("digits_int8.tflite", &model, &CompileOptions::for_target("cortex-m4"))?;
//! println!("arena: {} bytes", compiled.memory().arena_size);
//! for file in compiled.c_files()? {
//!     println!("{}: {} bytes", file.path, file.text.len());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod app;
mod backend;
pub mod cli;
pub mod codes;
mod compiler;
pub mod example;
mod identifiers;
mod layers;
pub mod optimize;
pub mod planning;
pub mod reference;
pub mod report;
pub mod runtime;

pub use app::{App, AppModel};
pub use backend::{AppObjects, Backend, BinaryFile, ObjectKind, ObjectOptions, Objects};
pub use compiler::{
    CODES, CompileError, CompileOptions, Compiled, Compiler, CompilerBuilder, File, ImportOptions,
    Stage, states, tensors,
};
pub use frontends::onnx::{ImportOptions as OnnxOptions, InputLayout};
pub use identifiers::module_name;
pub use kernel_library::{KernelLibrary, LibraryError};
pub use layers::{Layer, TensorInfo, layers};
pub use passes::memory_map::{MappedArena, MappedBuffer, MemoryMap, Role};
pub use passes::quantize_graph::Arithmetic;
pub use passes::{Budgets, Constants, Io, OptimizeFor, PipelineOptions, RuleOptions};
pub use plugin::PluginError;

/// The version that is written into everything that comes out.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The programs of the README and of the book are tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    mod readme {}
    #[doc = include_str!("../../../docs/accelerator.md")]
    mod accelerator {}
    #[doc = include_str!("../../../docs/embedding.md")]
    mod embedding {}
    #[doc = include_str!("../../../docs/first-pass.md")]
    mod first_pass {}
    #[doc = include_str!("../../../docs/ir.md")]
    mod ir {}
    #[doc = include_str!("../../../docs/plug-ins.md")]
    mod plug_ins {}
    #[doc = include_str!("../../../docs/plugin-static.md")]
    mod plugin_static {}
    #[doc = include_str!("../../../docs/testing.md")]
    mod testing {}
    #[doc = include_str!("../../../docs/writing-a-pass.md")]
    mod writing_a_pass {}
    #[doc = include_str!("../../../docs/writing-a-pattern.md")]
    mod writing_a_pattern {}
    #[doc = include_str!("../../../docs/writing-a-rule.md")]
    mod writing_a_rule {}
    #[doc = include_str!("../../../docs/writing-a-schedule.md")]
    mod writing_a_schedule {}
    #[doc = include_str!("../../../docs/writing-an-op.md")]
    mod writing_an_op {}
}
