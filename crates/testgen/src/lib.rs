//! Random well-typed modules for tests: single operators, small networks, loop-level kernels.
//!
//! * [`nn`]: one op of the `nn` dialect, with every attribute, quantisation and constant drawn.
//! * [`network`]: small networks of these ops.
//! * [`cells`]: branchy networks: stacked cells, splits and concatenations.
//! * [`instructions`]: every op that stands for an instruction, on many operands.
//! * [`laws`]: what a rewrite rule of networks promises, tested on random ones.
//! * [`loops`]: placed modules of loops on buffers, free of undefined behaviour.
//! * [`modules`]: modules of any registered ops, a third party's too.
//! * [`properties`]: what every pass promises, tested on these, by [`pass_properties!`] in one line.
//! * [`text`]: texts of any ops, as other tools may write them.
//!
//! Each comes as a proptest strategy, as a list that follows from a seed (so that a test can put hundreds of cases into one firmware
//! image), and from a fuzzer's bytes by [`Choices`]. What is drawn is a plain description that can be printed, compared and built into
//! a module of anyone's registry; every module verifies.
//!
//! ```
//! use std::sync::Arc;
//!
//! let mut registry = ir::DialectRegistry::builder();
//! ir::dialects::register_all(&mut registry)?;
//! let registry = Arc::new(registry.freeze());
//! for case in testgen::nn::cases(7, 30) {
//!     let module = case.build(&registry);
//!     assert!(ir::verify::verify(&module).is_ok(), "{case:?}");
//!     assert_eq!(case.inputs(0).len(), case.inputs.len());
//! }
//! # Ok::<(), ir::RegistryError>(())
//! ```

pub mod cells;
mod choices;
pub mod helium;
pub mod instructions;
pub mod laws;
pub mod loops;
pub mod modules;
pub mod network;
pub mod nn;
pub mod properties;
pub mod text;
pub mod values;

pub use choices::Choices;
