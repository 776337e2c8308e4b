//! `mlir-opt-19` as the judge of texts.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What `mlir-opt-19` prints of a text in the generic form, with unregistered dialects and further options; or what it complains of.
///
/// # Panics
/// If it does not run, or prints what is not UTF-8.
pub fn mlir_opt(text: &str, options: &[&str]) -> Result<String, String> {
    let out = run(text.to_owned(), options);
    if out.status.success() {
        Ok(String::from_utf8(out.stdout).expect("mlir-opt-19 prints UTF-8"))
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

/// What `mlir-opt-19` says to one text of many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The name of the text's file in implicit locations, whose lines count from 2.
    pub file: String,
    /// What it prints, or what it complains of.
    pub answer: Result<String, String>,
}

const SEPARATOR: &str = "// -----\n";

/// What [`mlir_opt`] says to each of many texts, in one process.
///
/// # Panics
/// If it does not run, prints what is not UTF-8, or crashes on a text.
pub fn mlir_opt_each<S: AsRef<str>>(texts: &[S], options: &[&str]) -> Vec<Verdict> {
    if texts.is_empty() {
        return Vec::new();
    }
    let (mut all, mut line, mut files) = (String::new(), 1, Vec::new());
    for (i, text) in texts.iter().enumerate() {
        files.push(format!("within split at <stdin>:{line} offset "));
        let piece = format!("\n{}\n", text.as_ref());
        line += piece.matches('\n').count();
        all += &piece;
        if i + 1 < texts.len() {
            all += SEPARATOR.trim_end();
        }
    }
    let out = run(all, &[options, &["--split-input-file"]].concat());
    let printed = String::from_utf8(out.stdout).expect("mlir-opt-19 prints UTF-8");
    let complaints = String::from_utf8_lossy(&out.stderr);
    let answers: Vec<&str> = printed.split(SEPARATOR).collect();
    assert_eq!(
        answers.len(),
        texts.len(),
        "mlir-opt-19 answers each text: {complaints}"
    );
    let answer = |file: &String, answer: &str| {
        if !answer.is_empty() {
            return Ok(answer.to_owned());
        }
        let own: Vec<&str> = complaints
            .lines()
            .filter(|l| l.contains(file.as_str()))
            .collect();
        Err(own.join("\n"))
    };
    let verdicts = files.into_iter().zip(answers);
    verdicts
        .map(|(file, a)| Verdict {
            answer: answer(&file, a),
            file,
        })
        .collect()
}

fn run(text: String, options: &[&str]) -> Output {
    let mut child = Command::new("mlir-opt-19")
        .args(["--allow-unregistered-dialect", "--mlir-print-op-generic"])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mlir-opt-19 starts");
    let mut stdin = child.stdin.take().expect("its standard input is a pipe");
    // It may stop reading at an error: then its exit code and message tell.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let out = child.wait_with_output().expect("mlir-opt-19 ends");
    let _ = writer.join();
    out
}
