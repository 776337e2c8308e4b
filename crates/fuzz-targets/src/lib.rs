//! What a fuzzer feeds, and what must hold of any bytes.
//!
//! A target is a function of bytes that panics when something is wrong with the project. Three drivers call it: libFuzzer (the package
//! in `fuzz/`), the replay of the committed corpus (`tests/replay.rs`, part of `cargo test`), and the smoke run of random mutations on
//! a stable toolchain (`src/bin/fuzz_smoke`). `docs/fuzzing.md` says how to run them, and what to do with what they find.
//!
//! Invariant: a target is deterministic; what a driver wrote down fails again.

mod corpus;
mod handles;
mod importers;
mod lower;
mod measure;
mod mutate;
mod outcome;
mod pipeline;
mod session;
mod text;

pub use corpus::{corpus_dir, inputs, regressions_dir};
pub use handles::handles;
pub use importers::{onnx, tflite};
pub use lower::lower;
pub use measure::{Failure, Spent, measure, quiet_panics};
pub use mutate::{Mutator, Syntax};
pub use outcome::Outcome;
pub use pipeline::pipeline;
pub use text::text;

use std::time::Duration;

/// Something to fuzz.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of its function, of its folder in `fuzz/corpus`, and of its libFuzzer binary.
    pub name: &'static str,
    /// What must hold of any bytes.
    pub body: fn(&[u8]) -> Outcome,
    /// What its inputs are made of.
    pub syntax: Syntax,
    /// Longest input that is worth trying, in bytes.
    pub max_len: usize,
    /// An input may take so long, in an optimised build with checks.
    pub time: Duration,
    /// An input may keep so many bytes allocated at once.
    pub memory: usize,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "text",
        body: text,
        syntax: Syntax::Text,
        max_len: 64 << 10,
        time: Duration::from_secs(2),
        memory: 512 << 20,
    },
    Target {
        name: "pipeline",
        body: pipeline,
        syntax: Syntax::Text,
        max_len: 4 << 10,
        time: Duration::from_secs(5),
        memory: 256 << 20,
    },
    Target {
        name: "tflite",
        body: tflite,
        syntax: Syntax::Words,
        max_len: 64 << 10,
        time: Duration::from_secs(1),
        memory: 64 << 20,
    },
    Target {
        name: "onnx",
        body: onnx,
        syntax: Syntax::Words,
        max_len: 64 << 10,
        time: Duration::from_secs(1),
        memory: 64 << 20,
    },
    Target {
        name: "lower",
        body: lower,
        syntax: Syntax::Either,
        max_len: 16 << 10,
        time: Duration::from_secs(10),
        memory: 512 << 20,
    },
    Target {
        name: "handles",
        body: handles,
        syntax: Syntax::Words,
        max_len: 8 << 10,
        time: Duration::from_secs(2),
        memory: 256 << 20,
    },
];

/// A target by name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|t| t.name == name)
}
