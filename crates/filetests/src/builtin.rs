//! Commands of the harness itself, to look at the files that other commands write.

use crate::process::Outcome;
use std::path::Path;
use std::{fs, io};

/// The commands.
pub const NAMES: [&str; 2] = ["cat", "ls"];

/// Runs a built-in command; none if there is no such command.
pub fn run(words: &[String], directory: &Path) -> Option<Outcome> {
    let (name, paths) = words.split_first()?;
    let all = paths.iter().map(|p| directory.join(p));
    let text: io::Result<String> = match name.as_str() {
        "cat" => all.map(fs::read_to_string).collect(),
        "ls" => all.map(|p| list(&p)).collect(),
        _ => return None,
    };
    let (code, out, err) = match text {
        Ok(text) => (0, text, String::new()),
        Err(e) => (1, String::new(), format!("{}: {e}\n", words.join(" "))),
    };
    Some(Outcome {
        code: Some(code),
        timed_out: false,
        out,
        err,
    })
}

/// The files below a directory, one a line.
fn list(directory: &Path) -> io::Result<String> {
    let mut names = Vec::new();
    let mut pending = vec![directory.to_path_buf()];
    while let Some(d) = pending.pop() {
        for entry in fs::read_dir(d)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                pending.push(entry.path());
            } else {
                let path = entry.path();
                let name = path.strip_prefix(directory).unwrap_or(&path);
                names.push(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    names.sort();
    Ok(names.into_iter().map(|n| n + "\n").collect())
}
