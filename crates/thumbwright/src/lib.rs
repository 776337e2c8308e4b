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

pub mod cli;
pub mod codes;
mod compiler;
pub mod example;
mod identifiers;
mod layers;
pub mod optimize;
pub mod reference;
pub mod report;
pub mod runtime;

pub use compiler::{
    CODES, CompileError, CompileOptions, Compiled, Compiler, CompilerBuilder, File, Io, Stage,
    tensors,
};
pub use identifiers::module_name;
pub use kernel_library::{KernelLibrary, LibraryError};
pub use layers::{Layer, TensorInfo, layers};
pub use passes::memory_map::{MappedBuffer, MemoryMap, Role};

/// The version that is written into everything that comes out.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
