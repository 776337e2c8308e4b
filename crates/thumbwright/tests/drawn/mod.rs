//! Sets of drawn models with expected outputs: `cases.json` and `cases.bin`, in the form of `tests/data/conformance/README.md`.
#![allow(clippy::unwrap_used, reason = "tests")]

use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Index {
    cases: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    tolerance: f64,
    model: Span,
    inputs: Vec<Span>,
    outputs: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    offset: usize,
    bytes: usize,
    /// Of a tensor.
    #[serde(default)]
    dtype: String,
}

/// A model, its inputs and what must come out.
pub struct Drawn {
    pub name: String,
    pub tolerance: f64,
    pub model: Vec<u8>,
    pub inputs: Vec<Vec<u8>>,
    pub outputs: Vec<Vec<u8>>,
}

/// The set in the folder that an environment variable names, else the one in this folder of `tests/data`.
pub fn cases(variable: &str, folder: &str) -> Vec<Drawn> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    let dir = std::env::var_os(variable).map_or(own.join(folder), PathBuf::from);
    let index = std::fs::read_to_string(dir.join("cases.json")).unwrap();
    let index: Index = serde_json::from_str(&index).unwrap();
    let blob = std::fs::read(dir.join("cases.bin")).unwrap();
    let part = |s: &Span| {
        let bytes = blob[s.offset..s.offset + s.bytes].to_vec();
        match s.dtype.as_str() {
            // An import makes unsigned bytes signed ones, 128 less.
            "uint8" => bytes.into_iter().map(|b| b ^ 0x80).collect(),
            // Indices are int32 here.
            "int64" => bytes.chunks(8).flat_map(|x| &x[..4]).copied().collect(),
            _ => bytes,
        }
    };
    index
        .cases
        .into_iter()
        .map(|e| Drawn {
            name: e.name,
            tolerance: e.tolerance,
            model: part(&e.model),
            inputs: e.inputs.iter().map(part).collect(),
            outputs: e.outputs.iter().map(part).collect(),
        })
        .collect()
}
