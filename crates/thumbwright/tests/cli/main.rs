//! The `thumbwright` command, run as users run it: forms, messages, exit codes, files.

#![allow(clippy::unwrap_used, reason = "tests")]

mod bad_models;
mod command;
mod compile;
mod flatbuffer;
mod forms;
mod inspect;
mod plan;
mod plugin_data;
mod run;
