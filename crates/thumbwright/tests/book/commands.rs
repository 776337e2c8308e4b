//! The `console` blocks of a page.
//!
//! A command is a line `$ thumbwright …` or `$ cargo run -q -- …`; what follows it is what it prints, standard error behind standard output.
//! A line `…` stands for any lines. Commands run in one empty directory a page, which has the files that the page shows in blocks marked
//! with a language and a name, as ```` ```mlir net.mlir ````. `BLESS=1` rewrites what commands print. Other commands are not run.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A line of a page, and whether it is in a block.
enum Part {
    Text(String),
    Run {
        line: String,
        words: Vec<String>,
        printed: Vec<String>,
    },
}

pub fn check(page: &str) {
    let source = crate::read(page);
    let directory = tempfile::tempdir().unwrap();
    write_files(&source, directory.path());
    let bless = std::env::var_os("BLESS").is_some_and(|v| v == "1");
    let mut blessed = String::new();
    for part in parts(&source) {
        match part {
            Part::Text(line) => blessed += &format!("{line}\n"),
            Part::Run {
                line,
                words,
                printed,
            } => {
                let found = run(&words, directory.path());
                let right = matches(&printed, &found);
                assert!(
                    right || bless,
                    "docs/{page}: {line}\nprints\n{}\nand not\n{}",
                    found.join("\n"),
                    printed.join("\n")
                );
                let shown = if right { printed } else { found };
                blessed += &format!("{line}\n");
                blessed.extend(shown.iter().map(|l| format!("{l}\n")));
            }
        }
    }
    if bless && blessed != source {
        fs::write(crate::docs().join(page), blessed).unwrap();
    }
}

/// The page as lines, and commands with what they print.
fn parts(source: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut console = false;
    for line in source.lines() {
        if line.starts_with("```") {
            console = line == "```console";
            parts.push(Part::Text(line.to_owned()));
        } else if console && line.starts_with("$ ") {
            parts.push(match words(&line[2..]) {
                Some(words) => Part::Run {
                    line: line.to_owned(),
                    words,
                    printed: Vec::new(),
                },
                None => Part::Text(line.to_owned()),
            });
        } else if let (true, Some(Part::Run { printed, .. })) = (console, parts.last_mut()) {
            printed.push(line.to_owned());
        } else {
            parts.push(Part::Text(line.to_owned()));
        }
    }
    parts
}

/// The words of a command that can be run; quotes hold a word together.
fn words(line: &str) -> Option<Vec<String>> {
    let ours = ["thumbwright ", "cargo run -q -- "];
    if !ours.iter().any(|o| line.starts_with(o)) {
        return None;
    }
    let mut words = Vec::new();
    for (i, part) in line.split('\'').enumerate() {
        match i % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    Some(words)
}

/// The lines that a command prints; it succeeds unless it prints an error.
fn run(words: &[String], directory: &Path) -> Vec<String> {
    let mut command = match words[0].as_str() {
        "thumbwright" => {
            let mut c = Command::new(env!("CARGO_BIN_EXE_thumbwright"));
            c.args(&words[1..]);
            c
        }
        _ => {
            let mut c = Command::new(std::env::current_exe().unwrap());
            c.args(&words[4..]).env(crate::AS_COMMAND, "1");
            c
        }
    };
    let output = command
        .current_dir(directory)
        .env("NO_COLOR", "1")
        .env_remove("BLESS")
        .output()
        .unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text += &String::from_utf8(output.stderr).unwrap();
    let lines: Vec<String> = text
        .trim_end()
        .lines()
        .map(|l| l.trim_end().to_owned())
        .collect();
    let failed = lines.iter().any(|l| l.starts_with("error"));
    assert_eq!(output.status.success(), !failed, "{words:?}\n{text}");
    lines
}

/// Whether lines are as expected, where `…` is any number of them.
fn matches(expected: &[String], found: &[String]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "…" => {
            (0..=found.len()).any(|n| matches(rest, &found[n..]))
        }
        Some((line, rest)) => found.first() == Some(line) && matches(rest, &found[1..]),
    }
}

/// Writes the files that a page shows.
fn write_files(source: &str, directory: &Path) {
    let mut file: Option<(String, String)> = None;
    for line in source.lines() {
        if let Some(fence) = line.strip_prefix("```") {
            if let Some((name, text)) = file.take() {
                fs::write(directory.join(name), text).unwrap();
            } else if let Some((_, name)) = fence.split_once(' ') {
                file = Some((name.to_owned(), String::new()));
            }
        } else if let Some((_, text)) = &mut file {
            text.push_str(line);
            text.push('\n');
        }
    }
}
