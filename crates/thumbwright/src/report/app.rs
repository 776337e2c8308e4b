//! The report of an app: its memory beside that of its models apart.

use super::schema::Tool;
use crate::App;
use serde::Serialize;

/// The value of `schema` in the `report.json` of an app.
pub const APP_SCHEMA: &str = "thumbwright.app";

/// What an app takes, and what its models would take each for itself. Sizes are bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AppReport {
    /// [`APP_SCHEMA`].
    pub schema: String,
    /// [`SCHEMA_VERSION`](super::SCHEMA_VERSION).
    pub version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// Prefix of the shared names.
    pub name: String,
    /// The target's name.
    pub target: String,
    /// The shared arenas, one in each memory that is used.
    pub arenas: Vec<SharedArenaReport>,
    /// Of all shared arenas.
    pub arena_bytes: u64,
    /// What the models keep between runs.
    pub state_bytes: u64,
    /// Shared arenas and states.
    pub ram_bytes: u64,
    /// The same if each model had arenas of its own.
    pub separate_ram_bytes: u64,
    /// The models, in their order.
    pub models: Vec<AppModelReport>,
}

/// An arena that models share.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SharedArenaReport {
    /// The target's memory that it lies in; none on a target without memories.
    pub pool: Option<String>,
    /// Its size.
    pub bytes: u64,
    /// Alignment of its start.
    pub align: u64,
}

/// A model of an app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AppModelReport {
    /// Prefix of its public C names.
    pub name: String,
    /// The model file, without its folders.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What it needs of the arenas.
    pub arena_bytes: u64,
    /// What it keeps between runs.
    pub state_bytes: u64,
    /// Its own report, a path from this one.
    pub report: String,
}

impl AppReport {
    /// Of a compiled app.
    pub fn of(app: &App) -> AppReport {
        let model = |m: &crate::Compiled| AppModelReport {
            name: m.name().to_owned(),
            file: crate::compiler::base_name(m.file()).to_owned(),
            sha256: m.hash().to_owned(),
            arena_bytes: m.memory().arena_size,
            state_bytes: m.memory().state_size(),
            report: format!("reports/{}.json", m.name()),
        };
        let arena = |a: &codegen_c::MemoryNeed| SharedArenaReport {
            pool: a.pool.clone(),
            bytes: a.size,
            align: a.align,
        };
        AppReport {
            schema: APP_SCHEMA.to_owned(),
            version: super::SCHEMA_VERSION,
            tool: Tool {
                name: "thumbwright".to_owned(),
                version: crate::VERSION.to_owned(),
            },
            name: app.name().to_owned(),
            target: app.target().name.clone(),
            arenas: app.arenas().map(arena).collect(),
            arena_bytes: app.arena_bytes(),
            state_bytes: app.state_bytes(),
            ram_bytes: app.ram_bytes(),
            separate_ram_bytes: app.separate_ram_bytes(),
            models: app.models().iter().map(model).collect(),
        }
    }

    /// `report.json`: indented, a newline at the end.
    pub fn json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("invariant: strings, numbers and lists are JSON");
        text.push('\n');
        text
    }
}
