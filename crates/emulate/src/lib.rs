//! Generated C as a program: built for an emulated Cortex-M or for the host, run, measured.
//!
//! A [`Case`] is one compiled model. [`Firmware::build`] puts any number of them into one image together
//! with our start-up code and harness; [`Firmware::run`] runs it under `qemu-system-arm` with inputs
//! from a file, poisons the arenas before each run, returns the outputs and, on request, exact instruction
//! counts and modelled cycles by function and by call ([`Profile`]). [`HostProgram`] does the same with
//! the host's `cc`, with or without sanitizers. [`Sizes`] tells what an object puts into which section.
//!
//! ```no_run
//! use emulate::{Arena, BuildOptions, Case, Firmware, RunOptions, SourceFile};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let targets = target::Targets::builtin();
//! let case = Case {
//!     sources: vec![SourceFile::new("src/twice.c", "#include \"twice.h\"\n…")],
//!     headers: vec![SourceFile::new("include/twice.h", "…")],
//!     inputs: vec![16],
//!     outputs: vec![16],
//!     arenas: vec![Arena::new(64)],
//!     ..Case::new("twice")
//! };
//! let firmware = Firmware::build(targets.get("cortex-m4")?, &[case], &BuildOptions::default())?;
//! let mut options = RunOptions { profile: true, ..RunOptions::default() };
//! options.add(0, vec![vec![1; 16]]);
//! let result = firmware.run(&options)?;
//! println!("{:?}, {} cycles", result.runs[0].outputs[0], result.profiles[0].cycles);
//! # Ok(())
//! # }
//! ```

mod case;
mod disassembly;
mod error;
mod firmware;
mod foreign;
mod glue;
mod host;
mod image;
mod machine;
mod pools;
mod process;
mod profile;
mod protocol;
mod qemu;
mod sizes;
mod stack_usage;
mod toolchain;

pub use case::{Arena, Case, SourceFile, State};
pub use disassembly::{InstructionClass, classify};
pub use error::{EmulateError, Fault};
pub use firmware::{BuildOptions, Firmware};
pub use foreign::ForeignCode;
pub use host::{HostOptions, HostProgram, Sanitizers};
pub use image::{Function, Image};
pub use machine::Machine;
pub use profile::{CallCount, FunctionCount, Profile};
pub use protocol::{CaseRun, RunOptions, RunResult};
pub use sizes::{SectionKind, SectionSize, Sizes, SymbolSize};
pub use stack_usage::StackFrame;
pub use toolchain::{Tool, Toolchain};
