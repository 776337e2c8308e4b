//! The syntax of a test file.

use crate::pattern::{Pattern, PatternError};
use thiserror::Error;

/// What a directive asks of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expectation {
    /// Some later line has the pattern.
    Later,
    /// The line right after the last match has it.
    Next,
    /// No line before the next match has it.
    Not,
}

/// One of a command's output streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// The standard output.
    Out,
    /// The standard error output.
    Err,
}

/// A `CHECK` or `ERR` line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// Line in the file, from 1.
    pub line: usize,
    /// Which output it is about.
    pub stream: Stream,
    /// What it asks.
    pub expectation: Expectation,
    /// Of which lines.
    pub pattern: Pattern,
    /// The pattern as written.
    pub text: String,
}

/// An `EXPECT` block: the whole of an output stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expect {
    /// Line of the directive, from 1.
    pub line: usize,
    /// Which output.
    pub stream: Stream,
    /// The lines of the block, without their marks.
    pub text: Vec<String>,
    /// The comment mark of the block.
    pub mark: String,
}

/// A command and what is expected of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// Line of the `RUN`, from 1.
    pub line: usize,
    /// The command's name, then its arguments, not yet substituted.
    pub words: Vec<String>,
    /// The exit code that is wanted.
    pub exit: i32,
    /// In the order of the file.
    pub checks: Vec<Check>,
    /// At most one a stream.
    pub expects: Vec<Expect>,
}

/// A test file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TestFile {
    /// The commands, in order.
    pub runs: Vec<Run>,
    /// Programs that must be in `PATH`, and paths (with a `/`) that must exist.
    pub requires: Vec<String>,
    /// Files that the test brings along: name and text.
    pub files: Vec<(String, String)>,
}

/// A test file that is not understood.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("line {line}: {what}")]
pub struct SyntaxError {
    /// Line in the file, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// The marks that start a comment line.
const MARKS: [&str; 3] = ["//", "#", ";"];

/// The directives, the longer ones before those that they start with.
const DIRECTIVES: [&str; 13] = [
    "RUN",
    "EXIT",
    "REQUIRES",
    "FILE",
    "CHECK-NEXT",
    "CHECK-NOT",
    "CHECK",
    "ERR-NEXT",
    "ERR-NOT",
    "ERR",
    "EXPECT-ERR",
    "EXPECT",
    "END",
];

/// Splits a comment line into mark, directive and the text after the colon.
fn directive(line: &str) -> Option<(&'static str, &'static str, &str)> {
    let line = line.trim_start();
    let mark = MARKS.into_iter().find(|m| line.starts_with(m))?;
    let rest = line[mark.len()..].trim_start();
    let (word, text) = rest.split_once(':')?;
    let directive = DIRECTIVES.into_iter().find(|d| *d == word)?;
    Some((mark, directive, text.trim()))
}

/// A line that looks like a directive and is none: a misspelt one would test nothing.
fn misspelt(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = MARKS.into_iter().find(|m| line.starts_with(m))?;
    let (word, _) = line[mark.len()..].trim_start().split_once(':')?;
    let shouted = word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '-');
    let close = ["RUN", "CHECK", "ERR", "EXPECT", "EXIT", "REQ"]
        .iter()
        .any(|d| word.starts_with(d));
    (shouted && close).then_some(word)
}

impl TestFile {
    /// Reads a test file.
    ///
    /// # Errors
    /// [`SyntaxError`]: an unknown or misplaced directive, a bad pattern, no `RUN`.
    pub fn parse(text: &str) -> Result<TestFile, SyntaxError> {
        let mut file = TestFile::default();
        let lines: Vec<&str> = text.lines().collect();
        let mut i = 0;
        while i < lines.len() {
            let number = i + 1;
            let wrong = |what: String| SyntaxError { line: number, what };
            let Some((mark, word, argument)) = directive(lines[i]) else {
                if let Some(word) = misspelt(lines[i]) {
                    return Err(wrong(format!("unknown directive `{word}:`")));
                }
                i += 1;
                continue;
            };
            i += 1;
            match word {
                "RUN" => {
                    let words = words(argument).map_err(wrong)?;
                    file.runs.push(Run {
                        line: number,
                        words,
                        exit: 0,
                        checks: vec![],
                        expects: vec![],
                    });
                }
                "REQUIRES" => file
                    .requires
                    .extend(argument.split_whitespace().map(str::to_owned)),
                "FILE" => {
                    let inside = !argument.is_empty()
                        && !argument.starts_with('/')
                        && !argument.split('/').any(|p| p == "..");
                    if !inside {
                        return Err(wrong(format!("`{argument}` is not a file name")));
                    }
                    let ends = |l: &&str| matches!(directive(l), Some((_, "FILE" | "END", _)));
                    let end = lines[i..]
                        .iter()
                        .position(ends)
                        .map_or(lines.len(), |n| i + n);
                    let text: String = lines[i..end].iter().map(|l| format!("{l}\n")).collect();
                    file.files.push((argument.to_owned(), text));
                    i = end;
                }
                "END" => {}
                _ => {
                    let run = file
                        .runs
                        .last_mut()
                        .ok_or_else(|| wrong(format!("`{word}:` before any `RUN:`")))?;
                    i = run.expect(word, argument, mark, &lines, i)?;
                }
            }
        }
        if file.runs.is_empty() {
            return Err(SyntaxError {
                line: 0,
                what: "there is no `RUN:` line".to_owned(),
            });
        }
        Ok(file)
    }
}

impl Run {
    /// Takes one directive about this run; `next` is the index of the line after it. Yields the index after the directive.
    fn expect(
        &mut self,
        word: &str,
        argument: &str,
        mark: &str,
        lines: &[&str],
        next: usize,
    ) -> Result<usize, SyntaxError> {
        let wrong = |what: String| SyntaxError { line: next, what };
        if word == "EXIT" {
            self.exit = argument
                .parse()
                .map_err(|_| wrong(format!("`{argument}` is not an exit code")))?;
            return Ok(next);
        }
        let stream = if word.contains("ERR") {
            Stream::Err
        } else {
            Stream::Out
        };
        if word.starts_with("EXPECT") {
            if self.expects.iter().any(|e| e.stream == stream) {
                return Err(wrong(format!("a second `{word}:` of one `RUN:`")));
            }
            let mut text = Vec::new();
            for line in &lines[next..] {
                match block_line(line, mark) {
                    Some(t) => text.push(t.to_owned()),
                    None => break,
                }
            }
            let end = next + text.len();
            self.expects.push(Expect {
                line: next,
                stream,
                text,
                mark: mark.to_owned(),
            });
            return Ok(end);
        }
        let expectation = match word.rsplit_once('-') {
            Some((_, "NEXT")) => Expectation::Next,
            Some((_, "NOT")) => Expectation::Not,
            _ => Expectation::Later,
        };
        let first = !self
            .checks
            .iter()
            .any(|c| c.stream == stream && c.expectation != Expectation::Not);
        if expectation == Expectation::Next && first {
            return Err(wrong(format!("`{word}:` follows no match")));
        }
        let pattern = Pattern::parse(argument).map_err(|e: PatternError| wrong(e.to_string()))?;
        self.checks.push(Check {
            line: next,
            stream,
            expectation,
            pattern,
            text: argument.to_owned(),
        });
        Ok(next)
    }
}

/// The text of a line of an `EXPECT` block: what follows `//|` and a space.
fn block_line<'l>(line: &'l str, mark: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(mark)?.strip_prefix('|')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// Splits a command line at spaces; quotes, single or double, hold a word together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), _) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    if words.is_empty() {
        return Err("`RUN:` without a command".to_owned());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_everything() {
        let text = "// a comment: with a colon\n# RUN: tool 'a b' %s\n# EXIT: 1\n# CHECK: x\n#CHECK-NEXT: y\n# CHECK-NOT: z\n# ERR: e\n\
                    // RUN: tool \"\"\n// EXPECT:\n//| one\n//|\n//|  two\n// REQUIRES: cc /tmp\n// FILE: d/a.csv\n1,2\n// note\n// FILE: b\n// END:\n";
        let file = TestFile::parse(text).unwrap();
        assert_eq!(file.runs[0].words, ["tool", "a b", "%s"]);
        assert_eq!((file.runs[0].exit, file.runs[0].line), (1, 2));
        let kinds: Vec<_> = file.runs[0]
            .checks
            .iter()
            .map(|c| (c.line, c.stream, c.expectation))
            .collect();
        let (out, later) = (Stream::Out, Expectation::Later);
        assert_eq!(
            kinds,
            [
                (4, out, later),
                (5, out, Expectation::Next),
                (6, out, Expectation::Not),
                (7, Stream::Err, later)
            ]
        );
        assert_eq!(file.runs[1].words, ["tool", ""]);
        assert_eq!(file.runs[1].expects[0].text, ["one", "", " two"]);
        assert_eq!(file.requires, ["cc", "/tmp"]);
        assert_eq!(
            file.files,
            [
                ("d/a.csv".to_owned(), "1,2\n// note\n".to_owned()),
                ("b".to_owned(), String::new())
            ]
        );
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        let error = |text: &str| TestFile::parse(text).unwrap_err().to_string();
        assert_eq!(error("nothing"), "line 0: there is no `RUN:` line");
        assert_eq!(error("// CHECK: x"), "line 1: `CHECK:` before any `RUN:`");
        assert_eq!(
            error("// RUN: a\n// CHECKNEXT: x"),
            "line 2: unknown directive `CHECKNEXT:`"
        );
        assert_eq!(
            error("// RUN: a\n// CHECK-NEXT: x"),
            "line 2: `CHECK-NEXT:` follows no match"
        );
        assert_eq!(error("// RUN: a 'b"), "line 1: a quote is not closed");
        assert_eq!(error("// RUN:"), "line 1: `RUN:` without a command");
        assert_eq!(
            error("// RUN: a\n// EXIT: one"),
            "line 2: `one` is not an exit code"
        );
        assert_eq!(
            error("// RUN: a\n// EXPECT:\n// EXPECT:"),
            "line 3: a second `EXPECT:` of one `RUN:`"
        );
        assert_eq!(
            error("// RUN: a\n// FILE: ../b"),
            "line 2: `../b` is not a file name"
        );
        assert!(error("// RUN: a\n// CHECK: {{x}}").starts_with("line 2: unknown wildcard"));
    }
}
