//! The report: its JSON is what `docs/report-schema.md` says, its numbers are the plan's, nothing in a model breaks it, and Chromium
//! shows the page.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "report/chromium.rs"]
mod chromium;
#[path = "report/content.rs"]
mod content;
#[path = "report/pictures.rs"]
mod pictures;
#[path = "report/schema.rs"]
mod schema;
#[path = "report/toy.rs"]
mod toy;
