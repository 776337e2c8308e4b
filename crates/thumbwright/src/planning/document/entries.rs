//! The objects of the JSON.

use serde::{Deserialize, Serialize};

use super::{SCHEMA, SCHEMA_VERSION};

/// The whole.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default = "schema")]
    pub schema: String,
    #[serde(default = "version")]
    pub version: u32,
    #[serde(default)]
    pub pools: Vec<PoolEntry>,
    pub buffers: Vec<BufferEntry>,
    #[serde(default)]
    pub overlaps: Vec<OverlapEntry>,
    #[serde(default)]
    pub conflicts: Vec<[String; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanEntry>,
}

fn schema() -> String {
    SCHEMA.to_owned()
}

fn version() -> u32 {
    SCHEMA_VERSION
}

/// A memory.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PoolEntry {
    pub name: String,
    /// Bytes, if they are limited.
    #[serde(default)]
    pub size: Option<u64>,
}

/// A buffer; sizes and offsets are bytes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BufferEntry {
    pub name: String,
    pub size: u64,
    #[serde(default = "one")]
    pub align: u64,
    pub start: u32,
    pub end: u32,
    #[serde(default = "activation")]
    pub kind: String,
    /// The name of its memory, which may be left out where there is one.
    #[serde(default)]
    pub pool: Option<String>,
    /// Where the buffer has to be, if that is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<u64>,
    /// Where a plan puts it.
    #[serde(default)]
    pub offset: Option<u64>,
}

fn one() -> u64 {
    1
}

fn activation() -> String {
    usmp::BufferKind::Activation.name().to_owned()
}

/// Leave for a result to start so many bytes below an operand and run into it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverlapEntry {
    pub result: String,
    pub operand: String,
    pub lead: u64,
}

/// What is known of the plan.
#[derive(Serialize, Deserialize)]
pub(super) struct PlanEntry {
    pub algorithm: String,
    pub height: u64,
    pub liveness_bound: u64,
    pub lower_bound: u64,
    pub gap: u64,
    pub optimal: bool,
    pub nodes: u64,
}
