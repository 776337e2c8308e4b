//! The pages in `docs`: their commands print what stands there, their links lead somewhere, they are the chapters of the book, and the
//! first pass is as short as promised. (Their programs are documentation tests.)
//!
//! This program is also the command of the page about the first pass: with [`AS_COMMAND`] in the environment it is `acme-compiler`.
#![allow(clippy::unwrap_used, reason = "tests")]

mod commands;
mod links;

use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The program of the page about the first pass.
#[allow(dead_code, reason = "its own `main` is not called")]
#[path = "../../examples/first_pass.rs"]
mod first_pass;

/// Set where this program stands for the one that the reader has written.
const AS_COMMAND: &str = "THUMBWRIGHT_BOOK_COMMAND";

/// The most lines of Rust that a first pass takes.
const FIRST_PASS_LINES: usize = 40;

/// Pages whose commands need what tests of their own build.
const RUN_ELSEWHERE: [&str; 3] = ["plugin-c-abi.md", "plugin-data.md", "plugin-static.md"];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// The names of the pages.
fn pages() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(docs())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .filter(|n| n.ends_with(".md"))
        .collect();
    names.sort();
    names
}

fn read(name: &str) -> String {
    std::fs::read_to_string(docs().join(name)).unwrap()
}

fn the_first_pass_is_short() {
    let program = include_str!("../../examples/first_pass.rs");
    let lines = program.lines().count();
    assert!(lines <= FIRST_PASS_LINES, "{lines} lines");
    let page = read("first-pass.md");
    assert!(
        page.contains(&format!("```rust,no_run\n{program}```\n")),
        "docs/first-pass.md does not show examples/first_pass.rs"
    );
    let shown = page.matches("\n$ ").count();
    assert_eq!(shown, 1, "one command shows its effect");
}

fn main() -> ExitCode {
    if std::env::var_os(AS_COMMAND).is_some() {
        return thumbwright::cli::main_with(first_pass::register);
    }
    let mut trials = vec![
        Trial::test("the_first_pass_is_short", || {
            the_first_pass_is_short();
            Ok(())
        }),
        Trial::test("links_lead_somewhere", || {
            links::check();
            Ok(())
        }),
        Trial::test("every_page_is_a_chapter", || {
            links::chapters();
            Ok(())
        }),
    ];
    for page in pages() {
        let here = !RUN_ELSEWHERE.contains(&page.as_str());
        if here && read(&page).contains("```console\n") {
            trials.push(Trial::test(format!("commands_of/{page}"), move || {
                commands::check(&page);
                Ok(())
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
