//! Standard output and standard error: results, diagnostics, progress.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use ir::{Diagnostic, Severity};

/// What takes longer is announced.
const PATIENCE: Duration = Duration::from_secs(1);

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const BLUE: &str = "\x1b[1;34m";
const PLAIN: &str = "\x1b[0m";

/// Where text goes, and how.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    color: bool,
}

impl Console {
    /// Colours are used when standard error is a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    pub fn new(quiet: bool) -> Console {
        let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|t| t == "dumb");
        let color = io::stderr().is_terminal() && !set("NO_COLOR") && !dumb;
        Console { quiet, color }
    }

    /// Whether only results and errors are wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes a result; a reader that went away is no error.
    pub fn print(&self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(e) if e.kind() != ErrorKind::BrokenPipe => {
                Err(anyhow::Error::new(e).context("cannot write to standard output"))
            }
            _ => Ok(()),
        }
    }

    /// Writes a line to standard error. When that is closed, there is nobody to tell.
    pub fn line(&self, text: &str) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Writes an error that is no diagnostic.
    pub fn error(&self, message: &str) {
        let message = printable(message);
        self.line(&format!("{} {message}", self.paint(RED, "error:")));
    }

    /// Renders diagnostics; remarks and warnings are left out when it is to be quiet.
    pub fn diagnostics<'d>(&self, list: impl IntoIterator<Item = &'d Diagnostic>) {
        for d in list {
            if d.severity == Severity::Error || !self.quiet {
                self.line(&self.render(d));
            }
        }
    }

    fn render(&self, d: &Diagnostic) -> String {
        let (color, word) = match d.severity {
            Severity::Remark => (BLUE, "remark"),
            Severity::Warning => (YELLOW, "warning"),
            Severity::Error => (RED, "error"),
        };
        let mut text = self.paint(color, &format!("{word}[{}]:", d.code));
        text += &format!(" {}", self.paint(BOLD, &printable(&d.message)));
        let mut further = |label: &str, what: &str| {
            text += "\n  ";
            if !label.is_empty() {
                text += &(self.paint(BLUE, label) + " ");
            }
            text += &printable(what);
        };
        if let Some(l) = &d.location {
            further("-->", l);
        }
        for line in d.excerpt.iter().flat_map(|e| e.lines()) {
            further("", line);
        }
        for n in &d.notes {
            further("note:", n);
        }
        if let Some(h) = &d.help {
            further("help:", h);
        }
        text
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color {
            format!("{color}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }

    /// Does `work`; says what it is when it takes longer than a second.
    pub fn during<T>(&self, what: &str, work: impl FnOnce() -> T) -> T {
        if self.quiet {
            return work();
        }
        let (done, wait) = channel::<()>();
        let what = what.to_owned();
        let note = std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                let _ = writeln!(io::stderr(), "thumbwright: {what} …");
            }
        });
        let result = work();
        drop(done);
        // It only waits and prints; there is nothing that its failure could mean.
        let _ = note.join();
        result
    }
}

/// Text from a model file without control characters, which a terminal would obey.
pub fn printable(text: &str) -> String {
    let clean = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_as_plain_text() {
        let console = Console {
            quiet: false,
            color: false,
        };
        let d = Diagnostic::error("T012", "it is wrong")
            .at("layer \"a\u{1b}[2J\"")
            .note("n")
            .help("h");
        assert_eq!(
            console.render(&d),
            "error[T012]: it is wrong\n  --> layer \"a\u{fffd}[2J\"\n  note: n\n  help: h"
        );
    }

    #[test]
    fn colours_only_when_wanted() {
        let console = Console {
            quiet: false,
            color: true,
        };
        let text = console.render(&Diagnostic::error("T012", "it is wrong"));
        assert!(
            text.starts_with("\u{1b}[1;31merror[T012]:\u{1b}[0m "),
            "{text:?}"
        );
    }
}
