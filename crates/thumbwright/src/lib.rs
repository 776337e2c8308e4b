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

mod compiler;
mod identifiers;
mod layers;
pub mod report;

pub use compiler::{CompileError, CompileOptions, Compiled, Compiler, File, Io, Stage};
pub use identifiers::module_name;
pub use layers::{Layer, TensorInfo};

/// The version that is written into everything that comes out.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
