//! A plug-in in Rust, by the SDK: a pass, a pattern, an operation with its meaning, and a schedule.

mod report_constants;
mod square;
mod strength;

use plugin::sdk::{Registrar, Result};

plugin::export_plugin! {
    name: "acme-rust",
    summary: "Squares, shifts, and a report of large constants.",
    register: register,
}

fn register(r: &Registrar<'_>) -> Result<()> {
    report_constants::register(r)?;
    strength::register(r)?;
    square::register(r)
}
